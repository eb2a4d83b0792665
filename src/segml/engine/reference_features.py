"""What the rows of one customer say: forms and primitives in plain Python, one row at a time.

Law kept: written to be obviously right, not fast. Nothing here knows Polars or SQL, and every
function can be checked against the docstring of the form or primitive it stands for. `Facts` is
what a history shows of one customer; `value` gives a form its meaning, `number` an event operand,
`leaf_holds` a primitive.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from operator import eq, ge, gt, le, lt
from statistics import median
from typing import Any, Final, assert_never

from segml.core.calendar import birthday_code, earlier, month_day
from segml.core.features import (
    EARTH_RADIUS_KM,
    Aggregated,
    Attribute,
    CompletedYears,
    Count,
    DaysSince,
    Differs,
    Distinct,
    Favourite,
    First,
    Followed,
    Form,
    GapSpread,
    Largest,
    Last,
    Listed,
    Named,
    Nearest,
    Ratio,
    Rows,
    Score,
    Sum,
    Trailing,
    UsualGap,
)
from segml.core.predicates import (
    Aggregate,
    Among,
    And,
    Before,
    Compare,
    Events,
    Field,
    In,
    IsNull,
    MonthDay,
    Not,
    Operand,
    Or,
    Predicate,
    Scalar,
    Text,
    Top,
    folded,
)
from segml.core.tables import TABLES, stored_table
from segml.core.tables import Form as Stored

Row = Mapping[str, Any]
Value = Scalar | list[str] | None


# A column's name says the same in every table that has it.
_IDS: Final = {c.name for table in TABLES for c in table.columns if c.form is Stored.ID}
_TIMES: Final = {table.time for table in TABLES if table.time}
_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": eq,
    "lt": lt,
    "le": le,
    "gt": gt,
    "ge": ge,
}

_APPLY: Final[Mapping[Aggregate, Callable[[list[Any]], Value]]] = {
    "count": len,
    "sum": sum,
    "distinct": lambda cells: len(set(cells)),
    "min": lambda cells: min(cells, default=None),
    "max": lambda cells: max(cells, default=None),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a history shows of one customer.

    Attributes
    ----------
    as_of
        The service day at whose start we stand.
    rows
        The customer's visible rows by table, in the readings of `core.features`: ``orders`` without
        refunds, ``payments`` with them, ``order_items`` with the columns of their order.
    profile
        The profile as last known; None without a customers table.
    restaurants
        The visible restaurants, the same for every customer.
    """

    as_of: date
    rows: Mapping[str, Sequence[Row]]
    profile: Row | None
    restaurants: Sequence[Row]


def value(form: Form, facts: Facts) -> Value:
    """Return the value of `form` for one customer, in stored units; None where it is missing.

    Parameters
    ----------
    form
        Any form of `core.features`. `Score` is missing: the reference knows no models.
    facts
        What the history shows of the customer.
    """
    match form:
        case Attribute(column):
            known: Value = None if facts.profile is None else facts.profile[column]
            return known
        case Nearest():
            return _nearest(facts)
        case CompletedYears(since):
            return _completed_years(value(since, facts), facts.as_of)
        case DaysSince(inner):
            day = value(inner, facts)
            return (facts.as_of - day).days if isinstance(day, date) else None
        case Ratio(dividend, divisor, minor):
            below = divisor if isinstance(divisor, int) else value(divisor, facts)
            return _ratio(value(dividend, facts), below, minor)
        case Named(inner, names):
            position = value(inner, facts)
            return names[position - 1] if isinstance(position, int) else None
        case Differs(inner, other):
            inner_value = value(inner, facts)
            return inner_value is not None and inner_value != other
        case Score():
            return None
        case _:
            return _aggregated(form, facts)


