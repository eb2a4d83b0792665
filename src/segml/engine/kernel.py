"""Features of one bucket: every form as a reduction over neighbouring rows.

Law kept: the values are those of the other engines, to the last bit; money is summed as whole
numbers and divided once. A bucket is small and its rows stand by customer, so nothing is hashed and
memory does not grow with the number of customers.

To add a form: its meaning here, in `polars_features`, in the reference and in SQL.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, assert_never

import numpy as np
import polars as pl

from segml.core.calendar import birthday_code, earlier
from segml.core.features import (
    EARTH_RADIUS_KM,
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
from segml.core.predicates import EVERYONE, Compare, Events, Field
from segml.core.tables import stored_table
from segml.engine.bucket import Bucket, placed
from segml.engine.columns import day_numbers
from segml.engine.favourites import favourite
from segml.engine.gaps import Gaps
from segml.engine.grouped import (
    Bools,
    Choices,
    Grouped,
    Ints,
    different,
    factored,
    filled,
    firsts,
)

KNOWN: Final = "known"
_BITS: Final = 63  # values that a number has bits for
_MANY: Final = frozenset({"message_id", "order_id", "review_id"})  # as many values as rows


def snapshot(forms: Sequence[Form], events: Sequence[Events], bucket: Bucket) -> pl.DataFrame:
    """Return one row per customer of the bucket, whether known before ``bucket.as_of`` or not.

    Columns: ``known``, one per form named ``f0``, ``f1``, …, one per event operand named ``e0``,
    ``e1``, …. Missing is null, counts and sums without rows are 0; texts may be words of an
    enumeration.
    """
    kernel = _Kernel(bucket)
    columns = {KNOWN: pl.Series(bucket.known())}
    columns |= {f"f{i}": kernel.value(form) for i, form in enumerate(forms)}
    columns |= {f"e{i}": kernel.number(event) for i, event in enumerate(events)}
    return pl.DataFrame(columns)


class _Kernel:
    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._values: dict[Form, pl.Series] = {}
        self._gaps: dict[Rows, Gaps] = {}

    def value(self, form: Form) -> pl.Series:
        if form not in self._values:
            self._values[form] = self._computed(form)
        return self._values[form]

    def _computed(self, form: Form) -> pl.Series:
        as_of = self._bucket.as_of
        match form:
            case Attribute(column):
                return _plain(self._bucket.profile(column))
            case Nearest():
                return _nearest(self._bucket)
            case Score():
                return pl.repeat(None, self._bucket.guests, dtype=pl.Float64, eager=True)
            case DaysSince(inner):
                days = day_numbers(self.value(inner)).cast(pl.Int64)
                return (as_of - date(1970, 1, 1)).days - days
            case CompletedYears(inner):
                day = self.value(inner)
                code = day.dt.month().cast(pl.Int32) * 100 + day.dt.day()
                not_yet = (code > birthday_code(as_of)).cast(pl.Int64)
                return as_of.year - day.dt.year().cast(pl.Int64) - not_yet
            case Ratio(dividend, divisor, minor):
                below = divisor if isinstance(divisor, int) else self.value(divisor)
                return _quotient(self.value(dividend), below, minor)
            case Named(inner, names):
                by_number = pl.Series([None, *names], dtype=pl.Enum(names))
                return by_number[self.value(inner).cast(pl.UInt32)]
            case Differs(inner, value):
                return (self.value(inner) != value).fill_null(value=False)
            case _:
                return self._aggregated(form)

    def _aggregated(self, form: Form) -> pl.Series:
        match form:
            case Count(rows):
                grouped, mask = self._rows(rows)
                return pl.Series(grouped.count(mask))
            case Sum(rows, column):
                grouped, mask = self._rows(rows)
                mask = _and(mask, grouped.raw(column))
                return pl.Series(grouped.total(_numbers(grouped.raw(column)), mask))
            case Largest(rows, column):
                grouped, mask = self._rows(rows)
                return _largest(grouped, grouped.raw(column), mask)
            case First(rows, column):
                return self._extreme(rows, column, latest=False)
            case Last(rows, column):
                return self._extreme(rows, column, latest=True)
            case Distinct(rows, column):
                grouped, mask = self._rows(rows)
                return pl.Series(_distinct(grouped, column, mask))
            case Listed(rows, column):
                grouped, mask = self._rows(rows)
                return _listed(grouped, column, mask)
            case Favourite(rows, column):
                grouped, mask = self._rows(rows)
                return favourite(grouped, column, mask)
            case UsualGap(rows):
                return self._between(rows).usual()
            case GapSpread(rows):
                return self._between(rows).spread()
            case Trailing(rows, days):
                grouped, mask = self._rows(rows)
                return pl.Series(_trailing(grouped, mask, days))
            case Followed(first, then, by):
                return self._followed(first, then, by)
            case _:
                raise AssertionError(f"{form} is no aggregate")

    def _rows(self, rows: Rows) -> tuple[Grouped, Bools | None]:
        """Return the rows that a form names, and which of them are meant."""
        grouped = self._bucket.rows(rows.table)
        mask = None if rows.where == EVERYONE else grouped.where(rows.where)
        if rows.within:
            start = earlier(self._bucket.as_of, rows.within)
            recent = grouped.where(Compare(Field("day"), "ge", start))
            mask = recent if mask is None else mask & recent
        return grouped, mask

    def _between(self, rows: Rows) -> Gaps:
        if rows not in self._gaps:
            grouped, mask = self._rows(rows)
            visits = grouped.visits(_and(mask, grouped.raw("day")))
            self._gaps[rows] = Gaps.between(visits, grouped.guests)
        return self._gaps[rows]

    def _extreme(self, rows: Rows, column: str, *, latest: bool) -> pl.Series:
        grouped, mask = self._rows(rows)
        if column == "day":
            return _largest(grouped, grouped.raw("day"), mask, smallest=not latest)
        mask = _and(mask, grouped.raw(column))
        places = _in_time(grouped, column, mask)
        owners = grouped.owner[places]
        ends = firsts(owners)
        if latest:
            ends = np.append(ends[1:], len(owners))[: len(ends)] - 1
        found = np.full(grouped.guests, -1, dtype=np.int64)
        found[owners[ends]] = places[ends]
        return _plain(grouped.raw(column)[placed(found)])

    def _followed(self, first: Rows, then: Rows, by: str) -> pl.Series:
        grouped, started = self._rows(first)
        _, followed = self._rows(then)
        assert started is not None, "a share needs something to be a share of"
        assert followed is not None, "what follows is a part of the rows"
        runs = grouped.runs(by)
        begun = runs.some(started)
        whole = np.bincount(runs.owner[begun], minlength=grouped.guests)
        part = np.bincount(runs.owner[begun & runs.some(followed)], minlength=grouped.guests)
        return _quotient(pl.Series(part), pl.Series(whole), 1)

    def number(self, events: Events) -> pl.Series:
        """Return the one number that an event operand makes of each customer's rows."""
        grouped = self._bucket.rows(events.table)
        mask = None if events.where == EVERYONE else grouped.where(events.where)
        if events.how == "count":
            return pl.Series(grouped.count(mask))
        if events.how == "distinct":
            return pl.Series(_distinct(grouped, events.of, mask))
        values = grouped.column(events.of).values
        mask = _and(mask, values)
        match events.how:
            case "sum":
                return pl.Series(grouped.total(_numbers(values), mask))
            case "avg":
                total = pl.Series(grouped.total(_numbers(values), mask))
                return _quotient(total, pl.Series(grouped.count(mask)), events.minor)
            case "min" | "max":
                return _largest(grouped, values, mask, smallest=events.how == "min")
        assert_never(events.how)


