"""An operator is a word of the rule language, spelled in primitives.

Law kept: every negative operator is the exact complement of its positive, so it includes the
customers whose value is unknown.

To add an operator: one row in `OPERATORS`. Engines, problems, the plain sentence and the tests of
random rules take it from there; its truth table goes into ``tests/cases/operators.json``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from segml.core.calendar import anniversaries, days_in, month_codes
from segml.core.predicates import (
    And,
    Compare,
    Field,
    In,
    IsNull,
    MonthDay,
    Not,
    Operand,
    Order,
    Predicate,
    Scalar,
    Text,
    Top,
)
from segml.core.predicates import Match as TextMatch
from segml.core.tables import Kind


class Takes(StrEnum):
    """The shape of the value an operator takes."""

    NOTHING = "nothing"
    ONE = "one value"
    PAIR = "a list of two values"
    MANY = "a list of values"
    PERIOD = '{"n": 30, "unit": "day"}'
    AGO = '{"from": 30, "to": 60, "unit": "day"}'
    MONTH = '"this", "next" or a month from 1 to 12'
    PERCENT = "a percentage above 0 and at most 100"
    COUNT = "a whole number of customers, 1 or more"


Lower = Callable[[Operand, Any, date], Predicate]


@dataclass(frozen=True, slots=True)
class Operator:
    """One word of the rule language.

    Attributes
    ----------
    name
        The wire name, react-querybuilder's where it has one.
    kinds
        The kinds of field that have it.
    takes
        The shape of its value.
    phrase
        Its words in a sentence; ``{}`` stands for the value.
    lower
        Its spelling in primitives, given the operand, the value in stored units and `as_of`.
    ranks
        Whether it compares customers with each other, which rows of an event cannot be asked.
    """

    name: str
    kinds: frozenset[Kind]
    takes: Takes
    phrase: str
    lower: Lower
    ranks: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """`n` units of time, as in "the last 2 weeks"."""

    n: int
    unit: str

    @property
    def days(self) -> int:
        """Return the length in days."""
        return days_in(self.n, self.unit)


@dataclass(frozen=True, slots=True)
class Ago:
    """Between `start` and `end` units of time ago, both ends in."""

    start: int
    end: int
    unit: str


def _compare(order: Order) -> Lower:
    return lambda operand, value, _: Compare(operand, order, value)


def _between(operand: Operand, pair: tuple[Scalar, Scalar], _: date) -> Predicate:
    return And((Compare(operand, "ge", pair[0]), Compare(operand, "le", pair[1])))


def _in(operand: Operand, values: tuple[Scalar, ...], _: date) -> Predicate:
    return In(operand, values)


def _null(operand: Operand, _value: None, _: date) -> Predicate:
    return IsNull(operand)


def _text(match: TextMatch) -> Lower:
    return lambda operand, part, _: Text(operand, match, part)


def _has_all(operand: Operand, values: tuple[Scalar, ...], _: date) -> Predicate:
    return And((Not(IsNull(operand)), *(In(operand, (value,)) for value in values)))


def _days(operand: Operand, first: date, end: date) -> Predicate:
    return And((Compare(operand, "ge", first), Compare(operand, "lt", end)))


def _within_last(operand: Operand, span: Span, as_of: date) -> Predicate:
    return _days(operand, _shift(as_of, -span.days), as_of)


def _within_next(operand: Operand, span: Span, as_of: date) -> Predicate:
    return _days(operand, as_of, _shift(as_of, span.days))


def _ago_between(operand: Operand, ago: Ago, as_of: date) -> Predicate:
    latest = _shift(as_of, -days_in(ago.start, ago.unit))
    earliest = _shift(as_of, -days_in(ago.end, ago.unit))
    return And((Compare(operand, "ge", earliest), Compare(operand, "le", latest)))


def _shift(day: date, days: int) -> date:
    """Return the day `days` later, or the end of the calendar where there is none."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.min if days < 0 else date.max


def _kept_on(operand: Operand, codes: frozenset[int]) -> Predicate:
    assert isinstance(operand, Field), "only a field of its own has a month and a day"
    return In(MonthDay(operand), tuple(sorted(codes)))


def _in_month(operand: Operand, month: str | int, as_of: date) -> Predicate:
    match month:
        case "this":
            number = as_of.month
        case "next":
            number = as_of.month % 12 + 1
        case _:
            number = int(month)
    return _kept_on(operand, month_codes(number))


def _anniversary_within_next(operand: Operand, span: Span, as_of: date) -> Predicate:
    return _kept_on(operand, anniversaries(as_of, span.days))


def _anniversary_within_last(operand: Operand, span: Span, as_of: date) -> Predicate:
    days = min(span.days, 2 * 366)
    return _kept_on(operand, anniversaries(_shift(as_of, -days), days))


