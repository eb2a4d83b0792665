"""The warehouse keeps the facts: Parquet parts on disk, and a manifest that says which count.

Law kept: an import happens wholly or not at all; importing the same source twice changes nothing;
a row that does not count stands in the rejects with its reason. One process writes at a time: the
workspace holds its lock around `append`. Whoever reads sees the state of the last finished import.

A decision: rows whose parent is unknown are stored, but in parts of their own that are aside. So a
scan of the facts costs nothing for them, and they come back by themselves with their parent.
"""

from collections.abc import Callable, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

import polars as pl

from segml.core.errors import WorkspaceError
from segml.core.tables import TABLES
from segml.engine.batches import TableSource
from segml.engine.stored import schema
from segml.storage import manifest as manifests
from segml.storage import orphans, suppression
from segml.storage.arrangement import Arrangement
from segml.storage.buckets import State
from segml.storage.counts import ImportCount
from segml.storage.manifest import REJECTS, Manifest
from segml.storage.parts import as_stored, integer_domains
from segml.storage.watched import Watched

__all__ = ["ImportCount", "Warehouse"]


class Warehouse:
    """The facts of a workspace on disk.

    Parameters
    ----------
    root
        Its folder; made at the first import.
    time_zone
        The workspace's time zone, an IANA name.
    service_day_start
        Wall-clock time at which a service day begins.

    Raises
    ------
    WorkspaceError
        When the folder was filled under another zone or day start, since the days of its rows
        were worked out with them; or when its manifest is damaged.
    """

    def __init__(self, root: Path, *, time_zone: str, service_day_start: time) -> None:
        self._root = root
        self._time_zone = time_zone
        self._day_start = service_day_start
        self._watched = Watched(root / manifests.FILE, self._read)
        self.arrangement = Arrangement(root)
        self._manifest()

    def _manifest(self) -> Manifest:
        return self._watched.value()

    def _read(self) -> Manifest:
        start = self._day_start.isoformat()
        found = manifests.read(self._root)
        if found is None:
            return Manifest(self._time_zone, start)
        if (found.time_zone, found.service_day_start) != (self._time_zone, start):
            raise WorkspaceError(
                f"The facts in {self._root} were imported for the time zone {found.time_zone} and "
                f"a service day from {found.service_day_start}, not for {self._time_zone} from "
                f"{start}. Restore those settings, or import again into a new workspace."
            )
        return found

    @property
    def generation(self) -> int:
        """How many imports have changed something."""
        return self._manifest().generation

    def stale_since(self, generation: int, as_of: date) -> bool:
        """Return whether an import after `generation` changed what is visible at `as_of`."""
        manifest = self._manifest()
        if manifest.generation <= generation:
            return False  # as it mostly is, and there may be thousands of parts
        if any(widened > generation for widened in manifest.text_domains.values()):
            return True
        return any(
            part.generation > generation and part.visible_from <= as_of
            for part in manifest.parts
            if part.table != REJECTS
        )

    def arrange(self, progress: Callable[[float], None] | None = None) -> State:
        """Bring the arrangement up to the facts; the caller holds the workspace's write lock."""
        return self.arrangement.refresh(self._manifest(), progress)

    def turned(self, table: str, generation: int) -> bool:
        """Return whether a table was imported for the first time after `generation`.

        For restaurants, which every customer's distance looks at: whether any came in since.
        """
        parts = self._manifest().of(table)
        if table == "restaurants":
            return any(part.generation > generation for part in parts)
        return bool(parts) and all(part.generation > generation for part in parts)

    def schemas(self) -> dict[str, pl.Schema]:
        """Return the stored form of each table; ids are integers unless a source wrote texts."""
        integers = integer_domains(self._manifest().text_domains)
        return {table.name: schema(table, integers) for table in TABLES}

    def has_customers(self) -> bool:
        """Return whether a customers table was imported."""
        return bool(self._manifest().of("customers"))

    def tables(self) -> dict[str, pl.LazyFrame]:
        """Return all eight tables in stored form, without orphans; empty where nothing came in.

        Raises
        ------
        WorkspaceError
            When a part is missing or damaged.
        """
        manifest = self._manifest()
        integers = integer_domains(manifest.text_domains)
        return {
            table.name: as_stored(self._root, table, manifest.of(table.name, aside=False), integers)
            for table in TABLES
        }

    def rejects(self) -> pl.LazyFrame:
        """Return one row per problem: table, source, row, column, value, reason, record.

        ``row`` counts the data rows of the source from 1 (in a file, the header and blank lines
        not counted); ``record`` is the raw row as JSON, for an orphan its stored values.
        """
        from segml.storage.door import REJECT_COLUMNS  # noqa: PLC0415 (pandera loads slowly)

        manifest = self._manifest()
        kept = [
            pl.scan_parquet(manifests.checked(self._root, part)) for part in manifest.of(REJECTS)
        ]
        integers = integer_domains(manifest.text_domains)
        for table in TABLES:
            for part in manifest.of(table.name, aside=True):
                kept.append(orphans.told(self._root, manifest, part, integers).lazy())
        return pl.concat([pl.LazyFrame(schema=REJECT_COLUMNS), *kept])

    def erased(self, customer: str) -> bool:
        """Return whether a customer, the id as text, was erased before."""
        return suppression.read(self._root).holds("customer", customer)

    def suppress(self, customers: frozenset[str]) -> None:
        """Let no import bring customers, ids as texts, or their orders in any more.

        The caller holds the workspace's write lock.
        """
        from segml.storage.erasing import named  # noqa: PLC0415 (PyArrow loads slowly)

        gone = named(self._root, self._manifest(), customers)
        listed = suppression.read(self._root).joined("customer", gone.customers)
        suppression.write(self._root, listed.joined("order", gone.orders))

    def erase(self, customers: frozenset[str]) -> dict[str, int]:
        """Erase customers, ids as texts, from facts and rejects; return the rows gone by table.

        The caller holds the workspace's write lock.
        """
        from segml.storage.erasing import erase, named  # noqa: PLC0415 (PyArrow loads slowly)

        manifest = self._manifest()
        return erase(self._root, manifest, named(self._root, manifest, customers))

    def about(self, customer: str) -> dict[str, list[dict[str, Any]]]:
        """Return every stored row and reject about a customer, the id as text, by table."""
        from segml.storage.erasing import about, named  # noqa: PLC0415 (PyArrow loads slowly)

        manifest = self._manifest()
        return about(self._root, manifest, named(self._root, manifest, frozenset({customer})))

    def append(
        self,
        sources: Sequence[TableSource],
        progress: Callable[[str, int], None] | None = None,
    ) -> dict[str, ImportCount]:
        """Import several sources together: all of them or, on any error, none.

        The caller holds the workspace's write lock.

        Parameters
        ----------
        sources
            In any order; parents are taken first.
        progress
            Called with a table's name and the rows of the current source read so far.

        Returns
        -------
        dict[str, ImportCount]
            One entry per table that a source was given for.

        Raises
        ------
        ImportRefused
            When a source cannot be read; nothing has changed.
        """
        from segml.storage.appending import Draft  # noqa: PLC0415 (pandera loads slowly)

        return Draft(self._root, self._manifest(), self._day_start).append(sources, progress)
