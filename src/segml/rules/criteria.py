"""A rule is a predicate over features: a group of criteria, and each criterion's own meaning.

A criterion lowers itself to primitives at an `as_of`; relative dates become dates here and nowhere
else. It also gives its canonical form, which the rule's digest is made of.

To add a criterion shape ("A, then B within T"): one class here with ``lower`` and ``canonical``,
its reading in `rules.parse` and its words in `rules.describe`.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as _part
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Literal, Self

from segml.core.calendar import earlier
from segml.core.operators import Ago, Operator, Span, Takes
from segml.core.predicates import (
    Aggregate,
    Among,
    And,
    Before,
    Compare,
    Events,
    Field,
    Not,
    Or,
    Order,
    Predicate,
    folded,
)
from segml.rules.catalog import Event, Named

Path = tuple[int, ...]
Mode = Literal["atLeast", "atMost", "exactly", "none", "some"]
Change = Literal["entered", "left"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A field compared by an operator: "lifetime spend is more than 200".

    `value` is in stored units, as `rules.values.read` gives it.
    """

    field: Named
    operator: Operator
    value: Any
    path: Path = _part(default=(), compare=False)

    def lower(self, as_of: date) -> Predicate:
        """Return the condition in primitives."""
        return self.operator.lower(Field(self.field.name), _lowered(self.value), as_of)

    def canonical(self) -> Any:
        """Return what the condition means, as JSON: order of a set of values left out."""
        value = _plain(_lowered(self.value))
        if self.operator.takes is Takes.MANY:
            value = sorted({json.dumps(item): item for item in value}.values(), key=json.dumps)
        return {"field": self.field.name, "operator": self.operator.name, "value": value}


@dataclass(frozen=True, slots=True)
class CustomerCondition:
    """Named customers, whatever else is true of them; ids differ where their letters' case does."""

    customers: tuple[str, ...]
    negated: bool
    path: Path = _part(default=(), compare=False)

    @classmethod
    def of(cls, condition: Condition) -> Self:
        """Return what a condition on a customer's id means."""
        value = condition.value
        ids = value if isinstance(value, tuple) else (value,)
        return cls(ids, condition.operator.name in ("!=", "notIn"), condition.path)

    def lower(self, as_of: date) -> Predicate:
        """Return the condition in primitives."""
        del as_of
        named = Among(tuple(sorted({*self.customers})))
        return Not(named) if self.negated else named

    def canonical(self) -> Any:
        """Return what the condition means, as JSON."""
        return {"customers": sorted({*self.customers}), "not": self.negated}


@dataclass(frozen=True, slots=True)
class EventCondition:
    """How often, or how much, something happened: "ordered wine at least twice"."""

    event: Event
    mode: Mode
    threshold: int | float
    where: "Group"
    how: Aggregate = "count"
    of: Named | None = None
    path: Path = _part(default=(), compare=False)

    def lower(self, as_of: date) -> Predicate:
        """Return the condition in primitives."""
        column = self.of.name if self.of else ""
        minor = 10**self.of.scale if self.of and self.how == "avg" else 1
        events = Events(self.event.table, self.where.lower(as_of), self.how, column, minor)
        match self.mode:
            case "some":
                return Compare(events, "ge", 1)
            case "none":
                return Compare(events, "eq", 0)
            case _:
                return Compare(events, _ORDERS[self.mode], self.threshold)

    def canonical(self) -> Any:
        """Return what the condition means, as JSON."""
        mode, threshold = self.mode, self.threshold
        if mode in ("some", "none"):
            mode, threshold = ("atLeast", 1) if mode == "some" else ("exactly", 0)
        aggregate = [self.how, self.of.name] if self.of else [self.how]
        return {
            "event": self.event.table,
            "mode": mode,
            "threshold": _plain(threshold),
            "aggregate": aggregate,
            "where": self.where.canonical(),
        }


@dataclass(frozen=True, slots=True)
class SegmentCondition:
    """Membership of other segments, evaluated at the same `as_of`."""

    segments: tuple[tuple[str, "Rule"], ...]
    negated: bool
    path: Path = _part(default=(), compare=False)

    def lower(self, as_of: date) -> Predicate:
        """Return the segments' own rules in primitives."""
        inside = Or(tuple(rule.lower(as_of) for _, rule in self.segments))
        return Not(inside) if self.negated else inside

    def canonical(self) -> Any:
        """Return what the condition means: the digests of the segments' rules, not their names."""
        return {"segments": sorted(rule.digest for _, rule in self.segments), "not": self.negated}


