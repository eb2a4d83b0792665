"""The rule language: JSON in and out, every problem at once, one sentence, one digest."""

import copy
import json
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segml import fields as f
from segml.core.errors import Problem, RuleRefused
from segml.core.predicates import Before, Compare, Field
from segml.engine.reference import Reference
from segml.library.features import FEATURES
from segml.rules.catalog import Catalog, build
from segml.rules.describe import sentence
from segml.rules.parse import parse
from strategies import lowered, rules

AT_RISK = {
    "combinator": "and",
    "rules": [{"field": "days_since_last_order", "operator": ">=", "value": 60}],
}
CATALOG = build(FEATURES, {"at-risk": AT_RISK})


def problems(wire: Any, catalog: Catalog, *, naming: str | None = None) -> tuple[Problem, ...]:
    try:
        parse(wire, catalog, naming=naming)
    except RuleRefused as refused:
        return refused.problems
    return ()


def all_of(*conditions: Any) -> dict[str, Any]:
    return {"combinator": "and", "rules": list(conditions)}


def spend(value: Any, operator: str = ">") -> dict[str, Any]:
    return {"field": "lifetime_spend", "operator": operator, "value": value}


def wine(match: Any, **more: Any) -> dict[str, Any]:
    inner = all_of({"field": "category", "operator": "=", "value": "wine"})
    return {"field": "order_items", "operator": "=", "match": match, "value": inner} | more


@given(wire=rules())
def test_what_is_parsed_means_what_was_written(wire: Any) -> None:
    as_of = date(2023, 2, 28)
    assert parse(wire, CATALOG).lower(as_of) == lowered(wire, as_of)


@given(wire=rules())
def test_a_rule_goes_out_as_it_came_in(wire: Any) -> None:
    before = copy.deepcopy(wire)
    rule = parse(wire, CATALOG)
    assert rule.wire == before
    assert parse(json.loads(json.dumps(rule.wire)), CATALOG) == rule


def shuffled(wire: Any, random: Random) -> Any:
    """Return the same meaning written in another order, with parts repeated and grouped."""
    if "rules" in wire:
        children = [shuffled(child, random) for child in wire["rules"]]
        children += random.sample(children, 1)
        random.shuffle(children)
        same = wire | {"rules": children, "id": f"x{random.random()}"}
        return same if wire.get("not") else {"combinator": "and", "rules": [same]}
    if "match" in wire:
        return wire | {"value": shuffled(wire["value"], random), "path": [0]}
    if isinstance(wire["value"], list) and wire["operator"] in {"in", "notIn", "hasAny"}:
        return wire | {"value": random.sample(wire["value"] * 2, 2 * len(wire["value"]))}
    return wire


@given(wire=rules(), seed=st.integers(0, 2**32))
def test_same_meaning_in_another_order_has_the_same_digest(wire: Any, seed: int) -> None:
    other = shuffled(wire, Random(seed))
    assert parse(other, CATALOG).digest == parse(wire, CATALOG).digest


@given(one=rules(1), other=rules(1))
def test_another_meaning_has_another_digest(one: Any, other: Any) -> None:
    first, second = parse(one, CATALOG), parse(other, CATALOG)
    if first.digest == second.digest:
        for as_of in (date(2023, 2, 28), date(2024, 2, 29)):
            assert same_set(first.lower(as_of), second.lower(as_of))


def same_set(one: Any, other: Any) -> bool:
    from toy_restaurant import toy_history

    reference = Reference.of(toy_history(), FEATURES)
    return reference.members(one) == reference.members(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (all_of(spend(5)), all_of(spend(5.0))),
        (all_of(spend(5)), all_of(spend(5) | {"disabled": True, "id": "a"})),
        (all_of(spend(5)), all_of(spend(5), spend(9) | {"muted": True})),
        (
            all_of({"field": "city", "operator": "=", "value": "Rome"}),
            all_of({"field": "city", "operator": "=", "value": "ROME"}),
        ),
        (all_of(wine({"mode": "some"})), all_of(wine({"mode": "atLeast", "threshold": 1}))),
        (all_of(spend(10, "topPercent")), all_of(spend(10.0, "topPercent"))),
    ],
)
def test_alike(one: Any, other: Any) -> None:
    assert parse(one, CATALOG).digest == parse(other, CATALOG).digest


