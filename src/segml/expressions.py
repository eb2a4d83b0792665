"""Rules in Python: fields that compare into the very JSON that the page edits.

::

    (f.lifetime_spend > 200) & f.order_items.where(category="wine").never()

Every expression is a react-querybuilder group (`Expression.as_json`); parsing, problems and meaning
are those of `rules.parse`. ``segml.fields`` names every field, typed, so that an editor completes.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal

from segml.core.errors import RuleRefused
from segml.core.markup import Html, document, paragraph
from segml.core.tables import CustomerId
from segml.library.features import FEATURES
from segml.rules.catalog import build
from segml.rules.describe import sentence
from segml.rules.parse import parse

Unit = Literal["day", "week", "month", "year"]
Month = Literal["this", "next"] | int
Number = int | float
Wire = dict[str, Any]


class Expression:
    """A condition or a group of conditions; joined by ``&``, ``|`` and ``~``."""

    __slots__ = ()

    def wire(self) -> Wire:
        """Return the condition or group as react-querybuilder writes it."""
        raise TypeError(f"{type(self).__name__} has no wire form of its own")

    def as_json(self) -> Wire:
        """Return a whole rule: a react-querybuilder ``RuleGroupType``."""
        wire = self.wire()
        return wire if "rules" in wire else {"combinator": "and", "rules": [wire]}

    def __and__(self, other: "Expression") -> "Expression":
        return _joined("and", self, other)

    def __or__(self, other: "Expression") -> "Expression":
        return _joined("or", self, other)

    def __invert__(self) -> "Expression":
        wire = self.wire()
        if "rules" in wire and not wire.get("not"):
            return Written(wire | {"not": True})
        return Written({"combinator": "and", "not": True, "rules": [wire]})

    def __bool__(self) -> bool:
        raise TypeError("A rule is neither true nor false: join rules by &, | and ~ instead.")

    def _repr_html_(self) -> Html:
        wire = self.as_json()
        try:
            return paragraph(sentence(parse(wire, _NAMES)))
        except RuleRefused:  # a workspace says why, when it is asked
            return document(wire)


class _AnySegment(dict[str, Wire]):
    """Every id that a segment may have, for no sentence says what rule it stands for."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Wire:
        return {"combinator": "and", "rules": [{"field": "orders_total", "operator": "notNull"}]}


_NAMES: Final = replace(build(FEATURES, trained=FEATURES), segments=_AnySegment())


@dataclass(frozen=True, slots=True, eq=False)
class Written(Expression):
    """An expression that is its wire form."""

    _wire: Wire

    def wire(self) -> Wire:
        """Return the form it was made of."""
        return self._wire

    def __repr__(self) -> str:
        return f"<rule {self._wire}>"


def _joined(combinator: str, *parts: Expression) -> Expression:
    rules: list[Wire] = []
    for part in parts:
        wire = part.wire()
        alike = wire.get("combinator") == combinator and not wire.get("not")
        rules += wire["rules"] if alike else [wire]
    return Written({"combinator": combinator, "rules": rules})


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    name: str

    def _rule(self, operator: str, value: Any = None) -> Expression:
        return Written({"field": self.name, "operator": operator, "value": value})


class IdField(_Asked):
    """The guest's own id, compared as it stands."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, value: CustomerId) -> Expression:  # type: ignore[override]
        return self._rule("=", value)

    def __ne__(self, value: CustomerId) -> Expression:  # type: ignore[override]
        return self._rule("!=", value)

    def is_in(self, *values: CustomerId) -> Expression:
        """Return "is one of"."""
        return self._rule("in", list(values))

    def not_in(self, *values: CustomerId) -> Expression:
        """Return "is none of"."""
        return self._rule("notIn", list(values))


class _Field(_Asked):
    __slots__ = ()

    def is_known(self) -> Expression:
        """Return "is known"."""
        return self._rule("notNull")

    def is_unknown(self) -> Expression:
        """Return "is unknown"."""
        return self._rule("null")


class NumberField(_Field):
    """A number; money in whole currency, shares from 0 to 1."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, value: Number) -> Expression:  # type: ignore[override]
        return self._rule("=", value)

    def __ne__(self, value: Number) -> Expression:  # type: ignore[override]
        return self._rule("!=", value)

    def __lt__(self, value: Number) -> Expression:
        return self._rule("<", value)

    def __le__(self, value: Number) -> Expression:
        return self._rule("<=", value)

    def __gt__(self, value: Number) -> Expression:
        return self._rule(">", value)

    def __ge__(self, value: Number) -> Expression:
        return self._rule(">=", value)

    def between(self, low: Number, high: Number) -> Expression:
        """Return "is between `low` and `high`", both included."""
        return self._rule("between", [low, high])

    def not_between(self, low: Number, high: Number) -> Expression:
        """Return "is not between", which includes the unknown."""
        return self._rule("notBetween", [low, high])

    def is_in(self, *values: Number) -> Expression:
        """Return "is one of"."""
        return self._rule("in", list(values))

    def not_in(self, *values: Number) -> Expression:
        """Return "is none of", which includes the unknown."""
        return self._rule("notIn", list(values))

    def top_percent(self, percent: Number) -> Expression:
        """Return "is among the highest `percent` %" of the customers whose value is known."""
        return self._rule("topPercent", percent)

    def bottom_percent(self, percent: Number) -> Expression:
        """Return "is among the lowest `percent` %" of the customers whose value is known."""
        return self._rule("bottomPercent", percent)

    def top(self, n: int) -> Expression:
        """Return "is among the `n` highest"."""
        return self._rule("topN", n)

    def bottom(self, n: int) -> Expression:
        """Return "is among the `n` lowest"."""
        return self._rule("bottomN", n)


