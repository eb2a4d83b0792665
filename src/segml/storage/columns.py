"""Columns are written bucket by bucket: computed into scratch files, then joined into columns.

A bucket that is done stays done when the run is killed, and is not computed again. Joining depends
on what the buckets hold only, never on when they were finished, so the files of a snapshot are the
same bytes whatever happened on the way.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from os import cpu_count
from pathlib import Path
from typing import Any, BinaryIO, Final
from zlib import crc32

import numpy as np
import polars as pl

from segml.engine.columns import LIMITS
from segml.storage.atomic import sync
from segml.storage.snapshots import TYPES, Piece, StoredColumn, checksum

WORKERS: Final = min(2, cpu_count() or 1)
_WHOLE: Final = ("i8", "i16", "i32", "i64")
_CODES: Final = ("u8", "u16", "u32")
_TEXTS: Final = (pl.String(), pl.List(pl.String()))
_CODE: Final = "code of a word"
Compute = Callable[[int], pl.DataFrame]
Progress = Callable[[float], None]


@dataclass(slots=True)
class _Summary:
    """What must be known of all buckets before a column can be written."""

    dtype: pl.DataType = field(default_factory=pl.Null)
    missing: bool = False
    least: int = 0
    most: int = 0
    words: list[pl.Series] = field(default_factory=list)

    def add(self, values: pl.Series, words: pl.Series | None) -> None:
        self.dtype = values.dtype
        self.missing |= values.null_count() > 0
        if values.dtype.is_integer():
            least, most = values.min(), values.max()
            if isinstance(least, int) and isinstance(most, int):
                self.least, self.most = min(self.least, least), max(self.most, most)
        if words is not None:
            self.words.append(packed(words))


def packed(texts: pl.Series) -> pl.Series:
    """Return a copy of texts, or lists of them, that shares no memory: of a mapped file, say."""
    copied = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    return pl.Series(texts.name, copied, texts.dtype)


def computed(
    scratch: Path, buckets: int, compute: Compute, progress: Progress
) -> dict[str, _Summary]:
    """Compute every bucket that is not in `scratch` yet; return a summary of each column."""
    scratch.mkdir(parents=True, exist_ok=True)
    for torn in scratch.glob("*.new"):
        torn.unlink()
    summaries: dict[str, _Summary] = {}
    progress(0.0)
    for done, frame in enumerate(_all(scratch, buckets, compute), start=1):
        words = _words(frame)
        for values in frame:
            summaries.setdefault(values.name, _Summary()).add(values, words.get(values.name))
        progress(done / buckets)
    return summaries


def _words(frame: pl.DataFrame) -> dict[str, pl.Series]:
    """Return the different values of each column of texts, or of lists of them; in one query."""
    found = frame.select(
        pl.col(name).drop_nulls().unique().cast(dtype if dtype in _TEXTS else pl.String).implode()
        for name, dtype in frame.schema.items()
        if dtype in _TEXTS or isinstance(dtype, pl.Enum)
    )
    return {values.name: values[0] for values in found}


def _all(scratch: Path, buckets: int, compute: Compute) -> Iterator[pl.DataFrame]:
    """Yield the frame of every bucket as it comes, a few at a time in memory."""

    def one(bucket: int) -> pl.DataFrame:
        path = _file(scratch, bucket)
        if path.exists():
            with suppress(pl.exceptions.PolarsError):  # torn by a power cut: computed again
                return pl.read_ipc(path)
        frame = compute(bucket)
        fresh = path.with_suffix(".new")
        frame.write_ipc(fresh, compression="uncompressed")
        fresh.rename(path)
        return frame

    if buckets <= 1:
        yield from map(one, range(buckets))
        return
    with ThreadPoolExecutor(WORKERS) as pool:
        running: set[Future[pl.DataFrame]] = set()
        waiting = iter(range(buckets))
        try:
            for bucket in waiting:
                running.add(pool.submit(one, bucket))
                if len(running) > WORKERS:
                    finished, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in finished)
            while running:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in finished)
        finally:
            for future in running:
                future.cancel()


def joined(
    folder: Path,
    scratch: Path,
    buckets: int,
    summaries: Mapping[str, _Summary],
    definitions: Mapping[str, str],
    progress: Progress,
) -> dict[str, StoredColumn]:
    """Write the columns from the buckets in `scratch`; return what is to be said of them."""
    with ExitStack() as stack:
        writers = [
            _Writer(folder, name, definitions[name], summary, stack)
            for name, summary in summaries.items()
        ]
        for bucket in range(buckets):
            frame = _whole(pl.read_ipc(_file(scratch, bucket)), writers)
            for writer in writers:
                writer.write(frame)
            progress((bucket + 1) / buckets)
    return {writer.name: writer.finished() for writer in writers}


def _whole(frame: pl.DataFrame, writers: list["_Writer"]) -> pl.DataFrame:
    """Return the columns as they are written; one query for all, for each has its own cost."""
    coded = frame.with_columns(writer.coded(frame[writer.name]) for writer in writers)
    return coded.select(one for writer in writers for one in writer.expressions())


def _file(scratch: Path, bucket: int) -> Path:
    return scratch / f"{bucket:05}.arrow"


class _Output:
    """A file being written, with its size and checksum."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self.path = path
        self.size = 0
        self.checksum = 0
        path.unlink(missing_ok=True)  # whoever has mapped one of that name keeps it
        self._file: BinaryIO = stack.enter_context(path.open("wb"))

    def write(self, raw: Any) -> None:
        data = np.ascontiguousarray(raw).view(np.uint8)
        self._file.write(data.data)
        self.size += len(data)
        self.checksum = crc32(data.data, self.checksum)

    def piece(self) -> Piece:
        sync(self.path)
        return Piece(self.path.name, self.size, self.checksum)


