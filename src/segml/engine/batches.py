"""A table source is a stream of raw rows for one table, on its way to the door.

It stands on this floor because the wing that reads the world's files (`datasets`) and the wing
that keeps facts (`storage`) both speak it, and neither may import the other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # so that asking a question need not load it
    import pyarrow as pa

ROW: Final = "_row"
"""Name of the column with the row's number in its source: int64, the first data row being 1."""

MADE: Final = "="
"""Prefix of a column that a mapping computed; every other column is the source's own."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a source that could not be read as a row.

    Attributes
    ----------
    row
        Its number in the source, the first data row being 1.
    reason
        Why it is no row.
    text
        The whole line as it stood.
    """

    row: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some consecutive rows of a source.

    Attributes
    ----------
    rows
        The raw columns and `ROW`, in the order of the source.
    bad
        Lines met on the way that are no rows, each reported once.
    """

    rows: "pa.RecordBatch"
    bad: tuple[BadLine, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSource:
    """The raw rows of one table, from one source.

    Attributes
    ----------
    table
        Name of the canonical table they belong to.
    label
        What to call the source in messages and rejects: a file's name, a database without secrets.
    open
        Starts the stream from its beginning; may be called more than once. Raises `ImportRefused`,
        then or while streaming, when the source cannot be read.
    columns
        ``(canonical, column of the batches)`` for every canonical column the source has.
    formats
        ``(canonical, strftime format)`` where times are written in a way of their own.
    untyped
        Whether text is all the source has, as in CSV: then an id is a number if it looks like one.
    keep_first
        Whether the source repeats keys on purpose: the first row of a key counts, others are
        passed over without a word.
    ignored
        Columns of the source that no canonical column is read from.
    """

    table: str
    label: str
    open: Callable[[], Iterator[Batch]]
    columns: tuple[tuple[str, str], ...]
    formats: tuple[tuple[str, str], ...] = ()
    untyped: bool = False
    keep_first: bool = False
    ignored: tuple[str, ...] = ()
