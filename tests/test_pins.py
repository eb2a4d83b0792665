"""Pins: named guests whom a segment holds, or does not, whatever its rule says."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engines import ENGINES
from random_histories import stored_history
from segml import Workspace
from segml import fields as f
from segml.core.errors import RuleRefused, WorkspaceError
from segml.core.tables import TABLE
from segml.engine.reference import Reference
from segml.library.features import FEATURES
from segml.rules.catalog import build
from segml.rules.describe import sentence
from segml.rules.parse import parse
from segml.rules.pins import Pins, pinned, pins, without
from strategies import Case, histories, rules
from toy_restaurant import AS_OF, complete, toy_history

CATALOG = build(FEATURES)
SPENT = (f.lifetime_spend > 50).as_json()
NAMES = st.lists(st.sampled_from(("1", "2", "3", "4", "C3", "c3", "9")), max_size=3)


def held(case: Case, rule: Any) -> set[Any]:
    judge = Reference(case.tables, case.as_of, has_customers=case.has_customers, features=FEATURES)
    return {*judge.members(parse(rule, CATALOG).lower(case.as_of))}


@given(case=histories(), rule=rules(), include=NAMES, exclude=NAMES)
def test_pins_add_and_take_away_just_those(
    case: Case, rule: Any, include: list[str], exclude: list[str]
) -> None:
    everyone = held(case, f.customer_id.not_in().as_json())
    named = {one for one in everyone if str(one) in include}
    out = {one for one in everyone if str(one) in exclude}
    assert held(case, pinned(rule, include, exclude)) == (held(case, rule) | named) - out


@given(rule=rules(), include=NAMES, exclude=NAMES, again=NAMES)
def test_pins_are_read_back_and_take_the_place_of_others(
    rule: Any, include: list[str], exclude: list[str], again: list[str]
) -> None:
    bare = pinned(rule)  # a drawn rule may have the shape of pins by itself
    once = pinned(bare, include, exclude)
    assert pins(once) == Pins(tuple(sorted({*include} - {*exclude})), tuple(sorted({*exclude})))
    assert pinned(once, again) == pinned(bare, again)
    assert pinned(once) == bare


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_ids_are_compared_as_they_stand(engine: str) -> None:
    def of(rule: Any, *, text_ids: bool) -> list[Any]:
        asked = parse(rule, CATALOG).lower(AS_OF)
        return ENGINES[engine](toy_history(text_ids=text_ids), FEATURES).members(asked)

    for text_ids, expected in ((False, [2]), (True, ["2"])):
        for one in (2, "2"):
            assert of((f.customer_id == one).as_json(), text_ids=text_ids) == expected
        assert of(f.customer_id.is_in("02", "2 ", "+2").as_json(), text_ids=text_ids) == []


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_ids_that_differ_in_case_are_two_customers(engine: str) -> None:
    orders = [
        complete("orders", order_id=one, customer_id=one, ordered_at="2025-01-01 12:00", amount=1)
        for one in ("a1", "A1")
    ]
    tables = {name: orders if name == "orders" else [] for name in TABLE}
    history = stored_history(
        tables, AS_OF, has_customers=False, integer_domains=frozenset({"restaurant"})
    )
    rule = parse(f.customer_id.is_in("a1").as_json(), CATALOG).lower(AS_OF)
    assert ENGINES[engine](history, FEATURES).members(rule) == ["a1"]


@given(case=histories(), rule=rules(), names=NAMES)
def test_a_rule_without_somebody_is_the_same_for_all_others(
    case: Case, rule: Any, names: list[str]
) -> None:
    # Whom somebody referred is a fact about the one who did; erasing it is told in test_erasing.
    assume("referred_customer_id" not in str(rule))
    gone = frozenset(names)
    left = without(pinned(rule, names[:1], names[1:]), gone)
    assert not gone & {*pins(left).include, *pins(left).exclude}
    assert without(left, gone) == left
    before, after = held(case, pinned(rule, names[:1], names[1:])), held(case, left)
    assert {one for one in before ^ after if str(one) not in gone} == set()


@pytest.mark.parametrize("operator", ["contains", "null", "<", "between", "topN"])
def test_an_id_is_only_the_same_or_another(operator: str) -> None:
    wire = {"combinator": "and", "rules": [{"field": "customer_id", "operator": operator}]}
    with pytest.raises(RuleRefused, match="It has =, !=, in, notIn"):
        parse(wire, CATALOG)


def test_pins_read_well() -> None:
    assert sentence(parse(pinned(SPENT, ["7", "8"], ["9"]), CATALOG)) == (
        "Guests ((whose lifetime spend is more than 50) or who are 7 or 8) and who are not 9."
    )


def test_a_pin_is_a_version_of_the_segment(tmp_path: Path) -> None:
    segments = Workspace.create(tmp_path / "w").segments
    segments.save("mine", SPENT, owner="kim", title="My own", description="Why")
    segments.pin("mine", 7, included=True, owner="lee", at="2025-03-01T10:00:00+00:00")
    segments.pin("mine", "8", included=False, owner="lee")
    found = segments.pin("mine", 7, included=False, owner="lee")
    assert pins(found.rule) == Pins(exclude=("7", "8"))
    assert (found.version, found.name, found.description) == (4, "My own", "Why")
    assert segments.pin("mine", "7", included=None, owner="kim").version == 5
    assert segments.pin("mine", 8, included=None, owner="kim").rule == SPENT
    assert pins(segments.get("mine", 2).rule) == Pins(include=("7",))
    with pytest.raises(WorkspaceError, match="comes with segml"):
        segments.pin("vip-customers", 7, included=True, owner="kim")


def test_a_workspace_asks_for_named_guests(restaurant: Workspace) -> None:
    everyone = restaurant.members(f.orders_total >= 0)["customer_id"].to_list()
    one, other = everyone[0], everyone[-1]
    rule = pinned((f.customer_id == one).as_json(), [other, "nobody"], [])
    assert restaurant.members(rule)["customer_id"].to_list() == [one, other]
    assert restaurant.preview(rule).count == 2
    told = restaurant.explain(one, rule)
    assert told.member
    assert [reason.holds for reason in told.reasons] == [True, False]
