"""Parsing turns the raw columns of a source into stored types, cell by cell.

Law kept: a cell is either read exactly, or empty, or a failure that is told; nothing is guessed and
nothing turns into a missing value silently. Numbers are read from their decimal text, so a CSV and
a Parquet file of the same values give the same facts; halves are rounded away from zero.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, assert_never

import polars as pl
import pyarrow as pa

from segml.core.tables import Column, Form

MOMENT: Final = pl.Datetime("us")
_INSTANT: Final = pl.Datetime("us", "UTC")
# Digits kept behind the point while a number is on its way to minor units; more decide nothing.
_DIGITS: Final = 12
_EXACT: Final = pl.Decimal(38, _DIGITS)
_NAIVE: Final = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
_BARE: Final = "%Y-%m-%d"
_CLOCK: Final = re.compile("%[-_0^#.:]*[HIklTRrXcs+]")
_AWARE: Final = ("%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M%#z")
_BOOLEANS: Final[Mapping[str, bool]] = {
    word: value
    for value, words in (
        (True, ("true", "t", "yes", "y", "1", "1.0")),
        (False, ("false", "f", "no", "n", "0", "0.0")),
    )
    for word in words
}
_NO_COUPON: Final = ("false", "no", "0", "0.0", "none")
_REASONS: Final[Mapping[Form, str]] = {
    Form.ID: "is no id: an id is text or a whole number",
    Form.TEXT: "is no text",
    Form.DECIMAL: "is no number; write it like 12.50",
    Form.DEGREES: "is no coordinate in degrees; write it like 48.137",
    Form.BOOLEAN: "is neither true nor false",
    Form.TIME: "is no time; write it like 2024-03-01 10:15, or name its format in a mapping",
    Form.DATE: "is no date; write it like 2024-03-01, or name its format in a mapping",
    Form.LIST: "is no list; write it like a|b or as JSON",
}


@dataclass(frozen=True, slots=True)
class Cells:
    """One parsed column.

    Attributes
    ----------
    values
        Stored values, null where the cell is empty or cannot be read; ids are text still.
    failed
        True where the cell holds something that cannot be read.
    reason
        What to say about a failed cell.
    instants
        For times: those written with a zone, in UTC; they become local once the zone is known.
    """

    values: pl.Series
    failed: pl.Series
    reason: str
    instants: pl.Series | None = None


def cells(
    column: Column,
    raw: pl.Series,
    time_format: str | None = None,
    opening: timedelta = timedelta(0),
) -> Cells:
    """Return `raw` read as `column`.

    Parameters
    ----------
    column
        What the values shall be.
    raw
        Text, or any typed column that Arrow can carry.
    time_format
        How times are written where they are text; ISO 8601 without it.
    opening
        How long after midnight a service day begins: a bare date is the start of that service day,
        not the end of the night before.
    """
    raw = _plain(raw)
    if column.form in (Form.TIME, Form.DATE):
        values, instants = _times(raw, time_format, opening)
        read = values.is_not_null() | instants.is_not_null()
        return Cells(values, raw.is_not_null() & ~read, _REASONS[column.form], instants)
    values = _values(column, raw)
    failed = raw.is_not_null() & values.is_null()
    if column.form is Form.LIST or column.name == "coupon":
        failed = failed & ~_means_nothing(raw, column)
    return Cells(values.alias(column.name), failed, _REASONS[column.form])


def _values(column: Column, raw: pl.Series) -> pl.Series:
    match column.form:
        case Form.ID:
            return _ids(raw)
        case Form.TEXT:
            return _texts(raw, column)
        case Form.DECIMAL:
            return _decimals(raw, column.scale)
        case Form.DEGREES:
            return _degrees(raw)
        case Form.BOOLEAN:
            return _booleans(raw)
        case Form.LIST:
            return _lists(raw)
        case Form.TIME | Form.DATE:
            raise ValueError(f"{column.name} is a time, which is read with its zone")
        case _:
            assert_never(column.form)


def localized(times: Cells, zone: str) -> pl.Series:
    """Return the times of `times` on the wall clock of `zone`, naive."""
    if times.instants is None or times.instants.null_count() == len(times.instants):
        return times.values
    local = times.instants.dt.convert_time_zone(zone).dt.replace_time_zone(None)
    return times.values.fill_null(local) if times.values.null_count() else times.values


def canonical_integers(ids: pl.Series) -> bool:
    """Return whether every id is the decimal text of an integer, so that nothing is lost in one."""
    if ids.dtype.is_integer():
        return True
    numbers = ids.cast(pl.Int64, strict=False)
    if numbers.null_count() > ids.null_count():
        return False
    zero = ids.str.starts_with("0") & (ids.str.len_bytes() > 1)
    return not (zero | ids.str.starts_with("+") | ids.str.starts_with("-0")).any()


def is_text(raw: pl.Series) -> bool:
    """Return whether a column is text by type."""
    return isinstance(raw.dtype, pl.String | pl.Categorical | pl.Enum | pl.Binary)


def _plain(raw: pl.Series) -> pl.Series:
    """Return text trimmed, with empty as missing; other types as they are."""
    if isinstance(raw.dtype, pl.Binary):
        try:
            raw = raw.cast(pl.String)
        except pl.exceptions.ComputeError:
            raw = raw.bin.encode("hex")
    if isinstance(raw.dtype, pl.Categorical | pl.Enum):
        raw = raw.cast(pl.String)
    if raw.dtype != pl.String:
        return raw
    raw = raw.str.strip_chars()
    if (raw.str.len_bytes() == raw.str.len_chars()).all():
        composed = raw
    else:
        composed = raw.str.normalize("NFC")
    return composed.set(composed == "", None)


def _nothing(raw: pl.Series, dtype: pl.DataType) -> pl.Series:
    return pl.Series(raw.name, [None], dtype).new_from_index(0, len(raw))


def _text_of(raw: pl.Series) -> pl.Series:
    if raw.dtype == pl.String:
        return raw
    if isinstance(raw.dtype, pl.List | pl.Array | pl.Struct | pl.Object):
        return _nothing(raw, pl.String())
    return raw.cast(pl.String, strict=False)


def _ids(raw: pl.Series) -> pl.Series:
    if raw.dtype.is_float() or raw.dtype.is_decimal():
        whole = raw.cast(pl.Int64, strict=False)
        same = (whole.cast(pl.Float64) == raw.cast(pl.Float64)) & (
            raw.cast(pl.Float64).abs() < 2**53
        )
        return whole.set(~same.fill_null(value=False), None).cast(pl.String)
    if raw.dtype == pl.String or raw.dtype.is_integer():
        return raw.cast(pl.String)
    return _nothing(raw, pl.String())


def _texts(raw: pl.Series, column: Column) -> pl.Series:
    text = _text_of(raw)
    if column.choices and not text.is_in(column.choices).all():
        return text.str.to_lowercase()
    if column.name == "coupon":
        return text.set(_means_nothing(raw, column), None)
    return text


def _means_nothing(raw: pl.Series, column: Column) -> pl.Series:
    """Return where a present cell says “none”: a coupon that is false, a list without entries."""
    if column.form is Form.LIST:
        if isinstance(raw.dtype, pl.List | pl.Array):
            return raw.is_not_null()
        text = _text_of(raw)
        return text.str.contains(r"^[\s|;,]*$|^\[[\s,\"]*\]$").fill_null(value=False)
    return _text_of(raw).str.to_lowercase().is_in(_NO_COUPON).fill_null(value=False)


def _decimals(raw: pl.Series, scale: int) -> pl.Series:
    if raw.dtype == pl.Boolean or raw.dtype.is_temporal():
        return _nothing(raw, pl.Int64())
    if not raw.dtype.is_decimal():
        raw = _text_of(raw)
        if (raw.str.len_bytes() > _DIGITS).any():
            # Cut, not rounded: rounding twice could carry 0.00499… up to a cent.
            raw = raw.str.replace(rf"(\.\d{{{_DIGITS}}})\d+$", "$1")
    exact = raw.cast(_EXACT, strict=False)
    rounded: pl.Series = (exact * 10**scale).round(0, mode="half_away_from_zero")
    return rounded.cast(pl.Int64, strict=False)


def _degrees(raw: pl.Series) -> pl.Series:
    if raw.dtype == pl.Boolean or raw.dtype.is_temporal():
        return _nothing(raw, pl.Float64())
    values = _text_of(raw).cast(pl.Float64, strict=False)
    finite: pl.Series = values.set(~values.is_finite().fill_null(value=False), None)
    return finite


def _booleans(raw: pl.Series) -> pl.Series:
    if raw.dtype == pl.Boolean:
        return raw
    words = _text_of(raw)
    known = words.replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)
    if known.null_count() == raw.null_count():
        return known
    words = words.str.to_lowercase()
    return words.replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)


def _lists(raw: pl.Series) -> pl.Series:
    stored = pl.List(pl.String)
    if isinstance(raw.dtype, pl.Array):
        raw = raw.arr.to_list()
    if isinstance(raw.dtype, pl.List):
        entries = raw.cast(stored, strict=False)
    else:
        text = _text_of(raw)
        known = {cell: _entries(cell) for cell in text.unique().drop_nulls()}
        if not known:
            return _nothing(raw, stored)
        entries = text.replace_strict(
            list(known), list(known.values()), default=None, return_dtype=stored
        )
    entry = pl.element().str.strip_chars().str.normalize("NFC")
    tidy = entries.list.eval(entry.filter(entry.is_not_null() & (entry != "")))
    return _without_empty(tidy)


def _without_empty(lists: pl.Series) -> pl.Series:
    frame = lists.to_frame("list")
    kept = pl.when(pl.col("list").list.len() > 0).then(pl.col("list"))
    return frame.select(kept.alias("list")).to_series()


def _entries(cell: str) -> list[str] | None:
    """Return the entries of a list written as JSON or with | ; , between; None for bad JSON."""
    if cell.startswith("["):
        try:
            found = json.loads(cell)
        except ValueError:
            return None
        words = [str(word) for word in found if word is not None]
    else:
        mark = next((mark for mark in "|;," if mark in cell), "|")
        words = cell.split(mark)
    return words


def _times(
    raw: pl.Series, time_format: str | None, opening: timedelta
) -> tuple[pl.Series, pl.Series]:
    """Return the naive times and, apart, the instants of those written with a zone."""
    naive, instants = _nothing(raw, MOMENT), _nothing(raw, _INSTANT)
    if isinstance(raw.dtype, pl.Datetime):
        if raw.dtype.time_zone is None:
            return raw.cast(MOMENT), instants
        return naive, raw.dt.convert_time_zone("UTC").cast(_INSTANT)
    if raw.dtype == pl.Date:
        return raw.cast(MOMENT) + opening, instants
    if raw.dtype != pl.String:
        return naive, instants
    if time_format is not None:
        if "%z" in time_format or "%#z" in time_format or "%:z" in time_format:
            return naive, _read(raw, (time_format,), _INSTANT)
        read = _read(raw, (time_format,), MOMENT)
        return (read if _CLOCK.search(time_format) else read + opening), instants
    whole = _whole_times(raw)
    if whole is not None:
        return whole, instants
    text = raw.str.replace(r"^(\d{4}-\d{1,2}-\d{1,2})[Tt]", "$1 ")
    naive = _read(text, _NAIVE, MOMENT)
    if naive.null_count() > text.null_count():
        bare = _read(text.set(naive.is_not_null(), None), (_BARE,), MOMENT)
        naive = naive.fill_null(bare + opening)
    rest = text.set(naive.is_not_null(), None)
    if rest.null_count() < len(rest):
        zoned = rest.str.replace(r"\s*(?:[Zz]|UTC)$", "+00:00").str.replace(r"\s+([+-])", "$1")
        instants = _read(zoned.str.replace(r"^(\S+)([+-]\d\d:?\d\d)$", "$1$2"), _AWARE, _INSTANT)
    return naive, instants


def _whole_times(text: pl.Series) -> pl.Series | None:
    """Return the naive times of a column where all are plain ISO 8601; None where one is not.

    Arrow reads them some twenty times faster than a format does, and refuses what it does not know.
    """
    shortest = text.str.len_bytes().min()
    # Not a bare date, which has an hour of its own here, nor a bare hour, which is no time.
    if shortest is None or int(str(shortest)) < len("2024-03-01 10:15"):
        return None
    try:
        read = text.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return None
    times = pl.from_arrow(read)
    assert isinstance(times, pl.Series)
    return times.alias(text.name)


def _read(text: pl.Series, formats: tuple[str, ...], dtype: pl.Datetime) -> pl.Series:
    """Return the first reading of each text by `formats`; null where none fits."""
    found = _nothing(text, dtype)
    for one in formats:
        rest = text.set(found.is_not_null(), None)
        if rest.null_count() == len(rest):
            break
        read = rest.str.to_datetime(one, strict=False, time_unit="us", time_zone=dtype.time_zone)
        found = read if found.null_count() == len(found) else found.fill_null(read)
    return found