class TextField(_Field):
    """A text, compared without regard to case."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, value: str) -> Expression:  # type: ignore[override]
        return self._rule("=", value)

    def __ne__(self, value: str) -> Expression:  # type: ignore[override]
        return self._rule("!=", value)

    def is_in(self, *values: str) -> Expression:
        """Return "is one of"."""
        return self._rule("in", list(values))

    def not_in(self, *values: str) -> Expression:
        """Return "is none of", which includes the unknown."""
        return self._rule("notIn", list(values))

    def contains(self, part: str) -> Expression:
        """Return "contains `part`", taken literally."""
        return self._rule("contains", part)

    def begins_with(self, part: str) -> Expression:
        """Return "begins with `part`", taken literally."""
        return self._rule("beginsWith", part)

    def ends_with(self, part: str) -> Expression:
        """Return "ends with `part`", taken literally."""
        return self._rule("endsWith", part)


class BooleanField(_Field, Expression):
    """Yes or no; by itself the condition that it is yes."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, value: bool) -> Expression:  # type: ignore[override]
        return self._rule("=", value)

    def __ne__(self, value: bool) -> Expression:  # type: ignore[override]
        return self._rule("!=", value)

    def wire(self) -> Wire:
        """Return "is yes"."""
        return {"field": self.name, "operator": "=", "value": True}

    def is_yes(self) -> Expression:
        """Return "is yes"."""
        return self._rule("=", value=True)

    def is_no(self) -> Expression:
        """Return "is no", which excludes the unknown; ``~field`` includes them."""
        return self._rule("=", value=False)


class DateField(_Field):
    """A service day; give dates or texts such as "2026-03-31"."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, day: date | str) -> Expression:  # type: ignore[override]
        return self._rule("=", str(day))

    def __ne__(self, day: date | str) -> Expression:  # type: ignore[override]
        return self._rule("!=", str(day))

    def __lt__(self, day: date | str) -> Expression:
        return self._rule("<", str(day))

    def __le__(self, day: date | str) -> Expression:
        return self._rule("<=", str(day))

    def __gt__(self, day: date | str) -> Expression:
        return self._rule(">", str(day))

    def __ge__(self, day: date | str) -> Expression:
        return self._rule(">=", str(day))

    def between(self, first: date | str, last: date | str) -> Expression:
        """Return "is between `first` and `last`", both included."""
        return self._rule("between", [str(first), str(last)])

    def within_last(self, n: int, unit: Unit = "day") -> Expression:
        """Return "is on one of the last `n` units"."""
        return self._rule("withinLast", {"n": n, "unit": unit})

    def not_within_last(self, n: int, unit: Unit = "day") -> Expression:
        """Return "is not on one of the last `n` units", which includes the unknown."""
        return self._rule("notWithinLast", {"n": n, "unit": unit})

    def within_next(self, n: int, unit: Unit = "day") -> Expression:
        """Return "is on one of the next `n` units", today included."""
        return self._rule("withinNext", {"n": n, "unit": unit})

    def ago_between(self, start: int, end: int, unit: Unit = "day") -> Expression:
        """Return "is from `start` to `end` units ago", both included."""
        return self._rule("agoBetween", {"from": start, "to": end, "unit": unit})

    def in_month(self, month: Month) -> Expression:
        """Return "is in this or the next month, or in month 1 to 12", of any year."""
        return self._rule("inMonth", month)

    def anniversary_within_next(self, n: int, unit: Unit = "day") -> Expression:
        """Return "comes round within the next `n` units"."""
        return self._rule("anniversaryWithinNext", {"n": n, "unit": unit})

    def anniversary_within_last(self, n: int, unit: Unit = "day") -> Expression:
        """Return "came round within the last `n` units"."""
        return self._rule("anniversaryWithinLast", {"n": n, "unit": unit})


class ListField(_Field):
    """A list of texts, compared without regard to case."""

    __slots__ = ()

    def has_any(self, *values: str) -> Expression:
        """Return "has at least one of"."""
        return self._rule("hasAny", list(values))

    def has_all(self, *values: str) -> Expression:
        """Return "has every one of"."""
        return self._rule("hasAll", list(values))

    def has_none(self, *values: str) -> Expression:
        """Return "has none of", which includes the unknown."""
        return self._rule("hasNone", list(values))
