"""Lists that a rule made give back a rule that makes them; lists drawn by lot give none."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_customers import customers, held
from segml import Workspace
from segml.core.tables import Kind
from segml.library.features import FEATURES
from segml.rules.catalog import build
from segml.scoring.conditions import FieldFrame, round_threshold
from segml.scoring.discovery import FoundRule, NothingFound, holm, rule_of_list

FIELDS = build(FEATURES).fields
C = pl.col

PLANTED = {
    "two numbers": (C.spend_90d > 100) & (C.lunch_share >= 0.6),
    "a range": C.days_since_last_order.is_between(45, 59),
    "a word of a list": C.categories_ordered.list.contains("Wine") & (C.orders_total >= 5),
    "no such word": ~C.categories_ordered.list.contains("Wine") & (C.lifetime_spend > 200),
    "a month": C.birthday.dt.month() == 5,
    "a day": (C.birthday >= date(1985, 1, 1)) & (C.email_opt_in),
    "several texts": C.favorite_category.is_in(["pizza", "pasta"]) & (C.age < 30),
    "what is unknown": C.email_opt_in.is_null() & (C.city == "Berlin"),
    "either": (C.city == "Berlin") & (C.age > 60) | (C.lifetime_spend > 400),
    "four": C.age.is_between(30, 49) & (C.lunch_share >= 0.3) & (C.city == "Berlin"),
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_planted_rule_is_found(planted: pl.Expr) -> None:
    frame = customers(3_000, seed=1)
    listed = held(frame, planted)
    found = rule_of_list(frame, listed, FIELDS)
    assert isinstance(found, FoundRule)
    assert found.coverage.value >= 0.95
    assert found.precision.value >= 0.95
    assert found.missed + found.extra <= 0.02 * listed.sum()
    selected = FieldFrame.of(frame, FIELDS).holds([found.wire])[0]
    assert found.selected == selected.sum()
    assert found.missed == (listed & ~selected).sum()
    assert found.base == pytest.approx(listed.mean())


def test_the_rule_is_the_one_that_was_planted() -> None:
    frame = customers(3_000, seed=1)
    listed = held(frame, (C.spend_90d > 100) & (C.lunch_share >= 0.6))
    found = rule_of_list(frame, listed, FIELDS)
    assert isinstance(found, FoundRule)
    assert found.sentence == (
        "Guests whose spend in the last 90 days is at least 100 "
        "and whose share of lunch orders is at least 60 %."
    )
    assert found.wire == {
        "combinator": "and",
        "rules": [
            {"field": "spend_90d", "operator": ">=", "value": 100},
            {"field": "lunch_share", "operator": ">=", "value": 0.6},
        ],
    }
    assert rule_of_list(frame, listed, FIELDS) == found


def test_a_list_with_mistakes_in_it_gives_the_rule_behind() -> None:
    frame = customers(3_000, seed=7)
    random = np.random.default_rng(1)
    behind = held(frame, (C.spend_90d >= 60) & (C.lunch_share >= 0.5))
    listed = (behind & (random.random(3_000) < 0.8)) | (random.random(3_000) < 0.01)
    found = rule_of_list(frame, listed, FIELDS)
    assert isinstance(found, FoundRule)
    selected = FieldFrame.of(frame, FIELDS).holds([found.wire])[0]
    assert (selected & behind).sum() >= 0.95 * max(selected.sum(), behind.sum())
    # What is said of it was measured where nothing was chosen, and holds on a fresh draw.
    fresh = customers(6_000, seed=8)
    there = FieldFrame.of(fresh, FIELDS).holds([found.wire])[0]
    again = held(fresh, (C.spend_90d >= 60) & (C.lunch_share >= 0.5))
    again = (again & (random.random(6_000) < 0.8)) | (random.random(6_000) < 0.01)
    both = (there & again).sum()
    assert found.coverage.low <= both / again.sum() <= found.coverage.high
    assert found.precision.low <= both / there.sum() <= found.precision.high


@pytest.mark.slow
def test_where_customers_abound_a_part_stands_for_all() -> None:
    frame = customers(5_000, seed=2).select("customer_id", "spend_90d", "lunch_share", "age")
    frame = pl.concat([frame] * 24).with_columns(
        age=pl.Series(np.random.default_rng(1).integers(18, 80, 120_000))
    )
    listed = held(frame, (C.spend_90d > 200) & (C.age < 40))
    found = rule_of_list(frame, listed, FIELDS)
    assert isinstance(found, FoundRule)
    assert found.missed + found.extra <= 0.02 * listed.sum()


@pytest.mark.parametrize("lists", [10, pytest.param(400, marks=pytest.mark.slow)])
def test_a_list_drawn_by_lot_has_no_rule(lists: int) -> None:
    frame = customers(1_000, seed=5)
    random = np.random.default_rng(3)
    found = 0
    for number in range(lists):
        listed = np.zeros(1_000, dtype=bool)
        listed[random.permutation(1_000)[: random.integers(20, 400)]] = True
        found += isinstance(rule_of_list(frame, listed, FIELDS, seed=number), FoundRule)
    assert found <= 0.05 * lists


def test_too_short_a_list_is_told_so() -> None:
    frame = customers(200, seed=5)
    listed = np.zeros(200, dtype=bool)
    listed[:19] = True
    found = rule_of_list(frame, listed, FIELDS)
    assert isinstance(found, NothingFound)
    assert "on the list" in found.reason
    found = rule_of_list(frame, ~listed, FIELDS)
    assert isinstance(found, NothingFound)
    assert "beside the list" in found.reason


def test_fields_without_a_model_are_not_looked_at() -> None:
    frame = customers(500, seed=5).with_columns(churn_risk=C.age / 100)
    listed = held(frame, C.churn_risk > 0.5)
    found = rule_of_list(frame.drop("age", "birthday"), listed, FIELDS)
    assert isinstance(found, NothingFound)


def test_the_rule_selects_the_same_people_in_the_workspace(restaurant: Workspace) -> None:
    frame = restaurant.features()
    rule = {
        "combinator": "and",
        "rules": [
            {"field": "lifetime_spend", "operator": ">", "value": 300},
            {"field": "days_since_last_order", "operator": "<", "value": 90},
        ],
    }
    members = restaurant.members(rule)["customer_id"]
    listed = frame["customer_id"].is_in(members.implode()).to_numpy()
    found = rule_of_list(frame, listed, FIELDS)
    assert isinstance(found, FoundRule)
    assert found.coverage.value >= 0.9
    assert found.precision.value >= 0.9
    selected = restaurant.members(found.wire)
    assert selected.height == found.selected
    assert found.missed == len(set(members) - set(selected["customer_id"]))
    assert restaurant.preview(found.wire).sentence == found.sentence


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6, exclude_min=True))
def test_thresholds_lie_where_they_cut(low: float, more: float) -> None:
    high = low + more
    if high > low:
        threshold = round_threshold(low, high, Kind.NUMBER)
        assert isinstance(threshold, int | float)
        assert low < threshold <= high


@pytest.mark.parametrize(
    ("low", "high", "rounded"),
    [(187, 213, 200), (0.583, 0.6, 0.6), (59, 60, 60), (-3, 2, 0), (0, 0.013, 0.01), (1, 7, 5)],
)
def test_thresholds_are_round(low: float, high: float, rounded: float) -> None:
    assert round_threshold(low, high, Kind.NUMBER) == rounded


@pytest.mark.parametrize(
    ("low", "high", "rounded"),
    [
        (date(2023, 5, 3), date(2024, 2, 9), "2024-01-01"),
        (date(2024, 1, 3), date(2024, 2, 9), "2024-02-01"),
        (date(2024, 1, 3), date(2024, 1, 9), "2024-01-09"),
    ],
)
def test_dates_are_firsts(low: date, high: date, rounded: str) -> None:
    days = [(day - date(1970, 1, 1)).days for day in (low, high)]
    assert round_threshold(*days, Kind.DATE) == rounded


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
