"""The works as segml does them."""

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.child import Answer, Work, main
from benchmarks.digest import digest
from benchmarks.prepared import earlier_night_of, night_of
from benchmarks.questions import (
    SETS,
    SIZES,
    TOP,
    TOP_FIELD,
    Call,
    edited,
    event_edited,
    event_fresh,
    event_never,
    fresh,
    rule,
)
from segml.engine.polars import PolarsEngine
from segml.library.features import FEATURES
from segml.workspace import Workspace, available_features

Wire = dict[str, Any]


def imported(data: Path) -> Work:
    """Take the CSV into a new workspace; the answer is the rows read."""

    def work(_: Call) -> Answer:
        with tempfile.TemporaryDirectory(dir=data) as folder:
            counts = Workspace.create(folder).import_files([("orders", data / "orders.csv")])
        return [counts["orders"].read]

    return work


def features(data: Path) -> Work:
    """Compute every field from the facts."""
    engine = PolarsEngine(_workspace(data).history(night_of(data)), FEATURES)

    def work(_: Call) -> Callable[[], Answer]:
        frame = engine.features(tuple(available_features()))
        return lambda: digest([frame])

    return work


def nightly(data: Path) -> Work:
    """Run a whole night over the same facts where none is stored; the answer is its guests."""

    def work(_: Call) -> Answer:
        with tempfile.TemporaryDirectory(dir=data) as folder:
            shutil.copy(data / "workspace" / "segml.toml", folder)
            (Path(folder) / "warehouse").symlink_to(data / "workspace" / "warehouse")
            return [Workspace(folder).nightly(night_of(data)).universe]

    return work


def previewed(asked: Callable[[Call], Wire], data: Path) -> Work:
    """Preview a rule with all it shows: the members, what conditions keep, the first ids."""
    workspace, night = _workspace(data), night_of(data)

    def work(call: Call) -> Answer:
        found = workspace.preview(asked(call), as_of=night)
        assert found.count is not None, found.problems
        kept = (one.kept for one in found.conditions)
        return [found.count, *kept, *(row["customer_id"] for row in found.sample)]

    return work


def overlap(data: Path) -> Work:
    """Count the members of every two of the fifty sets."""
    workspace, night = _workspace(data), night_of(data)
    rules = [workspace.segments.rule(rule([one])) for one in SETS]
    held = workspace.engine(night).evaluate([one.lower(night) for one in rules])
    columns = [held[f"p{place}"] for place in range(len(SETS))]

    def work(_: Call) -> Answer:
        return [(a & b).sum() for place, a in enumerate(columns) for b in columns[place:]]

    return work


def changes(data: Path) -> Work:
    """Return how many entered and left a set between two nights, and the sums of their ids."""
    workspace = _workspace(data)
    later, earlier = (
        workspace.members(_top(), as_of=night)["customer_id"]
        for night in (night_of(data), earlier_night_of(data))
    )

    def work(_: Call) -> Answer:
        entered = later.filter(~later.is_in(earlier.implode()))
        left = earlier.filter(~earlier.is_in(later.implode()))
        return [len(entered), entered.sum(), len(left), left.sum()]

    return work


def top(data: Path) -> Work:
    """Return how many are the top ten percent, and the least of their values in cents."""
    workspace, night = _workspace(data), night_of(data)
    predicate = workspace.segments.rule(_top()).lower(night)

    def work(_: Call) -> Answer:
        held = workspace.engine(night).evaluate([predicate], also=(TOP_FIELD,))
        values = held.filter(pl.col("p0"))[TOP_FIELD]
        least = values.min()
        assert isinstance(least, int)
        return [len(values), least]

    return work


def _workspace(data: Path) -> Workspace:
    return Workspace(data / "workspace")


def _top() -> Wire:
    return {"combinator": "and", "rules": [TOP]}


if __name__ == "__main__":
    works = {"import": imported, "features": features, "nightly": nightly}
    works |= {"overlap": overlap, "changes": changes, "top": top}
    for size in SIZES:
        works[f"preview-{size}"] = partial(previewed, lambda call, n=size: rule(fresh(n, call)))
        works[f"edit-{size}"] = partial(previewed, lambda call, n=size: rule(edited(n, call)))
    for name, lines in (
        ("event", event_fresh),
        ("event-edit", event_edited),
        ("event-never", event_never),
    ):
        works[name] = partial(previewed, lambda call, lines=lines: lines(call).wire())
    main(works)
