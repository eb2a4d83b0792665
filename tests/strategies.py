"""Random rules over every field, operator and event of the library, with values near the data.

`histories` draws the facts of a small restaurant, `rules` a rule group in react-querybuilder's
JSON, `predicates` a predicate tree (every rule is one, and pasts besides), `cases` a history and a
predicate asked of it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from random_histories import BIRTHDAYS, DAYS, LISTED, MONEY, OFFSETS, TEXTS, Case, histories
from segml.core.features import Score
from segml.core.operators import OPERATORS, Ago, Span, Takes, operators_of
from segml.core.predicates import (
    Among,
    And,
    Before,
    Compare,
    Events,
    Field,
    Not,
    Or,
    Predicate,
    folded,
)
from segml.core.tables import TABLE, TABLES, Column, Form, Kind
from segml.library.features import FEATURES


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that operators can be asked of: a feature, or a column of event rows."""

    name: str
    kind: Kind
    scale: int
    near: tuple[Any, ...]  # wire values near the data


def fields() -> tuple[Asked, ...]:
    """Return every field of the library that needs no model."""
    return tuple(
        Asked(f.name, f.kind, f.scale, _near(f.kind, f.scale, f.choices))
        for f in FEATURES.values()
        if not isinstance(f.form, Score)
    )


def sub_fields(table: str) -> tuple[Asked, ...]:
    """Return the fields of an event's rows: its columns, and of item lines their order's.

    As in the catalog of the rules, the customer and the mark of a refund are not among them.
    """
    hidden = {"customer_id", "refund"}
    columns = [column for column in TABLE[table].columns if column.name not in hidden]
    if table == "order_items":
        lent = ("ordered_at", "channel", "restaurant_id", "coupon")
        columns += [TABLE["orders"].column(name) for name in lent]
    return tuple(Asked(c.name, c.kind, c.scale, _near_column(c)) for c in columns)


def _near_column(column: Column) -> tuple[Any, ...]:
    if column.form is Form.ID:
        return (*(str(n) for n in range(1, 13)), "C3", "O12", "R3")
    return _near(column.kind, column.scale, column.choices)


def _near(kind: Kind, scale: int, choices: tuple[str, ...]) -> tuple[Any, ...]:
    match kind:
        case Kind.NUMBER if scale:
            return (*(amount / 10**scale for amount in MONEY[:-1]), 3.5, 4, 0.99, -10)
        case Kind.NUMBER:
            return (0, 1, 2, 3, 5, 30, 60, 90, 0.25, 0.5, 0.6, 1 / 3, 1.5, 39, 64, -1)
        case Kind.TEXT:
            return choices or TEXTS
        case Kind.BOOLEAN:
            return (True, False)
        case Kind.DATE:
            near = {day - timedelta(days=n) for day in DAYS for n in OFFSETS}
            return tuple(day.isoformat() for day in sorted(near | set(BIRTHDAYS)))
        case Kind.LIST:
            return LISTED


_UNITS = st.sampled_from(("day", "week", "month", "year"))


@st.composite
def _periods(draw: st.DrawFn) -> dict[str, Any]:
    unit = draw(_UNITS)
    lengths = OFFSETS[1:] if unit == "day" else (1, 2, 3, 6)
    return {"n": draw(st.sampled_from(lengths)), "unit": unit}


@st.composite
def _agos(draw: st.DrawFn) -> dict[str, Any]:
    unit = draw(_UNITS)
    ends = st.sampled_from(OFFSETS if unit == "day" else (0, 1, 2, 3, 6))
    start, end = sorted((draw(ends), draw(ends)))
    return {"from": start, "to": end, "unit": unit}


@st.composite
def _parts(draw: st.DrawFn, texts: tuple[str, ...]) -> str:
    """Draw a piece of a text, in any case: what "contains" looks for."""
    text = draw(st.sampled_from(texts))
    start = draw(st.integers(0, len(text) - 1))
    part = text[start : start + draw(st.integers(1, len(text)))]
    return draw(st.sampled_from((part, part.upper(), part.lower()))).strip() or text


