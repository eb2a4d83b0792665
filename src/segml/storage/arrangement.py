"""The arrangement is the facts once more, cut into buckets of customers and ready to be mapped.

It is derived from the visible parts and can be made anew at any time, so a damaged or missing one
is no loss. Law kept: it holds what `engine.arranged` makes of all visible facts at once, however
many imports they came in. Files never change: what is new has a new name, and one small file that
says which count is replaced in a single step. So readers need no lock.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import polars as pl

from segml.engine.arranged import BUCKET
from segml.storage.arranging import Refresh
from segml.storage.atomic import sync, write_text
from segml.storage.buckets import (
    NAMES,
    Bucket,
    Key,
    MappedColumns,
    State,
    files,
    key,
    mapped,
    revision,
    write,
)
from segml.storage.manifest import Manifest, Part
from segml.storage.suppression import entombed

FOLDER: Final = "arranged"
FILE: Final = "arrangement.json"
_SCRATCH: Final = "scratch"
_FORMAT: Final = 1


class Arrangement:
    """The arranged facts of a warehouse.

    Parameters
    ----------
    root
        The warehouse's folder.
    bucket
        Customers of a bucket, 65,536 at the most.
    """

    def __init__(self, root: Path, bucket: int = BUCKET) -> None:
        self._root = root
        self._folder = root / FOLDER
        self._bucket = bucket

    @property
    def file(self) -> Path:
        """Return the file that is replaced whenever the arrangement changes."""
        return self._folder / FILE

    def state(self) -> State | None:
        """Return what there is; None for nothing, or nothing this version can read."""
        try:
            document = json.loads((self._folder / FILE).read_bytes())
            if document.pop("format") != _FORMAT:
                return None
            document["buckets"] = tuple(Bucket(**one) for one in document["buckets"])
            document["taken"] = frozenset(tuple(one) for one in document["taken"])
            return State(**document)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def ids(self, state: State) -> pl.Series:
        """Return ``customer_id`` by code; `WorkspaceError` as for `tables`."""
        return mapped(self._folder, state.ids, state.ids_size).to_series()

    def tables(self, state: State, bucket: int) -> dict[str, pl.DataFrame]:
        """Return the tables of a bucket, mapped from their files.

        Raises
        ------
        WorkspaceError
            When a file is missing or damaged.
        """
        one = state.buckets[bucket]
        return {name: one.mapped(self._folder, name) for name in NAMES}

    def columns(self, state: State, bucket: int, table: str) -> MappedColumns:
        """Return the columns of a table of a bucket; `WorkspaceError` as for `tables`."""
        return state.buckets[bucket].columns(self._folder, table)

    def refresh(self, manifest: Manifest, progress: Callable[[float], None] | None = None) -> State:
        """Bring the arrangement up to the facts that `manifest` shows, and return its state.

        The caller holds the workspace's write lock. Only parts not taken in yet are read and only
        buckets they reach are written, unless a part has gone or ids have become text: then all is
        arranged anew. A customer keeps its code either way.
        """
        before = self.state()
        visible = {name: manifest.of(name, aside=False) for name in NAMES}
        shown = frozenset(key(part) for parts in visible.values() for part in parts)
        base = before if before and self._continues(before, manifest, visible, shown) else None
        if base and base.taken == shown:
            if base.generation == manifest.generation:
                return base
            return self._published(replace(base, generation=manifest.generation), before)
        scratch = self._folder / _SCRATCH
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        try:
            refresh = Refresh(
                self._root,
                self._folder,
                self._bucket,
                manifest,
                visible,
                before,
                base,
                progress or (lambda _: None),
            )
            after = replace(refresh.state(scratch), taken=shown)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return self._published(after, before)

    def forget(self, customers: frozenset[str]) -> None:
        """Make tombstones of customers' codes; the caller holds the workspace's write lock.

        Codes are dense and never change, so the code of somebody who was erased stays: a tombstone,
        which has no id, is in no set and is never a customer again. Whoever comes back under the
        same id, which an import does not let in, would get a new one. What readers had before goes
        at once, for the ids are in it.
        """
        state = self.state()
        if state is None:
            return
        left = entombed(self.ids(state), customers)
        if left is not None:
            file = f"ids.r{revision(self._folder)}.arrow"
            size = write(self._folder, file, left.to_frame())
            state = replace(state, ids=file, ids_size=size, erased=left.null_count())
            state = replace(state, ascending=left.drop_nulls().is_sorted())
            self._published(state, None)
        self.tidy()

    def tidy(self) -> None:
        """Remove at once what the arrangement does not name."""
        state = self.state()
        if state is not None:
            self._swept(state)

    def _continues(
        self,
        before: State,
        manifest: Manifest,
        visible: Mapping[str, tuple[Part, ...]],
        shown: frozenset[Key],
    ) -> bool:
        """Return whether what there is can be added to."""
        ordered = any(key(part) not in before.taken for part in visible["orders"])
        return (
            before.bucket == self._bucket
            and before.text_domains == manifest.text_domains
            and before.taken <= shown
            and not (before.strays and ordered)
            and all(self._has(file, size) for file, size in files(before))
        )

    def _has(self, file: str, size: int) -> bool:
        try:
            return (self._folder / file).stat().st_size == size
        except OSError:
            return False

    def _published(self, state: State, before: State | None) -> State:
        """Make `state` count, then remove what neither it nor the one before it names."""
        fresh = set(files(state)) - (set(files(before)) if before else set())
        for file, _ in fresh:
            sync(self._folder / file)
        for folder in {(self._folder / file).parent for file, _ in fresh} | {self._folder}:
            sync(folder)
        document = asdict(state) | {"format": _FORMAT, "taken": sorted(state.taken)}
        write_text(self._folder / FILE, json.dumps(document, indent=1, sort_keys=True))
        self._swept(state, *([before] if before else []))
        return state

    def _swept(self, *states: State) -> None:
        """Remove what none of the states names."""
        named = {Path(file).parts[0] for one in states for file, _ in files(one)}
        for path in self._folder.iterdir():
            if path.is_dir() and path.name not in named:
                shutil.rmtree(path, ignore_errors=True)
            elif path.name not in named | {FILE}:
                path.unlink(missing_ok=True)
