"""Buy till you die: published estimates, brute-force integrals, and a world that was simulated."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln
from scipy.stats import beta, gamma
from sklearn.metrics import roc_auc_score

from segml.scoring.buying.beta_geometric import BetaGeometric, fit_beta_geometric
from segml.scoring.buying.likelihood import chance_of_order
from segml.scoring.buying.pareto import ParetoNbd, fit_pareto_nbd
from segml.scoring.buying.statistics import MOST_GROUPS, BuyingStatistics, buying_statistics

WEEKS = 39
BG = BetaGeometric(0.8, 30.0, 0.9, 2.5, regularity=1, modified=False)
MBG = BetaGeometric(1.3, 20.0, 1.2, 2.0, regularity=1, modified=True)
BG3 = BetaGeometric(1.1, 8.0, 0.7, 1.9, regularity=3, modified=False)
MBG2 = BetaGeometric(0.9, 12.0, 0.8, 3.0, regularity=2, modified=True)
PARETO = ParetoNbd(0.9, 25.0, 0.7, 60.0)
MODELS = {"BG": BG, "MBG": MBG, "BG-3": BG3, "MBG-2": MBG2, "Pareto": PARETO}
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


@pytest.fixture(scope="module")
def cdnow(shared_data: Path) -> BuyingStatistics:
    """Return the first 39 weeks of the classic sample in weeks, ended as the papers end them."""
    raw = pl.read_csv(shared_data / "cdnow_sample_2357.csv.gz", try_parse_dates=True)
    day = raw["date"].to_physical().to_numpy()
    codes, days = buying_statistics(raw["customer_id"].to_numpy(), day, int(day.min()) + 7 * WEEKS)
    assert len(codes) == 2357
    return BuyingStatistics.of(days.repeats, days.last / 7, (days.observed - 1) / 7)


def lived(
    model: BetaGeometric | ParetoNbd, customers: int, until: float, seed: int
) -> list[list[float]]:
    """Return the times of the repeat orders of simulated customers who first ordered at 0."""
    draw = np.random.default_rng(seed)
    histories = []
    for _ in range(customers):
        rate = draw.gamma(model.r, 1 / model.alpha)
        time, orders = 0.0, []
        if isinstance(model, ParetoNbd):
            end = min(until, draw.exponential(1 / draw.gamma(model.s, 1 / model.beta)))
            while (time := time + draw.exponential(1 / rate)) < end:
                orders.append(time)
        else:
            stop = draw.beta(model.a, model.b)
            going = not (model.modified and draw.random() < stop)
            while going and (time := time + draw.gamma(model.regularity, 1 / rate)) < until:
                orders.append(time)
                going = draw.random() >= stop
        histories.append(orders)
    return histories


def known(histories: list[list[float]], as_of: float) -> BuyingStatistics:
    past = [[0.0, *(time for time in orders if time < as_of)] for orders in histories]
    return BuyingStatistics(
        np.array([len(times) - 1 for times in past]),
        np.array([times[-1] for times in past]),
        np.full(len(past), as_of),
        np.array([np.log(np.diff(times)).sum() for times in past]),
    )


def test_bg_nbd_on_cdnow_is_the_published_fit(cdnow: BuyingStatistics) -> None:
    model = fit_beta_geometric(cdnow, modified=False, regularity=1)
    assert (model.r, model.alpha) == (
        pytest.approx(0.243, abs=6e-4),
        pytest.approx(4.414, abs=6e-4),
    )
    assert (model.a, model.b) == (pytest.approx(0.793, abs=6e-4), pytest.approx(2.426, abs=6e-4))
    assert model.log_likelihood(cdnow).sum() == pytest.approx(-9582.4, abs=0.05)


def test_pareto_nbd_on_cdnow_is_the_published_fit(cdnow: BuyingStatistics) -> None:
    model = fit_pareto_nbd(cdnow)
    assert (model.r, model.alpha) == (
        pytest.approx(0.553, abs=6e-4),
        pytest.approx(10.578, abs=1e-3),
    )
    assert (model.s, model.beta) == (
        pytest.approx(0.606, abs=6e-4),
        pytest.approx(11.669, abs=1e-3),
    )
    assert model.log_likelihood(cdnow).sum() == pytest.approx(-9595.0, abs=0.05)


def test_the_next_39_weeks_of_cdnow_are_as_expected(
    cdnow: BuyingStatistics, shared_data: Path
) -> None:
    """A December lies in them that no model of this kind knows of: more came than expected."""
    raw = pl.read_csv(shared_data / "cdnow_sample_2357.csv.gz", try_parse_dates=True)
    day = raw["date"].to_physical() - raw["date"].to_physical().min()
    later = raw.filter(day >= 7 * WEEKS).unique(["customer_id", "date"])
    came = (
        raw["customer_id"].unique().sort().is_in(later["customer_id"].unique().implode()).to_numpy()
    )
    active = (cdnow.repeats >= 1) & (cdnow.observed - cdnow.last < 60 / 7)
    for model in (fit_beta_geometric(cdnow, modified=False, regularity=1), fit_pareto_nbd(cdnow)):
        expected = model.expected_orders(cdnow, WEEKS).sum()
        assert expected == pytest.approx(len(later), rel=0.15)
        chance = chance_of_order(model, cdnow, WEEKS)
        assert chance.sum() == pytest.approx(came.sum(), rel=0.25)
        assert roc_auc_score(came, chance) > 0.75
        silence = cdnow.observed - cdnow.last
        by_silence = roc_auc_score(came[active], -silence[active])
        assert roc_auc_score(came[active], chance[active]) > by_silence + 0.1


def likelihood_over_customers(model: BetaGeometric, gaps: list[float], silence: float) -> float:
    """Return the mean likelihood of customers at even steps of both distributions."""
    steps = (np.arange(1_500) + 0.5) / 1_500
    rate = gamma.ppf(steps, model.r, scale=1 / model.alpha)
    stop = beta.ppf(steps, model.a, model.b)[:, None]
    occasions = len(gaps) + model.modified
    goes_on = (1 - stop) ** occasions * gamma.sf(silence, model.regularity, scale=1 / rate)
    stopped = stop * (1 - stop) ** (occasions - 1) if occasions else 0.0
    orders = np.prod([gamma.pdf(gap, model.regularity, scale=1 / rate) for gap in gaps], axis=0)
    return float(np.mean(orders * (goes_on + stopped)))


def pareto_log_likelihood(model: ParetoNbd, x: int, last: float, until: float) -> float:
    """Return a customer's log-likelihood, integrated over when the customer stopped."""
    r, alpha, s, b = model.r, model.alpha, model.s, model.beta

    def density(u: float) -> float:
        silent = ((alpha + u) / (alpha + last)) ** -(r + x)
        return float(silent * s / b * (1 + u / b) ** (-s - 1))

    steep = last + (until - last) * np.array([1e-4, 1e-3, 1e-2, 0.1])
    stopped = quad(density, last, until, points=steep, epsabs=0, epsrel=1e-10, limit=400)[0]
    still = ((alpha + until) / (alpha + last)) ** -(r + x) * (1 + until / b) ** -s
    orders = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + last)
    return float(orders + np.log(stopped + still))