def wire_values(asked: Asked, operator: str) -> st.SearchStrategy[Any]:
    """Return the values of `operator` in wire form, most of them near the data."""
    one: st.SearchStrategy[Any] = st.sampled_from(asked.near)
    if asked.kind is Kind.TEXT:
        one |= one.map(str.upper)
    if asked.kind is Kind.NUMBER and asked.scale:
        one |= st.integers(-5, 120)
    match OPERATORS[operator].takes:
        case Takes.NOTHING:
            return st.none()
        case Takes.ONE:
            is_part = operator.endswith(("ontains", "ontain", "With"))
            return _parts(asked.near) if is_part else one
        case Takes.PAIR:
            return st.lists(one, min_size=2, max_size=2).map(sorted)
        case Takes.MANY:
            return st.lists(one, max_size=4)
        case Takes.PERIOD:
            return _periods()
        case Takes.AGO:
            return _agos()
        case Takes.MONTH:
            return st.sampled_from(("this", "next", *range(1, 13)))
        case Takes.PERCENT:
            return st.sampled_from((0.1, 10, 12.5, 33.3, 50, 99.9, 100))
        case Takes.COUNT:
            return st.integers(1, 14)


@st.composite
def conditions(draw: st.DrawFn, asked: tuple[Asked, ...], *, of_rows: bool = False) -> Any:
    """Draw one wire rule on one of the fields."""
    field = draw(st.sampled_from(asked))
    operator = draw(st.sampled_from(operators_of(field.kind, of_rows=of_rows)))
    value = draw(wire_values(field, operator))
    return {"field": field.name, "operator": operator, "value": value}


@st.composite
def customer_conditions(draw: st.DrawFn) -> Any:
    """Draw one wire rule that names customers, some of them in another writing than they have."""
    one = st.sampled_from((1, 2, 3, "4", "5", "007", "C1", "C2", "c2", "C3", "nobody"))
    operator = draw(st.sampled_from(("=", "!=", "in", "notIn")))
    value = draw(st.lists(one, max_size=3) if operator.endswith("n") else one)
    return {"field": "customer_id", "operator": operator, "value": value}


EVENTS = tuple(table.name for table in TABLES if table.event)
_COUNT_MODES = st.sampled_from(("none", "some", "atLeast", "atMost", "exactly"))


@st.composite
def event_conditions(draw: st.DrawFn) -> Any:
    """Draw one wire rule that counts or aggregates a customer's events."""
    table = draw(st.sampled_from(EVENTS))
    asked = sub_fields(table)
    rule: dict[str, Any] = {
        "field": table,
        "operator": "=",
        "value": draw(groups(conditions(asked, of_rows=True), depth=1)),
    }
    numbers = [field for field in asked if field.kind is Kind.NUMBER]
    how = draw(st.sampled_from(("count", "count", "distinct", "sum", "avg", "min", "max")))
    if how == "count" or (how != "distinct" and not numbers):
        mode = draw(_COUNT_MODES)
        counted = {} if mode in {"none", "some"} else {"threshold": draw(st.integers(0, 4))}
        return rule | {"match": {"mode": mode, **counted}}
    of = draw(st.sampled_from(asked if how == "distinct" else numbers))
    near = st.integers(0, 4) if how == "distinct" else st.sampled_from(of.near)
    mode = draw(st.sampled_from(("atLeast", "atMost", "exactly")))
    return rule | {
        "match": {"mode": mode, "threshold": draw(near)},
        "meta": {"aggregate": how, "of": of.name},
    }


@st.composite
def groups(draw: st.DrawFn, leaves: st.SearchStrategy[Any], depth: int) -> Any:
    """Draw a wire group of `leaves`, with up to `depth` levels of groups inside it."""
    inside = leaves
    if depth > 0:
        inside |= groups(leaves, depth - 1)
    group = {
        "combinator": draw(st.sampled_from(("and", "or"))),
        "rules": draw(st.lists(inside, min_size=1, max_size=3)),
    }
    return group | ({"not": True} if draw(st.booleans()) else {})


def rules(depth: int = 2) -> st.SearchStrategy[Any]:
    """Draw a rule group in react-querybuilder's JSON over every field and event of the library."""
    return groups(conditions(fields()) | event_conditions() | customer_conditions(), depth)


# From the wire to predicates ----------------------------------------------------------------------


