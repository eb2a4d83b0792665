"""The door: a batch of raw rows comes in, rows in stored form and rejects go out.

Law kept: every row that is read is either admitted or rejected with all of its problems and its
whole raw record; the service day, the hour and the weekday are worked out here and nowhere else.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final

import polars as pl
import pyarrow as pa

from segml.core.tables import KNOWN_AT, TABLE, Column, Form, Table
from segml.engine.batches import MADE, ROW, BadLine, Batch, TableSource
from segml.engine.stored import dtype
from segml.storage.contracts import breaches
from segml.storage.parsing import Cells, cells, is_text, localized

REJECT_COLUMNS: Final = pl.Schema(
    {
        "table": pl.String,
        "source": pl.String,
        "row": pl.Int64,
        "column": pl.String,
        "value": pl.String,
        "reason": pl.String,
        "record": pl.String,
    }
)
_GATHERED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Clock:
    """How instants become service days.

    Attributes
    ----------
    time_zone
        The restaurant's zone, where its own is not known.
    day_start
        Wall-clock time at which a service day begins.
    zones
        Time zone by restaurant_id (as text), for the restaurants that have one.
    """

    time_zone: str
    day_start: time
    zones: Mapping[str, str]

    @property
    def opening(self) -> timedelta:
        """Return how long after midnight a service day begins."""
        start = self.day_start
        return timedelta(hours=start.hour, minutes=start.minute, seconds=start.second)

    def day(self, moment: str) -> pl.Expr:
        """Return the service day of a column of local times."""
        return (pl.col(moment) - self.opening).dt.date()


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of a batch.

    Attributes
    ----------
    rows
        The admitted rows: canonical columns (ids as text), ``known_at``, what the door adds and
        `ROW`.
    raw
        Their raw records, row by row.
    rejects
        One row per problem, of schema `REJECT_COLUMNS`.
    read
        Number of rows, those that are rejected among them.
    text_ids
        Id columns that are text by their type, whatever they look like.
    """

    rows: pl.DataFrame
    raw: pl.DataFrame
    rejects: pl.DataFrame
    read: int
    text_ids: frozenset[str]


def gathered(
    batches: Iterator[Batch],
) -> Generator[tuple[pl.DataFrame, tuple[BadLine, ...]], None, None]:
    """Yield the batches as frames of some hundred thousand rows: each frame costs its time."""
    held: list[pa.RecordBatch] = []
    bad: list[BadLine] = []
    count = 0
    for batch in batches:
        if held and (count >= _GATHERED or held[0].schema != batch.rows.schema):
            yield _frame(held), tuple(bad)
            held, bad, count = [], [], 0
        held.append(batch.rows)
        bad.extend(batch.bad)
        count += batch.rows.num_rows
    if held:
        yield _frame(held), tuple(bad)


def _frame(batches: list[pa.RecordBatch]) -> pl.DataFrame:
    frame = pl.from_arrow(pa.Table.from_batches(batches))
    assert isinstance(frame, pl.DataFrame)
    return frame


def admit(
    source: TableSource, clock: Clock, raw: pl.DataFrame, bad: tuple[BadLine, ...]
) -> Admitted:
    """Return what the door makes of some raw rows of `source`."""
    table = TABLE[source.table]
    parsed = _parsed(source, table, raw, clock)
    rows = _stored(table, parsed, raw, clock)
    problems = _problems(table, source, parsed, rows, raw)
    broken = problems["place"].unique()
    rejects = pl.concat([_rejects(source, raw, problems), _bad_lines(source, bad)])
    if len(broken):
        kept = ~pl.int_range(pl.len()).is_in(broken.implode())
        rows, raw_kept = rows.filter(kept), raw.filter(kept)
    else:
        raw_kept = raw
    text_ids = frozenset(
        canonical
        for canonical, name in source.columns
        if not source.untyped
        and raw.height
        and is_text(raw[name])
        and _column(table, canonical).form is Form.ID
    )
    return Admitted(
        rows=_derived(table, rows, clock),
        raw=_record_columns(raw_kept),
        rejects=rejects,
        read=raw.height + len(bad),
        text_ids=text_ids,
    )


def _column(table: Table, name: str) -> Column:
    return KNOWN_AT if name == KNOWN_AT.name else table.column(name)


def _parsed(source: TableSource, table: Table, raw: pl.DataFrame, clock: Clock) -> dict[str, Cells]:
    formats = dict(source.formats)
    return {
        canonical: cells(
            _column(table, canonical), raw[name], formats.get(canonical), clock.opening
        )
        for canonical, name in source.columns
    }


def _stored(
    table: Table, parsed: Mapping[str, Cells], raw: pl.DataFrame, clock: Clock
) -> pl.DataFrame:
    """Return the canonical columns in stored types, ids as text, absent columns empty."""
    columns = []
    for column in (*table.columns, KNOWN_AT):
        if column.name not in parsed:
            empty = pl.Series(column.name, [None], dtype(column))
            columns.append(empty.new_from_index(0, raw.height))
        elif column.form in (Form.TIME, Form.DATE):
            local = _local(table, parsed, column.name, clock)
            columns.append(local.cast(dtype(column)).alias(column.name))
        else:
            columns.append(parsed[column.name].values)
    return pl.DataFrame([*columns, raw[ROW].alias(ROW)])


