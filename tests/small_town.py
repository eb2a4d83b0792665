"""A small synthetic restaurant in a workspace, and what can be seen of it from outside."""

import hashlib
import shutil
from datetime import date
from pathlib import Path
from typing import Any

from made_once import made_once
from segml import Settings, Workspace
from segml.core.tables import TABLES
from segml.datasets.restaurant import RestaurantPlan
from segml.datasets.sources import file_source

PLAN = RestaurantPlan(
    customers=300, seed=3, first_day=date(2025, 1, 1), last_day=date(2025, 12, 31)
)
LAST = date(2026, 1, 1)


def filled(folder: Path, data: Path) -> Workspace:
    """Return a workspace in `folder` with the facts of `data`, which are imported once only."""

    def fill(home: Path) -> None:
        workspace = Workspace.create(home, Settings(service_day_start="04:00"))  # type: ignore[arg-type]
        workspace.import_facts([file_source(t.name, data / f"{t.name}.parquet") for t in TABLES])
        workspace.records.database.close()

    imported = made_once(data.with_name(f"{data.name}.imported"), fill)
    shutil.copytree(imported, folder, dirs_exist_ok=True)
    return Workspace(folder)


def content(folder: Path) -> dict[str, str]:
    """Return a digest of every file under `folder`."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def tables_of(workspace: Workspace) -> dict[str, Any]:
    """Return what readers see of every night."""
    return {
        str(day): (
            night,
            workspace.features(as_of=day).rows(),
            workspace.nights.members(day).rows(),
            workspace.nights.changes(day).rows(),
        )
        for day, night in workspace.nights.all().items()
    }