def _plain(values: pl.Series) -> pl.Series:
    """Return whole numbers in one type whatever they fitted; the rest as it is."""
    return values.cast(pl.Int64) if values.dtype.is_integer() else values


def _numbers(values: pl.Series) -> Any:
    return filled(values, 0).to_numpy()


def _and(mask: Bools | None, values: pl.Series) -> Bools | None:
    """Return the mask without the rows where the value is missing."""
    if not values.null_count():
        return mask
    known: Bools = values.is_not_null().to_numpy()
    return known if mask is None else mask & known


def _quotient(dividend: pl.Series, divisor: pl.Series | int, minor: int) -> pl.Series:
    """Return dividend ÷ (divisor · minor), correctly rounded; null where missing or ÷ 0."""
    if isinstance(divisor, int):
        divisor = pl.repeat(divisor, len(dividend), dtype=pl.Int64, eager=True)
    below = filled(divisor.cast(pl.Float64), 0.0).to_numpy() * minor
    above = filled(dividend.cast(pl.Float64), 0.0).to_numpy()
    known = below != 0
    if dividend.null_count():
        known &= dividend.is_not_null().to_numpy()
    found = np.divide(above, below, out=np.zeros(len(above)), where=known)
    return pl.Series(found).set(pl.Series(~known), None)


