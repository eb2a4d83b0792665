"""Small venues get small models; the level of a season; both by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from segml.scoring import basis
from segml.scoring.buying.beta_geometric import BetaGeometric
from segml.scoring.design import SILENCE, Design
from segml.scoring.ladder import OwnRhythm, rung
from segml.scoring.log_odds import chance, logit
from segml.scoring.reasons import _added, _rhythm
from segml.scoring.season import shift_to, unrest
from segml.scoring.silence import Buying


@pytest.mark.parametrize(
    ("customers", "repeaters", "record", "nights", "stand", "why"),
    [
        (5_000, 99, 999, 9, "rhythm", "only 99 customers came back"),
        (5_000, 100, 179, 9, "buying", "spans 179 days"),
        (499, 100, 180, 9, "buying", "499 customers"),
        (500, 100, 180, 0, "buying", "shorter horizon"),
        (500, 100, 180, 1, "stack", ""),
    ],
)
def test_the_rungs(
    customers: int, repeaters: int, record: int, nights: int, stand: str, why: str
) -> None:
    found, told = rung(customers, repeaters, record, nights)
    assert found == stand
    assert why in told
    assert bool(told) == bool(why)


def test_own_rhythm_by_hand() -> None:
    rows = pl.DataFrame(
        {
            "order_days_total": [11, 11, 1],
            "days_since_first_order": [101, 140, 10],
            "days_since_last_order": [1, 40, 10],
        }
    )
    # Rate 1/10 a day, and a fourth of it for leaving: P(no order) = 1 - comes / (1 + stopped).
    found = chance(OwnRhythm(60, 30.0).logits(rows))
    both = 0.1 * 1.25
    for place, silence in ((0, 1), (1, 40)):
        stopped = 0.2 * (np.exp(both * silence) - 1)
        expected = 1 - 0.8 * (1 - np.exp(-both * 60)) / (1 + stopped)
        assert found[place] == pytest.approx(expected, abs=1e-12)
    once = 1.25 / 30
    expected = 1 - 0.8 * (1 - np.exp(-once * 60)) / (1 + 0.2 * (np.exp(once * 10) - 1))
    assert found[2] == pytest.approx(expected, abs=1e-12)


def test_shift_to_moves_the_mean_and_nothing_else() -> None:
    logits = np.array([-2.0, 0.0, 3.0])
    assert shift_to(logits, float(chance(logits).mean())) == pytest.approx(0, abs=1e-9)
    assert shift_to(np.zeros(5), 0.75) == pytest.approx(np.log(3), abs=1e-9)
    shift = shift_to(logits, 0.9)
    assert chance(logits + shift).mean() == pytest.approx(0.9, abs=1e-9)
    assert shift_to(logits, 0.0) == 0.0
    assert shift_to(logits, 1.0) == 0.0


def _nights(*levels: float) -> tuple[pl.Series, np.ndarray, np.ndarray]:
    many = 1_000
    night = pl.Series([date(2025, 1, 1 + place) for place in range(len(levels))])
    label = np.concatenate([np.arange(many) < round(level * many) for level in levels])
    places = np.repeat(np.arange(len(levels)), many)
    return night.gather(places), np.zeros(many * len(levels)), label


def test_unrest_is_the_spread_of_levels_from_night_to_night() -> None:
    assert unrest(*_nights(0.5, 0.5, 0.5)) == 0
    far = float(chance(np.array([0.4]))[0])  # levels at -0.4 and 0.4: a spread of 0.4
    assert unrest(*_nights(far, 1 - far)) == 1
    between = float(chance(np.array([0.15]))[0])
    assert unrest(*_nights(between, 1 - between)) == pytest.approx(0.5, abs=0.03)


def test_unrest_is_only_what_the_inputs_do_not_explain() -> None:
    nights, logits, label = _nights(0.3, 0.7)
    known = logit(np.where(nights.to_numpy() == nights[0].__class__(2025, 1, 1), 0.3, 0.7))
    assert unrest(nights, logits, label) == 1
    assert unrest(nights, known, label) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "alone",
    [Buying(60, BetaGeometric(1.0, 30.0, 1.0, 3.0, regularity=3)), OwnRhythm(60, 30.0)],
    ids=["buying", "rhythm"],
)
def test_without_outcomes_pace_and_silence_are_the_reasons(alone: Buying | OwnRhythm) -> None:
    rows = pl.DataFrame(
        {
            "order_days_total": [11, 11, 1],
            "days_since_first_order": [101, 190, 40],
            "days_since_last_order": [1, 90, 40],
        }
    )
    added = {columns[0]: values[:, 0] for columns, values in _added(alone, rows)}
    assert sum(added.values()) == pytest.approx(alone.logits(rows), abs=1e-9)
    pace, late = added["order_days_total"], added["days_since_last_order"]
    assert pace[0] == pytest.approx(pace[1])  # ten days between orders, both of them
    assert late[0] < 0 < late[1]
    assert pace[2] == 0  # whoever came once has none


def test_a_pace_is_told_without_the_field_of_it() -> None:
    row = {"order_days_total": 11, "days_since_first_order": 140, "days_since_last_order": 40}
    assert _rhythm(row) == "usually every 10 days, now 40"
    assert _rhythm(row | {"usual_gap_days": 9.0}) == "usually every 9 days, now 40"
    assert _rhythm(row | {"order_days_total": 1}) == "last ordered 40 days ago, and on one day only"


def test_what_a_model_of_buying_foretells_is_one_more_number() -> None:
    rows = pl.DataFrame(
        {
            "order_days_total": [11, 40, 1],
            "days_since_first_order": [101, 900, 40],
            "days_since_last_order": [1, 700, 40],
            "gap_spread_days": [3.0, 2.0, None],
            "lifetime_spend": [110.0, 800.0, 10.0],
            "orders_30d": [3, 0, 0],
            "orders_90d": [9, 0, 1],
            "orders_365d": [11, 0, 1],
        }
    )
    buying = Buying(60, BetaGeometric(1.0, 30.0, 1.0, 3.0, regularity=3))
    plain = Design(("order_days_total", "orders_90d"), {})
    told = replace(plain, buying=buying)
    assert told.names == (*plain.names, SILENCE)
    silence = told.silence(rows)
    assert silence[:1] == pytest.approx(buying.logits(rows)[:1])
    assert silence[1] == 7 < buying.logits(rows)[1]  # nobody is as sure as that
    assert told.matrix(rows)[:, -1] == pytest.approx(silence)
    assert basis.names("rhythm", told) == (*basis.names("rhythm", plain), SILENCE)
    assert basis.numbers("rhythm", rows, told)[:, -1] == pytest.approx(silence)
    assert basis.names("rfm", told) == basis.names("rfm", plain)
    assert Design.from_json(told.as_json()) == told
    assert "buying" not in plain.as_json()
