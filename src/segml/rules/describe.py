"""A rule as one plain English sentence, for the person who has to trust it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, assert_never

from segml.core.calendar import MONTHS
from segml.core.features import Unit
from segml.core.operators import Ago, Operator, Span, Takes
from segml.core.tables import TABLE, Kind
from segml.rules.catalog import Named
from segml.rules.criteria import (
    Condition,
    Criterion,
    CustomerCondition,
    EventCondition,
    Group,
    MembershipCondition,
    Rule,
    SegmentCondition,
)
from segml.rules.values import unscaled


def sentence(rule: Rule) -> str:
    """Return the rule in words: "Guests whose lifetime spend is more than 200 and …."."""
    return f"Guests {_group(rule.root)}."


def words(criterion: Criterion) -> str:
    """Return one criterion in words, to follow "Guests"."""
    match criterion:
        case Group():
            inner = _group(criterion)
            return inner if criterion.negated else f"({inner})"
        case Condition():
            return _condition(criterion)
        case CustomerCondition(customers, negated):
            named = _listed(list(customers), "or") if customers else "nobody"
            return f"who are {'not ' if negated else ''}{named}"
        case EventCondition():
            return _event(criterion)
        case SegmentCondition(segments, negated):
            return f"{'not ' if negated else ''}in {_listed([name for name, _ in segments], 'or')}"
        case MembershipCondition():
            return _membership(criterion)
    assert_never(criterion)


def _group(group: Group) -> str:
    inner = f" {group.combinator} ".join(words(item) for item in group.items)
    return f"not ({inner})" if group.negated else inner


def _condition(condition: Condition) -> str:
    named, operator, value = condition.field, condition.operator, condition.value
    if named.kind is Kind.BOOLEAN and operator.takes is Takes.ONE:
        holds = bool(value) == (operator.name == "=")
        unknown = " or unknown" if operator.name == "!=" else ""
        return f"whose {named.label} is {'yes' if holds else 'no'}{unknown}"
    return f"whose {named.label} {_phrase(named, operator, value)}"


def _phrase(named: Named, operator: Operator, value: Any) -> str:
    phrase = _DATE_PHRASES.get(operator.name) if named.kind is Kind.DATE else None
    return (phrase or operator.phrase).replace("{}", _value(named, operator, value))


_DATE_PHRASES = {
    "=": "is on {}",
    "!=": "is not on {}",
    "<": "is before {}",
    "<=": "is on or before {}",
    ">": "is after {}",
    ">=": "is on or after {}",
}


def _value(named: Named, operator: Operator, value: Any) -> str:
    match operator.takes, value:
        case Takes.NOTHING, _:
            return ""
        case Takes.PAIR, (low, high):
            return f"{value_words(named, low)} and {value_words(named, high)}"
        case Takes.MANY, tuple():
            return (
                _listed([value_words(named, item) for item in value], "or") if value else "nothing"
            )
        case Takes.PERIOD, Span(n, unit):
            return f"{unit}" if n == 1 else f"{n} {unit}s"
        case Takes.AGO, Ago(start, end, unit):
            return f"from {start} to {end} {unit}s"
        case Takes.MONTH, str():
            return f"{value} month"
        case Takes.MONTH, int():
            return MONTHS[value - 1]
        case Takes.PERCENT, Decimal():
            return f"{value.normalize():f} %"
        case _:
            return value_words(named, value)


def value_words(named: Named, value: Any) -> str:
    """Return one value of a field, in stored units, in words: “wine”, 3 May 2026, 60 %."""
    match value:
        case bool():
            return "yes" if value else "no"
        case date():
            return f"{value.day} {MONTHS[value.month - 1]} {value.year}"
        case str():
            return f"“{value}”"
        case _:
            return _number(named, value)


def _number(named: Named, stored: int | float) -> str:
    number = unscaled(stored, named.scale)
    if named.unit is Unit.SHARE:
        return f"{(Decimal(str(number)) * 100).normalize():f} %"
    if named.unit == Unit.MONEY and isinstance(number, float):
        return f"{number:,.2f}" if round(number, 2) == number else f"{number:,}"
    return f"{number:,}"


def _event(condition: EventCondition) -> str:
    event = condition.event
    where = "" if _is_any(condition) else f" with {_rows(condition.where)}"
    if condition.of is not None:
        of = condition.of
        whole = condition.how in ("avg", "distinct")  # a mean, a count: no minor units
        amount = _number(replace(of, scale=0) if whole else of, condition.threshold)
        how = {"sum": "total", "avg": "average", "min": "lowest", "max": "highest"}.get(
            condition.how, "number of different"
        )
        mode = {"atLeast": "is at least", "atMost": "is at most", "exactly": "is"}[condition.mode]
        return f"whose {how} {condition.of.label} over {event.many}{where} {mode} {amount}"
    match condition.mode:
        case "none":
            return f"who never {event.verb}{where}"
        case "some":
            return f"who {event.verb}{where} at least once"
        case mode:
            times = "once" if condition.threshold == 1 else f"{condition.threshold} times"
            often = {"atLeast": "at least", "atMost": "at most", "exactly": "exactly"}[mode]
            return f"who {event.verb}{where} {often} {times}"


def _is_any(condition: EventCondition) -> bool:
    """Return whether every row counts: only its date is asked for, which every row has."""
    match condition.where:
        case Group(negated=False, items=(Condition(named, operator),)):
            time = TABLE[condition.event.table].time or TABLE["orders"].time
            return operator.name == "notNull" and named.name == time
        case _:
            return False


def _rows(group: Group) -> str:
    """Return the conditions on rows in words, to follow "with"."""
    parts = []
    for item in group.items:
        match item:
            case Group():
                parts.append(f"({_rows(item)})")
            case Condition(named, operator, value):
                parts.append(f"{named.label} that {_phrase(named, operator, value)}")
            case _:
                raise AssertionError("rows hold conditions and groups only")
    inner = f" {group.combinator} ".join(parts)
    return f"not ({inner})" if group.negated else inner


def _membership(condition: MembershipCondition) -> str:
    change = " or ".join(condition.changes)
    names = _listed([name for name, _ in condition.segments], "or")
    span = condition.within
    period = span.unit if span.n == 1 else f"{span.n} {span.unit}s"
    negated = "did not " if condition.negated else ""
    verb = change.replace("entered", "enter").replace("left", "leave") if negated else change
    return f"who {negated}{verb} {names} within the last {period}"


def _listed(items: list[str], joiner: str) -> str:
    if len(items) < 2:
        return "".join(items) or "nothing"
    return f"{', '.join(items[:-1])} {joiner} {items[-1]}"
