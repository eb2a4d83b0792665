"""A database is a source too: the rows of one query, streamed as Arrow batches.

PostgreSQL and SQLite are read through ADBC and DuckDB by itself, all three without a Python object
per value; any other database that SQLAlchemy knows is read through it.
"""

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final
from uuid import UUID

import duckdb
import polars as pl
import pyarrow as pa
import sqlalchemy as sa

from segml.core.errors import ImportRefused
from segml.datasets.sources import Source, numbered, refuse_doubles
from segml.engine.batches import Batch

_ROWS: Final = 100_000
_UUID: Final = pa.binary(16)
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


def database_source(url: str, query: str) -> Source:
    """Return the rows of `query` on the database at `url`.

    Parameters
    ----------
    url
        ``postgresql://…``, ``sqlite:///file``, ``duckdb:///file`` or any URL of SQLAlchemy;
        ``${NAME}`` stands for an environment variable, so that no password need be written down.
    query
        One SELECT statement.

    Raises
    ------
    ImportRefused
        When the database cannot be reached or refuses the query.
    """
    address = expanded(url)
    label = _label(address)
    with _told(label, address), _reader(address, query) as reader:
        schema = _plain(reader.schema)
    refuse_doubles(label, schema.names)

    def batches() -> Iterator[Batch]:
        row = 1
        with _told(label, address), _reader(address, query) as reader:
            for rows in reader:
                yield Batch(numbered(_plain_rows(rows, schema), row))
                row += rows.num_rows

    return Source(label, schema, batches)


def expanded(url: str) -> str:
    """Return `url` with ``${NAME}`` replaced from the environment; ImportRefused where unset."""
    missing = sorted({name for name in _VARIABLE.findall(url) if name not in os.environ})
    if missing:
        raise ImportRefused(
            f"The database URL needs the environment variable{'s' if len(missing) > 1 else ''} "
            f"{', '.join(missing)}, which {'are' if len(missing) > 1 else 'is'} not set."
        )
    return _VARIABLE.sub(lambda found: os.environ[found[1]], url)


def _label(address: str) -> str:
    """Return the database's name for messages: no user, no password."""
    try:
        url = sa.make_url(address)
    except sa.exc.ArgumentError:
        raise ImportRefused(
            "This is no database URL; it should look like postgresql://user:password@host/database "
            "or sqlite:///file.db."
        ) from None
    name = (url.database or "").replace("\\", "/").rsplit("/", 1)[-1]
    return f"{url.get_backend_name()}:{name}"


@contextmanager
def _told(label: str, address: str) -> Iterator[None]:
    """Turn a driver's errors into ours, without the password."""
    try:
        yield
    except ImportError as error:
        raise ImportRefused(
            f"{label} needs a driver that is not installed: {error}. For PostgreSQL install "
            "segml[postgres], for SQLite segml[sqlite]."
        ) from error
    except (
        OSError,
        duckdb.Error,
        sa.exc.SQLAlchemyError,
        pa.ArrowException,
        _adbc_error(),
    ) as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        password = sa.make_url(address).password
        words = first.replace(password, "***") if password else first
        hint = (
            " A column mixes types; name one with CAST in the query."
            if "Type mismatch" in words
            else ""
        )
        raise ImportRefused(f"{label} could not be read: {words}.{hint}") from error


def _adbc_error() -> type[Exception]:
    try:
        from adbc_driver_manager import Error  # noqa: PLC0415 (an optional dependency)
    except ImportError:
        return duckdb.Error
    found: type[Exception] = Error
    return found


@contextmanager
def _reader(address: str, query: str) -> Iterator[Any]:
    """Open the stream of a query: something with `schema` that yields record batches."""
    url = sa.make_url(address)
    query = query.strip().rstrip(";")
    match url.drivername:
        case "postgresql" | "postgres":
            from adbc_driver_postgresql import dbapi as postgres  # noqa: PLC0415 (optional)

            with postgres.connect(address) as connection, connection.cursor() as cursor:
                cursor.execute(query)
                yield cursor.fetch_record_batch()
        case "sqlite":
            from adbc_driver_sqlite import dbapi as sqlite  # noqa: PLC0415 (optional)

            path = _existing(url)
            options = {"adbc.sqlite.query.batch_rows": str(_ROWS)}
            with sqlite.connect(path) as connection, connection.cursor() as cursor:
                cursor.adbc_statement.set_options(**options)
                cursor.execute(query)
                yield cursor.fetch_record_batch()
        case "duckdb":
            with closing(duckdb.connect(_existing(url), read_only=True)) as connection:
                yield connection.sql(query).to_arrow_reader(_ROWS)
        case _:
            with _sqlalchemy_reader(url, query) as reader:
                yield reader


def _existing(url: sa.URL) -> str:
    """Return the file of an embedded database, which opening would otherwise create."""
    path = url.database or ""
    if not os.path.exists(path):  # noqa: PTH110 (the driver wants the text as it stands)
        raise ImportRefused(f"There is no database file {path}.")
    return path


@contextmanager
def _sqlalchemy_reader(url: sa.URL, query: str) -> Iterator[pa.RecordBatchReader]:
    engine = sa.create_engine(url)
    try:
        with engine.connect().execution_options(stream_results=True) as connection:
            result = connection.execute(sa.text(query))
            names = list(result.keys())
            partitions = result.partitions(_ROWS)
            first = _arrow(list(next(partitions, [])), names)
            schema = first.schema

            def batches() -> Iterator[pa.RecordBatch]:
                yield from first.to_batches()
                for rows in partitions:
                    yield from _arrow(list(rows), names).cast(schema).to_batches()

            yield pa.RecordBatchReader.from_batches(schema, batches())
    finally:
        engine.dispose()


def _arrow(rows: list[Any], names: list[str]) -> pa.Table:
    frame = pl.DataFrame(
        [tuple(row) for row in rows],
        schema=names,
        orient="row",
        infer_schema_length=None,
        strict=False,
    )
    frame = frame.cast({name: pl.String for name, t in frame.schema.items() if t == pl.Null})
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return the schema without the types that only one database knows."""
    return pa.schema([(field.name, _storage(field.type)) for field in schema])


def _storage(kind: pa.DataType) -> pa.DataType:
    kind = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    return pa.string() if kind == _UUID else kind


def _plain_rows(rows: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for column in rows.columns:
        plain = column.storage if isinstance(column, pa.ExtensionArray) else column
        if plain.type == _UUID:
            texts = [None if v is None else str(UUID(bytes=v)) for v in plain.to_pylist()]
            plain = pa.array(texts, pa.string())
        columns.append(plain)
    return pa.record_batch(columns, names=schema.names)