def _local(table: Table, parsed: Mapping[str, Cells], name: str, clock: Clock) -> pl.Series:
    times = parsed[name]
    local = localized(times, clock.time_zone)
    if table.name != "orders" or "restaurant_id" not in parsed or times.instants is None:
        return local
    zone = (
        parsed["restaurant_id"].values.replace_strict(
            clock.zones, default=None, return_dtype=pl.String
        )
        if clock.zones
        else None
    )
    if zone is None:
        return local
    for other in zone.unique().drop_nulls().sort():
        local = local.zip_with((zone != other).fill_null(value=True), localized(times, other))
    return local


def _problems(
    table: Table,
    source: TableSource,
    parsed: Mapping[str, Cells],
    rows: pl.DataFrame,
    raw: pl.DataFrame,
) -> pl.DataFrame:
    """Return ``place``, ``column``, ``reason``, ``value``: every problem of every row."""
    unread = [
        pl.DataFrame({"place": cell.failed.arg_true().cast(pl.Int64)}).with_columns(
            pl.lit(name).alias("column"), pl.lit(cell.reason).alias("reason")
        )
        for name, cell in parsed.items()
        if cell.failed.any()
    ]
    broken = breaches(table.name, rows)
    if unread:
        failed = pl.concat(unread)
        broken = broken.join(failed, on=["place", "column"], how="anti")
        broken = pl.concat([failed, broken])
    broken = broken.with_columns(pl.lit(None, pl.String).alias("value"))
    parts = [
        part.with_columns(_text(raw[name].gather(part["place"])).alias("value"))
        for canonical, name in source.columns
        if (part := broken.filter(pl.col("column") == canonical)).height
    ]
    absent = broken.filter(~pl.col("column").is_in([canonical for canonical, _ in source.columns]))
    order = {column.name: i for i, column in enumerate((*table.columns, KNOWN_AT))}
    return pl.concat([*parts, absent]).sort(
        "place", pl.col("column").replace_strict(order, return_dtype=pl.Int32), maintain_order=True
    )


def _text(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        return values
    return pl.Series(
        [None if value is None else str(value) for value in values.to_list()], dtype=pl.String
    )


def _record_columns(raw: pl.DataFrame) -> pl.DataFrame:
    """Return the source's own columns, without our numbers and what a mapping made of them."""
    own = [name for name in raw.columns if name != ROW and not name.startswith(MADE)]
    return raw.select(own)


def records(raw: pl.DataFrame) -> pl.Series:
    """Return rows as JSON texts; what JSON has no word for stands as text."""
    plain = (pl.String, pl.Boolean, pl.List, pl.Null)
    told = [
        column
        if isinstance(column.dtype, plain)
        or column.dtype.is_integer()
        or (column.dtype == pl.Float64 and column.is_finite().all())
        else _text(column).alias(column.name)
        for column in raw
    ]
    if not told:
        return pl.Series("record", ["{}"] * raw.height, pl.String)
    return pl.DataFrame(told).to_struct("record").struct.json_encode()


def rejects(
    source: TableSource, row: pl.Series, problems: pl.DataFrame, record: pl.Series
) -> pl.DataFrame:
    """Return rejects: `problems` has ``column``, ``value``, ``reason``; the rest is aligned."""
    return problems.select(
        pl.lit(source.table).alias("table"),
        pl.lit(source.label).alias("source"),
        row.alias("row"),
        "column",
        "value",
        "reason",
        record.alias("record"),
    ).cast(REJECT_COLUMNS)


def _rejects(source: TableSource, raw: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    if problems.is_empty():
        return pl.DataFrame(schema=REJECT_COLUMNS)
    broken = raw[problems["place"]]
    return rejects(source, broken[ROW], problems, records(_record_columns(broken)))


def _bad_lines(source: TableSource, bad: tuple[BadLine, ...]) -> pl.DataFrame:
    if not bad:
        return pl.DataFrame(schema=REJECT_COLUMNS)
    lines = pl.DataFrame({"line": [line.text for line in bad]}, schema={"line": pl.String})
    problems = pl.DataFrame(
        {"column": None, "value": None, "reason": [line.reason for line in bad]},
        schema={"column": pl.String, "value": pl.String, "reason": pl.String},
    )
    numbers = pl.Series([line.row for line in bad], dtype=pl.Int64)
    return rejects(source, numbers, problems, records(lines))


def _derived(table: Table, rows: pl.DataFrame, clock: Clock) -> pl.DataFrame:
    """Return `rows` with ``day``, ``known_day`` and, for orders, ``hour`` and ``weekday``."""
    known = clock.day(KNOWN_AT.name)
    if not table.time:
        return rows.with_columns(known.alias("known_day"))
    rows = rows.with_columns(clock.day(table.time).alias("day"))
    rows = rows.with_columns(known.fill_null(pl.col("day")).alias("known_day"))
    if table.name != "orders":
        return rows
    return rows.with_columns(
        pl.col(table.time).dt.hour().cast(pl.Int8).alias("hour"),
        pl.col("day").dt.weekday().cast(pl.Int8).alias("weekday"),
    )
