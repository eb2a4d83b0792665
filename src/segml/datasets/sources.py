"""A source is a file of the world, read as a stream of Arrow record batches with row numbers.

Law kept: a source is never held in memory whole and its types are never guessed; what cannot be
read as a row is reported with its number and text, and what cannot be read at all is refused
before anything of it is taken in.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from segml.core.errors import ImportRefused, near
from segml.core.tables import KNOWN_AT, TABLE, Table
from segml.engine.batches import ROW, BadLine, Batch, TableSource

_BLOCK: Final = 8 << 20
_ROWS: Final = 200_000
_GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
_END: Final = "(segml: end of the file)"
_DELIMITERS: Final = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one place, before anybody said which table they belong to.

    Attributes
    ----------
    label
        What to call it in messages.
    schema
        Its columns, without `ROW`.
    open
        Starts the stream from the beginning; batches have the columns of `schema` and `ROW`.
    untyped
        Whether every column is text because the place knows nothing else.
    """

    label: str
    schema: pa.Schema
    open: Callable[[], Iterator[Batch]]
    untyped: bool = False


def file_source(table: str, path: Path) -> TableSource:
    """Return the rows of a file whose header already has the canonical names.

    Raises
    ------
    ImportRefused
        As `file` and `table_source` do, and when there is no such table.
    """
    if table not in TABLE:
        raise ImportRefused(f"There is no table “{table}”. {near(table, TABLE)}".rstrip())
    return table_source(TABLE[table], file(path))


def table_source(table: Table, source: Source) -> TableSource:
    """Return a source as the rows of `table`, each column under its canonical name.

    Names are compared without regard to case and surrounding blanks; other columns are ignored.
    `ImportRefused` when a required column is missing.
    """
    by_name = {name.strip().lower(): name for name in reversed(source.schema.names)}
    columns = tuple((name, by_name[name]) for name in canonical_names(table) if name in by_name)
    missing = missing_columns(table, dict(columns))
    if missing:
        hints = [hint for name in missing if (hint := near(name, by_name))]
        raise ImportRefused(
            f"{source.label} cannot be read as {table.name}: the column"
            f"{'s' if len(missing) > 1 else ''} {', '.join(missing)} "
            f"{'are' if len(missing) > 1 else 'is'} missing; it has "
            f"{', '.join(source.schema.names)}. {' '.join(hints)}".rstrip()
        )
    used = {column for _, column in columns}
    return TableSource(
        table=table.name,
        label=source.label,
        open=source.open,
        columns=columns,
        untyped=source.untyped,
        ignored=tuple(name for name in source.schema.names if name not in used),
    )


def canonical_names(table: Table) -> tuple[str, ...]:
    """Return the columns a source of `table` may give, ``known_at`` among them."""
    return (*(column.name for column in table.columns), KNOWN_AT.name)


def missing_columns(table: Table, present: dict[str, str]) -> list[str]:
    """Return the required columns of `table` that are not in `present`."""
    return [c.name for c in table.columns if c.required and c.name not in present]


