"""The shipped segments over the toy restaurant, members by eye; laws of sets on any history."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given

from engines import ENGINES, FRAMES
from random_histories import Case, histories
from segml.core.errors import RuleRefused, WorkspaceError
from segml.core.predicates import And, Not, Or
from segml.engine.explain import polarities, reasons
from segml.engine.history import History
from segml.engine.polars import PolarsEngine
from segml.engine.reference import Reference
from segml.library.features import FEATURES
from segml.rules.catalog import build
from segml.rules.parse import parse
from segml.segments.segment import Segment
from segml.storage.records.catalogue import Catalogue
from segml.storage.records.database import Database
from segml.storage.shipped import shipped
from strategies import cases
from toy_restaurant import toy_history

CATALOG = build(FEATURES, {name: segment.rule for name, segment in shipped().items()})

# Guests at the start of 28 February 2025: 1 Ada, 2 Ben, 3 Cleo, 5 Eve, 6 Finn, 7 Gwen.
MEMBERS: dict[str, list[int]] = {
    "vip-customers": [1],  # spent 120, of six whose spend is known: one is a tenth, rounded up
    "super-regulars": [],
    "new-customers": [1, 6, 7],
    "at-risk": [2, 5],
    "lapsed": [],
    "high-spenders": [],
    "birthday-this-month": [1],
    "email-subscribers": [1, 5],
    "loyalty-members": [5],
    "lunch-crowd": [1],
    "dinner-regulars": [],
    "health-conscious": [],
    "recently-at-risk": [],
    "just-reached-vip": [],  # Ada passed Eve's 80 with her third order, on the 14th
    "about-to-lapse": [],
    "win-back-campaign": [],
    "vip-upsell": [],
    "new-customer-nurture": [],
}
NEEDING_A_MODEL = {"tier-upgrade-eligible", "churn-risk-high"}


def test_every_shipped_segment_is_known_here() -> None:
    assert set(shipped()) == set(MEMBERS) | NEEDING_A_MODEL
    assert len(shipped()) == 20


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", MEMBERS)
def test_members_of_the_toy_restaurant(name: str, engine: str, toy: History) -> None:
    predicate = parse(shipped()[name].rule, CATALOG, naming=name).lower(toy.as_of)
    assert ENGINES[engine](toy, FEATURES).members(predicate) == MEMBERS[name]


@pytest.mark.parametrize("engine", ENGINES)
def test_just_reached_vip_looks_back_seven_nights(engine: str) -> None:
    found = {}
    for day in (14, 15, 21, 22):
        toy = toy_history(date(2025, 2, day))
        predicate = parse(shipped()["just-reached-vip"].rule, CATALOG).lower(toy.as_of)
        found[day] = ENGINES[engine](toy, FEATURES).members(predicate)
    assert found == {14: [], 15: [1], 21: [1], 22: []}


@pytest.mark.parametrize("name", sorted(NEEDING_A_MODEL))
def test_what_needs_a_model_says_so(name: str) -> None:
    with pytest.raises(RuleRefused, match="needs a trained"):
        parse(shipped()[name].rule, CATALOG)


@given(case=cases())
def test_rules_are_sets(case: tuple[Case, Any]) -> None:
    one = case[1]
    engine = PolarsEngine(case[0].history, FEATURES)
    everyone = engine.members(And(()))
    found = engine.members(one)
    assert sorted([*found, *engine.members(Not(one))]) == everyone  # type: ignore[type-var]
    assert engine.members(Not(Not(one))) == found
    assert engine.members(And((one, Not(one)))) == []
    assert engine.members(Or((one, Not(one)))) == everyone


@given(case=cases())
def test_de_morgan(case: tuple[Case, Any]) -> None:
    history, one = case[0].history, case[1]
    other = parse(shipped()["at-risk"].rule, CATALOG).lower(history.as_of)
    engine = PolarsEngine(history, FEATURES)
    assert engine.members(Not(And((one, other)))) == engine.members(Or((Not(one), Not(other))))


def without_the_future(case: Case) -> History:
    """Return the history with every row cut away that is not visible at its `as_of`."""
    history = case.history
    tables = {}
    for name, table in history.tables.items():
        clocks = [clock for clock in ("day", "known_day") if clock in table.collect_schema()]
        tables[name] = table.filter(
            *(pl.col(clock).is_null() | (pl.col(clock) < history.as_of) for clock in clocks)
        )
    return History(tables, history.as_of, history.has_customers)


@pytest.mark.parametrize("engine", ENGINES)
@given(case=cases())
def test_the_future_changes_nothing(engine: str, case: tuple[Case, Any]) -> None:
    both = case[0].history, without_the_future(case[0])
    whole, cut = (ENGINES[engine](one, FEATURES).members(case[1]) for one in both)
    assert whole == cut


@given(case=histories())
def test_features_do_not_see_the_future(case: Case) -> None:
    names = [name for name in FEATURES if FEATURES[name].group != "Predictive"]
    seen = PolarsEngine(case.history, FEATURES).features(names)
    assert seen.equals(PolarsEngine(without_the_future(case), FEATURES).features(names))


def test_every_answer_has_its_reasons(toy: History) -> None:
    reference = Reference.of(toy, FEATURES)
    for name, expected in MEMBERS.items():
        rule = parse(shipped()[name].rule, CATALOG, naming=name)
        assert set(polarities(rule.root)) == {leaf.path for leaf in rule.leaves()}
        for customer in reference.universe():
            found = reasons(rule, customer, toy.as_of, reference, {}, {})
            # Every shipped rule is one AND group, so all its conditions hold or he is out.
            assert all(r.holds == r.wanted for r in found) == (customer in expected)


def rule(value: int) -> dict[str, Any]:
    condition = {"field": "orders_total", "operator": ">=", "value": value}
    return {"combinator": "and", "rules": [condition]}


def test_a_catalogue_keeps_every_version(tmp_path: Any) -> None:
    catalogue = Catalogue(Database(f"sqlite:///{tmp_path / 'catalogue.db'}"))
    first = catalogue.save(Segment("regulars", "Regulars", rule(5), owner="kim"))
    assert catalogue.save(Segment("regulars", "Regulars", rule(5), owner="kim")) == first
    second = catalogue.save(Segment("regulars", "Regulars", rule(6), owner="kim"))
    assert (first.version, second.version) == (1, 2)
    assert catalogue.segments()["regulars"].rule == rule(6)
    assert [old.rule for old in catalogue.versions("regulars")] == [rule(5), rule(6)]
    catalogue.delete("regulars", "kim", "2026-01-01")
    assert "regulars" not in catalogue.segments()
    third = catalogue.save(Segment("regulars", "Regulars", rule(7), owner="kim"))
    assert third.version == 4
    assert [old.version for old in catalogue.versions("regulars")] == [1, 2, 4]
    assert list(catalogue.segments())[-1] == "regulars"


def test_shipped_segments_stay_as_they_are(tmp_path: Any) -> None:
    catalogue = Catalogue(Database(f"sqlite:///{tmp_path / 'catalogue.db'}"))
    with pytest.raises(WorkspaceError, match="my-at-risk"):
        catalogue.save(Segment("at-risk", "At risk", rule(5), owner="kim"))
    with pytest.raises(WorkspaceError, match="lower-case"):
        Segment("Wine Lovers", "Wine lovers", rule(5))


@pytest.mark.parametrize("engine", FRAMES)
def test_averages_are_the_nearest_float_in_whole_units(engine: str, toy: History) -> None:
    """A threshold copied from a shown average finds the customer it was copied from."""
    orders = toy.tables["orders"].with_columns(amount=pl.Series([4, 3, 3, 3] + [1] * 9) * 100 + 1)
    history = History(toy.tables | {"orders": orders}, toy.as_of, has_customers=True)
    value = FRAMES[engine](history, FEATURES).features(["average_order_value"]).row(0)[1]
    assert value == 1304 / 400
    condition = {"field": "average_order_value", "operator": "=", "value": value}
    wire = {"combinator": "and", "rules": [condition]}
    assert ENGINES[engine](history, FEATURES).members(parse(wire, CATALOG).lower(toy.as_of)) == [1]