def stored_value(operator: str, kind: Kind, scale: int, value: Any) -> Any:
    """Return a wire value as `Operator.lower` takes it: stored units, lower case, real dates."""
    match OPERATORS[operator].takes:
        case Takes.NOTHING | Takes.MONTH | Takes.COUNT:
            return value
        case Takes.ONE:
            return _stored_scalar(kind, scale, value)
        case Takes.PAIR | Takes.MANY:
            return tuple(_stored_scalar(kind, scale, one) for one in value)
        case Takes.PERIOD:
            return Span(value["n"], value["unit"])
        case Takes.AGO:
            return Ago(value["from"], value["to"], value["unit"])
        case Takes.PERCENT:
            return Decimal(str(value))


def _stored_scalar(kind: Kind, scale: int, value: Any) -> Any:
    match kind:
        case Kind.NUMBER:
            exact = Decimal(str(value)) * 10**scale
            return int(exact) if exact == exact.to_integral_value() else float(exact)
        case Kind.TEXT | Kind.LIST:
            return folded(value)
        case Kind.DATE:
            return date.fromisoformat(value)
        case Kind.BOOLEAN:
            return value


_ORDER_OF_MODE = {"atLeast": "ge", "atMost": "le", "exactly": "eq", "some": "ge", "none": "eq"}


def lowered(rule: Any, as_of: date, asked: tuple[Asked, ...] | None = None) -> Predicate:
    """Return the predicate that a drawn wire rule means on `as_of`."""
    if "rules" in rule:
        items = tuple(lowered(item, as_of, asked) for item in rule["rules"])
        group = And(items) if rule["combinator"] == "and" else Or(items)
        return Not(group) if rule.get("not") else group
    if "match" in rule:
        return _lowered_events(rule, as_of)
    if rule["field"] == "customer_id":
        value = rule["value"] if isinstance(rule["value"], list) else [rule["value"]]
        named = Among(tuple(sorted({str(one) for one in value})))
        return Not(named) if rule["operator"] in {"!=", "notIn"} else named
    field = next(f for f in (fields() if asked is None else asked) if f.name == rule["field"])
    value = stored_value(rule["operator"], field.kind, field.scale, rule["value"])
    return OPERATORS[rule["operator"]].lower(Field(field.name), value, as_of)


def _lowered_events(rule: Any, as_of: date) -> Predicate:
    asked = sub_fields(rule["field"])
    meta = rule.get("meta", {"aggregate": "count", "of": ""})
    where = lowered(rule["value"], as_of, asked)
    scale = next((field.scale for field in asked if field.name == meta["of"]), 0)
    average = meta["aggregate"] == "avg"
    minor = 10**scale if average else 1
    events = Events(rule["field"], where, meta["aggregate"], meta["of"], minor)
    mode = rule["match"]["mode"]
    threshold = rule["match"].get("threshold", 1 if mode == "some" else 0)
    if meta["aggregate"] not in {"count", "distinct"}:
        threshold = _stored_scalar(Kind.NUMBER, 0 if average else scale, threshold)
    return Compare(events, _ORDER_OF_MODE[mode], threshold)  # type: ignore[arg-type]


_SHAPES = ("rule", "past", "not", "and", "or")


@st.composite
def predicates(draw: st.DrawFn, as_of: date, depth: int = 2) -> Predicate:
    """Draw a predicate in stored units: what a rule can mean on `as_of`, and pasts of it."""
    shape = draw(st.sampled_from(("leaf", "leaf", "events", "events", "named", *_SHAPES)))
    if shape == "leaf":
        return lowered(draw(conditions(fields())), as_of)
    if shape == "events":
        return lowered(draw(event_conditions()), as_of)
    if shape == "named":
        return lowered(draw(customer_conditions()), as_of)
    if depth == 0 or shape == "rule":
        return lowered(draw(rules(1)), as_of)
    if shape == "past":
        days = draw(st.sampled_from((0, 1, 7, 30)))
        return Before(days, draw(predicates(as_of - timedelta(days=days), depth - 1)))
    if shape == "not":
        return Not(draw(predicates(as_of, depth - 1)))
    items = tuple(draw(st.lists(predicates(as_of, depth - 1), max_size=3)))
    return And(items) if shape == "and" else Or(items)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Case, Predicate]:
    """Draw a history and a predicate asked of it."""
    case = draw(histories())
    return case, draw(predicates(case.as_of))
