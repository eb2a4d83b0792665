"""The manifest is the one truth about which files on disk are facts.

Law kept: files are written first and count for nothing; the manifest that names them replaces the
old one in a single step. What it does not name is the leftover of an import that did not finish.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from segml.core.errors import WorkspaceError
from segml.storage.atomic import sync, write_text

FILE: Final = "manifest.json"
REJECTS: Final = "rejects"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of rows.

    Attributes
    ----------
    table
        The table they belong to; ``rejects`` for rejects.
    file
        Its path below the warehouse's root, with forward slashes.
    rows, size
        Number of rows, and of bytes, by which a damaged file is told.
    generation
        The import that brought it.
    visible_from
        The earliest `as_of` at which one of its rows can be seen.
    source
        Label of the source its rows came from.
    aside
        Whether its rows wait for a parent that is not known.
    text_ids
        The id columns that are written as text; all others are written as integers.
    """

    table: str
    file: str
    rows: int
    size: int
    generation: int
    visible_from: date
    source: str = ""
    aside: bool = False
    text_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of the warehouse's state that is not rows.

    Attributes
    ----------
    time_zone, service_day_start
        The settings by which the days of its rows were worked out.
    generation
        Number of imports that changed something.
    text_domains
        Id domains that hold text, with the generation that made them so; all others are integers.
    parts
        The files of facts and rejects, oldest first.
    """

    time_zone: str
    service_day_start: str
    generation: int = 0
    text_domains: dict[str, int] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    def of(self, table: str, *, aside: bool | None = None) -> tuple[Part, ...]:
        """Return the parts of a table; of both kinds unless `aside` says which."""
        return tuple(
            part
            for part in self.parts
            if part.table == table and (aside is None or part.aside == aside)
        )

    def swapped(self, old: Iterable[Part], new: Iterable[Part]) -> "Manifest":
        """Return the manifest with some parts in the place of others."""
        gone = list(old)
        place = self.parts.index(gone[0]) if gone else len(self.parts)
        kept = [part for part in self.parts if part not in gone]
        return replace(self, parts=(*kept[:place], *new, *kept[place:]))


def read(root: Path) -> Manifest | None:
    """Return the manifest of a warehouse, None where nothing was ever imported.

    Raises
    ------
    WorkspaceError
        When it cannot be understood.
    """
    path = root / FILE
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != _FORMAT:
            raise WorkspaceError(
                f"{path} has format {document['format']}; this version of segml reads {_FORMAT}."
            )
        parts = tuple(_part(entry) for entry in document["parts"])
        return Manifest(
            time_zone=document["settings"]["time_zone"],
            service_day_start=document["settings"]["service_day_start"],
            generation=document["generation"],
            text_domains=document["text_domains"],
            parts=parts,
        )
    except FileNotFoundError:
        if any((root / "facts").rglob("*.parquet")):
            raise WorkspaceError(
                f"{path} is missing, so nobody knows which facts count; restore it from a backup."
            ) from None
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkspaceError(
            f"{path} is damaged ({type(error).__name__}: {error}); restore it from a backup."
        ) from error


def _part(entry: dict[str, Any]) -> Part:
    return Part(
        **entry
        | {
            "visible_from": date.fromisoformat(entry["visible_from"]),
            "text_ids": tuple(entry["text_ids"]),
        }
    )


def publish(root: Path, manifest: Manifest) -> None:
    """Make `manifest` the truth, in one step that a crash cannot tear."""
    document = {
        "format": _FORMAT,
        "generation": manifest.generation,
        "settings": {
            "time_zone": manifest.time_zone,
            "service_day_start": manifest.service_day_start,
        },
        "text_domains": manifest.text_domains,
        "parts": [
            asdict(part) | {"visible_from": part.visible_from.isoformat()}
            for part in manifest.parts
        ],
    }
    for folder in {(root / part.file).parent for part in manifest.parts}:
        sync(folder)
    write_text(root / FILE, json.dumps(document, indent=1, sort_keys=True))


def sweep(root: Path, manifest: Manifest) -> None:
    """Remove the files that `manifest` does not name."""
    named = {root / part.file for part in manifest.parts}
    for folder in ("facts", "rejects", "staging"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path not in named:
                path.unlink()


def checked(root: Path, part: Part) -> Path:
    """Return the path of a part.

    Raises
    ------
    WorkspaceError
        When the file is missing or has another size than it was written with.
    """
    path = root / part.file
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise WorkspaceError(
            f"{path} is missing though the warehouse counts on it; restore it from a backup."
        ) from None
    if size != part.size:
        raise WorkspaceError(
            f"{path} is damaged: it has {size} bytes instead of {part.size}; "
            "restore it from a backup."
        )
    return path
