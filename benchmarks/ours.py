"""The works as segml does them."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
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
from segml.champions import Champions
from segml.engine import bitmaps
from segml.engine.arranged import BUCKET
from segml.engine.cache import Cache
from segml.engine.kernel import KNOWN
from segml.segments import analytics
from segml.storage.moments import Moments
from segml.storage.snapshots import Snapshot
from segml.units import available_features
from segml.workspace import Workspace

Wire = dict[str, Any]


def imported(data: Path) -> Work:
    """Take the CSV into a new workspace; the answer is the rows read."""

    def work(_: Call) -> Answer:
        with tempfile.TemporaryDirectory(dir=data) as folder:
            counts = Workspace.create(folder).import_files([("orders", data / "orders.csv")])
        return [counts["orders"].read]

    return work


def features(data: Path) -> Work:
    """Compute every field from the arranged facts into the columns of a date."""
    workspace, night = _workspace(data), night_of(data)

    def work(_: Call) -> Callable[[], Answer]:
        folder = tempfile.TemporaryDirectory(dir=data)
        moments = Moments(
            Path(folder.name),
            workspace.facts,
            available_features(),
            Cache(1),
            Champions(workspace.folder),
        )
        snapshot = moments.need(night, available_features())

        def answer() -> Answer:
            with folder:
                return digest(_frames(workspace, snapshot))

        return answer

    return work


def _frames(workspace: Workspace, snapshot: Snapshot) -> Iterator[pl.DataFrame]:
    ids = workspace.facts.ids(snapshot.customers)
    for start in range(0, snapshot.customers, BUCKET):
        stop = min(start + BUCKET, snapshot.customers)
        part = snapshot.slice([KNOWN, *available_features()], start, stop)
        yield part.with_columns(customer_id=ids[start:stop]).filter(pl.col(KNOWN)).drop(KNOWN)


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
    engine = workspace.engine(night)
    rules = [workspace.segments.rule(rule([one])) for one in SETS]
    held = {f"{place}": engine.members(one.lower(night)) for place, one in enumerate(rules)}

    def work(_: Call) -> Answer:
        shared = analytics.overlap(held).drop("segment").to_numpy()
        return [int(n) for place in range(len(held)) for n in shared[place, place:]]

    return work


def changes(data: Path) -> Work:
    """Return how many entered and left a set between two nights, and the sums of their ids."""
    workspace = _workspace(data)
    predicate = workspace.segments.rule(_top())
    was, now = (
        workspace.engine(night).members(predicate.lower(night))
        for night in (earlier_night_of(data), night_of(data))
    )
    ids = workspace.facts.ids(workspace.facts.state().customers)

    def work(_: Call) -> Answer:
        found = []
        for moved in analytics.moves(was, now):
            movers = ids.gather(bitmaps.codes(moved))
            found += [len(movers), movers.sum()]
        return found

    return work


def top(data: Path) -> Work:
    """Find the top ten percent; the answer is how many they are, and the least of their values.

    Peers find the least value only, so looking for it among the members is not timed.
    """
    workspace, night = _workspace(data), night_of(data)
    predicate = workspace.segments.rule(_top()).lower(night)
    values = workspace.engine(night).column(TOP_FIELD).values

    def work(_: Call) -> Callable[[], Answer]:
        workspace.cache.clear()  # the same question again, as if for the first time
        held = workspace.engine(night).members(predicate)
        many = bitmaps.count(held)

        def answer() -> Answer:
            least = values.gather(bitmaps.codes(held)).min()
            assert isinstance(least, int)
            return [many, least]

        return answer

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