@pytest.mark.parametrize(
    "other",
    [
        all_of(spend(6)),
        all_of(spend(5, ">=")),
        all_of(spend(5)) | {"not": True},
        all_of({"field": "spend_90d", "operator": ">", "value": 5}),
        all_of(spend(5), spend(7)),
    ],
)
def test_unlike(other: Any) -> None:
    assert parse(all_of(spend(5)), CATALOG).digest != parse(other, CATALOG).digest


def test_the_digest_follows_the_segments_a_rule_refers_to() -> None:
    wire = all_of({"field": "segment", "operator": "in", "value": "at-risk"})
    stricter = {"combinator": "and", "rules": [AT_RISK["rules"][0] | {"value": 61}]}
    other = build(FEATURES, {"at-risk": stricter})
    assert parse(wire, CATALOG).digest != parse(wire, other).digest


EMPTY = {"combinator": "and", "rules": []}


@pytest.mark.parametrize(
    ("wire", "path", "says"),
    [
        (all_of(spend(10**400)), (0,), "takes a number"),
        (all_of(wine({"mode": "atLeast", "threshold": 1e300})), (0,), "cannot be a count"),
        (
            all_of({"field": "segment", "operator": "in", "value": "at-risk", "match": {}}),
            (0,),
            "no event",
        ),
        (all_of(spend(1e-300, "topPercent")), (0,), "percentage"),
        (all_of(spend(1) | {"muted": "no"}), (0,), "muted"),
        (all_of({"field": "city", "operator": "=", "value": 5}), (0,), "takes a text"),
        (all_of({"field": "tags", "operator": "hasAny", "value": [1]}), (0,), "takes a text"),
        (all_of({"field": "city", "operator": "=", "value": "\ud800"}), (0,), "whole characters"),
        (all_of({"field": "city", "operator": "=", "value": "x" * 1001}), (0,), "1,000 characters"),
        (all_of({"field": "birthday", "operator": "=", "value": "20240101"}), (0,), "date"),
        (all_of({"field": "birthday", "operator": "=", "value": "2024-W01-1"}), (0,), "date"),
        (all_of(wine({"mode": "some"}) | {"operator": "!="}), (0,), "no operator “!=”"),
        (None, (), "not a group"),
        ([], (), "not a group"),
        (EMPTY, (), "empty"),
        (all_of(EMPTY), (0,), "empty"),
        (all_of(spend(1), all_of(spend(1), EMPTY)), (1, 1), "empty"),
        (all_of(spend(1) | {"muted": True}), (), "muted"),
        (all_of(spend(1)) | {"combinator": "xor"}, (), "combinator"),
        (all_of(spend(1)) | {"not": "yes"}, (), "not"),
        (all_of("and"), (0,), "A condition cannot be"),
        (all_of({"field": "lifetime_spent", "operator": ">", "value": 1}), (0,), "no field"),
        (all_of(spend(1, "contains")), (0,), "no operator"),
        (all_of(spend("200")), (0,), "takes a number"),
        (all_of(spend(True)), (0,), "takes a number"),
        (all_of(spend(None)), (0,), "takes a number"),
        (all_of(spend(float("nan"))), (0,), "takes a number"),
        (all_of(spend([1, 2, 3], "between")), (0,), "two values"),
        (all_of(spend("1,2", "between")), (0,), "list"),
        (all_of(spend(0, "topPercent")), (0,), "percentage"),
        (all_of(spend(1.5, "topN")), (0,), "whole number"),
        (all_of({"field": "birthday", "operator": "inMonth", "value": 13}), (0,), "month"),
        (all_of({"field": "birthday", "operator": "=", "value": "2026-02-30"}), (0,), "date"),
        (
            all_of({"field": "birthday", "operator": "withinLast", "value": {"n": 0}}),
            (0,),
            "at least 1",
        ),
        (
            all_of(
                {"field": "birthday", "operator": "withinLast", "value": {"n": 1, "unit": "hour"}}
            ),
            (0,),
            "unit",
        ),
        (all_of(spend(1) | {"valueSource": "field"}), (0,), "another field"),
        (all_of({"field": "order_items", "operator": "=", "value": EMPTY}), (0,), "how often"),
        (all_of(wine({"mode": "all"})), (0,), "how often"),
        (all_of(wine({"mode": "atLeast"})), (0,), "threshold"),
        (all_of(wine({"mode": "atLeast", "threshold": -1})), (0,), "count"),
        (all_of(wine({"mode": "atLeast", "threshold": 1.5})), (0,), "count"),
        (all_of(wine({"mode": "some"}) | {"value": EMPTY}), (0,), "empty"),
        (
            all_of(wine({"mode": "some"}) | {"value": all_of(spend(1))}),
            (0, 0),
            "order_items has no field",
        ),
        (
            all_of(
                wine({"mode": "atLeast", "threshold": 1}, meta={"aggregate": "sum", "of": "item"})
            ),
            (0,),
            "sum",
        ),
        (
            all_of(wine({"mode": "some"}, meta={"aggregate": "sum", "of": "price"})),
            (0,),
            "takes no aggregate",
        ),
        (all_of(spend(1) | {"match": {"mode": "some"}}), (0,), "no event"),
        (all_of({"field": "segment", "operator": "in", "value": "at-rusk"}), (0,), "no segment"),
        (all_of({"field": "segment", "operator": "=", "value": "at-risk"}), (0,), "no operator"),
        (all_of({"field": "churn_risk", "operator": ">", "value": 0.5}), (0,), "needs a trained"),
        (
            all_of({"field": "memberships", "operator": "=", "match": {"mode": "some"}}),
            (0,),
            "asked",
        ),
    ],
)
def test_each_problem_has_its_path(wire: Any, path: tuple[int, ...], says: str) -> None:
    found = problems(wire, CATALOG)
    assert [problem.path for problem in found] == [path]
    assert says in found[0].message


