"""What the peers ask their questions of, as their experts would store it.

``peers.duckdb``: the night's fields in small types (``features``), item lines sorted by category
and day (``lines``), the fifty sets (``sets``), members on two nights (``members``). For Polars the
same fields and sets as uncompressed Arrow files of one record batch, to be mapped.

Memory does not grow with the restaurant but for one column at a time.
"""

# ruff: noqa: S608 (names and numbers in the SQL are ours)

import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import polars as pl
import pyarrow as pa

from benchmarks.duck_features import features_sql
from benchmarks.prepared import DATABASE
from benchmarks.questions import SETS, Condition

_WHOLE: Final = {"UTINYINT": 2**8, "USMALLINT": 2**16, "UINTEGER": 2**32}


def store(folder: Path, night: date, members: Mapping[str, pl.DataFrame]) -> None:
    """Write database and Arrow files from the facts in `folder`.

    Parameters
    ----------
    folder
        With ``facts`` and ``words.json``.
    night
        The day at whose start the fields are taken.
    members
        ``customer_id`` of the members of one set on two nights: ``earlier`` and ``later``.
    """
    (folder / DATABASE).unlink(missing_ok=True)
    with duckdb.connect(folder / DATABASE) as connection:
        connection.execute("SET memory_limit = '4GB'")
        connection.execute(f"SET temp_directory = '{folder / 'spill'}'")
        _features(connection, folder, night)
        _lines(connection, folder)
        _sets(connection)
        for name, frame in members.items():
            connection.register("given", frame.to_arrow())
            connection.execute(
                f"CREATE TABLE {name} AS SELECT customer_id::UINTEGER AS customer_id FROM given"
            )
        connection.execute(
            "CREATE TABLE members AS SELECT customer_id, e.customer_id IS NOT NULL AS earlier, "
            "l.customer_id IS NOT NULL AS later FROM features f "
            "LEFT JOIN earlier e USING (customer_id) LEFT JOIN later l USING (customer_id) "
            "ORDER BY customer_id"
        )
        for table in ("features", "sets", "members"):
            _one_batch(_columns(connection, table), folder / f"{table}.arrow")


def _test(condition: Condition) -> str:
    """Return a condition in SQL, false on a missing value."""
    value = condition.value
    literal = f"'{value}'" if isinstance(value, str) else repr(value)
    return f"coalesce({condition.field} {condition.operator} {literal}, false)"


def _one_batch(columns: Iterator[pl.Series], path: Path) -> None:
    """Write columns as one uncompressed record batch: each to disk first, then all of them mapped.

    So only one column at a time is in memory.
    """
    parts = path.with_suffix(".parts")
    parts.mkdir(exist_ok=True)
    files = []
    for column in columns:
        files.append(parts / f"{len(files)}.arrow")
        array = column.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        batch = pa.record_batch([array], names=[column.name])
        with pa.ipc.new_file(files[-1], batch.schema) as writer:  # Polars would write several
            writer.write_batch(batch)
    batches = [pa.ipc.open_file(pa.memory_map(str(file))).get_batch(0) for file in files]
    schema = pa.schema([batch.schema.field(0) for batch in batches])
    whole = pa.record_batch([batch.column(0) for batch in batches], schema=schema)
    with pa.ipc.new_file(path, schema) as writer:
        writer.write_batch(whole)
    shutil.rmtree(parts)


def _features(connection: duckdb.DuckDBPyConnection, folder: Path, night: date) -> None:
    """Compute the fields bucket by bucket, then store them as small as they fit."""
    nights = folder / "night"
    shutil.rmtree(nights, ignore_errors=True)
    nights.mkdir()
    for file in sorted((folder / "facts" / "customers").iterdir()):
        sql = features_sql(folder, night, file.stem)
        connection.execute(f"COPY ({sql} ORDER BY customer_id) TO '{nights / file.name}'")
    connection.execute(f"CREATE VIEW night AS FROM '{nights}/*.parquet'")
    types = {name: kind for name, kind, *_ in connection.execute("DESCRIBE night").fetchall()}
    casts = ", ".join(
        f"{name}::{_small(connection, name, kind)} AS {name}" for name, kind in types.items()
    )
    connection.execute(f"CREATE TABLE features AS SELECT {casts} FROM night ORDER BY customer_id")
    connection.execute("DROP VIEW night")
    shutil.rmtree(nights)


def _small(connection: duckdb.DuckDBPyConnection, name: str, kind: str) -> str:
    """Return the smallest type that holds a column of the night."""
    if kind == "VARCHAR":
        found = f"SELECT DISTINCT {name} FROM night WHERE {name} IS NOT NULL ORDER BY 1"
        connection.execute(f"CREATE TYPE words_{name} AS ENUM ({found})")
        return f"words_{name}"
    if "INT" not in kind or "[]" in kind:
        return kind
    least, most = connection.execute(f"SELECT min({name}), max({name}) FROM night").fetchall()[0]
    if (least or 0) < 0:
        return "INTEGER" if most < 2**31 and least >= -(2**31) else "BIGINT"
    return next((small for small, end in _WHOLE.items() if (most or 0) < end), "BIGINT")


def _lines(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    words = json.loads((folder / "words.json").read_text("utf-8"))["order_items"]["category"]
    listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
    connection.execute(f"CREATE TYPE categories AS ENUM ({listed})")
    connection.execute(
        f"CREATE TABLE lines AS SELECT ([{listed}])[category + 1]::categories AS category, day, "
        f"customer_id FROM '{folder / 'facts' / 'order_items'}/*.parquet' "
        "ORDER BY category, day, customer_id"
    )


def _sets(connection: duckdb.DuckDBPyConnection) -> None:
    """Store the sets both as booleans and as the bits of one number."""
    tests = ", ".join(f"{_test(one)} AS s{place}" for place, one in enumerate(SETS))
    bits = " | ".join(f"(s{place}::UBIGINT << {place})" for place in range(len(SETS)))
    connection.execute(
        f"CREATE TABLE sets AS SELECT *, {bits} AS bits FROM (SELECT {tests} FROM features)"
    )


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[pl.Series]:
    for name, kind, *_ in connection.execute(f"DESCRIBE {table}").fetchall():
        texts = kind.startswith("ENUM")
        chosen = f"{name}::VARCHAR AS {name}" if texts else name
        column = connection.sql(f"SELECT {chosen} FROM {table}").pl()[name]
        yield column.cast(pl.Enum(column.drop_nulls().unique().sort())) if texts else column
