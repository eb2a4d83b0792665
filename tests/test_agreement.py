"""Engines agree: random rules over random histories mean the same people everywhere."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from engines import ENGINES, FRAMES
from segml.core.predicates import (
    EVERYONE,
    And,
    Compare,
    Events,
    Field,
    In,
    Not,
    Predicate,
    folded,
)
from segml.core.tables import TABLE, Form
from segml.engine.reference import Reference
from segml.library.features import FEATURES
from segml.rules.catalog import build
from segml.rules.parse import parse
from strategies import EVENTS, Case, cases, conditions, histories, lowered, rules, sub_fields

OTHERS = sorted(ENGINES.keys() - {"reference"})
LONG = settings(max_examples=2000, suppress_health_check=list(HealthCheck))
SHORT = settings(phases=[Phase.generate, Phase.shrink])


def reference(case: Case) -> Reference:
    return Reference(case.tables, case.as_of, has_customers=case.has_customers, features=FEATURES)


def agree_on_members(engine: str, case: Case, predicate: Predicate) -> None:
    note(f"as_of {case.as_of}, integer ids of {sorted(case.integer_domains)}")
    judge = reference(case)
    judged = judge.members(predicate)
    asked = ENGINES[engine](case.history, FEATURES)
    assert asked.members(predicate) == judged
    if judged:
        everyone = judge.universe()
        rest = asked.members(Not(predicate))
        assert sorted([*judged, *rest]) == everyone  # type: ignore[type-var]


def agree_on_values(engine: str, case: Case) -> None:
    judge = reference(case)
    names = list(FEATURES)
    frame = FRAMES[engine](case.history, FEATURES).features(names).sort("customer_id")
    assert frame.columns == ["customer_id", *names]
    assert frame["customer_id"].to_list() == judge.universe()
    for name in names:
        judged = [judge.feature(name, customer) for customer in judge.universe()]
        assert differences(judged, frame[name]) == [], name


def differences(judged: Sequence[Any], found: pl.Series) -> list[tuple[Any, Any]]:
    """Return the pairs that differ; floats are quotients of exact parts, so they may not."""
    return [
        (ours, theirs)
        for ours, theirs in zip(judged, found.to_list(), strict=True)
        if ours != theirs or isinstance(ours, bool) != isinstance(theirs, bool)
    ]


@SHORT
@given(case=histories(), rule=rules())
def test_a_parsed_rule_means_what_it_says(case: Case, rule: Any) -> None:
    parsed = parse(rule, build(FEATURES)).lower(case.as_of)
    judge = reference(case)
    assert judge.members(parsed) == judge.members(lowered(rule, case.as_of))


@pytest.mark.parametrize("engine", OTHERS)
@SHORT
@given(case=cases())
def test_members_agree(engine: str, case: tuple[Case, Predicate]) -> None:
    agree_on_members(engine, *case)


@pytest.mark.parametrize("engine", sorted(FRAMES))
@settings(SHORT, max_examples=SHORT.max_examples // 2)
@given(case=histories())
def test_values_agree(engine: str, case: Case) -> None:
    agree_on_values(engine, case)


@pytest.mark.slow
@pytest.mark.parametrize("engine", OTHERS)
@LONG
@given(case=cases())
def test_members_agree_at_length(engine: str, case: tuple[Case, Predicate]) -> None:
    agree_on_members(engine, *case)


@pytest.mark.slow
@pytest.mark.parametrize("engine", sorted(FRAMES))
@settings(LONG, max_examples=500)
@given(case=histories())
def test_values_agree_at_length(engine: str, case: Case) -> None:
    agree_on_values(engine, case)


@pytest.mark.parametrize(
    "engine",
    [one if one == "sets" else pytest.param(one, marks=pytest.mark.slow) for one in OTHERS],
)
@settings(SHORT, max_examples=SHORT.max_examples * 4)
@given(case=histories(), data=st.data())
def test_a_word_in_a_window_agrees(engine: str, case: Case, data: st.DataObject) -> None:
    """Postings answer these; random rules seldom ask just so."""
    table = data.draw(st.sampled_from(EVENTS))
    texts = [c.name for c in TABLE[table].columns if c.form is Form.TEXT]
    if not texts:
        return
    column = data.draw(st.sampled_from(texts))
    asked = next(field for field in sub_fields(table) if field.name == column)
    any_word = In(Field(column), tuple(sorted({folded(text) for text in asked.near})))
    one = lowered(data.draw(conditions((asked,), of_rows=True)), case.as_of, (asked,))
    word = data.draw(st.sampled_from((any_word, one)))
    time = Field("ordered_at" if table == "order_items" else TABLE[table].time)
    days = data.draw(st.sampled_from((2, 31, 91, 366)))
    window = Compare(time, "ge", case.as_of - timedelta(days=days))
    events = Events(table, And((word, window)))
    agree_on_members(engine, case, Compare(events, "ge", data.draw(st.integers(1, 2))))


@pytest.mark.parametrize("engine", OTHERS)
@SHORT
@given(case=histories(), data=st.data())
def test_aggregates_over_every_row_agree(engine: str, case: Case, data: st.DataObject) -> None:
    """No wire rule asks for all rows of an event, but predicates may."""
    table = data.draw(st.sampled_from(EVENTS))
    of = data.draw(st.sampled_from(["", *(field.name for field in sub_fields(table))]))
    events = Events(table, EVERYONE, "distinct" if of else "count", of)
    agree_on_members(engine, case, Compare(events, "ge", data.draw(st.integers(1, 3))))