def test_all_problems_at_once_with_near_names() -> None:
    wire = all_of(
        {"field": "lifetime_spent", "operator": ">", "value": 1},
        spend("1"),
        EMPTY,
        wine({"mode": "atLeast", "threshold": -1}),
    )
    found = problems(wire, CATALOG)
    assert [problem.path for problem in found] == [(0,), (1,), (2,), (3,)]
    assert "lifetime_spend" in found[0].hint
    with pytest.raises(RuleRefused) as refused:
        parse(wire, CATALOG)
    assert refused.value.problems == found


def nested(depth: int) -> Any:
    wire = all_of(spend(1))
    for _ in range(depth - 1):
        wire = all_of(wire)
    return wire


def test_depth_and_number_are_bounded() -> None:
    assert not problems(nested(20), CATALOG)
    assert "nested deeper" in problems(nested(21), CATALOG)[0].message
    assert not problems(all_of(*[spend(n) for n in range(500)]), CATALOG)
    assert "501 conditions" in problems(all_of(*[spend(n) for n in range(501)]), CATALOG)[0].message


def test_segments_that_refer_to_each_other_are_refused() -> None:
    def member_of(name: str) -> Any:
        return all_of({"field": "segment", "operator": "notIn", "value": [name]})

    catalog = build(FEATURES, {"a": member_of("b"), "b": member_of("c"), "c": member_of("a")})
    [problem] = problems(catalog.segments["a"], catalog, naming="a")
    assert problem.message == "The segments go round in a circle: a → b → c → a."


def entered(days: int, mode: str = "some", change: str = "entered") -> Any:
    return {
        "field": "memberships",
        "operator": "=",
        "match": {"mode": mode},
        "value": all_of(
            {"field": "segment", "operator": "=", "value": "at-risk"},
            {"field": "change", "operator": "=", "value": change},
            {"field": "occurred_at", "operator": "withinLast", "value": {"n": days, "unit": "day"}},
        ),
    }


