"""Rows on their way from order of arrival to the bucket of their customer.

Law kept: rows of a bucket and table come out in the order in which they went in, and memory holds
some batches, never a big table: what does not fit waits in scratch files.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Whole = npt.NDArray[np.int64]
Keys = npt.NDArray[np.int64] | npt.NDArray[np.uint64]

NOBODY: Final = -1
_TOMBSTONE: Final = -(2**63)  # an id that no row has
_RUN: Final = 8_000_000  # orders that are sorted together


class Codes:
    """Where each customer stands in a list of ids.

    Parameters
    ----------
    ids
        Different customer ids; the place of one is its code. A missing one is a tombstone.
    """

    def __init__(self, ids: pl.Series) -> None:
        self._ids = ids
        self._whole = ids.dtype.is_integer()
        if self._whole:
            numbers = ids.fill_null(_TOMBSTONE).to_numpy()
            self._order = None if _ascending(numbers) else np.argsort(numbers, kind="stable")
            self._sorted = numbers if self._order is None else numbers[self._order]
        else:
            self._frame = pl.DataFrame({"id": ids}).with_row_index("code")

    def of(self, ids: pl.Series) -> Whole:
        """Return the code of each id, `NOBODY` where it has none."""
        if not self._whole:
            asked = pl.DataFrame({"id": ids})
            joined = asked.join(self._frame, on="id", how="left", maintain_order="left")
            return joined["code"].cast(pl.Int64).fill_null(NOBODY).to_numpy()
        if not len(self._sorted):
            return np.full(len(ids), NOBODY)
        numbers = ids.fill_null(0).to_numpy()
        places = np.minimum(np.searchsorted(self._sorted, numbers), len(self._sorted) - 1)
        found = self._sorted[places] == numbers
        if ids.null_count():
            found &= ids.is_not_null().to_numpy()
        codes = places if self._order is None else self._order[places]
        return np.where(found, codes, NOBODY)


class Owners:
    """Whose an order is: runs of sorted order ids beside the codes of their customers.

    Text ids are known by their hash. Two with the same hash both answer, and the line comes to
    both; a bucket keeps only lines whose order it has, so the wrong one falls away there.

    Parameters
    ----------
    folder
        Where runs wait; None to keep them in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._waiting: list[tuple[Keys, Whole]] = []
        self._runs: list[tuple[Keys, Whole, bool]] = []

    def add(self, ids: pl.Series, codes: Whole) -> None:
        """Take in orders, none of them null, with the codes of their customers."""
        self._waiting.append((_keys(ids), codes))
        if sum(len(keys) for keys, _ in self._waiting) >= _RUN:
            self._settle()

    def _settle(self) -> None:
        """Make a run of the orders that wait."""
        if not any(len(keys) for keys, _ in self._waiting):
            return
        keys = np.concatenate([keys for keys, _ in self._waiting])
        codes = np.concatenate([codes for _, codes in self._waiting])
        self._waiting = []
        if not _ascending(keys):
            order = np.argsort(keys, kind="stable")
            keys, codes = keys[order], codes[order]
        twice = bool((keys[1:] == keys[:-1]).any())
        self._runs.append((self._kept(keys, "ids"), self._kept(codes, "codes"), twice))

    def _kept(self, values: npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
        if self._folder is None:
            return values
        path = self._folder / f"orders.{len(self._runs)}.{kind}.npy"
        np.save(path, values)
        return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]

    def of(self, ids: pl.Series) -> tuple[Whole, Whole]:
        """Return places in `ids`, ascending, and whose orders these are; no others are known."""
        self._settle()
        keys = _keys(ids)
        order = None if _ascending(keys) else np.argsort(keys, kind="stable")
        asked = keys if order is None else keys[order]
        places, codes = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for known, owners, twice in self._runs:
            start = int(np.searchsorted(asked, known[0], "left"))
            end = int(np.searchsorted(asked, known[-1], "right"))
            if start == end:
                continue
            some = asked[start:end]
            first = np.searchsorted(known, some, "left")
            if twice:
                count = np.searchsorted(known, some, "right") - first
                at = np.repeat(np.arange(start, end), count)
                step = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
                where = np.repeat(first, count) + step
            else:
                hit = np.flatnonzero(known[first] == some)
                at, where = start + hit, first[hit]
            places.append(at if order is None else order[at])
            codes.append(owners[where])
        found, owned = np.concatenate(places), np.concatenate(codes)
        if not _ascending(found):
            back = np.argsort(found, kind="stable")
            found, owned = found[back], owned[back]
        return found, owned


