"""Several people at once: every count is right for the night it names, whatever is published."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest

from segml import Settings, Workspace
from segml import fields as f
from segml.core.errors import Superseded
from segml.core.tables import TABLES
from segml.datasets.sources import file_source
from segml.engine.polars import PolarsEngine
from segml.library.features import FEATURES
from small_town import LAST, filled

YESTERDAY = LAST - timedelta(days=1)
THREADS = 4
AT_LEAST = 12  # previews of each thread


def edits(client: int) -> list[Any]:
    """Return rules as one person edits them: fields, events, a top share, a segment, a past."""
    lines = {
        "combinator": "and",
        "rules": [{"field": "category", "operator": "=", "value": "wine"}],
    }
    event = {
        "field": "order_items",
        "operator": "=",
        "match": {"mode": "atLeast", "threshold": 1 + client},
        "value": lines,
    }
    top = {"field": "lifetime_spend", "operator": "topPercent", "value": 10 + client}
    return [
        f.orders_total >= 2 + client,
        (f.orders_total >= 2 + client) & (f.days_since_last_order <= 40 * (client + 1)),
        {"combinator": "or", "rules": [event, top]},
        {"combinator": "and", "rules": [top]},
        ("at-risk", "vip-upsell", "win-back-campaign", "at-risk")[client % 4],
    ]


def counted(workspace: Workspace, day: date, rules: list[Any]) -> list[int]:
    """Return how many each rule holds for, as the engine over frames says."""
    engine = PolarsEngine(workspace.history(day), FEATURES)
    return [len(engine.members(workspace.segments.rule(one).lower(day))) for one in rules]


def night_here(folder: Path) -> None:
    Workspace(folder).nightly(LAST)


def night_in_another_process(folder: Path) -> None:
    command = [sys.executable, "-m", "segml", "nightly", "--as-of", str(LAST)]
    subprocess.run(
        [*command, "-w", str(folder)], check=True, stdout=subprocess.DEVNULL, timeout=300
    )


@pytest.mark.parametrize(
    "night", [night_here, pytest.param(night_in_another_process, marks=pytest.mark.slow)]
)
def test_previews_while_a_night_is_published(
    night: Callable[[Path], None], tmp_path: Path, data: Path
) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.nightly(YESTERDAY)
    rules = [edits(client) for client in range(THREADS)]
    expected = {day: [counted(workspace, day, own) for own in rules] for day in (YESTERDAY, LAST)}
    start = Barrier(THREADS + 1)
    done = Event()

    def edit(client: int) -> set[date]:
        seen = set()
        start.wait()
        number = 0
        while number < AT_LEAST or not done.is_set():
            which = number % len(rules[client])
            found = workspace.preview(rules[client][which], session=client)
            assert found.count == expected[found.as_of][client][which]
            seen.add(found.as_of)
            number += 1
            done.wait(0.02)  # a person looks at the count before the next edit
        last = workspace.preview(rules[client][0], session=client)
        assert (last.as_of, last.count) == (LAST, expected[LAST][client][0])
        return seen

    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(edit, client) for client in range(THREADS)]
        start.wait()
        try:
            night(workspace.folder)
        finally:
            done.set()
        seen = set().union(*(one.result() for one in running))
    assert YESTERDAY in seen


def test_the_cache_keeps_to_its_limit_under_threads(tmp_path: Path, data: Path) -> None:
    workspace = Workspace.create(tmp_path / "w", Settings(service_day_start="04:00", memory_mb=1))  # type: ignore[arg-type]
    workspace.import_facts([file_source(t.name, data / f"{t.name}.parquet") for t in TABLES])
    workspace.nightly(LAST)
    cache = workspace._moments.cache
    cache.limit = 3_000  # bytes: some bitmaps of 300 customers, and no event numbers
    rules = [edits(client) for client in range(THREADS)]
    expected = [counted(workspace, LAST, own) for own in rules]

    def edit(client: int) -> None:
        for _ in range(3):
            for rule, count in zip(rules[client], expected[client], strict=True):
                assert workspace.preview(rule, session=client).count == count
                assert cache.size <= cache.limit

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(edit, range(THREADS)))
    assert cache.size == sum(size for _, size in cache._held.values())


def test_a_newer_preview_of_a_session_ends_the_older_one(
    restaurant: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = Event(), Event()
    moments = restaurant._moments
    at = moments.at

    def slow(*words: Any) -> Any:
        if not begun.is_set():
            begun.set()
            assert go_on.wait(60)
        return at(*words)

    monkeypatch.setattr(moments, "at", slow)
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(restaurant.preview, f.orders_total >= 3, session="tab")
        assert begun.wait(60)
        newer = restaurant.preview(f.orders_total >= 4, session="tab")
        other = restaurant.preview(f.orders_total >= 3, session="another")
        go_on.set()
        with pytest.raises(Superseded):
            older.result()
    assert newer.count == counted(restaurant, LAST, [f.orders_total >= 4])[0]
    assert other.count == counted(restaurant, LAST, [f.orders_total >= 3])[0]
