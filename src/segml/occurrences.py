"""Rules in Python about what happens again and again, and about other segments."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from segml.expressions import (
    DateField,
    Expression,
    Number,
    NumberField,
    TextField,
    Unit,
    Wire,
    Written,
)


@dataclass(frozen=True, slots=True, eq=False)
class EventField:
    """Something that happens again and again: narrow it down, then say how often.

    Attributes
    ----------
    table
        The table of facts.
    day
        Its date field, which `within` narrows.
    conditions
        What is asked of a row so far.
    """

    table: str
    day: str
    conditions: tuple[Wire, ...] = field(default=())

    def where(self, *conditions: Expression, **equals: Any) -> "EventField":
        """Return the events for which all conditions hold.

        Parameters
        ----------
        *conditions
            Comparisons of the event's own fields: ``f.order_items.price > 20``.
        **equals
            Fields that equal a value, or one of a list of values: ``category="wine"``.
        """
        new = [condition.wire() for condition in conditions]
        for name, value in equals.items():
            many = isinstance(value, list | tuple)
            wire = [_wire(one) for one in value] if many else _wire(value)
            new.append({"field": name, "operator": "in" if many else "=", "value": wire})
        return replace(self, conditions=(*self.conditions, *new))

    def within(self, n: int, unit: Unit = "day") -> "EventField":
        """Return the events on the last `n` units."""
        return self.where(DateField(self.day).within_last(n, unit))

    def at_least(self, times: int) -> Expression:
        """Return "happened at least so many times"."""
        return self._rule({"mode": "atLeast", "threshold": times})

    def at_most(self, times: int) -> Expression:
        """Return "happened at most so many times"."""
        return self._rule({"mode": "atMost", "threshold": times})

    def exactly(self, times: int) -> Expression:
        """Return "happened exactly so many times"."""
        return self._rule({"mode": "exactly", "threshold": times})

    def ever(self) -> Expression:
        """Return "happened at least once"."""
        return self._rule({"mode": "some"})

    def never(self) -> Expression:
        """Return "never happened"."""
        return self._rule({"mode": "none"})

    def total(self, of: str | NumberField) -> "Amount":
        """Return the sum of a field, 0 without events."""
        return Amount(self, "sum", of)

    def average(self, of: str | NumberField) -> "Amount":
        """Return the mean of a field, unknown without events."""
        return Amount(self, "avg", of)

    def lowest(self, of: str | NumberField) -> "Amount":
        """Return the smallest value of a field, unknown without events."""
        return Amount(self, "min", of)

    def highest(self, of: str | NumberField) -> "Amount":
        """Return the largest value of a field, unknown without events."""
        return Amount(self, "max", of)

    def different(self, of: str | TextField) -> "Amount":
        """Return how many different values a field has."""
        return Amount(self, "distinct", of)

    def _rule(self, match: Wire, meta: Mapping[str, str] | None = None) -> Expression:
        asked: Iterable[Wire] = self.conditions or ({"field": self.day, "operator": "notNull"},)
        wire: Wire = {
            "field": self.table,
            "operator": "=",
            "match": match,
            "value": {"combinator": "and", "rules": list(asked)},
        }
        return Written(wire | {"meta": dict(meta)} if meta else wire)


@dataclass(frozen=True, slots=True, eq=False)
class Amount:
    """One number over events, to be compared by ``>=``, ``<=`` or ``==``."""

    events: EventField
    how: str
    of: str | NumberField | TextField

    def __ge__(self, value: Number) -> Expression:
        return self._compared("atLeast", value)

    def __le__(self, value: Number) -> Expression:
        return self._compared("atMost", value)

    def __eq__(self, value: Number) -> Expression:  # type: ignore[override]
        return self._compared("exactly", value)

    __hash__ = None  # type: ignore[assignment]

    def _compared(self, mode: str, value: Number) -> Expression:
        name = self.of if isinstance(self.of, str) else self.of.name
        meta = {"aggregate": self.how, "of": name}
        return self.events._rule({"mode": mode, "threshold": value}, meta)


def _wire(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def in_segment(*segments: str) -> Expression:
    """Return "is in one of these segments", by id."""
    return Written({"field": "segment", "operator": "in", "value": list(segments)})


def entered(segment: str, n: int, unit: Unit = "day") -> Expression:
    """Return "entered the segment within the last `n` units"."""
    return _changed(segment, "entered", n, unit)


def left(segment: str, n: int, unit: Unit = "day") -> Expression:
    """Return "left the segment within the last `n` units"."""
    return _changed(segment, "left", n, unit)


def _changed(segment: str, change: str, n: int, unit: Unit) -> Expression:
    rules = [
        {"field": "segment", "operator": "=", "value": segment},
        {"field": "change", "operator": "=", "value": change},
        {"field": "occurred_at", "operator": "withinLast", "value": {"n": n, "unit": unit}},
    ]
    return Written(
        {
            "field": "memberships",
            "operator": "=",
            "match": {"mode": "some"},
            "value": {"combinator": "and", "rules": rules},
        }
    )
