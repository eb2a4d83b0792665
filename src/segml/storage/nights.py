"""The nights on disk: who was in which segment at every ``as_of`` that was run, who came and went.

``nights/index.json`` is the single truth: it names the folder that holds each night, with the sizes
and checksums of its files. A night is written into a folder of its own, then the index is replaced
in one step, so that readers see yesterday until all of today is there, and a crash leaves folders
that nobody reads. Sets are bitmaps by customer code; the ids by code are kept with them.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from segml.core.errors import WorkspaceError
from segml.engine import bitmaps
from segml.engine.bitmaps import Codes, Words
from segml.storage.atomic import sync, write_text
from segml.storage.snapshots import checksum
from segml.storage.suppression import entombed
from segml.storage.watched import Watched

FORMAT: Final = 2
_FILE: Final = "index.json"
_SETS: Final = "sets.parquet"
_IDS: Final = "ids.arrow"
ENTERED: Final = "entered"
LEFT: Final = "left"


@dataclass(frozen=True, slots=True)
class Tally:
    """One segment on one night.

    Attributes
    ----------
    digest
        Of the rule that was evaluated.
    count, entered, left
        Members, and how many came and went since the night before.
    """

    digest: str
    count: int
    entered: int
    left: int


@dataclass(frozen=True, slots=True)
class Night:
    """What the index knows of a stored night.

    Attributes
    ----------
    as_of, previous
        The night, and the stored night that its changes are counted from (None for the first).
    generation
        The generation of the facts it was computed from.
    features
        Digest of the feature definitions.
    lineage
        Which codes the sets are written in.
    customers
        How many codes there were.
    universe
        Customers known.
    segments
        By segment id.
    unavailable
        Why a segment has no members that night, by segment id.
    """

    as_of: date
    previous: date | None
    generation: int
    features: str
    lineage: int
    customers: int
    universe: int
    segments: dict[str, Tally]
    unavailable: dict[str, str]


@dataclass(frozen=True, slots=True)
class NightSets:
    """One segment on one night, as sets of codes."""

    members: Words
    entered: Words
    left: Words


class Nights:
    """The stored nights of one workspace.

    Parameters
    ----------
    root
        The workspace's ``nights`` folder; it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._index = Watched(root / _FILE, self._read)

    def all(self) -> dict[date, Night]:
        """Return every stored night by its `as_of`, the earliest first."""
        return {night.as_of: night for night, _ in self._index.value().values()}

    def sets(self, as_of: date) -> dict[str, NightSets]:
        """Return the sets of every segment of a night."""
        return {
            name: NightSets(*(np.frombuffer(one, dtype=np.uint64) for one in sets))
            for name, *sets in pl.read_parquet(self._whole(as_of, _SETS)).iter_rows()
        }

    def ids(self, as_of: date) -> pl.Series:
        """Return ``customer_id`` by code, as on that night."""
        return pl.read_ipc(self._whole(as_of, _IDS)).to_series()

    def members(self, as_of: date) -> pl.DataFrame:
        """Return ``segment, customer_id`` of every membership of the night."""
        ids = self.ids(as_of)
        found = [
            _listed(ids, one.members).select(pl.lit(name).alias("segment"), "customer_id")
            for name, one in sorted(self.sets(as_of).items())
        ]
        empty = pl.DataFrame(schema={"segment": pl.String, "customer_id": ids.dtype})
        return pl.concat([empty, *found])

    def changes(self, as_of: date) -> pl.DataFrame:
        """Return ``segment, customer_id, change`` since the night's `previous`."""
        ids = self.ids(as_of)
        found = [
            _listed(ids, words).select(
                pl.lit(name).alias("segment"), "customer_id", pl.lit(change).alias("change")
            )
            for name, one in sorted(self.sets(as_of).items())
            for change, words in ((ENTERED, one.entered), (LEFT, one.left))
        ]
        empty = pl.DataFrame(
            schema={"segment": pl.String, "customer_id": ids.dtype, "change": pl.String}
        )
        return pl.concat([empty, *found])

    def check(self, as_of: date, *, checksums: bool = False) -> None:
        """Raise `WorkspaceError` when a file of a night is missing, or not what was written."""
        for file in (_SETS, _IDS):
            self._whole(as_of, file, checksums=checksums)

    def publish(self, night: Night, sets: Mapping[str, NightSets], ids: Path) -> None:
        """Store a night, replacing one of the same `as_of`; all of it appears at once.

        Parameters
        ----------
        night
            What the index is to say.
        sets
            By segment id.
        ids
            The file of ids by code, which never changes; it is linked, not copied, where that can
            be done.
        """
        entries = self._entries()
        self._sweep(entries)
        key = night.as_of.isoformat()
        entries[key] = _entry(night, self._written(key, sets, ids))
        self._replace(entries)

    def _written(self, key: str, sets: Mapping[str, NightSets], ids: Path | pl.Series) -> Path:
        """Write a night into a folder of its own, which counts for nothing yet."""
        folder = self._free_folder(key)
        folder.mkdir(parents=True)
        pl.DataFrame(
            {"segment": sorted(sets)}
            | {
                name: [getattr(sets[one], name).tobytes() for one in sorted(sets)]
                for name in ("members", ENTERED, LEFT)
            },
            schema={"segment": pl.String, **dict.fromkeys(("members", ENTERED, LEFT), pl.Binary)},
        ).write_parquet(folder / _SETS, compression="zstd")
        if isinstance(ids, pl.Series):
            ids.to_frame().write_ipc(folder / _IDS, compression="uncompressed")
        else:
            try:
                os.link(ids, folder / _IDS)
            except OSError:
                shutil.copyfile(ids, folder / _IDS)
        for file in folder.iterdir():
            sync(file)
        sync(folder)
        return folder

    def _replace(self, entries: Mapping[str, Any]) -> None:
        """Make `entries` the index, then remove what it does not name."""
        ordered = {name: entries[name] for name in sorted(entries)}
        document = {"format": FORMAT, "nights": ordered}
        write_text(self._root / _FILE, json.dumps(document, indent=1, ensure_ascii=False))
        self._sweep(ordered)

    def forget(
        self,
        customers: frozenset[str],
        ids: Path,
        lineage: int,
        known: Callable[[date, Codes], int],
    ) -> int:
        """Take customers out of every night; return how many nights held them.

        All nights appear without them at once; a crash before leaves them as they were.

        Parameters
        ----------
        customers
            Ids as texts.
        ids, lineage
            The file of ids by code, in which they are tombstones, and which codes it speaks of.
        known
            Gives how many of some codes were known on a day.
        """
        entries = self._entries()
        changed = 0
        for key, (night, _) in self._read().items():
            held = self.ids(night.as_of)
            left = entombed(held, customers)
            if left is None:
                continue
            codes = (left.is_null() & held.is_not_null()).arg_true().to_numpy().astype(np.int64)
            codes = codes[codes < night.customers]
            same = night.lineage == lineage
            gone = known(night.as_of, codes) if same else len(codes)
            sets = {name: _without(one, codes) for name, one in self.sets(night.as_of).items()}
            fresh = replace(
                night,
                universe=night.universe - gone,
                segments={n: _retold(one, sets[n]) for n, one in night.segments.items()},
            )
            folder = self._written(key, sets, ids if same else left)
            entries[key] = _entry(fresh, folder)
            changed += 1
        self._replace(entries)
        return changed

    def _read(self) -> dict[str, tuple[Night, dict[str, Any]]]:
        try:
            return {key: (_night(entry), entry) for key, entry in self._entries().items()}
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise self._damaged(error) from None

    def _entries(self) -> dict[str, Any]:
        try:
            document = json.loads((self._root / _FILE).read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise self._damaged(error) from None
        if not isinstance(document, dict):
            raise self._damaged(ValueError("it is no object"))
        if "format" not in document and all(isinstance(e, dict) for e in document.values()):
            raise WorkspaceError(
                f"The nights in {self._root} were written by an older version of segml. Bring "
                f"them up to date with segml upgrade -w {self._root.parent}."
            )
        if document["format"] != FORMAT:
            raise WorkspaceError(
                f"{self._root / _FILE} has format {document['format']}; this version of segml "
                f"reads {FORMAT}."
            )
        entries: dict[str, Any] = document["nights"]
        return entries

    def _damaged(self, error: Exception) -> WorkspaceError:
        return WorkspaceError(
            f"{self._root / 'index.json'} is damaged ({error}). Restore it from a backup, or "
            "remove the nights folder and run the nights again."
        )

    def _whole(self, as_of: date, file: str, *, checksums: bool = False) -> Path:
        """Return the path of a file of a night that is as it was written."""
        key = as_of.isoformat()
        found = self._index.value().get(key)
        if found is None:
            raise WorkspaceError(f"The night {key} is not stored; run segml nightly --as-of {key}.")
        entry = found[1]
        path: Path = self._root / entry["folder"] / file
        size, digest = entry["files"][file]
        how = ""
        try:
            if path.stat().st_size != size:
                how = f"it has {path.stat().st_size} bytes instead of {size}"
            elif checksums and checksum(path) != digest:
                how = "its checksum differs"
        except OSError as error:
            how = error.strerror or str(error)
        if not how:
            return path
        if self._index.value().get(key) != found:
            return self._whole(as_of, file, checksums=checksums)  # replaced while we looked
        raise WorkspaceError(
            f"{path} cannot be read ({how}). Run segml nightly --as-of {key} to write the "
            "night again."
        )

    def _free_folder(self, key: str) -> Path:
        number = 1
        while (folder := self._root / f"{key}.{number}").exists():
            number += 1
        return folder

    def _sweep(self, index: dict[str, Any]) -> None:
        """Remove the folders that no night names: what crashes and replaced nights left."""
        kept = {entry["folder"] for entry in index.values()}
        if self._root.is_dir():
            for folder in self._root.iterdir():
                if folder.is_dir() and folder.name not in kept:
                    shutil.rmtree(folder)


def _listed(ids: pl.Series, words: Words) -> pl.DataFrame:
    return ids.gather(bitmaps.codes(words)).sort().alias("customer_id").to_frame()


def _without(sets: NightSets, codes: Codes) -> NightSets:
    """Return sets without some codes."""
    size = 64 * len(sets.members)
    kept = ~bitmaps.among(codes, size)
    return NightSets(sets.members & kept, sets.entered & kept, sets.left & kept)


def _retold(tally: Tally, sets: NightSets) -> Tally:
    counts = map(bitmaps.count, (sets.members, sets.entered, sets.left))
    return Tally(tally.digest, *counts)


def _entry(night: Night, folder: Path) -> dict[str, Any]:
    files = {path.name: [path.stat().st_size, checksum(path)] for path in folder.iterdir()}
    entry = asdict(night) | {
        "folder": folder.name,
        "files": dict(sorted(files.items())),
        "as_of": night.as_of.isoformat(),
        "previous": night.previous.isoformat() if night.previous else None,
    }
    return {name: entry[name] for name in sorted(entry)}


def _night(entry: dict[str, Any]) -> Night:
    return Night(
        date.fromisoformat(entry["as_of"]),
        date.fromisoformat(entry["previous"]) if entry["previous"] else None,
        entry["generation"],
        entry["features"],
        entry["lineage"],
        entry["customers"],
        entry["universe"],
        {name: Tally(**tally) for name, tally in entry["segments"].items()},
        entry["unavailable"],
    )
