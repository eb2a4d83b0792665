"""Intake takes one source through the door and writes what is new in it as a part.

Rows pass in batches and wait in staging files; only their keys are held in memory, so a million
orders take little of it. A row already stored is told by its key and content, or, where a table has
no key, by its content and how often it occurs; the contents are compared as digests, and only where
an id has been seen before.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from segml.core.errors import ImportRefused
from segml.core.tables import TABLE, Form, Table
from segml.engine.batches import ROW, BadLine, TableSource
from segml.storage.ahead import ahead
from segml.storage.door import REJECT_COLUMNS, Admitted, Clock, admit, gathered, records, rejects
from segml.storage.manifest import Part
from segml.storage.parsing import MOMENT, canonical_integers
from segml.storage.parts import as_text, content, id_columns, write
from segml.storage.suppression import Suppression

NEW: Final = "new"
_THERE: Final = "there"
_REPEATED: Final = "repeated"
_CHANGED: Final = "changed"
FATE: Final = "_fate"
_FATES: Final = pl.Enum([NEW, _THERE, _REPEATED, _CHANGED])
_DIGESTS: Final = ("_one", "_two")
_REASONS: Final = {
    _REPEATED: "occurs more than once in this source; its first row counts",
    _CHANGED: "was imported before with other values, and those stay",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one source.

    Attributes
    ----------
    part
        The new rows, None where there are none.
    standing
        The required ids of every row that now stands in the warehouse, and `FATE`.
    rejects
        One row per problem.
    read
        Number of rows, without those that `keep_first` passes over.
    text_ids
        The id columns that brought text to their domain.
    erased
        Number of rows passed over, since they name customers who were erased.
    """

    part: Part | None
    standing: pl.DataFrame
    rejects: pl.DataFrame
    read: int
    text_ids: frozenset[str]
    erased: int


@dataclass(slots=True)
class _Staged:
    """The files a source waits in, and what is remembered of it."""

    chunks: list[tuple[Path, Path]]
    index: list[pl.DataFrame]
    rejects: list[pl.DataFrame]
    read: int = 0
    erased: int = 0
    typed_text: frozenset[str] = frozenset()
    noted_text: frozenset[str] = frozenset()


def take(
    source: TableSource,
    clock: Clock,
    stored: Sequence[Part],
    *,
    suppression: Suppression,
    blank: Part,
    root: Path,
    progress: Callable[[str, int], None] | None,
) -> Taken:
    """Take in one source; `ImportRefused` when it breaks off, before anything counts.

    Parameters
    ----------
    stored
        The parts of the table.
    suppression
        Who stays out.
    blank
        The part to write: its file, generation and source; the rest is filled in.
    """
    table = TABLE[source.table]
    staged = _stage(source, table, clock, suppression, root / "staging", progress)
    index = _whole(table, staged)
    fates = _fates(table, index, _before(table, index, stored, root), staged)
    repeated = _repeated(source, table, staged, fates)
    silent = repeated.height if source.keep_first else 0
    staged.rejects.append(repeated.clear() if source.keep_first else repeated)
    part, text_ids = None, frozenset[str]()
    if (fates == NEW).any():
        part, text_ids = _write(table, staged, fates, blank, root)
    for path in (path for chunk in staged.chunks for path in chunk):
        path.unlink(missing_ok=True)
    return Taken(
        part=part,
        standing=index.select(*required_ids(table), fates.alias(FATE)).filter(
            (fates == NEW) | (fates == _THERE)
        ),
        rejects=pl.concat([pl.DataFrame(schema=REJECT_COLUMNS), *staged.rejects]),
        read=staged.read - silent,
        text_ids=text_ids,
        erased=staged.erased,
    )


def _stage(
    source: TableSource,
    table: Table,
    clock: Clock,
    suppression: Suppression,
    folder: Path,
    progress: Callable[[str, int], None] | None,
) -> _Staged:
    folder.mkdir(parents=True, exist_ok=True)
    staged = _Staged([], [], [])
    try:
        with (
            closing(ahead(_allowed(source, suppression, staged))) as frames,
            closing(ahead(admit(source, clock, *frame) for frame in frames)) as admissions,
        ):
            for number, admitted in enumerate(admissions):
                chunk = (folder / f"{number:05}.rows", folder / f"{number:05}.raw")
                if table.key:  # without one, no row is told of later
                    admitted.raw.write_ipc(chunk[1], compression="uncompressed")
                _remember(staged, table, admitted, chunk)
                if progress is not None:
                    progress(source.table, staged.read)
    except ImportRefused as error:
        raise ImportRefused(f"{source.table}: {error}") from error
    return staged


