"""A snapshot is the features of one date on disk: a file for each column, mapped by who reads it.

A column is the raw buffers of an Arrow array of all customers by code: its values, which of them
are known, and for texts the words that the values are codes of. So a column is opened in no time,
takes no memory of its own, and further ones may join later. ``snapshot.json`` names the columns
that count, with the sizes and checksums of their files; it is replaced in one step.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import polars as pl
import pyarrow as pa

from segml.core.errors import WorkspaceError
from segml.core.tables import Kind
from segml.engine import bitmaps
from segml.engine.bitmaps import Words
from segml.engine.columns import Column
from segml.storage.atomic import sync, write_text

FORMAT: Final = 2
FILE: Final = "snapshot.json"
KNOWN: Final = "known"
# By name, how a column's values are written.
TYPES: Final[Mapping[str, tuple[pl.DataType, pa.DataType]]] = {
    "i8": (pl.Int8(), pa.int8()),
    "i16": (pl.Int16(), pa.int16()),
    "i32": (pl.Int32(), pa.int32()),
    "i64": (pl.Int64(), pa.int64()),
    "u8": (pl.UInt8(), pa.uint8()),
    "u16": (pl.UInt16(), pa.uint16()),
    "u32": (pl.UInt32(), pa.uint32()),
    "f64": (pl.Float64(), pa.float64()),
    "date": (pl.Date(), pa.date32()),
    "bool": (pl.Boolean(), pa.bool_()),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of a column, with what tells that it is whole."""

    file: str
    size: int
    checksum: int


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """What `snapshot.json` says of a column.

    Attributes
    ----------
    definition
        Digest of how its values were computed.
    type
        Name of the values' type in `TYPES`.
    values, valid, words
        Its files; without `valid` every value is known, without `words` the values are numbers.
    """

    definition: str
    type: str
    values: Piece
    valid: Piece | None = None
    words: Piece | None = None

    def pieces(self) -> tuple[Piece, ...]:
        """Return its files."""
        return tuple(piece for piece in (self.values, self.valid, self.words) if piece)


class Snapshot:
    """The stored features of one date; reads only.

    Parameters
    ----------
    folder
        Of the snapshot.

    Raises
    ------
    WorkspaceError
        When it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, tuple[pl.Series, pl.Series | None]] = {}
        try:
            document = json.loads((folder / FILE).read_text(encoding="utf-8"))
            self.format: int = document["format"]
            self.as_of = date.fromisoformat(document["as_of"])
            self.generation: int = document["generation"]
            self.customers: int = document["customers"]
            self.lineage: int = document["lineage"]
            self.erased: int = document.get("erased", 0)  # tombstones there were when it was made
            self.columns = {n: _column(c) for n, c in document["columns"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise WorkspaceError(_damaged(folder / FILE, str(error), folder.name)) from None

    @cached_property
    def known(self) -> Words:
        """Return the customers known before the date, staff excluded."""
        return bitmaps.packed(self.series(KNOWN))

    def column(self, name: str, kind: Kind) -> Column:
        """Return a column that is stored, mapped from its files; mapped once."""
        if name not in self._open:
            words = self.columns[name].words
            texts = pl.read_ipc(self._whole(words)).rechunk().to_series() if words else None
            self._open[name] = (self.series(name), texts)
        values, texts = self._open[name]
        return Column(values, kind, texts)

    def series(self, name: str) -> pl.Series:
        """Return the values of a stored column as they are written."""
        stored = self.columns[name]
        polars, arrow = TYPES[stored.type]
        if not self.customers:
            return pl.Series(name, [], polars)
        buffers = [
            self._mapped(stored.valid) if stored.valid else None,
            self._mapped(stored.values),
        ]
        found = pl.from_arrow(pa.Array.from_buffers(arrow, self.customers, buffers))
        assert isinstance(found, pl.Series)
        return found.alias(name)

    def slice(self, names: Iterable[str], start: int, stop: int) -> pl.DataFrame:
        """Return some customers' columns as they were computed: texts, and whole numbers alike."""
        found = {}
        for name in names:
            column = self.column(name, Kind.NUMBER)
            part = Column(column.values[start:stop], column.kind, column.words).decoded()
            found[name] = part.cast(pl.Int64) if part.dtype.is_integer() else part
        return pl.DataFrame(found)

    def check(self, *, checksums: bool = False) -> None:
        """Raise `WorkspaceError` when a file is missing, or not what was written."""
        sizes = {}
        with suppress(OSError), os.scandir(self.folder) as files:  # faster than one by one
            sizes = {file.name: file.stat().st_size for file in files}
        if not checksums and sizes.items() >= self._sizes.items():
            return
        for piece in self._pieces():
            path = self._whole(piece)
            if checksums and checksum(path) != piece.checksum:
                raise WorkspaceError(_damaged(path, "its checksum differs", self.folder.name))

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return {piece.file: piece.size for piece in self._pieces()}

    def _pieces(self) -> Iterator[Piece]:
        return (piece for stored in self.columns.values() for piece in stored.pieces())

    def _mapped(self, piece: Piece) -> pa.Buffer:
        # Not Python's mmap: that keeps the file open, and many columns of many nights are mapped.
        with pa.memory_map(str(self._whole(piece))) as file:
            return file.read_buffer()

    def _whole(self, piece: Piece) -> Path:
        path = self.folder / piece.file
        try:
            size = path.stat().st_size
        except OSError as error:
            raise WorkspaceError(_damaged(path, f"{error.strerror}", self.folder.name)) from None
        if size != piece.size:
            told = f"it has {size} bytes instead of {piece.size}"
            raise WorkspaceError(_damaged(path, told, self.folder.name))
        return path


def checksum(path: Path) -> int:
    """Return the CRC-32 of a file."""
    found = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found = crc32(block, found)
    return found


def publish(
    folder: Path,
    as_of: date,
    generation: int,
    customers: int,
    lineage: int,
    erased: int,
    columns: Mapping[str, StoredColumn],
) -> None:
    """Make `columns` what the snapshot in `folder` holds; their files are on disk already."""
    sync(folder)
    document = {
        "format": FORMAT,
        "as_of": as_of.isoformat(),
        "generation": generation,
        "customers": customers,
        "lineage": lineage,
        "erased": erased,
        "columns": {name: asdict(columns[name]) for name in sorted(columns)},
    }
    write_text(folder / FILE, json.dumps(document, indent=1))


def _column(entry: Mapping[str, Any]) -> StoredColumn:
    pieces = {
        name: Piece(**entry[name]) if entry[name] else None for name in ("values", "valid", "words")
    }
    if entry["type"] not in TYPES or pieces["values"] is None:
        raise ValueError(f"a column has the type {entry['type']}")
    return StoredColumn(entry["definition"], entry["type"], **pieces)  # type: ignore[arg-type]


def _damaged(path: Path, how: str, night: str) -> str:
    day = night.split(".", maxsplit=1)[0]
    return (
        f"{path} cannot be used ({how}). Run segml nightly --as-of {day} to write the night again."
    )
