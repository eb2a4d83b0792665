"""The nights on disk: features, members and changes of every ``as_of`` that was run.

``nights/index.json`` is the single truth: it names the folder that holds each night. A night is
written into a folder of its own, then the index is replaced in one step, so that readers see
yesterday until all of today is there, and a crash leaves folders that nobody reads.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from segml.core.errors import WorkspaceError
from segml.storage.atomic import sync, write_text

_FEATURES: Final = "features.arrow"
_MEMBERS: Final = "members.parquet"
_CHANGES: Final = "changes.parquet"


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
    universe: int
    segments: dict[str, Tally]
    unavailable: dict[str, str]


class Nights:
    """The stored nights of one workspace.

    Parameters
    ----------
    root
        The workspace's ``nights`` folder; it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def all(self) -> dict[date, Night]:
        """Return every stored night by its `as_of`, the earliest first."""
        try:
            nights = [_night(entry) for entry in self._index().values()]
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise self._damaged(error) from None
        return {night.as_of: night for night in nights}

    def features(self, as_of: date) -> pl.LazyFrame:
        """Return the stored features, one row per customer, sorted by customer_id."""
        return self._scan(as_of, _FEATURES)

    def members(self, as_of: date) -> pl.LazyFrame:
        """Return ``segment, customer_id`` of every membership of the night."""
        return self._scan(as_of, _MEMBERS)

    def changes(self, as_of: date) -> pl.LazyFrame:
        """Return ``segment, customer_id, change`` since the night's `previous`."""
        return self._scan(as_of, _CHANGES)

    def publish(
        self, night: Night, features: pl.DataFrame, members: pl.DataFrame, changes: pl.DataFrame
    ) -> None:
        """Store a night, replacing one of the same `as_of`; all of it appears at once."""
        index = self._index()
        self._sweep(index)
        key = night.as_of.isoformat()
        folder = self._free_folder(key)
        folder.mkdir(parents=True)
        # One uncompressed batch, so that readers map the file and touch only the columns they ask.
        features.rechunk().write_ipc(folder / _FEATURES, compression="uncompressed")
        members.write_parquet(folder / _MEMBERS, compression="zstd")
        changes.write_parquet(folder / _CHANGES, compression="zstd")
        for file in folder.iterdir():
            sync(file)
        sync(folder)
        index[key] = _entry(night, folder.name)
        ordered = {name: index[name] for name in sorted(index)}
        write_text(self._root / "index.json", json.dumps(ordered, indent=1, ensure_ascii=False))
        self._sweep(ordered)

    def _index(self) -> dict[str, Any]:
        try:
            index: dict[str, Any] = json.loads((self._root / "index.json").read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise self._damaged(error) from None
        return index

    def _damaged(self, error: Exception) -> WorkspaceError:
        return WorkspaceError(
            f"{self._root / 'index.json'} is damaged ({error}). Restore it from a backup, or "
            "remove the nights folder and run the nights again."
        )

    def _scan(self, as_of: date, file: str) -> pl.LazyFrame:
        key = as_of.isoformat()
        entry = self._index().get(key)
        if entry is None:
            raise WorkspaceError(f"The night {key} is not stored; run segml nightly --as-of {key}.")
        path = self._root / entry["folder"] / file
        scan = pl.scan_ipc if file == _FEATURES else pl.scan_parquet
        try:
            frame = scan(path)
            frame.collect_schema()
        except (OSError, pl.exceptions.PolarsError) as error:
            if self._index().get(key) != entry:
                return self._scan(as_of, file)  # the night was replaced while we looked
            raise WorkspaceError(
                f"{path} cannot be read ({error}). Run segml nightly --as-of {key} to write the "
                "night again."
            ) from None
        return frame

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


def _entry(night: Night, folder: str) -> dict[str, Any]:
    entry = asdict(night) | {
        "folder": folder,
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
        entry["universe"],
        {name: Tally(**tally) for name, tally in entry["segments"].items()},
        entry["unavailable"],
    )