@pytest.mark.parametrize("model", [BG, MBG, BG3, MBG2], ids=["BG", "MBG", "BG-3", "MBG-2"])
@pytest.mark.parametrize("gaps", [[], [9.0], [5.0, 12.0, 7.0]], ids=len)
def test_likelihood_is_the_integral_over_customers(model: BetaGeometric, gaps: list[float]) -> None:
    for silence in (4.0, 60.0):
        seen = known([np.cumsum(gaps).tolist()], sum(gaps) + silence)
        expected = np.log(likelihood_over_customers(model, gaps, silence))
        assert model.log_likelihood(seen)[0] == pytest.approx(expected, abs=1e-3)


def test_pareto_likelihood_is_the_integral_over_when_they_stopped() -> None:
    """Frequent, rare and extreme customers and parameters; the closed form overflows on some."""
    draw = np.random.default_rng(5)
    for _ in range(200):
        model = ParetoNbd(*np.exp(draw.normal(0, 1.5, 4)) * [1.0, 20.0, 1.0, 20.0])
        x = int(draw.choice([0, 1, 5, 150]))
        last = draw.uniform(1, 300) if x else 0.0
        until = last + draw.uniform(1, 300)
        found = model.log_likelihood(BuyingStatistics.of([x], [last], [until]))[0]
        assert found == pytest.approx(pareto_log_likelihood(model, x, last, until), abs=1e-8)


@every_model
def test_chance_and_expected_orders_are_those_of_a_simulated_world(
    model: BetaGeometric | ParetoNbd,
) -> None:
    as_of, horizon = 60.0, 45.0
    histories = lived(model, 6_000, as_of + horizon, seed=7)
    seen = known(histories, as_of)
    after = np.array([sum(time >= as_of for time in orders) for orders in histories])
    chance = chance_of_order(model, seen, horizon)
    expected = model.expected_orders(seen, horizon)
    for group in (seen.repeats == 0, seen.repeats == 1, seen.repeats > 1, seen.last > 45.0):
        for told, came in ((chance, after > 0), (expected, after)):
            spread = 4 * np.std(came[group] - told[group]) / np.sqrt(group.sum())
            assert abs(np.mean(came[group] - told[group])) < spread
    assert np.mean((chance - (after > 0)) ** 2) == pytest.approx(
        np.mean(chance * (1 - chance)), rel=0.1
    )