def file(path: Path) -> Source:
    """Return a file as a source: Parquet, CSV or gzip CSV, told by its first bytes.

    Raises
    ------
    ImportRefused
        When it is missing, empty, damaged or something else.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise ImportRefused(f"{path} cannot be opened: {error.strerror or error}.") from error
    if not start:
        raise ImportRefused(
            f"{path.name} is empty: a source needs at least a line with the names of its columns."
        )
    if start == _PARQUET:
        return _parquet(path)
    if start[:2] == _GZIP:
        return _csv(path, _open_gzip)
    if path.suffix == ".parquet":
        raise ImportRefused(f"{path.name} is no Parquet file: it does not begin with PAR1.")
    if path.suffix == ".gz":
        raise ImportRefused(f"{path.name} is no gzip file, though its name ends in .gz.")
    return _csv(path, _open_plain)


def _open_plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _open_gzip(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb"))


def _parquet(path: Path) -> Source:
    def batches() -> Iterator[Batch]:
        row = 1
        try:
            with pq.ParquetFile(path) as parquet:
                for rows in parquet.iter_batches(_ROWS):
                    yield Batch(numbered(rows, row))
                    row += rows.num_rows
        except (OSError, pa.ArrowException) as error:
            raise _damaged(path, "Parquet", error) from error

    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, "Parquet", error) from error
    refuse_doubles(path.name, schema.names)
    return Source(path.name, schema, batches)


def _damaged(path: Path, what: str, error: Exception) -> ImportRefused:
    return ImportRefused(
        f"{path.name} cannot be read as {what}; it may be damaged or cut short "
        f"({str(error).splitlines()[0] if str(error) else type(error).__name__}). "
        "Nothing of it was imported."
    )


def numbered(rows: pa.RecordBatch, first: int) -> pa.RecordBatch:
    """Return `rows` with `ROW` counting up from `first`."""
    numbers = pa.array(np.arange(first, first + rows.num_rows, dtype=np.int64))
    return rows.append_column(ROW, numbers)


def refuse_doubles(label: str, names: list[str]) -> None:
    """Raise `ImportRefused` when a name stands for two columns, or for one of ours."""
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise ImportRefused(
            f"{label} has more than one column called {', '.join(doubles)}; rename all but one."
        )
    if ROW in names:
        raise ImportRefused(f"{label} has a column called {ROW}, a name segml uses; rename it.")


@dataclass(frozen=True, slots=True)
class _Dialect:
    names: list[str]
    delimiter: str


def _csv(path: Path, opener: Callable[[Path], IO[bytes]]) -> Source:
    dialect = _dialect(path, opener)
    schema = pa.schema([(name, pa.string()) for name in dialect.names])
    return Source(
        path.name, schema, lambda: _csv_batches(path, opener, dialect, schema), untyped=True
    )


def _dialect(path: Path, opener: Callable[[Path], IO[bytes]]) -> _Dialect:
    """Read the header; refuse what is no text of our kind."""
    try:
        with opener(path) as stream:
            start = stream.read(1 << 16)
    except (OSError, EOFError) as error:
        raise _damaged(path, "gzip", error) from error
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ImportRefused(f"{path.name} is UTF-16 text; save it as CSV in UTF-8.")
    if b"\x00" in start:
        raise ImportRefused(f"{path.name} is neither CSV nor Parquet: it holds binary data.")
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if not start.strip():
        raise ImportRefused(
            f"{path.name} is empty: a source needs at least a line with the names of its columns."
        )
    try:
        first = start.splitlines()[0].decode()
    except UnicodeDecodeError as error:
        raise ImportRefused(
            f"The first line of {path.name} is not UTF-8 text; save the file as CSV in UTF-8."
        ) from error
    delimiter = max(_DELIMITERS, key=first.count)
    text = start.decode(errors="replace")
    names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    refuse_doubles(path.name, names)
    return _Dialect(names, delimiter)


class _Ended(io.RawIOBase):
    """A byte stream with `_END` as its last line.

    Arrow wants a line break after a header; and where the last line is not met again as a line of
    its own, a quotation mark was left open and has swallowed the rest of the file.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._ended = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        tail = b"" if self._ended else b"\n" + _END.encode() + b"\n"
        wanted = max(size - len(tail), 1) if size >= 0 else -1
        data = self._stream.read(wanted)
        if size < 0 or len(data) < wanted:
            self._ended = True
            return data + tail
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Lines:
    """The lines of a CSV file that are no rows, as Arrow comes across them."""

    def __init__(self) -> None:
        self.ragged: list[BadLine] = []
        self.ended = False

    def note(self, line: Any) -> str:
        """Take a line with a wrong number of fields from Arrow."""
        if line.text == _END:
            self.ended = True
            return "skip"
        reason = f"{line.actual_columns} fields where the header has {line.expected_columns}"
        self.ragged.append(BadLine(line.number - 1, reason, line.text))
        return "skip"

    def before(self, row: int) -> tuple[BadLine, ...]:
        """Return the lines before `row`; those found by reading ahead wait."""
        due = tuple(line for line in self.ragged if line.row < row)
        self.ragged = self.ragged[len(due) :]
        return due


def _csv_reader(stream: _Ended, dialect: _Dialect, lines: _Lines) -> pyarrow.csv.CSVStreamingReader:
    return pyarrow.csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        # One thread, because only then does Arrow know the number of a bad line.
        read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=_BLOCK),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=dialect.delimiter, newlines_in_values=True, invalid_row_handler=lines.note
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={name: pa.binary() for name in dialect.names}
        ),
    )


