"""Appending brings several sources in together and publishes them in one step.

A draft of the manifest grows with every source; only when all are in, and every row is on its right
side, does the draft become the truth. Until then a crash leaves files that nothing names.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Final

import polars as pl

from segml.core.tables import TABLE, TABLES
from segml.engine.batches import TableSource
from segml.storage import manifest as manifests
from segml.storage import suppression
from segml.storage.atomic import sync
from segml.storage.counts import ImportCount
from segml.storage.door import REJECT_COLUMNS, Clock
from segml.storage.intake import FATE, NEW, Taken, take
from segml.storage.manifest import REJECTS, Manifest, Part
from segml.storage.orphans import parents, settle
from segml.storage.parts import ALWAYS, as_text, integer_domains

# Whose ids say what a domain holds: the first of these tables that has rows.
OWNERS: Final[Mapping[str, tuple[str, ...]]] = {
    "customer": ("customers", "orders"),
    "restaurant": ("restaurants", "orders"),
    "order": ("orders",),
    "message": ("messages",),
    "campaign": ("messages",),
    "review": ("reviews",),
}
_PLACES: Final = {table.name: place for place, table in enumerate(TABLES)}


class Draft:
    """An import under way.

    Parameters
    ----------
    root
        The warehouse's folder.
    manifest
        The state before.
    day_start
        Wall-clock time at which a service day begins.
    """

    def __init__(self, root: Path, manifest: Manifest, day_start: time) -> None:
        self._root = root
        self._before = manifest
        self._manifest = replace(
            manifest,
            generation=manifest.generation + 1,
            text_domains=dict(manifest.text_domains),
        )
        self._day_start = day_start
        self._suppression = suppression.read(root)
        numbers = [int(Path(part.file).stem) for part in manifest.parts]
        self._last = max(numbers, default=0)
        self._written: list[str] = []

    def append(
        self, sources: Sequence[TableSource], progress: Callable[[str, int], None] | None
    ) -> dict[str, ImportCount]:
        """Take in `sources` and publish; see `Warehouse.append`."""
        manifests.sweep(self._root, self._before)
        if not self._before.parts:
            manifests.publish(self._root, self._before)  # facts never lie without a manifest
        try:
            counts = self._append(sources, progress)
            if self._changed():
                manifests.publish(self._root, self._manifest)
        finally:
            self._tidy()
        return counts

    def _append(
        self, sources: Sequence[TableSource], progress: Callable[[str, int], None] | None
    ) -> dict[str, ImportCount]:
        taken = [
            (source, self._take(source, progress))
            for source in sorted(sources, key=lambda one: _PLACES[one.table])
        ]
        self._settle()
        self._keep_rejects([one.rejects for _, one in taken])
        counts: dict[str, ImportCount] = {}
        waiting = {table: self._aside(self._before, table) for table in TABLE}
        for source, one in taken:
            count = self._count(source, one)
            counts[source.table] = counts.get(source.table, ImportCount()) + count
            written = one.part.rows if one.part else 0
            waiting[source.table] += written - count.new
        for table, expected in waiting.items():
            came = expected - self._aside(self._manifest, table)
            if came:
                counts[table] = counts.get(table, ImportCount()) + ImportCount(earlier=came)
        return counts

    @staticmethod
    def _aside(manifest: Manifest, table: str) -> int:
        return sum(part.rows for part in manifest.of(table, aside=True))

    def _tidy(self) -> None:
        """Remove the files of this import that did not come to count; nobody has read them."""
        shutil.rmtree(self._root / "staging", ignore_errors=True)
        # What counts is what the manifest on disk says, wherever the import stopped.
        published = manifests.read(self._root) or self._before
        counting = {part.file for part in published.parts}
        for file in self._written:
            if file not in counting:
                (self._root / file).unlink(missing_ok=True)

    def _changed(self) -> bool:
        return (self._manifest.parts, self._manifest.text_domains) != (
            self._before.parts,
            self._before.text_domains,
        )

    def _integers(self) -> frozenset[str]:
        return integer_domains(self._manifest.text_domains)

    def _fresh(self, table: str) -> str:
        self._last += 1
        folder = REJECTS if table == REJECTS else f"facts/{table}"
        self._written.append(f"{folder}/{self._last:06}.parquet")
        return self._written[-1]

    def _clock(self) -> Clock:
        stored = as_text(self._root, self._manifest.of("restaurants"))
        zones = {}
        if stored is not None:
            known = stored.select("restaurant_id", "time_zone").drop_nulls().collect()
            zones = dict(known.iter_rows())
        return Clock(self._manifest.time_zone, self._day_start, zones)

    def _take(self, source: TableSource, progress: Callable[[str, int], None] | None) -> Taken:
        blank = Part(
            table=source.table,
            file=self._fresh(source.table),
            rows=0,
            size=0,
            generation=self._manifest.generation,
            visible_from=ALWAYS,
            source=source.label,
        )
        stored = self._manifest.of(source.table)
        taken = take(
            source,
            self._clock(),
            stored,
            suppression=self._suppression,
            blank=blank,
            root=self._root,
            progress=progress,
        )
        if taken.part is not None:
            self._manifest = self._manifest.swapped((), (taken.part,))
            self._widen(source.table, taken.text_ids)
        return taken

    def _widen(self, table: str, text_ids: frozenset[str]) -> None:
        """Turn to text, for good, the domains that are this table's to speak for."""
        for column in TABLE[table].columns:
            owners = [owner for owner in OWNERS.get(column.domain, ()) if self._manifest.of(owner)]
            if column.name in text_ids and owners[:1] == [table]:
                self._manifest.text_domains.setdefault(column.domain, self._manifest.generation)

    def _settle(self) -> None:
        self._manifest = settle(
            self._root, self._before, self._manifest, self._integers(), self._fresh
        )

    def _count(self, source: TableSource, taken: Taken) -> ImportCount:
        needed = parents(
            self._root, self._manifest, TABLE[source.table], self._integers(), taken.standing
        )
        stands = needed.lack(taken.standing).is_null()
        accepted = int(stands.sum())
        return ImportCount(
            read=taken.read,
            accepted=accepted,
            rejected=taken.read - accepted,
            new=int((stands & (taken.standing[FATE] == NEW)).sum()),
            ignored=source.ignored,
            erased=taken.erased,
        )

    def _keep_rejects(self, found: Sequence[pl.DataFrame]) -> None:
        """Keep the rejects that are not kept yet."""
        fresh = pl.concat([pl.DataFrame(schema=REJECT_COLUMNS), *found])
        labels = fresh["source"].unique().implode()
        kept = [
            pl.scan_parquet(manifests.checked(self._root, part)).filter(
                pl.col("source").is_in(labels)
            )
            for part in self._manifest.of(REJECTS)
        ]
        if kept and fresh.height:
            fresh = fresh.join(
                pl.concat(kept).collect(), on=list(REJECT_COLUMNS), how="anti", nulls_equal=True
            )
        if fresh.is_empty():
            return
        file = self._fresh(REJECTS)
        path = self._root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_parquet(path, compression="zstd")
        sync(path)
        part = Part(
            REJECTS, file, fresh.height, path.stat().st_size, self._manifest.generation, ALWAYS
        )
        self._manifest = self._manifest.swapped((), (part,))
