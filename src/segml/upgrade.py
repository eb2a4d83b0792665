"""Upgrading brings a workspace that an older version wrote to the layout of this one.

Facts and saved segments are read by every version since they were written; nights are derived from
them, so those of an older layout are run again, the earliest first. The older files go last: an
upgrade that is interrupted is simply begun again.
"""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from segml.core.errors import WorkspaceError
from segml.storage.lock import writing
from segml.storage.nights import FORMAT
from segml.workspace import Workspace

_ASIDE = "nights.older"


def upgrade(folder: Path, progress: Callable[[str, float], None] | None = None) -> list[date]:
    """Bring a workspace up to date and return the nights that were written again.

    Raises
    ------
    WorkspaceError
        When `folder` is no workspace, or one of a newer version of segml.
    """
    workspace = Workspace(folder)
    told = progress or (lambda _step, _share: None)
    nights, aside = folder / "nights", folder / _ASIDE
    if _format(nights) == 1:
        with writing(folder):
            nights.rename(aside)
    if not aside.exists():
        workspace.nights.all()  # says so when they are of a newer version
        return []
    days = _days(aside)
    done = set(workspace.nights.all())
    for number, day in enumerate(days):
        if day not in done:
            told(f"running the night {day} again", number / len(days))
            workspace.nightly(day)
    shutil.rmtree(aside)
    return days


def _format(nights: Path) -> int:
    """Return the layout of stored nights; that of now where there are none."""
    try:
        document = json.loads((nights / "index.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return FORMAT
    except ValueError as error:
        raise WorkspaceError(
            f"{nights / 'index.json'} is damaged ({error}). Restore it from a backup."
        ) from None
    return int(document.get("format", 1))


def _days(older: Path) -> list[date]:
    """Return the dates of the nights in an index of the first layout, the earliest first."""
    document = json.loads((older / "index.json").read_text(encoding="utf-8"))
    return sorted(date.fromisoformat(key) for key in document)