def _largest(
    grouped: Grouped, values: pl.Series, mask: Bools | None, *, smallest: bool = False
) -> pl.Series:
    mask = _and(mask, values)
    reduced = grouped.smallest if smallest else grouped.largest
    whole = day_numbers(values) if values.dtype == pl.Date else values
    found = pl.Series(reduced(_numbers(whole), mask), dtype=whole.dtype)
    found = found.set(pl.Series(grouped.count(mask) == 0), None)
    return found.cast(pl.Date) if values.dtype == pl.Date else _plain(found)


def _in_time(grouped: Grouped, column: str, mask: Bools | None) -> Ints:
    """Return the chosen rows by customer, time and key (or the column itself)."""
    places = np.arange(len(grouped.owner)) if mask is None else np.flatnonzero(mask)
    table = stored_table(grouped.reading)
    if table.key or (table.name, column) == ("loyalty", "tier"):
        return places  # they stand so
    codes, _, _ = factored(grouped.column(column))
    time = grouped.raw(table.time or "ordered_at").to_physical().to_numpy()
    return places[np.lexsort((codes[places], time[places], grouped.owner[places]))]


def _distinct(grouped: Grouped, column: str, mask: Bools | None) -> Ints:
    if column == "day":
        mask = _and(mask, grouped.raw("day"))
        return np.bincount(grouped.visits(mask) >> 32, minlength=grouped.guests)
    if column not in _MANY:
        choices = grouped.choices(column)
        if choices.few:
            found: Ints = choices.present(mask).sum(axis=1, dtype=np.int64)
            return found
    runs = grouped.runs(column)
    owners = runs.owner if mask is None else runs.owner[runs.some(mask)]
    return np.bincount(owners, minlength=grouped.guests)


def _listed(grouped: Grouped, column: str, mask: Bools | None) -> pl.Series:
    choices = grouped.choices(column)
    if choices.few and len(choices.values) < _BITS:
        return _lists_of_few(choices, mask)
    mask = choices.masked(mask)
    codes = choices.code if mask is None else choices.code[mask]
    pairs = different((grouped.owners(mask).astype(np.int64) << 32) | codes)
    return _lists(pairs >> 32, choices.values[pairs & 0xFFFFFFFF], grouped.guests)


def _lists_of_few(choices: Choices, mask: Bools | None) -> pl.Series:
    """Return the lists where a set of values is a number: each different set is listed once."""
    bits = np.packbits(choices.present(mask), axis=1, bitorder="little")
    sets = np.zeros((choices.guests, 8), dtype=np.uint8)
    sets[:, : bits.shape[1]] = bits
    met, places = np.unique(sets.view(np.uint64)[:, 0], return_inverse=True)
    held = np.unpackbits(met.view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
    numbers, codes = np.nonzero(held)
    return _lists(numbers, choices.values[codes], len(met))[pl.Series(places, dtype=pl.UInt32)]


def _lists(owners: Ints, values: pl.Series, many: int) -> pl.Series:
    """Return the values of each of `many` owners as a list, missing without any; owners ascend."""
    lists = (
        pl.DataFrame({"owner": owners, "value": values})
        .group_by("owner", maintain_order=True)
        .agg("value")
    )
    places = np.full(many, -1, dtype=np.int64)
    places[lists["owner"].to_numpy()] = np.arange(lists.height)
    return lists["value"][placed(places)]


def _trailing(grouped: Grouped, mask: Bools | None, days: int) -> Ints:
    day = day_numbers(grouped.raw("day")).to_numpy()
    last = grouped.largest(day, mask)
    near = day > last[grouped.owner] - days
    return grouped.count(near if mask is None else near & mask)


def _nearest(bucket: Bucket) -> pl.Series:
    """Return kilometres to the nearest restaurant; see `core.features.Nearest`."""
    places = bucket.visible_restaurants().select("latitude", "longitude").drop_nulls()
    homes = {name: np.radians(bucket.profile(name).to_numpy()) for name in places.columns}
    least = np.full(bucket.guests, np.nan)
    for latitude, longitude in np.radians(places.to_numpy()):
        half_lat = np.sin((latitude - homes["latitude"]) / 2)
        half_lon = np.sin((longitude - homes["longitude"]) / 2)
        chord = half_lat**2 + np.cos(homes["latitude"]) * np.cos(latitude) * half_lon**2
        chord = np.minimum(np.sqrt(chord), 1.0)
        least = np.fmin(least, 2 * EARTH_RADIUS_KM * np.arcsin(chord))
    return pl.Series(np.floor(least * 1000 + 0.5) / 1000).fill_nan(None)
