"""A query makes a source of other sources: DuckDB runs a mapping's SQL over their Arrow streams.

The SQL is a mapping file's own, so it may compute anything from its sources, but it sees nothing
else: files and the network are out of its reach. One thread, so that rows keep their order and an
import repeats itself exactly.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Final, TypeVar

import duckdb
import pyarrow as pa

from segml.core.errors import ImportRefused
from segml.datasets.sources import Source, numbered, refuse_doubles
from segml.engine.batches import MADE, ROW, BadLine, Batch

_ROWS: Final = 200_000
_T = TypeVar("_T")


class BadSql(Exception):
    """SQL that DuckDB does not accept for these sources; its text is DuckDB's own."""


def _connect() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1, "enable_external_access": "false"})


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def shaped(source: Source, made: Mapping[str, str], where: str | None) -> Source:
    """Return `source` with further columns computed from its own, row by row.

    Parameters
    ----------
    source
        Where the rows come from; ``_row`` in the SQL is a row's number.
    made
        SQL expression by the name of the new column, which stands in the batches with `MADE` before
        it.
    where
        SQL condition that keeps rows, if any.

    Raises
    ------
    BadSql
        When an expression or the condition cannot be understood.
    """
    extra = "".join(f", ({sql}) AS {quoted(MADE + name)}" for name, sql in made.items())
    query = f"SELECT *{extra} FROM source"  # noqa: S608 (the mapping's own SQL)
    if where:
        query += f" WHERE {where}"
    full = source.schema.append(pa.field(ROW, pa.int64()))
    schema = _schema({"source": full}, query)
    bad: list[BadLine] = []

    def batches() -> Iterator[Batch]:
        with closing(_connect()) as connection:
            feed = _Feed(source, bad)
            connection.register("source", pa.RecordBatchReader.from_batches(full, feed.rows()))
            for rows in _run(connection, query, source.label, [feed]):
                yield Batch(rows, feed.drain())
            rest = feed.drain()
            if rest:
                yield Batch(schema.empty_table().to_batches()[0], rest)

    plain = pa.schema([field for field in schema if field.name != ROW])
    return Source(source.label, plain, batches, source.untyped)


def queried(sources: Mapping[str, Source], query: str, label: str) -> Source:
    """Return the result of a query over named sources; its rows are numbered as they come.

    Raises
    ------
    BadSql
        When the query cannot be understood.
    """
    used = {
        name: one for name, one in sources.items() if re.search(rf"\b{re.escape(name)}\b", query)
    }
    schema = _schema({name: one.schema for name, one in used.items()}, query)
    refuse_doubles(label, schema.names)

    def batches() -> Iterator[Batch]:
        row = 1
        with closing(_connect()) as connection:
            feeds = [_load(connection, name, one) for name, one in used.items()]
            bad = tuple(line for feed in feeds for line in feed.drain())
            yield Batch(numbered(_empty(schema), 1), bad)
            for rows in _run(connection, query, label, feeds):
                yield Batch(numbered(rows, row))
                row += rows.num_rows

    return Source(label, schema, batches, all(one.untyped for one in used.values()))


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch([pa.array([], field.type) for field in schema], schema=schema)


def _schema(schemas: Mapping[str, pa.Schema], query: str) -> pa.Schema:
    """Return the columns of a query without running it over any row."""
    with closing(_connect()) as connection:
        for name, schema in schemas.items():
            connection.register(name, schema.empty_table())
        try:
            return connection.sql(query).to_arrow_reader(1).schema
        except duckdb.Error as error:
            raise BadSql(_first_lines(error)) from error


def _first_lines(error: Exception) -> str:
    text = str(error).split("\n\nLINE", maxsplit=1)[0]
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


class _Feed:
    """A source on its way into DuckDB; keeps what DuckDB cannot carry: bad lines and our errors."""

    def __init__(self, source: Source, bad: list[BadLine]) -> None:
        self._source = source
        self._bad = bad
        self.error: ImportRefused | None = None

    def rows(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._source.open():
                self._bad.extend(batch.bad)
                yield batch.rows
        except ImportRefused as error:
            self.error = error
            raise

    def drain(self) -> tuple[BadLine, ...]:
        found = tuple(self._bad)
        self._bad.clear()
        return found


def _load(connection: duckdb.DuckDBPyConnection, name: str, source: Source) -> _Feed:
    """Copy a source into a table: a query may read it more than once, a stream only once."""
    feed = _Feed(source, [])
    names = source.schema.names
    rows = (batch.select(names) for batch in feed.rows())
    connection.register("_incoming", pa.RecordBatchReader.from_batches(source.schema, rows))
    copy = f"CREATE TABLE {quoted(name)} AS SELECT * FROM _incoming"  # noqa: S608
    _guarded(lambda: connection.execute(copy), source.label, [feed])
    connection.unregister("_incoming")
    return feed


def _run(
    connection: duckdb.DuckDBPyConnection, query: str, label: str, feeds: list[_Feed]
) -> Iterator[pa.RecordBatch]:
    reader = _guarded(lambda: connection.sql(query).to_arrow_reader(_ROWS), label, feeds)
    while (rows := _guarded(lambda: next(reader, None), label, feeds)) is not None:
        yield rows


def _guarded(step: Callable[[], _T], label: str, feeds: list[_Feed]) -> _T:
    """Run a step of DuckDB; raise what went wrong behind it, not what DuckDB makes of that."""
    try:
        return step()
    except (duckdb.Error, pa.ArrowException, OSError, ImportRefused) as error:
        for feed in feeds:
            if feed.error is not None:
                raise feed.error from error
        raise ImportRefused(
            f"The SQL for {label} stopped at a row: {_first_lines(error)}. TRY_CAST in the place "
            "of CAST makes what cannot be read a missing value."
        ) from error
