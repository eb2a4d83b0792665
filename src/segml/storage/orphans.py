"""An orphan is a stored row whose parent is not known; it is set aside until the parent comes.

After every import the rows that it may have moved are judged, parents first, so the order of
imports never matters: an order waits for its customer, and its items wait with it. Facts are only
added, so these are the new rows and those aside; but all rows, where ids became text or where a
table of parents got its first rows.
"""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from segml.core.tables import TABLE, TABLES, Form, Table
from segml.engine.batches import ROW
from segml.engine.stored import dtype
from segml.storage.manifest import Manifest, Part
from segml.storage.parts import NEVER, as_stored, frames, scanned, seen_from, write

_SINCE = "_since"


@dataclass(frozen=True, slots=True)
class Parents:
    """What a table's rows must name to be seen.

    Attributes
    ----------
    table
        The table whose rows are judged.
    integer_domains
        The id domains that hold integers.
    known
        The ids its parent column may name with the last day before they are seen (`_since`), or
        None where it is not checked.
    """

    table: Table
    integer_domains: Set[str]
    known: pl.DataFrame | None

    def lack(self, rows: pl.DataFrame) -> pl.Series:
        """Return which of `rows` name something unknown: the column at fault, else null."""
        fault = pl.lit(None, pl.String)
        for column in reversed(self.table.columns):
            if column.form is Form.ID and column.required:
                number = pl.col(column.name).cast(dtype(column, self.integer_domains), strict=False)
                fault = pl.when(number.is_null()).then(pl.lit(column.name)).otherwise(fault)
        if self.known is not None and self.table.parent is not None:
            name = self.table.parent[0]
            cast = dtype(self.table.column(name), self.integer_domains)
            ids = pl.col(name).cast(cast, strict=False)
            unknown = ~ids.is_in(self.known[name].implode()).fill_null(value=False)
            fault = pl.when(unknown).then(pl.lit(name)).otherwise(fault)
        return rows.select(fault.alias("fault")).to_series()

    def since(self, rows: pl.DataFrame) -> pl.Series | None:
        """Return the day until which its order hides an item line, for a table of lines."""
        if self.table.time or self.table.parent is None or self.known is None:
            return None
        name = self.table.parent[0]
        ids = rows.select(pl.col(name).cast(self.known.schema[name], strict=False))
        return ids.join(self.known, on=name, how="left", maintain_order="left")[_SINCE]


def parents(
    root: Path, manifest: Manifest, table: Table, integers: Set[str], rows: pl.DataFrame
) -> Parents:
    """Return what `rows` of `table` must name, going by the visible rows of its parent.

    Of the parents, only those that `rows` name are looked for.
    """
    if table.parent is None:
        return Parents(table, integers, None)
    name, parent_name = table.parent
    if not manifest.of(parent_name):
        return Parents(table, integers, None)
    parent = TABLE[parent_name]
    cast = dtype(parent.column(name), integers)
    ids = rows.select(pl.col(name).cast(cast, strict=False)).to_series()
    visible = manifest.of(parent_name, aside=False)
    found = as_stored(root, parent, visible, integers, ids)
    since = pl.max_horizontal("day", "known_day").alias(_SINCE)
    known = found.select(name, since).collect(engine="streaming")
    if parent.key != (name,):
        known = known.unique(name)
    return Parents(table, integers, known)


def settle(
    root: Path,
    before: Manifest,
    manifest: Manifest,
    integers: Set[str],
    fresh: Callable[[str], str],
) -> Manifest:
    """Return the manifest with every row on its right side, visible or aside.

    Parameters
    ----------
    root
        The warehouse's folder.
    before, manifest
        Its parts as the import found them, all on their right side, and as it leaves them.
    integers
        The id domains that hold integers.
    fresh
        Gives the path of a new file for a table.
    """
    widened = manifest.text_domains != before.text_domains
    gained = {part.table for part in manifest.parts if part.generation == manifest.generation}
    lost = {table.name for table in TABLES if not before.of(table.name)} & gained
    for table in TABLES:
        parent = table.parent[1] if table.parent else ""
        for part in manifest.of(table.name):
            new = part.generation == manifest.generation
            comes = part.aside and parent in gained
            if not (widened or parent in lost or new or comes):
                continue
            rows = _judged(root, part, table)
            needed = parents(root, manifest, table, integers, rows)
            moved = _divided(root, part, rows, needed, manifest.generation, fresh)
            if moved != (part,):
                manifest = manifest.swapped((part,), moved)
                gained.add(table.name)
                if not (new or part.aside):
                    lost.add(table.name)
    return manifest


def _divided(
    root: Path,
    part: Part,
    rows: pl.DataFrame,
    needed: Parents,
    generation: int,
    fresh: Callable[[str], str],
) -> tuple[Part, ...]:
    """Return what becomes of a part: itself, or one part that stays and one that changes sides."""
    leaves = needed.lack(rows).is_null() == part.aside
    since = needed.since(rows)

    def dated(chosen: pl.Series) -> date:
        hidden = None if since is None else since.filter(chosen)
        return seen_from(needed.table, rows.filter(chosen), hidden)

    arrived = part.generation == generation
    stays = replace(part, visible_from=dated(~leaves)) if arrived and not part.aside else part
    if not leaves.any():
        return (stays,)
    # A new row that is set aside at once was never seen, so nothing goes stale by it.
    seen = NEVER if arrived and not part.aside else dated(leaves)
    goes = replace(part, aside=not part.aside, generation=generation, visible_from=seen)
    if leaves.all():
        return (goes,)
    return (
        _written(root, replace(stays, file=fresh(part.table)), part, ~leaves),
        _written(root, replace(goes, file=fresh(part.table)), part, leaves),
    )


def _judged(root: Path, part: Part, table: Table) -> pl.DataFrame:
    """Return the columns of a part that decide where its rows belong."""
    ids = [c.name for c in table.columns if c.form is Form.ID and c.required]
    days = ["day", "known_day"] if table.time else ["known_day"]
    return scanned(root, (part,)).select(*ids, *days).collect()


def _written(root: Path, part: Part, old: Part, chosen: pl.Series) -> Part:
    def some() -> Iterator[pl.DataFrame]:
        start = 0
        for rows in frames(root, old):
            yield rows.filter(chosen.slice(start, rows.height))
            start += rows.height

    rows, size = write(root, part, some())
    return replace(part, rows=rows, size=size)


def told(root: Path, manifest: Manifest, part: Part, integers: Set[str]) -> pl.DataFrame:
    """Return the rows of an aside part as rejects: what each names that is not known."""
    rows = scanned(root, (part,)).collect()
    needed = parents(root, manifest, TABLE[part.table], integers, rows)
    fault = needed.lack(rows)
    named = {c.name: c for c in needed.table.columns if c.form is Form.ID and c.required}
    value = pl.coalesce(
        [pl.when(fault == name).then(pl.col(name).cast(pl.String)) for name in named]
    )
    words = fault.replace_strict({name: c.domain for name, c in named.items()})
    record = pl.struct(
        (pl.col(c.name) / 10**c.scale).alias(c.name) if c.form is Form.DECIMAL else pl.col(c.name)
        for c in needed.table.columns
    )
    return rows.select(
        pl.lit(part.table).alias("table"),
        pl.lit(part.source).alias("source"),
        pl.col(ROW).alias("row"),
        fault.alias("column"),
        value.alias("value"),
        (pl.lit("unknown ") + words + " " + value).alias("reason"),
        record.struct.json_encode().alias("record"),
    )