@every_model
@given(data=st.data())
def test_chances_are_lawful(model: BetaGeometric | ParetoNbd, data: st.DataObject) -> None:
    repeats = data.draw(st.integers(0, 300))
    last = data.draw(st.floats(1.0, 900.0)) if repeats else 0.0
    silence, near, far = (data.draw(st.floats(0.0, 400.0)) for _ in range(3))
    one = BuyingStatistics.of([repeats], [last], [last + silence])
    near, far = sorted([near, far])
    soon, late = chance_of_order(model, one, near)[0], chance_of_order(model, one, far)[0]
    assert 0.0 <= soon <= late <= 1.0
    assert chance_of_order(model, one, 0.0)[0] == 0.0
    assert soon <= model.expected_orders(one, near)[0] + 1e-9


@pytest.mark.parametrize("s", [0.4, 1.0, 1.000001, 3.0])
def test_pareto_expects_orders_while_customers_are_active(s: float) -> None:
    model = ParetoNbd(0.9, 25.0, s, 60.0)
    seen = BuyingStatistics.of([4], [80.0], [80.0])  # active for sure: the last order is today's
    time = quad(lambda u: ((60 + 80) / (60 + 80 + u)) ** s, 0, 50)[0]
    assert model.expected_orders(seen, 50.0) == pytest.approx([(0.9 + 4) / (25 + 80) * time])


def test_one_time_buyers_are_not_certain_to_return() -> None:
    chance = chance_of_order(BG, BuyingStatistics.of([0, 0], [0, 0], [30, 400]), 60)
    assert 0.05 < chance[1] < chance[0] < 0.95


def test_fit_finds_the_parameters_and_the_regularity_it_was_made_with() -> None:
    seen = known(lived(MBG2, 4_000, 400.0, seed=3), 400.0)
    model = fit_beta_geometric(seen)
    assert (model.regularity, model.modified) == (2, True)
    assert model.r / model.alpha == pytest.approx(MBG2.r / MBG2.alpha, rel=0.12)
    assert model.a / (model.a + model.b) == pytest.approx(0.8 / 3.8, rel=0.12)
    assert fit_beta_geometric(seen) == model


def test_pareto_fit_finds_what_it_was_made_with() -> None:
    seen = known(lived(PARETO, 4_000, 400.0, seed=3), 400.0)
    model = fit_pareto_nbd(seen)
    assert model.r / model.alpha == pytest.approx(PARETO.r / PARETO.alpha, rel=0.12)
    assert (1 + 400 / model.beta) ** -model.s == pytest.approx((1 + 400 / 60) ** -0.7, abs=0.02)
    assert model.log_likelihood(seen).sum() >= PARETO.log_likelihood(seen).sum()


def test_a_weight_of_two_is_two_customers() -> None:
    seen = known(lived(BG, 400, 200.0, seed=1), 200.0)
    twice = np.where(seen.repeats > 0, 2.0, 1.0)
    again = np.repeat(np.arange(400), twice.astype(int))
    doubled = BuyingStatistics.of(seen.repeats[again], seen.last[again], seen.observed[again])
    weighted = fit_beta_geometric(seen, twice, modified=False, regularity=1)
    repeated = fit_beta_geometric(doubled, modified=False, regularity=1)
    assert weighted.log_likelihood(seen) == pytest.approx(repeated.log_likelihood(seen), abs=1e-5)


def test_many_distinct_customers_are_drawn_evenly() -> None:
    draw = np.random.default_rng(2)
    last = draw.uniform(1, 300, 100_000)
    groups, weight = BuyingStatistics.of(np.ones(100_000), last, last + 5).grouped()
    assert len(groups) <= MOST_GROUPS
    assert weight.sum() == pytest.approx(100_000)
    assert weight @ groups.last / weight.sum() == pytest.approx(last.mean(), rel=1e-4)


def test_statistics_of_orders_by_hand() -> None:
    customer = np.array([7, 3, 7, 7, 3, 9, 7])
    day = np.array([10, 12, 14, 14, 40, 50, 22])
    codes, seen = buying_statistics(customer, day, 40)
    assert codes.tolist() == [3, 7]
    assert seen.repeats.tolist() == [0, 2]
    assert seen.last.tolist() == [0.0, 12.0]
    assert seen.observed.tolist() == [28.0, 30.0]
    assert seen.log_gaps == pytest.approx([0.0, np.log(4) + np.log(8)])


def test_what_cannot_be_is_named_all_at_once() -> None:
    with pytest.raises(ValueError, match=r"negative.*1 cust.*last beyond.*2 cust.*last at 0"):
        BuyingStatistics.of([-1, 1, 0, 1], [0, 5, np.nan, 0], [9, 4, 9, 9])
    with pytest.raises(ValueError, match="one length"):
        BuyingStatistics.of([0, 1], [0], [9, 4])
    nobody = BuyingStatistics.of([], [], [])
    with pytest.raises(ValueError, match="nothing to fit"):
        fit_pareto_nbd(nobody)
    with pytest.raises(ValueError, match="log_gaps"):
        fit_beta_geometric(nobody)