def _aggregated(form: Aggregated, facts: Facts) -> Value:
    match form:
        case Count(rows):
            return len(_rows(rows, facts))
        case Sum(rows, column):
            total: int = sum(row[column] for row in _known(rows, column, facts))
            return total
        case Largest(rows, column):
            largest: Value = max((row[column] for row in _known(rows, column, facts)), default=None)
            return largest
        case First(rows, column):
            return next(iter(_in_time(rows, column, facts)), None)
        case Last(rows, column):
            return next(reversed(_in_time(rows, column, facts)), None)
        case Distinct(rows, column):
            return len(_values(rows, column, facts))
        case Listed(rows, column):
            return sorted(_values(rows, column, facts)) or None
        case Favourite(rows, column):
            return _favourite(_known(rows, column, facts), column)
        case UsualGap(rows):
            return _usual_gap(sorted({row["day"] for row in _rows(rows, facts)}))
        case GapSpread(rows):
            return _gap_spread(sorted({row["day"] for row in _rows(rows, facts)}))
        case Trailing(rows, days):
            return _trailing([row["day"] for row in _rows(rows, facts)], days)
        case Followed(first, then, by):
            started, followed = _values(first, by, facts), _values(then, by, facts)
            return len(started & followed) / len(started) if started else None
        case _:
            assert_never(form)


def _rows(rows: Rows, facts: Facts) -> list[Row]:
    found = [row for row in facts.rows[rows.table] if row_holds(rows.where, row)]
    if rows.within:
        first_day = earlier(facts.as_of, rows.within)
        found = [row for row in found if row["day"] >= first_day]
    return found


def _known(rows: Rows, column: str, facts: Facts) -> list[Row]:
    return [row for row in _rows(rows, facts) if row[column] is not None]


def _values(rows: Rows, column: str, facts: Facts) -> set[Any]:
    return {row[column] for row in _known(rows, column, facts)}


def _in_time(rows: Rows, column: str, facts: Facts) -> list[Value]:
    """Return the known values of `column`, earliest row first, ties by key or by the column."""
    table = stored_table(rows.table)
    time = table.time or "ordered_at"
    ties = table.key or (column,)
    in_order = sorted(
        _known(rows, column, facts),
        key=lambda row: (row[time], *(row[name] for name in ties)),
    )
    return [row[column] for row in in_order]


def _favourite(rows: list[Row], column: str) -> Value:
    orders: dict[Any, set[Any]] = {}
    for row in rows:
        choice = str(row[column]) if column in _IDS else row[column]
        orders.setdefault(choice, set()).add((row["ordered_at"], row["order_id"]))
    if not orders:
        return None
    most = max(len(found) for found in orders.values())
    leaders = {choice: max(found)[0] for choice, found in orders.items() if len(found) == most}
    latest = max(leaders.values())
    favourite: Value = min(choice for choice, moment in leaders.items() if moment == latest)
    return favourite


def _usual_gap(days: list[date]) -> float | None:
    gaps = [(after - before).days for before, after in pairwise(days)]
    return float(median(gaps)) if gaps else None


def _gap_spread(days: list[date]) -> float | None:
    gaps = [(after - before).days for before, after in pairwise(days)]
    many = len(gaps)
    if many < 2:
        return None
    return math.sqrt(many * sum(gap * gap for gap in gaps) - sum(gaps) ** 2) / many


def _trailing(days: list[date], length: int) -> int:
    if not days:
        return 0
    before_first = max(days) - timedelta(days=length)
    return sum(day > before_first for day in days)


def _ratio(dividend: Value, divisor: Value, minor: int = 1) -> float | None:
    if not isinstance(dividend, int | float) or not isinstance(divisor, int | float):
        return None
    return None if divisor == 0 else float(dividend) / (float(divisor) * minor)


def _completed_years(since: Value, as_of: date) -> int | None:
    if not isinstance(since, date):
        return None
    still_to_come = month_day(since) > birthday_code(as_of)
    return as_of.year - since.year - still_to_come