def _percent(*, largest: bool) -> Lower:
    def lower(operand: Operand, percent: Decimal, _: date) -> Predicate:
        share = Fraction(percent) / 100
        return Top(operand, largest, numerator=share.numerator, denominator=share.denominator)

    return lower


def _top_n(*, largest: bool) -> Lower:
    return lambda operand, n, _: Top(operand, largest, n=n)


def complement(lower: Lower) -> Lower:
    """Return the spelling of the exact complement."""
    return lambda operand, value, as_of: Not(lower(operand, value, as_of))


_NUMBER = frozenset({Kind.NUMBER})
_TEXT = frozenset({Kind.TEXT})
_DATE = frozenset({Kind.DATE})
_LIST = frozenset({Kind.LIST})
_ORDERED = _NUMBER | _DATE
_SINGLE = _ORDERED | _TEXT | {Kind.BOOLEAN}
_ANY = frozenset(Kind)

_ROWS: Final = (
    Operator("=", _SINGLE, Takes.ONE, "is {}", _compare("eq")),
    Operator("!=", _SINGLE, Takes.ONE, "is not {}", complement(_compare("eq"))),
    Operator("<", _ORDERED, Takes.ONE, "is less than {}", _compare("lt")),
    Operator("<=", _ORDERED, Takes.ONE, "is at most {}", _compare("le")),
    Operator(">", _ORDERED, Takes.ONE, "is more than {}", _compare("gt")),
    Operator(">=", _ORDERED, Takes.ONE, "is at least {}", _compare("ge")),
    Operator("between", _ORDERED, Takes.PAIR, "is between {}", _between),
    Operator("notBetween", _ORDERED, Takes.PAIR, "is not between {}", complement(_between)),
    Operator("in", _NUMBER | _TEXT, Takes.MANY, "is one of {}", _in),
    Operator("notIn", _NUMBER | _TEXT, Takes.MANY, "is none of {}", complement(_in)),
    Operator("contains", _TEXT, Takes.ONE, "contains {}", _text("contains")),
    Operator(
        "doesNotContain", _TEXT, Takes.ONE, "does not contain {}", complement(_text("contains"))
    ),
    Operator("beginsWith", _TEXT, Takes.ONE, "begins with {}", _text("starts_with")),
    Operator(
        "doesNotBeginWith",
        _TEXT,
        Takes.ONE,
        "does not begin with {}",
        complement(_text("starts_with")),
    ),
    Operator("endsWith", _TEXT, Takes.ONE, "ends with {}", _text("ends_with")),
    Operator(
        "doesNotEndWith", _TEXT, Takes.ONE, "does not end with {}", complement(_text("ends_with"))
    ),
    Operator("null", _ANY, Takes.NOTHING, "is unknown", _null),
    Operator("notNull", _ANY, Takes.NOTHING, "is known", complement(_null)),
    Operator("hasAny", _LIST, Takes.MANY, "has any of {}", _in),
    Operator("hasAll", _LIST, Takes.MANY, "has all of {}", _has_all),
    Operator("hasNone", _LIST, Takes.MANY, "has none of {}", complement(_in)),
    Operator("withinLast", _DATE, Takes.PERIOD, "is within the last {}", _within_last),
    Operator(
        "notWithinLast", _DATE, Takes.PERIOD, "is not within the last {}", complement(_within_last)
    ),
    Operator("withinNext", _DATE, Takes.PERIOD, "is within the next {}", _within_next),
    Operator("agoBetween", _DATE, Takes.AGO, "is {} ago", _ago_between),
    Operator("inMonth", _DATE, Takes.MONTH, "is in {}", _in_month),
    Operator(
        "anniversaryWithinNext",
        _DATE,
        Takes.PERIOD,
        "comes round within the next {}",
        _anniversary_within_next,
    ),
    Operator(
        "anniversaryWithinLast",
        _DATE,
        Takes.PERIOD,
        "came round within the last {}",
        _anniversary_within_last,
    ),
    Operator(
        "topPercent",
        _NUMBER,
        Takes.PERCENT,
        "is among the highest {}",
        _percent(largest=True),
        ranks=True,
    ),
    Operator(
        "bottomPercent",
        _NUMBER,
        Takes.PERCENT,
        "is among the lowest {}",
        _percent(largest=False),
        ranks=True,
    ),
    Operator(
        "topN", _NUMBER, Takes.COUNT, "is among the {} highest", _top_n(largest=True), ranks=True
    ),
    Operator(
        "bottomN", _NUMBER, Takes.COUNT, "is among the {} lowest", _top_n(largest=False), ranks=True
    ),
)

OPERATORS: Final[Mapping[str, Operator]] = {row.name: row for row in _ROWS}


def operators_of(kind: Kind, *, of_rows: bool = False) -> tuple[str, ...]:
    """Return the names of the operators that `kind` has; `of_rows`, those asked of event rows."""
    return tuple(
        name
        for name, operator in OPERATORS.items()
        if kind in operator.kinds and not (of_rows and operator.ranks)
    )