class _Writer:
    """One column of a snapshot, taken bucket by bucket in their order."""

    def __init__(
        self, folder: Path, name: str, definition: str, summary: _Summary, stack: ExitStack
    ) -> None:
        self.name = name
        self._definition = definition
        self._words: pl.DataFrame | None = None
        self._stem = folder / f"{name}.{definition}"
        if summary.words:
            # How texts lie in memory depends on which thread found them, so they are packed.
            words = packed(pl.concat(summary.words).unique().sort())
            self._words = words.alias(name).to_frame()
            self.type = _smallest(_CODES, 0, self._words.height)
        else:
            self.type = _type(summary)
        self._values = _Output(self._stem.with_name(f"{self._stem.name}.{self.type}"), stack)
        self._valid: _Output | None = None
        if summary.missing:
            self._valid = _Output(self._stem.with_name(f"{self._stem.name}.valid"), stack)

    def expressions(self) -> list[pl.Expr]:
        """Return the values as they are written, under the column's name, and which are known."""
        values = pl.col(self.name).cast(TYPES[self.type][0]).to_physical()
        if self._valid is None:
            return [values]
        values = values.fill_null(False if self.type == "bool" else 0)
        return [values, pl.col(self.name).is_not_null().alias(_known(self.name))]

    def write(self, frame: pl.DataFrame) -> None:
        """Add a bucket, of which `frame` has the `expressions`."""
        held = frame[self.name].to_numpy()
        packed = self.type == "bool"
        self._values.write(np.packbits(held, bitorder="little") if packed else held)
        if self._valid is not None:
            known = frame[_known(self.name)].to_numpy()
            self._valid.write(np.packbits(known, bitorder="little"))

    def coded(self, values: pl.Series) -> pl.Series:
        """Return the place of each value among the words of all buckets; numbers as they are."""
        if self._words is None:
            return values
        if isinstance(values.dtype, pl.Enum):  # each word is looked up once
            places = self.coded(values.dtype.categories)[values.to_physical().cast(pl.UInt32)]
            return places.alias(self.name)
        codes = self._words.with_row_index(_CODE)
        rows = values.alias(self.name).to_frame()
        found = rows.join(codes, on=self.name, how="left", maintain_order="left")
        return found[_CODE].alias(self.name)

    def finished(self) -> StoredColumn:
        words = None
        if self._words is not None:
            path = self._stem.with_name(f"{self._stem.name}.words")
            path.unlink(missing_ok=True)
            self._words.write_ipc(path, compression="uncompressed")
            sync(path)
            words = Piece(path.name, path.stat().st_size, checksum(path))
        valid = self._valid.piece() if self._valid else None
        return StoredColumn(self._definition, self.type, self._values.piece(), valid, words)


def _known(name: str) -> str:
    return f"{name} known"


def _type(summary: _Summary) -> str:
    if summary.dtype.is_integer():
        return _smallest(_WHOLE, summary.least, summary.most)
    return next(name for name, (dtype, _) in TYPES.items() if dtype == summary.dtype)


def _smallest(names: tuple[str, ...], least: int, most: int) -> str:
    for name in names:
        low, high = LIMITS[TYPES[name][0]]
        if low <= least and most <= high:
            return name
    return names[-1]
