"""Nights: idempotent, honest about the past, safe against crashes."""

import os
import shutil
import signal
import subprocess
import sys
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import polars as pl
import pytest

from segml import (
    Workspace,
    WorkspaceError,
)
from segml import fields as f
from segml.datasets.sources import file_source
from segml.engine.polars import PolarsEngine
from segml.library.features import FEATURES
from segml.storage import columns as columns_module
from segml.storage import nights as nights_module
from segml.storage import snapshots as snapshots_module
from segml.storage import warehouse as warehouse_module
from segml.storage.arrangement import Arrangement
from segml.storage.facts import Facts
from segml.units import available_features, in_wire_units
from small_town import LAST, content, filled, tables_of


def test_a_night_run_twice_is_a_night_run_once(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    first = workspace.nightly(LAST)
    before = content(tmp_path / "w" / "nights")
    second = workspace.nightly(LAST)
    assert first.changed
    assert not second.changed
    assert second.segments == first.segments
    assert content(tmp_path / "w" / "nights") == before


def test_what_was_stored_is_what_is_computed_later(restaurant: Workspace) -> None:
    rules, _ = restaurant.segments.rules()
    for day in restaurant.nights.all():
        fresh = PolarsEngine(restaurant.history(day), FEATURES)
        names = list(available_features())
        assert in_wire_units(fresh.features(names)).equals(restaurant.features(as_of=day))
        stored = restaurant.nights.members(day)
        for name, rule in rules.items():
            ids = stored.filter(pl.col("segment") == name)["customer_id"].to_list()
            assert fresh.members(rule.lower(day)) == ids, name


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux tells what is open")
def test_no_file_stays_open_for_what_is_mapped(restaurant: Workspace) -> None:
    """A process has 1,024 open files by default, and a training maps columns of many nights."""

    def still_open() -> list[Path]:
        links = [one.readlink() for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
        return [one for one in links if one.is_relative_to(restaurant.folder.resolve())]

    before = still_open()
    fresh = Workspace(restaurant.folder)
    held = [fresh.features(as_of=day) for day in fresh.nights.all()]
    wine = fresh.members(f.order_items.where(f.order_items.category == "wine").at_least(1))
    assert held
    assert wine.height
    again = fresh.members(f.order_items.where(f.order_items.category == "wine").at_most(2))
    assert again.height
    assert still_open() == before


def test_facts_learned_later_leave_the_past_alone(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.nightly(LAST)
    before = tables_of(workspace)
    late = tmp_path / "late.csv"
    customer = workspace.members("at-risk")["customer_id"][0]
    late.write_text(
        "order_id,customer_id,ordered_at,amount,known_at\n"
        f"99999999,{customer},2025-12-30 12:00,1000,2026-01-05 09:00\n"
    )
    workspace.import_facts([file_source("orders", late)])
    assert not workspace.nightly(LAST).changed
    assert tables_of(workspace) == before
    assert customer in workspace.members("at-risk", as_of=LAST)["customer_id"]
    assert customer in workspace.members("at-risk", as_of=date(2026, 1, 5))["customer_id"]
    assert customer not in workspace.members("at-risk", as_of=date(2026, 1, 6))["customer_id"]


def test_facts_from_before_a_night_make_it_stale(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse_module, "Arrangement", partial(Arrangement, bucket=64))
    looked: list[tuple[int, date]] = []
    bucket = Facts._bucket
    monkeypatch.setattr(
        Facts,
        "_bucket",
        lambda facts, state, number, day: (
            looked.append((number, day)) or bucket(facts, state, number, day)  # type: ignore[func-returns-value]
        ),
    )
    workspace = filled(tmp_path / "w", data)
    workspace.nightly(LAST)
    assert {number for number, day in looked if day == LAST} == set(range(5))
    customer = workspace.members("at-risk")["customer_id"][0]
    forgotten = tmp_path / "forgotten.csv"
    forgotten.write_text(
        f"order_id,customer_id,ordered_at,amount\n99999999,{customer},2025-12-30 12:00,1000\n"
    )
    workspace.import_facts([file_source("orders", forgotten)])
    looked.clear()
    assert workspace.nightly(LAST).changed
    place = sorted(workspace.features(as_of=LAST)["customer_id"]).index(customer)
    [again] = {number for number, day in looked if day == LAST}  # the others are kept
    assert abs(again - place // 64) <= 1  # a place is less than a code where some are staff
    assert customer not in workspace.members("at-risk", as_of=LAST)["customer_id"]
    every = [name for name in content(workspace.folder / "snapshots") if ".g2/" in name]
    assert len(every) > len(available_features())
    fresh = filled(tmp_path / "fresh", data)
    fresh.import_facts([file_source("orders", forgotten)])
    fresh.nightly(LAST)
    stored, rebuilt = tables_of(workspace), tables_of(fresh)
    assert stored[str(LAST)][1:] == rebuilt[str(LAST)][1:]
    anew = content(fresh.folder / "snapshots" / f"{LAST}.g2")
    kept = content(workspace.folder / "snapshots" / f"{LAST}.g2")
    assert {n: d for n, d in anew.items() if n != "snapshot.json"} == {
        n: d for n, d in kept.items() if n != "snapshot.json"
    }


def test_a_night_between_two_renews_the_later_one(
    tmp_path: Path, data: Path, restaurant: Workspace
) -> None:
    first, second, third = restaurant.nights.all()
    out_of_order = filled(tmp_path / "w", data)
    for day in (first, third, second):
        out_of_order.nightly(day)
    assert tables_of(out_of_order) == tables_of(restaurant)


def test_a_new_segment_is_part_of_the_next_run_of_the_same_night(
    tmp_path: Path, data: Path
) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.nightly(LAST)
    workspace.segments.save("big", f.orders_total >= 10, owner="kim")
    report = workspace.nightly(LAST)
    assert report.changed
    assert report.segments[-1].count == workspace.preview("big").count


def test_changes_add_up_to_membership(restaurant: Workspace) -> None:
    first, *later = restaurant.nights.all()
    members = set(restaurant.nights.members(first).iter_rows())
    for day in later:
        for segment, customer, change in restaurant.nights.changes(day).iter_rows():
            assert ((segment, customer) in members) == (change == "left")
            (members.remove if change == "left" else members.add)((segment, customer))
        assert members == set(restaurant.nights.members(day).iter_rows())


class Cut(BaseException):
    """The power going out."""


def test_a_crash_between_any_two_steps_changes_nothing(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.nightly(LAST - timedelta(days=1))
    yesterday = tables_of(workspace)
    steps = [
        (pl.DataFrame, "write_ipc"),
        (columns_module, "sync"),
        (snapshots_module, "sync"),
        (snapshots_module, "write_text"),
        (os, "fsync"),
        (os, "replace"),
        (pl.DataFrame, "write_parquet"),
        (nights_module, "sync"),
        (nights_module, "write_text"),
    ]

    def cut(*_: Any, **__: Any) -> None:
        raise Cut

    for owner, name in steps:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, cut)
            with pytest.raises(Cut):
                workspace.nightly(LAST)
        assert tables_of(workspace) == yesterday
    workspace.nightly(LAST)
    whole = filled(tmp_path / "whole", data)
    whole.nightly(LAST - timedelta(days=1))
    whole.nightly(LAST)
    assert tables_of(workspace) == tables_of(whole)
    assert (
        content(tmp_path / "w" / "nights").keys() == content(tmp_path / "whole" / "nights").keys()
    )


# Buckets of 64 customers, so that a small restaurant has several and a night takes its time.
SMALL_BUCKETS = """
import sys
from datetime import date
from segml import Workspace
from segml.storage.arrangement import Arrangement
Arrangement.__init__.__defaults__ = (64,)
workspace = Workspace(sys.argv[1])
print("ready", flush=True)
workspace.nightly(date.fromisoformat(sys.argv[2]))
"""


@pytest.mark.slow
def test_killed_at_random_moments_then_run_again(tmp_path: Path, data: Path) -> None:
    home = filled(tmp_path / "home", data).folder

    def started(folder: Path, day: date) -> subprocess.Popen[str]:
        """Start a night over small buckets; it prints a line once it begins."""
        return subprocess.Popen(
            [sys.executable, "-c", SMALL_BUCKETS, str(folder), str(day)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def finished(run: subprocess.Popen[str]) -> float:
        assert run.stdout is not None
        run.stdout.readline()
        begun = perf_counter()
        assert not run.wait()
        return perf_counter() - begun

    assert not started(home, LAST - timedelta(days=1)).wait()
    whole = Workspace(shutil.copytree(home, tmp_path / "whole"))
    yesterday = tables_of(whole)
    duration = finished(started(whole.folder, LAST))
    expected = tables_of(whole)
    random = Random(1)
    interrupted = 0
    killed = Workspace(shutil.copytree(home, tmp_path / "killed"))
    for place in range(20):
        if tables_of(killed) == expected:  # it came through: begin again
            shutil.rmtree(killed.folder)
            killed = Workspace(shutil.copytree(home, killed.folder))
        run = started(killed.folder, LAST)
        assert run.stdout is not None
        run.stdout.readline()
        # What is done stays done, so each run has less before it than the one it repeats.
        try:
            run.wait(timeout=duration * (place + random.random()) / 20)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            interrupted += 1
        assert tables_of(killed) in (yesterday, expected)
    assert interrupted
    finished(started(killed.folder, LAST))
    assert tables_of(killed) == expected
    for part in ("nights", "snapshots"):
        assert content(killed.folder / part) == content(whole.folder / part)


def test_a_damaged_night_is_told_and_can_be_written_again(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.nightly(LAST)
    before = tables_of(workspace)
    for damaged in ("snapshots/*/days_since_last_order.*.i16", "nights/*/sets.parquet"):
        [file] = (tmp_path / "w").glob(damaged)
        file.write_bytes(file.read_bytes()[:100])
    again = Workspace(workspace.folder)
    with pytest.raises(WorkspaceError, match=r"days_since_last_order\..* cannot be used"):
        again.members("at-risk")
    with pytest.raises(WorkspaceError, match=r"sets\.parquet cannot be read"):
        again.nights.members(LAST)
    assert workspace.nightly(LAST).changed
    assert tables_of(workspace) == before
