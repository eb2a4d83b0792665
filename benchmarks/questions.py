"""The questions asked, as segml's rules and as conditions for peers to write by hand.

A question may be asked over and over in other words: a *fresh* rule shares no condition with the
one before, an *edited* rule differs from it in one condition.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

Value = int | float | str | bool
Call = tuple[int, int]  # the number of a call, and of the client who makes it

SIZES: Final = (3, 5, 8)
SAMPLE: Final = 50
MONEY: Final = frozenset({"lifetime_spend", "largest_order_value", "spend_365d"})
CHANNELS: Final = ("dine_in", "takeaway", "delivery")
TOP_FIELD: Final = "lifetime_spend"
TOP_PERCENT: Final = 10


@dataclass(frozen=True, slots=True)
class Condition:
    """A field, an operator and a value as it is stored: money in cents."""

    field: str
    operator: str
    value: Value

    def wire(self) -> dict[str, Any]:
        """Return the condition as a rule of react-querybuilder, money in whole units."""
        value = self.value
        if self.field in MONEY:
            assert not isinstance(value, str)
            value = value / 100
        return {"field": self.field, "operator": self.operator, "value": value}


def _condition(place: int, version: int) -> Condition:
    """Return the condition at a place of the longest rule in one of its versions."""
    conditions: tuple[tuple[str, str, Value], ...] = (
        ("orders_365d", ">=", 1 + version),
        ("days_since_last_order", "<=", 150 - version),
        ("lifetime_spend", ">", 5_000 + 700 * version),
        ("lunch_share", "<=", 0.75 - version / 128),
        ("age", ">=", 21 + version),
        ("favorite_channel", "=", CHANNELS[version % 3]),
        ("largest_order_value", ">", 2_000 + 90 * version),
        ("email_opt_in", "=", version % 2 == 0),
    )
    return Condition(*conditions[place])


def fresh(size: int, call: Call) -> list[Condition]:
    """Return a rule of which every condition is another one than at the last call."""
    number, client = call
    return [_condition(place, number + client) for place in range(size)]


def edited(size: int, call: Call) -> list[Condition]:
    """Return a rule that differs from the client's last one in the value of one condition."""
    number, client = call
    edits = [(number + size - 1 - place) // size for place in range(size)]
    return [_condition(place, 3 * client + edits[place]) for place in range(size)]


def rule(conditions: list[Condition]) -> dict[str, Any]:
    """Return the conditions, all of which have to hold, in wire form."""
    return {"combinator": "and", "rules": [one.wire() for one in conditions]}


# Events: a category, how often at least (0: never), and in how many days (0: ever).
@dataclass(frozen=True, slots=True)
class Lines:
    """Item lines of a category: `times` at least in the last `days`, or never."""

    category: str
    times: int
    days: int

    def wire(self) -> dict[str, Any]:
        """Return the question as a rule."""
        lines: list[dict[str, Any]] = [
            {"field": "category", "operator": "=", "value": self.category}
        ]
        if self.days:
            last = {"n": self.days, "unit": "day"}
            lines.append({"field": "ordered_at", "operator": "withinLast", "value": last})
        match = {"mode": "atLeast", "threshold": self.times} if self.times else {"mode": "none"}
        event = {"field": "order_items", "operator": "=", "match": match}
        event["value"] = {"combinator": "and", "rules": lines}
        return {"combinator": "and", "rules": [event]}


CATEGORIES: Final = (
    "wine",
    "beer",
    "salad",
    "pasta",
    "pizza",
    "grill",
    "coffee",
    "dessert",
    "starter",
    "vegan",
)


def event_fresh(call: Call) -> Lines:
    """Return "wine at least 2 times in 90 days", at each call in a window not yet asked for."""
    return Lines("wine", 2, 90 - call[0])


def event_edited(call: Call) -> Lines:
    """Return the same with another threshold at each call."""
    return Lines("wine", (2, 3, 1, 4, 5, 6)[call[0] % 6], 90)


def event_never(call: Call) -> Lines:
    """Return "never wine", at each call of another category."""
    return Lines(CATEGORIES[call[0] % len(CATEGORIES)], 0, 0)


_THRESHOLDS: Final[dict[str, tuple[str, tuple[Value, ...]]]] = {
    "orders_total": (">=", (2, 5, 10, 20, 40)),
    "orders_90d": (">=", (1, 2, 3, 5, 8)),
    "lifetime_spend": (">", (2_500, 10_000, 25_000, 60_000, 150_000)),
    "spend_365d": (">", (1_500, 5_000, 12_000, 30_000, 80_000)),
    "days_since_last_order": ("<=", (15, 45, 120, 250, 500)),
    "age": (">=", (25, 35, 45, 55, 65)),
    "lunch_share": (">=", (0.1, 0.25, 0.4, 0.6, 0.8)),
    "distance_km": ("<=", (1.0, 2.0, 3.5, 5.0, 8.0)),
    "visits_per_month": (">=", (0.3, 0.6, 1, 2, 4)),
    "days_since_first_order": ("<=", (60, 180, 365, 540, 720)),
}
# The fifty sets whose overlaps are counted.
SETS: Final = tuple(
    Condition(field, operator, value)
    for field, (operator, values) in _THRESHOLDS.items()
    for value in values
)
# The set whose members of two nights are compared.
TOP: Final = {"field": TOP_FIELD, "operator": "topPercent", "value": TOP_PERCENT}
assert len(SETS) == 50
assert all(len(values) == 5 for _, values in _THRESHOLDS.values())
assert all(a != b for a, b in pairwise(SETS))
