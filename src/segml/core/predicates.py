"""A predicate is a function from a row to true or false, never unknown.

The narrow waist of segml: every operator of the rules is spelled in the primitives below, every
engine implements these and nothing else. They are closed; what a marketer can say grows above
them. Law kept: a primitive on a missing value is false, and `Not` is the exact complement, so no
third truth value exists.

Values stand in stored units (money in minor units); texts are `folded` and compared with the
folded column.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

Scalar = int | float | str | bool | date
Order = Literal["eq", "lt", "le", "gt", "ge"]
Match = Literal["contains", "starts_with", "ends_with"]
Aggregate = Literal["count", "sum", "avg", "min", "max", "distinct"]


@dataclass(frozen=True, slots=True)
class Field:
    """A value of the row: a feature of the customer, or a column of an event."""

    name: str


@dataclass(frozen=True, slots=True)
class MonthDay:
    """Month and day of a date as ``month * 100 + day``."""

    field: Field


@dataclass(frozen=True, slots=True)
class Events:
    """One number from a customer's rows of `table` that satisfy `where`.

    Counts, sums and distinct counts are 0 over no rows; the other aggregates are missing. `of` is
    the aggregated column (none for a count). Missing values of `of` take no part. An average is in
    whole units, `minor` stored ones each (100 for money): the float nearest to the true mean.
    """

    table: str
    where: "Predicate"
    how: Aggregate = "count"
    of: str = ""
    minor: int = 1


Operand = Field | MonthDay | Events


@dataclass(frozen=True, slots=True)
class Compare:
    """The operand is known and stands in `order` to `value`."""

    operand: Operand
    order: Order
    value: Scalar


@dataclass(frozen=True, slots=True)
class In:
    """The operand is known and one of `values`; of a list, one of its elements is."""

    operand: Operand
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    """The operand is missing."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Text:
    """The operand is a known text that contains, starts or ends with `part`, taken literally."""

    operand: Operand
    match: Match
    part: str


@dataclass(frozen=True, slots=True)
class Top:
    """The operand is among the largest (or smallest) known ones of the universe.

    Kept are the first ``n`` customers, or the first ``ceil(numerator / denominator * known)``,
    ordered by value, then by customer_id ascending.
    """

    operand: Operand
    largest: bool
    n: int = 0
    numerator: int = 0
    denominator: int = 0


@dataclass(frozen=True, slots=True)
class Among:
    """The customer is one of these: ids as texts, compared as they stand, upper case and lower."""

    customers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class And:
    """Every item holds."""

    items: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one item holds."""

    items: tuple["Predicate", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The item does not hold: the exact complement."""

    item: "Predicate"


@dataclass(frozen=True, slots=True)
class Before:
    """The item held `days` days ago, with what was known then, among those known then."""

    days: int
    item: "Predicate"


Leaf = Compare | In | IsNull | Text | Top
Predicate = Leaf | Among | And | Or | Not | Before


def folded(text: str) -> str:
    """Return a text as it is compared: lower case, both forms of the Greek small sigma alike.

    Whether a sigma ends a word decides its form in Python and Polars, but not in databases.
    """
    return text.lower().replace(FINAL_SIGMA, SIGMA)


SIGMA = "\u03c3"
FINAL_SIGMA = "\u03c2"
EVERYONE: Predicate = And(())


def walk(predicate: Predicate) -> Iterator[Predicate]:
    """Yield `predicate` and everything in it at the same `as_of`, not looking into `Before`."""
    yield predicate
    match predicate:
        case And(items) | Or(items):
            for item in items:
                yield from walk(item)
        case Not(item):
            yield from walk(item)
        case _:
            pass


def operands(predicate: Predicate) -> Iterator[Operand]:
    """Yield the operand of every leaf of `predicate` at its own `as_of`."""
    for part in walk(predicate):
        if isinstance(part, Leaf):
            yield part.operand


def field_of(operand: Operand) -> str | None:
    """Return the name of the field that an operand reads, or None for events."""
    match operand:
        case Field(name) | MonthDay(Field(name)):
            return name
        case Events():
            return None


def field_names(predicate: Predicate) -> frozenset[str]:
    """Return the names of the fields that `predicate` reads at its own `as_of`."""
    return frozenset(name for operand in operands(predicate) if (name := field_of(operand)))


def events_of(predicate: Predicate) -> tuple[Events, ...]:
    """Return the distinct event operands of `predicate` at its own `as_of`, in order."""
    return tuple(dict.fromkeys(o for o in operands(predicate) if isinstance(o, Events)))


def pasts_of(predicate: Predicate) -> tuple[Before, ...]:
    """Return the distinct `Before` parts of `predicate`, in order."""
    return tuple(dict.fromkeys(part for part in walk(predicate) if isinstance(part, Before)))