def _csv_batches(
    path: Path, opener: Callable[[Path], IO[bytes]], dialect: _Dialect, schema: pa.Schema
) -> Iterator[Batch]:
    lines = _Lines()
    row = 1
    try:
        with _Ended(opener(path)) as stream:
            for rows in _csv_reader(stream, dialect, lines):
                # In a file of one column, the end is a row like any other.
                if len(schema) == 1 and rows.num_rows and rows[0][-1].as_py() == _END.encode():
                    lines.ended = True
                    rows = rows.slice(0, rows.num_rows - 1)  # noqa: PLW2901
                numbers, row = _numbers(rows.num_rows, row, lines.ragged)
                good, bad = _decoded(rows, numbers, schema)
                good, swallowing = _honest(good, dialect)
                yield Batch(good, (*lines.before(row), *bad, *swallowing))
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise _damaged(path, "CSV", error) from error
    if not lines.ended:
        raise ImportRefused(
            f"{path.name} opens a quotation mark that is never closed, in row {max(row - 1, 1)} or "
            "after it, so the rest of the file would be one value. Nothing of it was imported."
        )
    if lines.ragged:
        none = pa.record_batch([pa.array([], pa.binary())] * len(schema), names=schema.names)
        empty, _ = _decoded(none, np.arange(0), schema)
        yield Batch(empty, tuple(lines.ragged))


def _honest(rows: pa.RecordBatch, dialect: _Dialect) -> tuple[pa.RecordBatch, list[BadLine]]:
    """Return the rows without those in which a value holds what looks like lines of the file.

    A quotation mark that closes too late makes one value of several rows, without an error.
    """
    places: set[int] = set()
    for column in rows.columns[:-1]:
        text = column.buffers()[2]
        if text is None or not (np.frombuffer(text, np.uint8) == ord("\n")).any():
            continue
        for place in pc.indices_nonzero(pc.match_substring(column, "\n")).to_pylist():
            inner = column[place].as_py().splitlines()[1:]
            if any(line.count(dialect.delimiter) >= len(dialect.names) - 1 > 0 for line in inner):
                places.add(place)
    if not places:
        return rows, []
    kept = pa.array([place not in places for place in range(rows.num_rows)])
    reason = "a quotation mark seems to close too late and takes in the lines that follow"
    bad = [
        BadLine(
            rows[-1][place].as_py(),
            reason,
            dialect.delimiter.join(column[place].as_py() for column in rows.columns[:-1]),
        )
        for place in sorted(places)
    ]
    return rows.filter(kept), bad


def _numbers(count: int, first: int, ragged: list[BadLine]) -> tuple[Any, int]:
    """Return the numbers of `count` good rows from `first` on, and the next number."""
    skipped = {line.row for line in ragged if line.row >= first}
    if not skipped:
        return np.arange(first, first + count), first + count
    every = np.arange(first, first + count + len(skipped))
    numbers = every[~np.isin(every, list(skipped))][:count]
    return numbers, int(numbers[-1]) + 1 if count else first


def _decoded(
    rows: pa.RecordBatch, numbers: Any, schema: pa.Schema
) -> tuple[pa.RecordBatch, list[BadLine]]:
    """Return the rows as text, and those that are not UTF-8 as bad lines."""
    numbers = pa.array(numbers, pa.int64())
    try:
        columns = [pc.cast(column, pa.string()) for column in rows.columns]
    except pa.ArrowInvalid:
        return _decoded_one_by_one(rows, numbers, schema)
    good = pa.record_batch([*columns, numbers], names=[*schema.names, ROW])
    return good, []


def _decoded_one_by_one(
    rows: pa.RecordBatch, numbers: pa.Array, schema: pa.Schema
) -> tuple[pa.RecordBatch, list[BadLine]]:
    broken: set[int] = set()
    for column in rows.columns:
        for place, value in enumerate(column.to_pylist()):
            try:
                value.decode()
            except UnicodeDecodeError:
                broken.add(place)
    kept = pa.array([place not in broken for place in range(rows.num_rows)])
    bad = [
        BadLine(
            numbers[place].as_py(),
            "bytes that are not UTF-8 text",
            ",".join(
                column[place].as_py().decode(errors="backslashreplace") for column in rows.columns
            ),
        )
        for place in sorted(broken)
    ]
    good, _ = _decoded(rows.filter(kept), numbers.filter(kept), schema)
    return good, bad
