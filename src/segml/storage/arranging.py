"""Arranging brings rows from order of arrival to the buckets of their customers.

Every new row is read once and goes to its bucket; then each bucket they reach is made from what it
held and what came. So memory holds one bucket and some batches, never a big table.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from segml.core.errors import WorkspaceError
from segml.core.tables import TABLE
from segml.engine.arranged import ORDER, OWNER, arranged
from segml.engine.stored import dtype, schema
from segml.storage.buckets import LINES, NAMES, Bucket, State, key, mapped, revision, write
from segml.storage.manifest import Manifest, Part
from segml.storage.parts import as_stored, integer_domains
from segml.storage.shuffle import Codes, Owners, Shuffle, Whole

_BATCH: Final = 1_000_000  # rows in hand at a time
_SMALL: Final = 3_000_000  # rows that need no scratch files


class Refresh:
    """One refresh under way: ids, then rows to their buckets, then bucket by bucket."""

    def __init__(
        self,
        root: Path,
        folder: Path,
        bucket: int,
        manifest: Manifest,
        visible: Mapping[str, tuple[Part, ...]],
        before: State | None,
        base: State | None,
        progress: Callable[[float], None],
    ) -> None:
        self._folder = folder
        self._root = root
        self._bucket = bucket
        self._manifest = manifest
        self._integers = integer_domains(manifest.text_domains)
        self._before = before
        self._base = base
        taken = base.taken if base else frozenset()
        self._old = {n: [p for p in parts if key(p) in taken] for n, parts in visible.items()}
        self._new = {n: [p for p in parts if key(p) not in taken] for n, parts in visible.items()}
        self._rows = sum(part.rows for parts in self._new.values() for part in parts)
        self._done = 0
        self._strays = base.strays if base else 0
        self._progress = progress
        self._revision = revision(folder)

    def state(self, scratch: Path) -> State:
        """Write what is new; return the state that names it."""
        ids, ids_file, ids_size, lineage = self._ids()
        room = None if self._rows <= _SMALL else scratch
        with Shuffle(room, self._bucket) as shuffle:
            self._route(shuffle, Codes(ids), Owners(room))
            shuffle.finish()
            buckets = self._buckets(shuffle, max(1, -(-len(ids) // self._bucket)))
        return State(
            generation=self._manifest.generation,
            customers=len(ids),
            ascending=ids.drop_nulls().is_sorted(),
            erased=ids.null_count(),
            bucket=self._bucket,
            buckets=buckets,
            lineage=lineage,
            ids=ids_file,
            ids_size=ids_size,
            taken=frozenset(),
            text_domains=dict(self._manifest.text_domains),
            strays=self._strays,
        )

    def _stored(self, table: str, parts: Iterable[Part]) -> pl.LazyFrame:
        return as_stored(self._root, TABLE[table], parts, self._integers)

    def _ids(self) -> tuple[pl.Series, str, int, int]:
        """Return ids by code, old ones first, with their file, its bytes and their lineage."""
        form = dtype(TABLE["customers"].column("customer_id"), self._integers)
        # Facts of one generation give the same codes anew; facts of another may not, and of the
        # codes before nothing may be left to tell.
        old, lineage = pl.Series("customer_id", [], form), self._manifest.generation
        before = self._before
        if before is not None:
            try:
                held = mapped(self._folder, before.ids, before.ids_size).to_series()
                old, lineage = held.cast(form), before.lineage
            except WorkspaceError:  # lost: codes are given anew
                before = None
        found = [old.clear()]
        for name in NAMES:
            if name != LINES and self._new[name]:
                rows = self._stored(name, self._new[name]).select("customer_id").drop_nulls()
                found.append(rows.unique().collect(engine="streaming").to_series())
        came = pl.concat(found).unique().to_frame()
        fresh = came.join(old.to_frame(), on="customer_id", how="anti").to_series().sort()
        if before and before.text_domains == self._manifest.text_domains and fresh.is_empty():
            return old, before.ids, before.ids_size, lineage
        ids = pl.concat([old, fresh], rechunk=True)
        file = f"ids.r{self._revision}.arrow"
        return ids, file, write(self._folder, file, ids.to_frame()), lineage

    def _route(self, shuffle: Shuffle, codes: Codes, owners: Owners) -> None:
        """Bring all new rows to their buckets; lines last, since their orders know whose."""
        for name in (*(name for name in NAMES if name != LINES), LINES):
            if not self._new[name]:
                continue
            rows = self._stored(name, self._new[name])
            for batch in rows.collect_batches(chunk_size=_BATCH, maintain_order=True):
                if name == LINES:
                    lines, whose = self._owned(batch.drop_nulls("order_id"), codes, owners)
                    shuffle.put(name, lines, whose)
                else:
                    whose = codes.of(batch["customer_id"])
                    if name == "orders" and self._new[LINES]:
                        known = batch["order_id"].is_not_null()
                        owners.add(batch["order_id"].filter(known), whose[known.to_numpy()])
                    shuffle.put(name, batch.drop("customer_id"), whose)
                self._done += batch.height
                self._progress(0.5 * self._done / self._rows)

    def _owned(
        self, lines: pl.DataFrame, codes: Codes, owners: Owners
    ) -> tuple[pl.DataFrame, Whole]:
        """Return the lines whose order is known, in their order, and whose they are."""
        ids = lines["order_id"]
        places, whose = owners.of(ids)
        lost = np.ones(len(ids), bool)
        lost[places] = False
        if lost.any() and self._old["orders"]:
            needed = ids.filter(pl.Series(lost)).unique()
            older = (
                self._stored("orders", self._old["orders"])
                .select("order_id", "customer_id")
                .filter(pl.col("order_id").is_between(pl.lit(needed.min()), pl.lit(needed.max())))
                .join(needed.to_frame().lazy(), on="order_id", how="semi")
                .collect(engine="streaming")
            )
            earlier = Owners()
            earlier.add(older["order_id"], codes.of(older["customer_id"]))
            more, theirs = earlier.of(ids)
            keep = lost[more]
            places, whose = np.append(places, more[keep]), np.append(whose, theirs[keep])
            lost[more] = False
            order = np.argsort(places, kind="stable")
            places, whose = places[order], whose[order]
        self._strays += int(lost.sum())
        whole = len(places) == len(ids) and bool((places == np.arange(len(ids))).all())
        return (lines if whole else lines[places]), whose

    def _buckets(self, shuffle: Shuffle, count: int) -> tuple[Bucket, ...]:
        old = self._base.buckets if self._base else ()
        touched = shuffle.buckets
        buckets = []
        for number in range(count):
            if number < len(old) and number not in touched:
                buckets.append(old[number])
            else:
                buckets.append(self._arranged(shuffle, number, known=number < len(old)))
            self._progress(0.5 + 0.5 * (number + 1) / count)
        return tuple(buckets)

    def _arranged(self, shuffle: Shuffle, number: int, *, known: bool) -> Bucket:
        old = {}
        if known:
            assert self._base is not None
            one = self._base.buckets[number]
            held = {name: one.mapped(self._folder, name) for name in NAMES}
            old = as_rows(held, self._integers)
        tables = {}
        for name in NAMES:
            fields = dict(schema(TABLE[name], self._integers))
            fields.pop("customer_id", None)
            rows = pl.DataFrame(schema={OWNER: pl.UInt16(), **fields})
            rows = pl.concat([rows, *([old.pop(name)] if old else []), *shuffle.take(name, number)])
            rows = rows.drop(OWNER) if name == LINES else rows.with_columns(customer_id=None)
            tables[name] = rows
        folder = f"{number:04}.r{self._revision}"
        sizes = {}
        for name, frame in arranged(tables).items():
            tables.pop(name)
            sizes[name] = write(self._folder, f"{folder}/{name}.arrow", frame)
        return Bucket(folder, self._manifest.generation, sizes)


def as_rows(
    tables: Mapping[str, pl.DataFrame], integers: frozenset[str]
) -> dict[str, pl.DataFrame]:
    """Return arranged tables of a bucket as the rows they were made of.

    ``owner``, then the stored columns but ``customer_id``.
    """
    found = {}
    for name, frame in tables.items():
        rows = frame.with_columns(pl.col(pl.Enum).cast(pl.String))
        if name == LINES:
            orders = tables["orders"].select(OWNER, "order_id")[frame[ORDER]]
            rows = rows.drop(ORDER).with_columns(orders.get_columns())
        fields = dict(schema(TABLE[name], integers))
        fields.pop("customer_id", None)
        found[name] = rows.select(OWNER, *fields).cast(fields)  # type: ignore[arg-type]
    return found
