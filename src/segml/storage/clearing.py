"""Taking erased customers out of a snapshot: their places become missing, everybody else's stay.

Their code stays too, as a tombstone (see `Arrangement.forget`), so the snapshot keeps its size. A
word that only they had goes from the words of its column. Files that change get new names and then
``snapshot.json`` is replaced in one step, so a reader has the old columns or the new ones.
"""

import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.errors import WorkspaceError
from segml.engine.bitmaps import Codes
from segml.storage.atomic import sync
from segml.storage.snapshots import FILE, KNOWN, Piece, Snapshot, StoredColumn, checksum, publish

# How a column's values lie in its file, by the names of `snapshots.TYPES`.
_TYPES: Final[Mapping[str, np.dtype[Any]]] = {
    name: np.dtype(kind)
    for name, kind in {
        "i8": np.int8,
        "i16": np.int16,
        "i32": np.int32,
        "i64": np.int64,
        "u8": np.uint8,
        "u16": np.uint16,
        "u32": np.uint32,
        "f64": np.float64,
        "date": np.int32,
        "bool": np.uint8,  # eight of them
    }.items()
}
_EDITION: Final = re.compile(r"\.erased\d+$")


def cleared(folder: Path, tombstones: Codes, lineage: int) -> bool:
    """Take tombstones out of the snapshot in a folder; return whether anything was to be done.

    What cannot be read, or was written when customers had other codes, is answered from no more; it
    goes, to be computed anew when somebody asks.
    """
    try:
        found = Snapshot(folder)
    except WorkspaceError:
        shutil.rmtree(folder)
        return True
    if found.lineage != lineage:
        shutil.rmtree(folder)
        return True
    changed = found.erased != len(tombstones)
    if changed:
        codes = tombstones[tombstones < found.customers]
        columns = {
            name: _Clearing(folder, column, codes, found.customers, len(tombstones)).column(name)
            for name, column in found.columns.items()
        }
        of = (found.as_of, found.generation, found.customers, found.lineage)
        publish(folder, *of, len(tombstones), columns)
        found = Snapshot(folder)
    _sweep(found)
    return changed


def _sweep(found: Snapshot) -> None:
    """Remove what a snapshot does not name, and work on it that did not finish."""
    named = {piece.file for column in found.columns.values() for piece in column.pieces()}
    for path in found.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in {*named, FILE}:
            path.unlink()


class _Clearing:
    """One column on its way from what it was to what it is without some codes."""

    def __init__(
        self, folder: Path, stored: StoredColumn, codes: Codes, customers: int, edition: int
    ) -> None:
        self._folder = folder
        self._stored = stored
        self._codes = codes
        self._customers = customers
        self._edition = edition

    def column(self, name: str) -> StoredColumn:
        """Return what is to be said of the column; its files are on disk then."""
        if not len(self._codes):
            return self._stored
        stored = self._stored
        values = self._read(stored.values, _TYPES[stored.type])
        if stored.type == "bool":
            values = self._unset(values)
        else:
            values[self._codes] = 0
        if name == KNOWN:  # a tombstone is not known, which is no missing answer
            return replace(stored, values=self._written(stored.values, values))
        valid = self._unset(self._valid())
        words = stored.words
        if words is not None:
            values, words = self._worded(values, valid, words)
        return replace(
            stored,
            values=self._written(stored.values, values),
            valid=self._written(stored.valid or self._beside(stored.values), valid),
            words=words,
        )

    def _valid(self) -> NDArray[np.uint8]:
        if self._stored.valid is not None:
            return self._read(self._stored.valid, _TYPES["bool"])
        return np.packbits(np.ones(self._customers, dtype=bool), bitorder="little")

    def _worded(
        self, values: NDArray[Any], valid: NDArray[np.uint8], piece: Piece
    ) -> tuple[NDArray[Any], Piece]:
        """Return codes and words without the words that nobody has any more."""
        held = np.unpackbits(valid, count=self._customers, bitorder="little").view(bool)
        words = pl.read_ipc(self._folder / piece.file).rechunk()
        used = np.zeros(words.height, dtype=bool)
        used[values[held]] = True
        if used.all():
            return values, piece
        values = np.where(held, (np.cumsum(used) - 1)[values], 0).astype(values.dtype)
        kept = words.filter(pl.Series(used)).to_series()
        # Texts are packed: a filtered column still carries the texts of what it was.
        packed = kept.to_arrow(compat_level=pl.CompatLevel.oldest())
        path = self._folder / self._named(piece)
        pl.Series(kept.name, packed, kept.dtype).to_frame().write_ipc(
            path, compression="uncompressed"
        )
        sync(path)
        return values, Piece(path.name, path.stat().st_size, checksum(path))

    def _unset(self, bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
        mask = np.zeros(len(bits) * 8, dtype=bool)
        mask[self._codes] = True
        unset: NDArray[np.uint8] = bits & ~np.packbits(mask, bitorder="little")
        return unset

    def _read(self, piece: Piece, dtype: np.dtype[Any]) -> NDArray[Any]:
        return np.fromfile(self._folder / piece.file, dtype=dtype)

    def _written(self, piece: Piece, values: NDArray[Any]) -> Piece:
        raw = values.tobytes()
        path = self._folder / self._named(piece)
        path.write_bytes(raw)
        sync(path)
        return Piece(path.name, len(raw), crc32(raw))

    @staticmethod
    def _beside(piece: Piece) -> Piece:
        """Return the name of the file that says which values are known."""
        stem = _EDITION.sub("", piece.file).rsplit(".", 1)[0]
        return replace(piece, file=f"{stem}.valid")

    def _named(self, piece: Piece) -> str:
        return f"{_EDITION.sub('', piece.file)}.erased{self._edition}"