def _allowed(
    source: TableSource, suppression: Suppression, staged: _Staged
) -> Generator[tuple[pl.DataFrame, tuple[BadLine, ...]], None, None]:
    """Yield the raw rows of a source but those of customers who were erased."""
    for raw, bad in gathered(source.open()):
        rows, lines, passed = suppression.admitted(source, raw, bad)
        staged.erased += passed
        yield rows, lines


def _remember(staged: _Staged, table: Table, admitted: Admitted, chunk: tuple[Path, Path]) -> None:
    staged.chunks.append(chunk)
    if admitted.rejects.height:
        staged.rejects.append(admitted.rejects)
    staged.read += admitted.read
    staged.typed_text |= admitted.text_ids
    staged.noted_text |= {
        name
        for name in set(id_columns(table)) - staged.noted_text
        if not canonical_integers(admitted.rows[name])
    }
    numbers = [
        pl.col(name).cast(pl.Int64) for name in id_columns(table) if name not in staged.noted_text
    ]
    rows = admitted.rows.with_columns(numbers)
    rows.write_ipc(chunk[0], compression="uncompressed")
    staged.index.append(rows.select(_indexed(table)))


def digests(table: Table) -> list[pl.Expr]:
    """Return two independent 64-bit digests of a row's content, good within one process."""
    row = pl.struct(content(table))
    return [row.hash(seed=seed).alias(name) for seed, name in enumerate(_DIGESTS, start=1)]


def required_ids(table: Table) -> list[str]:
    """Return the id columns that no row may lack."""
    return [c.name for c in table.columns if c.form is Form.ID and c.required]


def _whole(table: Table, staged: _Staged) -> pl.DataFrame:
    """Return the index of all batches; an id column that is text in one of them is text in all."""
    texts = [
        pl.col(name).cast(pl.String) for name in required_ids(table) if name in staged.noted_text
    ]
    if not staged.index:
        ids = required_ids(table)
        names = _indexed(table)
        return pl.DataFrame(schema={n: pl.String() if n in ids else MOMENT for n in names})
    return pl.concat([chunk.with_columns(texts) for chunk in staged.index])


def _indexed(table: Table) -> list[str]:
    """Return the columns that are kept in memory of every row: key and required ids."""
    return list(dict.fromkeys([*table.key, *required_ids(table)]))


def _digested(table: Table, staged: _Staged) -> pl.DataFrame:
    """Return the digests of all staged rows."""
    texts = [pl.col(name).cast(pl.String) for name in id_columns(table)]
    return pl.concat(
        [pl.read_ipc(path).with_columns(texts).select(digests(table)) for path, _ in staged.chunks]
    )


def _before(
    table: Table, index: pl.DataFrame, stored: Sequence[Part], root: Path
) -> pl.LazyFrame | None:
    """Return the stored rows that can be equal to a staged one, None where there are none.

    Rows of the same key or content have the same first id, so only such rows are read.
    """
    if index.is_empty():
        return None
    ids = index[table.columns[0].name]
    rows = as_text(root, stored, ids)
    if rows is None or rows.select(ids.name).head(1).collect(engine="streaming").is_empty():
        return None
    return rows


def _fates(
    table: Table, index: pl.DataFrame, before: pl.LazyFrame | None, staged: _Staged
) -> pl.Series:
    """Return what each staged row is: new, already there, repeated or changed."""
    if before is not None:
        index = index.hstack(_digested(table, staged))
    if table.key:
        return _fates_by_key(table, index, before)
    if before is None:
        return pl.repeat(NEW, index.height, dtype=_FATES, eager=True)
    one, two = _DIGESTS
    stored = (
        before.select(digests(table))
        .group_by(one)
        .agg(pl.col(two).first().alias("_same"), pl.len().alias("_stored"))
        .collect(engine="streaming")
    )
    there = (_ordinals(index[one]) < pl.col("_stored")) & (pl.col(two) == pl.col("_same"))
    return (
        index.select(_DIGESTS)
        .join(stored, on=one, how="left", maintain_order="left")
        .select(pl.when(there).then(_fate(_THERE)).otherwise(_fate(NEW)))
        .to_series()
    )


