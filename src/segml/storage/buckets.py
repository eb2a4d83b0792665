"""Buckets on disk: what an arrangement holds, and its files, each one batch to be mapped."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from segml.core.errors import WorkspaceError
from segml.core.tables import TABLE
from segml.engine.stored import dtype
from segml.storage.manifest import Part

NAMES: Final = tuple(name for name in TABLE if name != "restaurants")
LINES: Final = "order_items"

Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The files of one bucket.

    Attributes
    ----------
    folder
        Their folder, below the arrangement's.
    generation
        The import after which the bucket was last written.
    sizes
        Bytes of the file of each table.
    """

    folder: str
    generation: int
    sizes: Mapping[str, int]

    def file(self, table: str) -> str:
        """Return the file of a table, below the arrangement's folder."""
        return f"{self.folder}/{table}.arrow"

    def mapped(self, folder: Path, table: str) -> pl.DataFrame:
        """Return a table, mapped from its file in the arrangement's `folder`."""
        frame = pl.from_arrow(self._whole(folder, table))
        assert isinstance(frame, pl.DataFrame)
        return frame

    def columns(self, folder: Path, table: str) -> "MappedColumns":
        """Return the columns of a table, each mapped when it is asked for."""
        return MappedColumns(self._whole(folder, table))

    def _whole(self, folder: Path, table: str) -> pa.RecordBatch:
        """Return a table with every column, those without values that it got later."""
        batch = _batch(folder, self.file(table), self.sizes[table])
        of_owner = ("customer_id", "order_id") if table == LINES else ("customer_id",)
        for column in TABLE[table].columns:
            if column.name not in (*of_owner, *batch.schema.names):
                none = pl.Series([None], dtype=dtype(column)).new_from_index(0, batch.num_rows)
                batch = batch.append_column(column.name, none.to_arrow())
        return batch


@dataclass(frozen=True, slots=True)
class State:
    """What an arrangement holds; whoever has one can read all its files until two refreshes later.

    Attributes
    ----------
    generation
        Of the manifest it was made from.
    customers
        How many codes were given.
    ascending
        Whether the ids by code ascend.
    erased
        How many codes are tombstones; see `Arrangement.forget`.
    bucket
        Customers of a bucket.
    buckets
        Their files, by number.
    lineage
        The generation at which the codes were given: others once the old ones were lost.
    ids, ids_size
        The file of ids by code, and its bytes.
    taken
        The parts whose rows it holds: file, generation and size.
    text_domains
        Those of the manifest.
    strays
        Item lines left out since their order is not there.
    """

    generation: int
    customers: int
    ascending: bool
    bucket: int
    buckets: tuple[Bucket, ...]
    lineage: int
    ids: str
    ids_size: int
    taken: frozenset[Key]
    text_domains: Mapping[str, int]
    strays: int
    erased: int = 0


class MappedColumns:
    """The columns of a batch; taking over texts that differ in every row is slow, so few are."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch
        self._taken: dict[str, pl.Series] = {}

    def __getitem__(self, name: str) -> pl.Series:
        if name not in self._taken:
            frame = pl.from_arrow(self._batch.select([name]))
            assert isinstance(frame, pl.DataFrame)
            self._taken[name] = frame.to_series()
        return self._taken[name]


def mapped(folder: Path, file: str, size: int) -> pl.DataFrame:
    """Return the frame of a file, which stays on disk until its values are touched.

    Raises
    ------
    WorkspaceError
        When the file is missing or damaged.
    """
    frame = pl.from_arrow(_batch(folder, file, size))
    assert isinstance(frame, pl.DataFrame)
    return frame


def _batch(folder: Path, file: str, size: int) -> pa.RecordBatch:
    path = folder / file
    advice = f"Remove the folder {folder}; it is made anew from the facts."
    try:
        found = path.stat().st_size
        if found != size:
            raise WorkspaceError(
                f"{path} is damaged: it has {found} bytes instead of {size}. {advice}"
            )
        return pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
    except FileNotFoundError:
        raise WorkspaceError(f"{path} is missing. {advice}") from None
    except (pa.ArrowException, OSError) as error:
        raise WorkspaceError(f"{path} is damaged ({error}). {advice}") from error


def write(folder: Path, file: str, frame: pl.DataFrame) -> int:
    """Write a frame as a new file, in one batch; return its bytes."""
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    # Texts are packed first: a column may share the texts of many more rows than its own.
    packed = frame.with_columns(
        pl.Series(one.name, one.to_arrow(), dtype=one.dtype)
        for one in frame.select(pl.col(pl.String, pl.List(pl.String)))
    )
    newest = pl.CompatLevel.newest()
    fields = packed.head(1).to_arrow(compat_level=newest).schema  # with the words of enumerations
    arrays = [column.to_arrow(compat_level=newest) for column in packed.get_columns()]
    batch = pa.RecordBatch.from_arrays(arrays, schema=fields)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, fields) as writer:
        writer.write_batch(batch)
    return path.stat().st_size


def revision(folder: Path) -> int:
    """Return a number that no name of a file here has yet."""
    ends = [path.name.split(".r")[-1].split(".")[0] for path in folder.glob("*.r*")]
    return 1 + max((int(end) for end in ends if end.isdigit()), default=0)


def key(part: Part) -> Key:
    """Return what tells a part from any other that ever was."""
    return (part.file, part.generation, part.size)


def files(state: State) -> list[tuple[str, int]]:
    """Return all files of an arrangement, below its folder, with their bytes."""
    found = [(state.ids, state.ids_size)]
    for bucket in state.buckets:
        found += [(bucket.file(name), size) for name, size in bucket.sizes.items()]
    return found
