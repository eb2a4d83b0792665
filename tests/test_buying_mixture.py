"""A mixture of customers: by hand, by its laws, and in a world whose spread is not gamma."""

import tomllib
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma

from segml.core.errors import WorkspaceError
from segml.library.features import FEATURES
from segml.scoring.buying.beta_geometric import fit_beta_geometric
from segml.scoring.buying.likelihood import chance_of_order
from segml.scoring.buying.mixture import _PACES, _REGULARITIES, _STOPS, BuyingMixture, fit_mixture
from segml.scoring.buying.statistics import BuyingStatistics, buying_statistics
from segml.scoring.design import SILENCE, Design
from segml.scoring.learners import Foretold
from segml.scoring.log_odds import logit
from segml.scoring.silence import Buying, bought
from segml.scoring.spec import read_spec
from segml.storage.declarations import shipped_folder

AS_OF, HORIZON = 500, 60
SHAPE = (len(_PACES), len(_REGULARITIES), len(_STOPS))


def world(customers: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return who ordered and when, in whole days: paces log-normal, four in ten only ever once."""
    draw = np.random.default_rng(seed)
    codes, days = [], []
    for code in range(customers):
        gap = np.exp(draw.normal(3.0, 1.2))
        shape = draw.choice([1.0, 6.0])
        day = draw.uniform(0, AS_OF - 1)
        going = True
        stop = draw.choice([0.03, 1.0], p=[0.6, 0.4])
        while going and day < AS_OF + HORIZON:
            codes.append(code)
            days.append(int(day))
            day += draw.gamma(shape, gap / shape)
            going = draw.random() >= stop
    return np.array(codes), np.array(days)


@pytest.fixture(scope="module")
def told() -> tuple[BuyingStatistics, np.ndarray]:
    """Return what was seen of a world's customers, and who came in the days after."""
    codes, days = world(6_000, seed=11)
    known, seen = buying_statistics(codes, days, AS_OF)
    return seen, np.isin(known, codes[days >= AS_OF])


@pytest.fixture(scope="module")
def mixture(told: tuple[BuyingStatistics, np.ndarray]) -> BuyingMixture:
    return fit_mixture(told[0])


@pytest.mark.parametrize("gaps", [[], [9.0], [5.0, 12.0, 7.0]], ids=len)
@pytest.mark.parametrize("silence", [0.0, 25.0])
def test_likelihood_is_the_sum_over_nodes(gaps: list[float], silence: float) -> None:
    weights = np.zeros(SHAPE)
    nodes = [(20, 4, 5, 0.5), (8, 1, 2, 0.3), (25, 6, 8, 0.2)]
    expected = 0.0
    for pace, shape, end, share in nodes:
        weights[pace, shape, end] = share
        k, p = _REGULARITIES[shape], _STOPS[end]
        gap = gamma(k, scale=1 / (k * _PACES[pace]))
        orders = np.prod([gap.pdf(one) for one in gaps]) * (1 - p) ** len(gaps)
        expected += share * orders * (p + (1 - p) * gap.sf(silence))
    ordering = sum(gaps)
    logs = float(np.log(gaps).sum())
    seen = BuyingStatistics(*map(np.array, ([len(gaps)], [ordering], [ordering + silence], [logs])))
    found = BuyingMixture(tuple(weights.ravel())).log_likelihood(seen)
    assert found == pytest.approx([np.log(expected)], abs=1e-9)


def test_it_foretells_a_world_better_than_gamma_paces(
    told: tuple[BuyingStatistics, np.ndarray], mixture: BuyingMixture
) -> None:
    seen, came = told

    def log_loss(chance: np.ndarray) -> float:
        return float(-np.log(np.where(came, chance, 1 - chance)).mean())

    chance = chance_of_order(mixture, seen, HORIZON)
    for group in (seen.repeats == 0, seen.repeats == 1, seen.repeats > 5, seen.last > 400):
        spread = 4 * np.sqrt((chance[group] * (1 - chance[group])).sum()) / group.sum()
        assert abs(chance[group].mean() - came[group].mean()) < spread
    gammas = chance_of_order(fit_beta_geometric(seen), seen, HORIZON)
    assert log_loss(chance) < log_loss(gammas) - 0.01


def test_weights_are_shares_the_same_each_time(
    told: tuple[BuyingStatistics, np.ndarray], mixture: BuyingMixture
) -> None:
    assert sum(mixture.weights) == pytest.approx(1, abs=1e-6)
    assert min(mixture.weights) >= 0
    assert fit_mixture(told[0]) == mixture
    # Those who never come back are found, whatever their pace.
    assert 0.3 < np.reshape(mixture.weights, SHAPE)[:, :, -1].sum() < 0.5


@given(data=st.data())
def test_chances_are_lawful(mixture: BuyingMixture, data: st.DataObject) -> None:
    repeats = data.draw(st.integers(0, 300))
    last = data.draw(st.integers(repeats, 900)) if repeats else 0
    silence, near, far = (data.draw(st.integers(0, 400)) for _ in range(3))
    frame = pl.DataFrame(
        {
            "order_days_total": [repeats + 1],
            "days_since_first_order": [last + silence],
            "days_since_last_order": [silence],
        }
    )
    soon, late = (chance_of_order(mixture, bought(frame), one)[0] for one in sorted([near, far]))
    assert 0 <= soon <= late <= 1
    assert chance_of_order(mixture, bought(frame), 0)[0] == 0


def test_how_even_gaps_are_is_read_from_their_spread() -> None:
    draw = np.random.default_rng(4)
    histories = [[], [30.0], [3.0, 40.0], *(draw.gamma(k, 20, 400).tolist() for k in (0.7, 3, 9))]
    frame = pl.DataFrame(
        {
            "order_days_total": [len(gaps) + 1 for gaps in histories],
            "days_since_first_order": [float(sum(gaps) + 5) for gaps in histories],
            "days_since_last_order": [5] * len(histories),
            "gap_spread_days": [float(np.std(gaps)) if gaps[1:] else None for gaps in histories],
        }
    )
    found = bought(frame).log_gaps
    assert found is not None
    exact = [float(np.log(gaps).sum()) for gaps in histories]
    assert found[:3] == pytest.approx(exact[:3], abs=1e-9)
    assert found[3:] == pytest.approx(exact[3:], rel=0.05)


def test_what_was_foretold_once_is_not_asked_again(mixture: BuyingMixture) -> None:
    frame = pl.DataFrame(
        {
            "order_days_total": [9, 1],
            "days_since_first_order": [200, 30],
            "days_since_last_order": [20, 30],
            "gap_spread_days": [4.0, None],
        }
    )
    buying = Buying(HORIZON, mixture)
    learned = Foretold(Design((), {}, buying=buying))
    chance = chance_of_order(mixture, bought(frame), HORIZON)
    assert learned.logits(frame) == pytest.approx(logit(1 - chance), abs=1e-9)
    assert Foretold.from_json(learned.as_json()) == learned
    rows = learned.design.foretold(frame)
    assert rows[SILENCE].to_list() == learned.logits(frame).tolist()
    other = replace(learned.design, buying=Buying(7, mixture))
    assert Foretold(other).logits(rows) == pytest.approx(learned.logits(frame))


def test_a_mixture_needs_customers_and_their_gaps() -> None:
    with pytest.raises(ValueError, match="no customers"):
        fit_mixture(BuyingStatistics.of([], [], []))
    with pytest.raises(ValueError, match="log_gaps"):
        fit_mixture(BuyingStatistics.of([1], [4], [9]))


def test_it_foretells_silence_only() -> None:
    values = tomllib.loads((shipped_folder() / "tier_upgrade.toml").read_text("utf-8"))
    with pytest.raises(WorkspaceError, match="“buying_mixture” can foretell the label “no_order”"):
        read_spec("tiers", values | {"learners": ["trees", "buying_mixture"]}, FEATURES)
