"""The works as segml does them."""

import json
import shutil
import tempfile
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl

from benchmarks.child import Answer, Work, main
from benchmarks.questions import RULES
from segml.engine.polars import PolarsEngine
from segml.library.features import FEATURES
from segml.workspace import Workspace, available_features


def imported(data: Path) -> Work:
    """Take the CSV into a new workspace; the answer is the rows read."""

    def work() -> Answer:
        with tempfile.TemporaryDirectory(dir=data) as folder:
            counts = Workspace.create(folder).import_files([("orders", data / "orders.csv")])
        return [counts["orders"].read]

    return work


def features(data: Path) -> Work:
    """Compute every field from the parts; the answer is guests, known values and two sums."""
    engine = PolarsEngine(Workspace(data / "workspace").history(_night(data)), FEATURES)

    def work() -> Answer:
        frame = engine.features(tuple(available_features()))
        sums = [int(frame[name].sum()) for name in ("orders_total", "lifetime_spend")]
        return [frame.height, *frame.select(pl.all().count()).row(0), *sums]

    return work


def nightly(data: Path) -> Work:
    """Run a whole night over the same facts where none is stored; the answer is its guests."""

    def work() -> Answer:
        with tempfile.TemporaryDirectory(dir=data) as folder:
            shutil.copy(data / "workspace" / "segml.toml", folder)
            (Path(folder) / "warehouse").symlink_to(data / "workspace" / "warehouse")
            return [Workspace(folder).nightly(_night(data)).universe]

    return work


def previewed(rule: str, data: Path) -> Work:
    """Preview a rule with all it shows; the answer is the members and what conditions keep."""
    workspace = Workspace(data / "workspace")
    wire = json.loads((data / f"{rule}.json").read_text(encoding="utf-8"))

    def work() -> Answer:
        found = workspace.preview(wire)
        assert found.count is not None, found.problems
        return [found.count, *(one.kept for one in found.conditions)]

    return work


def _night(data: Path) -> date:
    return date.fromisoformat((data / "night.txt").read_text(encoding="utf-8"))


if __name__ == "__main__":
    previews = {rule: partial(previewed, rule) for rule in RULES}
    main({"import": imported, "features": features, "nightly": nightly, **previews})