@dataclass(frozen=True, slots=True)
class MembershipCondition:
    """Entered or left a segment lately: in it on one night and not on the night before.

    A night's membership is the segment's present rule on the history of that night, so the answer
    does not depend on which nights happened to be run.
    """

    segments: tuple[tuple[str, "Rule"], ...]
    changes: tuple[Change, ...]
    within: Span
    negated: bool
    path: Path = _part(default=(), compare=False)

    def lower(self, as_of: date) -> Predicate:
        """Return one difference of neighbouring nights for every day of the window."""
        happened: list[Predicate] = []
        for _, rule in self.segments:
            for days in range(self.within.days):
                after = _ago(rule, as_of, days)
                before = _ago(rule, as_of, days + 1)
                if "entered" in self.changes:
                    happened.append(And((after, Not(before))))
                if "left" in self.changes:
                    happened.append(And((Not(after), before)))
        some = Or(tuple(happened))
        return Not(some) if self.negated else some

    def canonical(self) -> Any:
        """Return what the condition means, as JSON."""
        return {
            "memberships": sorted(rule.digest for _, rule in self.segments),
            "changes": sorted(self.changes),
            "days": self.within.days,
            "not": self.negated,
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Criteria joined by "and" or "or", perhaps negated as a whole; never empty."""

    combinator: Literal["and", "or"]
    negated: bool
    items: tuple["Criterion", ...]
    path: Path = _part(default=(), compare=False)

    def lower(self, as_of: date) -> Predicate:
        """Return the group in primitives."""
        lowered = tuple(item.lower(as_of) for item in self.items)
        joined: Predicate = And(lowered) if self.combinator == "and" else Or(lowered)
        return Not(joined) if self.negated else joined

    def canonical(self) -> Any:
        """Return what the group means: nested likes flattened, order and repetition left out."""
        parts: dict[str, Any] = {}
        for item in self.items:
            form = item.canonical()
            for part in form.get(self.combinator, [form]):
                parts[json.dumps(part, sort_keys=True)] = part
        ordered = [parts[key] for key in sorted(parts)]
        joined = ordered[0] if len(ordered) == 1 else {self.combinator: ordered}
        if not self.negated:
            return joined
        return joined.get("no", {"no": joined})


Leaf = Condition | CustomerCondition | EventCondition | SegmentCondition | MembershipCondition
Criterion = Leaf | Group


@dataclass(frozen=True)
class Rule:
    """A rule that has no problems.

    Attributes
    ----------
    root
        The outermost group.
    wire
        The react-querybuilder group it was read from, unchanged.
    """

    root: Group
    wire: Any = _part(compare=False, repr=False, default=None)

    def lower(self, as_of: date) -> Predicate:
        """Return the set of customers that the rule means at `as_of`, in primitives."""
        return self.root.lower(as_of)

    @cached_property
    def digest(self) -> str:
        """Return 16 hexadecimal digits that change exactly when the meaning does."""
        text = json.dumps(self.root.canonical(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def leaves(self) -> Iterator[Leaf]:
        """Yield the conditions in reading order; an event condition counts as one."""
        yield from _leaves(self.root)

    def fields(self) -> tuple[str, ...]:
        """Return the customer fields that the rule itself names, in reading order."""
        names = (leaf.field.name for leaf in self.leaves() if isinstance(leaf, Condition))
        return tuple(dict.fromkeys(names))


def _leaves(group: Group) -> Iterator[Leaf]:
    for item in group.items:
        if isinstance(item, Group):
            yield from _leaves(item)
        else:
            yield item


def _ago(rule: Rule, as_of: date, days: int) -> Predicate:
    if days == 0:
        return rule.lower(as_of)
    return Before(days, rule.lower(earlier(as_of, days)))


def _lowered(value: Any) -> Any:
    """Return a value with its texts folded, as primitives compare them."""
    match value:
        case str():
            return folded(value)
        case tuple():
            return tuple(_lowered(item) for item in value)
        case _:
            return value


def _plain(value: Any) -> Any:
    """Return a typed value as JSON, equal values alike: 5 and 5.0, a week and 7 days."""
    match value:
        case bool() | None | str() | int():
            return value
        case float():
            return int(value) if value.is_integer() else value
        case Span():
            return value.days
        case Ago(start, end, unit):
            return [Span(start, unit).days, Span(end, unit).days]
        case tuple():
            return [_plain(item) for item in value]
        case Decimal():
            return f"{value.normalize():f}"
        case _:
            return str(value)


_ORDERS: Final[dict[str, Order]] = {"atLeast": "ge", "atMost": "le", "exactly": "eq"}