def _ordinals(digest: pl.Series) -> pl.Series:
    """Return how many equal values stand before each."""
    places = digest.is_duplicated().arg_true()
    ordinals = pl.repeat(0, len(digest), dtype=pl.Int64, eager=True)
    if places.is_empty():
        return ordinals
    repeated = digest.gather(places).to_frame("digest")
    counted = repeated.select(pl.int_range(pl.len()).over("digest")).to_series()
    return ordinals.scatter(places, counted)


def _fate(name: str) -> pl.Expr:
    return pl.lit(name, dtype=_FATES)


def _fates_by_key(table: Table, index: pl.DataFrame, before: pl.LazyFrame | None) -> pl.Series:
    key = list(table.key)
    first = pl.col(key[0]) if len(key) == 1 else pl.struct(key)
    fate = pl.when(~first.is_first_distinct()).then(_fate(_REPEATED))
    if before is None:
        return index.select(fate.otherwise(_fate(NEW))).to_series()
    stored = (
        before.select(
            *digests(table), *(pl.col(k).cast(index.schema[k], strict=False) for k in key)
        )
        .rename({name: f"{name}_stored" for name in _DIGESTS})
        .collect(engine="streaming")
    )
    one, two = _DIGESTS
    same = (pl.col(one) == pl.col(f"{one}_stored")) & (pl.col(two) == pl.col(f"{two}_stored"))
    return (
        index.join(stored, on=key, how="left", nulls_equal=True, maintain_order="left")
        .select(
            fate.when(pl.col(f"{one}_stored").is_null())
            .then(_fate(NEW))
            .when(same)
            .then(_fate(_THERE))
            .otherwise(_fate(_CHANGED))
        )
        .to_series()
    )


def _sliced(staged: _Staged, fates: pl.Series) -> Iterator[tuple[tuple[Path, Path], pl.Series]]:
    start = 0
    for chunk, index in zip(staged.chunks, staged.index, strict=True):
        yield chunk, fates.slice(start, index.height)
        start += index.height


def _repeated(source: TableSource, table: Table, staged: _Staged, fates: pl.Series) -> pl.DataFrame:
    """Return the rejects for rows whose key is taken."""
    found = [pl.DataFrame(schema=REJECT_COLUMNS)]
    named = table.key[0] if table.key else ""
    for (rows_path, raw_path), fate in _sliced(staged, fates):
        taken = (fate == _REPEATED) | (fate == _CHANGED)
        if not taken.any():
            continue
        rows = pl.read_ipc(rows_path).filter(taken)
        raw = pl.read_ipc(raw_path).filter(taken)
        problems = pl.DataFrame(
            {
                "column": pl.repeat(named, rows.height, dtype=pl.String, eager=True),
                "value": rows[named].cast(pl.String),
                "reason": fate.filter(taken)
                .cast(pl.String)
                .replace_strict(_REASONS, return_dtype=pl.String),
            }
        )
        found.append(rejects(source, rows[ROW], problems, records(raw)))
    return pl.concat(found)


def _write(
    table: Table, staged: _Staged, fates: pl.Series, blank: Part, root: Path
) -> tuple[Part, frozenset[str]]:
    part = replace(blank, text_ids=tuple(sorted(staged.noted_text)))
    noted: set[str] = set()

    def new_rows() -> Generator[pl.DataFrame, None, None]:
        for (path, _), fate in _sliced(staged, fates):
            rows = pl.read_ipc(path).filter(fate == NEW)
            if rows.is_empty():
                continue
            noted.update(n for n in part.text_ids if not canonical_integers(rows[n]))
            noted.update(n for n in staged.typed_text if rows[n].null_count() < rows.height)
            yield rows

    with closing(ahead(new_rows())) as frames:
        rows, size = write(root, part, frames)
    return replace(part, rows=rows, size=size), frozenset(noted)