def _nearest(facts: Facts) -> float | None:
    home = _coordinates(facts.profile)
    places = [place for row in facts.restaurants if (place := _coordinates(row))]
    if home is None or not places:
        return None
    kilometres = min(_great_circle_km(home, place) for place in places)
    return math.floor(kilometres * 1000 + 0.5) / 1000


def _coordinates(row: Row | None) -> tuple[float, float] | None:
    if row is None or row["latitude"] is None or row["longitude"] is None:
        return None
    return row["latitude"], row["longitude"]


def _great_circle_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    (lat_1, lon_1), (lat_2, lon_2) = one, other
    half_chord_squared = (
        math.sin(math.radians(lat_2 - lat_1) / 2) ** 2
        + math.cos(math.radians(lat_1))
        * math.cos(math.radians(lat_2))
        * math.sin(math.radians(lon_2 - lon_1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half_chord_squared)))


def number(events: Events, rows: Sequence[Row]) -> Value:
    """Return the one number that an event operand makes of a customer's rows.

    Parameters
    ----------
    events
        The rows asked for, and the aggregate.
    rows
        The customer's visible rows of ``events.table``.

    Returns
    -------
    Value
        In the stored unit of ``events.of``, an average in whole units; 0 for counts, sums and
        distinct counts over no rows, None for the other aggregates.
    """
    found = [row for row in rows if row_holds(events.where, row)]
    if events.how == "count":
        return len(found)
    cells = [cell for row in found if (cell := _cell(row, events.of)) is not None]
    if events.how == "avg":
        return _ratio(_APPLY["sum"](cells), len(cells), events.minor)
    return _APPLY[events.how](cells)


def row_holds(predicate: Predicate, row: Row) -> bool:
    """Return whether one event row satisfies `predicate`, whose fields are its columns.

    A column that says when the event happened is seen as its service day; an id as text.

    Raises
    ------
    TypeError
        If the predicate ranks customers, counts events or looks into the past, which a row cannot.
    """
    match predicate:
        case And(items):
            return all(row_holds(item, row) for item in items)
        case Or(items):
            return any(row_holds(item, row) for item in items)
        case Not(item):
            return not row_holds(item, row)
        case Compare() | In() | IsNull() | Text():
            return leaf_holds(predicate, _seen(predicate.operand, row))
        case Among() | Top() | Before():
            raise TypeError(f"{type(predicate).__name__} is asked of customers, not of event rows")
        case _:
            assert_never(predicate)


def leaf_holds(leaf: Compare | In | IsNull | Text, seen: Value) -> bool:
    """Return whether a primitive holds for the value it looks at; on a missing one it is false."""
    if isinstance(leaf, IsNull):
        return seen is None
    if seen is None:
        return False
    match leaf:
        case Compare(_, order, other):
            return _ORDERS[order](_lower(seen), other)
        case In(_, values):
            elements = seen if isinstance(seen, list) else [seen]
            return any(_lower(element) in values for element in elements)
        case Text(_, match, part):
            text = str(_lower(seen))
            if match == "contains":
                return part in text
            return text.startswith(part) if match == "starts_with" else text.endswith(part)
        case _:
            assert_never(leaf)


def month_day_of(day: Value) -> int | None:
    """Return ``month * 100 + day`` of a known date."""
    return month_day(day) if isinstance(day, date) else None


def _seen(operand: Operand, row: Row) -> Value:
    match operand:
        case Field(name):
            return _cell(row, name)
        case MonthDay(Field(name)):
            return month_day_of(_cell(row, name))
        case Events():
            raise TypeError("an event row has no events of its own")
        case _:
            assert_never(operand)


def _cell(row: Row, column: str) -> Value:
    cell: Value = row["day" if column in _TIMES else column]
    return str(cell) if column in _IDS and cell is not None else cell


def _lower(seen: Value) -> Value:
    return folded(seen) if isinstance(seen, str) else seen
