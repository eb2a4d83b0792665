"""How fields were distributed on every night, so that later nights can be compared with it.

The columns of old nights are not kept; these few numbers are: ``profiles/2026-07-01.json``.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path

from segml.core.errors import WorkspaceError
from segml.scoring.drift import Profile
from segml.storage.atomic import write_text


class Profiles:
    """The distributions of one workspace.

    Parameters
    ----------
    root
        The folder ``profiles``; made when it is needed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def days(self) -> list[date]:
        """Return the nights there is something of, the earliest first."""
        return sorted(date.fromisoformat(path.stem) for path in self._root.glob("*.json"))

    def read(self, as_of: date) -> dict[str, Profile]:
        """Return the distribution of every field that was looked at on a night.

        The names are those that `write` was given.
        """
        path = self._path(as_of)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return {
                name: Profile(*(tuple(one[part]) for part in ("edges", "values", "rows")))
                for name, one in found.items()
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise WorkspaceError(
                f"{path} cannot be used ({error}). Remove it; the next nights are then compared "
                "with another."
            ) from None

    def write(self, as_of: date, profiles: Mapping[str, Profile]) -> None:
        """Keep the distributions of a night, instead of those that were kept of it before."""
        plain = {name: asdict(profiles[name]) for name in sorted(profiles)}
        write_text(self._path(as_of), json.dumps(plain))

    def _path(self, as_of: date) -> Path:
        return self._root / f"{as_of}.json"