class Shuffle:
    """Rows of tables by bucket, kept until a bucket is finished.

    Parameters
    ----------
    folder
        Where they wait; None to keep them in memory.
    size
        Customers of a bucket.
    """

    def __init__(self, folder: Path | None, size: int) -> None:
        self._folder = folder
        self._size = size
        self._stack = ExitStack()
        self._writers: dict[str, pa.ipc.RecordBatchFileWriter] = {}
        self._readers: dict[str, pa.ipc.RecordBatchFileReader] = {}
        self._count: dict[str, int] = {}
        self._held: dict[tuple[str, int], list[int | pl.DataFrame]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def buckets(self) -> set[int]:
        """The buckets that rows came for."""
        return {bucket for _, bucket in self._held}

    def put(self, table: str, rows: pl.DataFrame, codes: Whole) -> None:
        """Take in rows of a table with their customers' codes, `NOBODY` for rows to leave out."""
        for bucket, some in self._divided(rows, codes):
            held = self._held.setdefault((table, bucket), [])
            held.append(some if self._folder is None else self._written(table, some))

    def _divided(self, rows: pl.DataFrame, codes: Whole) -> Iterator[tuple[int, pl.DataFrame]]:
        if not len(codes):
            return
        least, most = int(codes.min()), int(codes.max())
        if least < 0:
            known = codes >= 0
            yield from self._divided(rows.filter(pl.Series(known)), codes[known])
            return
        first, last = least // self._size, most // self._size
        owners = pl.Series("owner", (codes % self._size).astype(np.uint16))
        rows = rows.select(owners, pl.all())
        if first == last:
            yield first, rows
            return
        buckets = (codes // self._size).astype(np.uint16 if last < 2**16 else np.uint32)
        if not _ascending(buckets):
            rows = rows[np.argsort(buckets, kind="stable")]
        start = 0
        for bucket, count in enumerate(np.bincount(buckets)):
            if count:
                yield bucket, rows.slice(start, int(count))
            start += int(count)

    def _written(self, table: str, rows: pl.DataFrame) -> int:
        # The oldest form copies just the texts of these rows, not those of the whole batch.
        batch = rows.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        if table not in self._writers:
            assert self._folder is not None
            sink = self._stack.enter_context(pa.OSFile(str(self._folder / table), "wb"))
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._writers[table] = self._stack.enter_context(
                pa.ipc.new_file(sink, batch.schema, options=options)
            )
            self._count[table] = 0
        for one in batch.combine_chunks().to_batches():
            self._writers[table].write_batch(one)
        self._count[table] += 1
        return self._count[table] - 1

    def finish(self) -> None:
        """Say that no rows come any more."""
        self._stack.close()
        for table in self._writers:
            assert self._folder is not None
            source = self._stack.enter_context(pa.OSFile(str(self._folder / table), "rb"))
            self._readers[table] = pa.ipc.open_file(source)

    def take(self, table: str, bucket: int) -> list[pl.DataFrame]:
        """Return the rows of a table and bucket with ``owner``, and forget them."""
        return [
            self._read(table, one) if isinstance(one, int) else one
            for one in self._held.pop((table, bucket), [])
        ]

    def _read(self, table: str, number: int) -> pl.DataFrame:
        frame = pl.from_arrow(self._readers[table].get_batch(number))
        assert isinstance(frame, pl.DataFrame)
        return frame


def _keys(ids: pl.Series) -> Keys:
    return (ids if ids.dtype.is_integer() else ids.hash()).to_numpy()


def _ascending(values: npt.NDArray[Any]) -> bool:
    return bool((values[1:] >= values[:-1]).all())