def pasts(part: Any) -> list[Before]:
    """Return every past in a predicate, at any depth."""
    inner = (*getattr(part, "items", ()), *filter(None, [getattr(part, "item", None)]))
    found = [past for child in inner for past in pasts(child)]
    return [part, *found] if isinstance(part, Before) else found


def test_entered_lately_compares_neighbouring_nights() -> None:
    week = parse(all_of(entered(7)), CATALOG).lower(date(2026, 1, 1))
    assert sorted(past.days for past in pasts(week)) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]
    assert "too long" in problems(all_of(entered(93)), CATALOG)[0].message


def test_memberships_are_asked_one_thing_each() -> None:
    twice = entered(7)
    twice["value"]["rules"].append({"field": "change", "operator": "=", "value": "left"})
    assert "said twice" in problems(all_of(twice), CATALOG)[0].message
    twice["value"]["rules"][-1]["muted"] = True
    assert parse(all_of(twice), CATALOG) == parse(all_of(entered(7)), CATALOG)


def test_relative_dates_in_the_past_are_relative_to_that_night() -> None:
    recent = all_of(
        {"field": "last_order_at", "operator": "withinLast", "value": {"n": 1, "unit": "day"}}
    )
    catalog = build(FEATURES, {"at-risk": recent})
    [yesterday] = pasts(parse(all_of(entered(1)), catalog).lower(date(2026, 1, 10)))
    assert Compare(Field("last_order_at"), "ge", date(2026, 1, 8)) in yesterday.item.items[0].items


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (all_of(spend(200.5)), "Guests whose lifetime spend is more than 200.50."),
        (
            all_of({"field": "lunch_share", "operator": ">=", "value": 0.6}, spend(1_000)),
            (
                "Guests whose share of lunch orders is at least 60 % and whose lifetime spend is "
                "more than 1,000."
            ),
        ),
        (
            all_of({"field": "lunch_share", "operator": "=", "value": 1}),
            "Guests whose share of lunch orders is 100 %.",
        ),
        (
            all_of({"combinator": "or", "rules": [spend(1), spend(2)]}, spend(3)),
            (
                "Guests (whose lifetime spend is more than 1 or whose lifetime spend is more "
                "than 2) and whose lifetime spend is more than 3."
            ),
        ),
        (
            all_of(wine({"mode": "none"})),
            "Guests who never ordered items with category that is “wine”.",
        ),
        (f.orders.at_least(3).as_json(), "Guests who ordered at least 3 times."),
        (
            all_of(
                wine({"mode": "atLeast", "threshold": 20}, meta={"aggregate": "sum", "of": "price"})
            ),
            "Guests whose total price over item lines with category that is “wine” is at least 20.",
        ),
        (
            all_of({"field": "birthday", "operator": "inMonth", "value": 5}),
            "Guests whose birthday is in May.",
        ),
        (
            all_of({"field": "email_opt_in", "operator": "!=", "value": True}),
            "Guests whose e-mail opt-in is no or unknown.",
        ),
        (all_of(entered(7)), "Guests who entered at-risk within the last 7 days."),
        (
            all_of({"field": "segment", "operator": "notIn", "value": "at-risk"}) | {"not": True},
            "Guests not (not in at-risk).",
        ),
    ],
)
def test_one_plain_sentence(wire: Any, words: str) -> None:
    assert sentence(parse(wire, CATALOG)) == words


@given(wire=rules())
def test_every_rule_has_a_sentence(wire: Any) -> None:
    words = sentence(parse(wire, CATALOG))
    assert words.startswith("Guests ")
    assert "{" not in words


def test_ids_may_be_written_as_numbers() -> None:
    for field in ("favorite_restaurant", "restaurant_id"):
        as_number = {"field": field, "operator": "in", "value": [3]}
        as_text = {"field": field, "operator": "in", "value": ["3"]}
        if field == "restaurant_id":
            as_number, as_text = (
                {"field": "orders", "match": {"mode": "some"}, "value": all_of(one)}
                for one in (as_number, as_text)
            )
        assert parse(all_of(as_number), CATALOG) == parse(all_of(as_text), CATALOG)
