"""A part is one Parquet file of rows of a table; here parts are written and read.

Ids stand in a part as integers where all of them are, else as text; how they are shown is decided
when they are read, by their domain. So a domain may widen to text without a file being rewritten.
"""

from collections.abc import Container, Iterable, Iterator, Sequence, Set
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from segml.core.tables import KNOWN_AT, TABLE, TABLES, Form, Table
from segml.engine.batches import ROW
from segml.engine.stored import dtype, schema
from segml.storage.atomic import sync
from segml.storage.manifest import Part, checked

NEVER: Final = date.max
ALWAYS: Final = date.min


def id_columns(table: Table) -> tuple[str, ...]:
    """Return the names of the id columns of a table."""
    return tuple(column.name for column in table.columns if column.form is Form.ID)


def integer_domains(text_domains: Container[str]) -> frozenset[str]:
    """Return the id domains that hold integers: all but `text_domains`."""
    domains = {column.domain for table in TABLES for column in table.columns if column.domain}
    return frozenset(domain for domain in domains if domain not in text_domains)


def content(table: Table) -> list[str]:
    """Return the columns that make a row what it is: all that the source said of it."""
    return [*(column.name for column in table.columns), KNOWN_AT.name]


def physical(table: Table, text_ids: Set[str]) -> pl.Schema:
    """Return the schema of a part."""
    fields = dict(schema(table))
    fields[KNOWN_AT.name] = dtype(KNOWN_AT)
    fields[ROW] = pl.Int64()
    for name in id_columns(table):
        fields[name] = pl.String() if name in text_ids else pl.Int64()
    return pl.Schema(fields)


def seen_from(table: Table, rows: pl.DataFrame, since: pl.Series | None = None) -> date:
    """Return the earliest `as_of` at which one of `rows` can be seen.

    `since`, where given, is the last service day before each row that something else hides it.
    """
    clocks = ["day", "known_day"] if table.time else ["known_day"]
    latest = rows.select(pl.max_horizontal(clocks).alias("last"))
    if since is not None:
        latest = latest.with_columns(pl.max_horizontal("last", since.alias("since")))
    last = latest["last"]
    if last.is_empty():
        return NEVER
    if last.null_count():
        return ALWAYS
    first = last.min()
    assert isinstance(first, date)
    return first + timedelta(days=1)


def write(
    root: Path,
    part: Part,
    frames: Iterable[pl.DataFrame],
) -> tuple[int, int]:
    """Write `frames` as the file of `part`, surely on disk; return its rows and bytes."""
    table = TABLE[part.table]
    fields = physical(table, frozenset(part.text_ids))
    path = root / part.file
    path.parent.mkdir(parents=True, exist_ok=True)
    empty = _arrow(pl.DataFrame(schema=fields))
    rows = 0
    with (
        path.open("wb") as stream,
        pq.ParquetWriter(stream, empty.schema, **_encodings(table, fields)) as writer,
    ):
        for frame in frames:
            rows += frame.height
            writer.write_table(_arrow(frame.select(list(fields)).cast(fields)))
    sync(path)
    return rows, path.stat().st_size


def _encodings(table: Table, fields: pl.Schema) -> dict[str, Any]:
    """Return how columns are written: ids, times and row numbers as steps, the rest as words."""
    money = {column.name for column in table.columns if column.form is Form.DECIMAL}
    kinds = (pl.Int64, pl.Datetime, pl.Date)
    steps = [name for name, kind in fields.items() if isinstance(kind, kinds) and name not in money]
    # Arrow names a list's entries by their path.
    words = [
        f"{name}.list.element" if isinstance(kind, pl.List) else name
        for name, kind in fields.items()
    ]
    return {
        "compression": "zstd",
        "use_dictionary": [name for name in words if name not in steps],
        "column_encoding": dict.fromkeys(steps, "DELTA_BINARY_PACKED"),
    }


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def frames(root: Path, part: Part) -> Iterator[pl.DataFrame]:
    """Yield the rows of a part as they stand in it, some at a time."""
    fields = physical(TABLE[part.table], frozenset(part.text_ids))
    with pq.ParquetFile(checked(root, part)) as parquet:
        known = parquet.schema_arrow.names  # the other schema names a list by its entries
        later = [pl.lit(None, fields[n]).alias(n) for n in fields if n not in known]
        for group in range(parquet.num_row_groups):
            frame = pl.from_arrow(parquet.read_row_group(group))
            assert isinstance(frame, pl.DataFrame)
            yield frame.with_columns(later)


def scanned(root: Path, parts: Sequence[Part]) -> pl.LazyFrame:
    """Return the rows of parts of one table that are written alike, as they stand in them.

    A column that the table got after a part was written has no values there.
    """
    fields = physical(TABLE[parts[0].table], frozenset(parts[0].text_ids))
    paths = [checked(root, part) for part in parts]
    return pl.scan_parquet(paths, schema=fields, missing_columns="insert")


def as_text(root: Path, parts: Iterable[Part], ids: pl.Series | None = None) -> pl.LazyFrame | None:
    """Return the rows of `parts` of one table with ids as text; None for no parts.

    With `ids`, only those that name one of them in the column of that name.
    """
    found = [
        rows.with_columns(pl.col(name).cast(pl.String) for name in id_columns(TABLE[part.table]))
        for part, rows in _scanned(root, parts, ids)
    ]
    return pl.concat(found) if found else None


def as_stored(
    root: Path,
    table: Table,
    parts: Iterable[Part],
    integer_domains: Set[str],
    ids: pl.Series | None = None,
) -> pl.LazyFrame:
    """Return the rows of `parts` in stored form; an empty typed frame for no parts.

    An id that is text where its domain holds integers becomes null. With `ids`, only the rows that
    name one of them in the column of that name.
    """
    fields = schema(table, integer_domains)
    found = []
    for part, rows in _scanned(root, parts, ids):
        casts = [
            pl.col(name).cast(fields[name], strict=False)
            for name in id_columns(table)
            if (fields[name] == pl.String()) != (name in part.text_ids)
        ]
        found.append(rows.with_columns(casts).select(list(fields)))
    return pl.concat(found) if found else pl.LazyFrame(schema=fields)


def _scanned(
    root: Path, parts: Iterable[Part], ids: pl.Series | None
) -> Iterator[tuple[Part, pl.LazyFrame]]:
    """Yield the rows of parts as they stand in them, each with a part that is written alike.

    Neighbours that are written alike are scanned together; all stay in the order of imports.
    """
    for _, neighbours in groupby(parts, key=lambda part: part.text_ids):
        alike = list(neighbours)
        rows = scanned(root, alike)
        yield alike[0], rows if ids is None else _naming(rows, alike[0], ids)


def _naming(rows: pl.LazyFrame, part: Part, ids: pl.Series) -> pl.LazyFrame:
    """Return the rows that name one of `ids`.

    Row groups whose statistics lie outside the range of `ids` are not read: where the ids of an
    import lie together, the cost is that of the rows near them, however many are stored.
    """
    wanted = ids.cast(pl.String() if ids.name in part.text_ids else pl.Int64(), strict=False)
    wanted = wanted.drop_nulls().unique()
    least, most = pl.lit(wanted.min(), wanted.dtype), pl.lit(wanted.max(), wanted.dtype)
    near = rows.filter(pl.col(ids.name).is_between(least, most))
    return near.join(wanted.to_frame().lazy(), on=ids.name, how="semi")
