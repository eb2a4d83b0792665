"""A workspace from import to membership: idempotent, honest about the past, crash-safe."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from filelock import FileLock

from segml import (
    Busy,
    RuleRefused,
    SegmentInUse,
    Settings,
    UnknownName,
    Workspace,
    WorkspaceError,
)
from segml import fields as f
from segml.core.tables import TABLES
from segml.datasets.restaurant import RestaurantPlan, write_restaurant
from segml.datasets.sources import file_source
from segml.engine.polars import PolarsEngine
from segml.library.features import FEATURES
from segml.storage import nights as nights_module
from segml.workspace import available_features

PLAN = RestaurantPlan(
    customers=300, seed=3, first_day=date(2025, 1, 1), last_day=date(2025, 12, 31)
)
LAST = date(2026, 1, 1)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_restaurant(folder, PLAN)
    return folder


def filled(folder: Path, data: Path) -> Workspace:
    workspace = Workspace.create(folder, Settings(service_day_start="04:00"))  # type: ignore[arg-type]
    workspace.import_facts([file_source(t.name, data / f"{t.name}.parquet") for t in TABLES])
    return workspace


@pytest.fixture(scope="session")
def restaurant(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return a workspace with three nights; tests only read it."""
    workspace = filled(tmp_path_factory.mktemp("restaurant"), data)
    for days in (14, 7, 0):
        workspace.nightly(LAST - timedelta(days=days))
    return workspace


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
            workspace.nights.features(day).collect().rows(),
            workspace.nights.members(day).collect().rows(),
            workspace.nights.changes(day).collect().rows(),
        )
        for day, night in workspace.nights.all().items()
    }


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
        assert fresh.features(names).equals(restaurant.nights.features(day).collect())
        stored = restaurant.nights.members(day).collect()
        for name, rule in rules.items():
            ids = stored.filter(pl.col("segment") == name)["customer_id"].to_list()
            assert fresh.members(rule.lower(day)) == ids, name


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


def test_facts_from_before_a_night_make_it_stale(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.nightly(LAST)
    customer = workspace.members("at-risk")["customer_id"][0]
    forgotten = tmp_path / "forgotten.csv"
    forgotten.write_text(
        f"order_id,customer_id,ordered_at,amount\n99999999,{customer},2025-12-30 12:00,1000\n"
    )
    workspace.import_facts([file_source("orders", forgotten)])
    assert customer not in workspace.members("at-risk", as_of=LAST)["customer_id"]
    assert workspace.nightly(LAST).changed
    fresh = filled(tmp_path / "fresh", data)
    fresh.import_facts([file_source("orders", forgotten)])
    fresh.nightly(LAST)
    stored, rebuilt = tables_of(workspace), tables_of(fresh)
    assert stored[str(LAST)][1:] == rebuilt[str(LAST)][1:]


def test_a_night_between_two_renews_the_later_one(tmp_path: Path, data: Path) -> None:
    in_order, out_of_order = filled(tmp_path / "a", data), filled(tmp_path / "b", data)
    days = [LAST - timedelta(days=14), LAST - timedelta(days=7), LAST]
    for day in days:
        in_order.nightly(day)
    for day in (days[0], days[2], days[1]):
        out_of_order.nightly(day)
    assert tables_of(in_order) == tables_of(out_of_order)


def test_a_new_segment_is_part_of_the_next_run_of_the_same_night(
    tmp_path: Path, data: Path
) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.nightly(LAST)
    workspace.segments.save("big", f.orders_total >= 10, owner="kim")
    report = workspace.nightly(LAST)
    assert report.changed
    assert report.segments[-1].count == workspace.preview("big").count


class Cut(BaseException):
    """The power going out."""


def test_a_crash_between_any_two_steps_changes_nothing(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.nightly(LAST - timedelta(days=1))
    yesterday = tables_of(workspace)
    steps = [
        (nights_module, "sync"),
        (nights_module, "write_text"),
        (pl.DataFrame, "write_ipc"),
        (pl.DataFrame, "write_parquet"),
        (os, "fsync"),
        (os, "replace"),
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


@pytest.mark.slow
def test_killed_at_random_moments_then_run_again(tmp_path: Path, data: Path) -> None:
    whole = filled(tmp_path / "whole", data)
    for days in (1, 0):
        whole.nightly(LAST - timedelta(days=days))
    expected = tables_of(whole)
    killed = filled(tmp_path / "killed", data)
    killed.nightly(LAST - timedelta(days=1))
    yesterday = tables_of(killed)
    random = Random(1)
    command = [sys.executable, "-m", "segml", "nightly", "--as-of", str(LAST)]
    for _ in range(8):
        run = subprocess.Popen([*command, "-w", str(killed.folder)], stdout=subprocess.DEVNULL)
        try:
            run.wait(timeout=random.uniform(0.3, 3.0))
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
        assert tables_of(killed) in (yesterday, expected)
    killed.nightly(LAST)
    assert tables_of(killed) == expected


def test_a_damaged_night_is_told_and_can_be_written_again(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.nightly(LAST)
    before = tables_of(workspace)
    [features] = (tmp_path / "w" / "nights").rglob("features.arrow")
    features.write_bytes(features.read_bytes()[:10_000])
    with pytest.raises(WorkspaceError, match=r"features\.arrow cannot be read"):
        workspace.members("at-risk")
    assert workspace.nightly(LAST).changed
    assert tables_of(workspace) == before


def test_preview_members_and_file_come_from_one_evaluation(restaurant: Workspace) -> None:
    for name in restaurant.segments.rules()[0]:
        preview = restaurant.preview(name)
        members = restaurant.members(name)
        assert preview.count == members.height
        tally = restaurant.nights.all()[LAST].segments[name]
        assert preview.count == tally.count
        assert [row["customer_id"] for row in preview.sample] == members["customer_id"][
            :50
        ].to_list()


def test_a_preview_tells_what_each_condition_keeps(restaurant: Workspace) -> None:
    rule = (f.lifetime_spend > 100) & f.order_items.where(category="wine").never()
    preview = restaurant.preview(rule)
    assert [one.path for one in preview.conditions] == [(0,), (1,)]
    assert preview.conditions[0].kept == restaurant.preview(f.lifetime_spend > 100).count
    assert preview.count is not None
    assert preview.count <= min(one.kept for one in preview.conditions)
    assert set(preview.sample[0]) == {"customer_id", "first_name", "last_name", "lifetime_spend"}
    assert preview.sample[0]["lifetime_spend"] > 100
    nothing = restaurant.preview({"combinator": "and", "rules": []})
    assert nothing.count is None
    assert nothing.problems


def test_explanations_agree_with_membership(restaurant: Workspace) -> None:
    everyone = restaurant.members(f.orders_total >= 0)["customer_id"].to_list()
    for name in ("vip-customers", "recently-at-risk", "vip-upsell", "win-back-campaign"):
        inside = set(restaurant.members(name)["customer_id"].to_list())
        for customer in everyone[::40] + sorted(inside)[:2]:
            explanation = restaurant.explain(customer, name)
            assert explanation.member == (customer in inside)
            assert all(r.holds == r.wanted for r in explanation.reasons) == explanation.member
    with pytest.raises(UnknownName, match="no customer “nobody”"):
        restaurant.explain("nobody", "at-risk")


def test_an_explanation_shows_the_values_in_whole_currency(restaurant: Workspace) -> None:
    row = restaurant.members(f.orders_total >= 3, fields=["lifetime_spend"]).row(0, named=True)
    rule = (f.lifetime_spend > 0.5) & (f.orders.total("amount") >= 1) & ~f.in_segment("lapsed")
    values = [r.value for r in restaurant.explain(row["customer_id"], rule).reasons]
    assert values[0] == row["lifetime_spend"]
    assert values[1] == pytest.approx(row["lifetime_spend"], rel=0.5)
    assert values[2] is None


def test_a_difference_tells_who_moves_and_why(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    old = (f.orders_total >= 5) & (f.days_since_last_order < 60)
    new = (f.orders_total >= 8) & (f.days_since_last_order < 200)
    workspace.segments.save("regulars", old, owner="kim")
    found = workspace.diff("regulars", new.as_json(), as_of=LAST)
    before = set(workspace.members(old, as_of=LAST)["customer_id"])
    after = set(workspace.members(new, as_of=LAST)["customer_id"])
    assert set(found.entered) == after - before
    assert set(found.left) == before - after
    assert (found.before, found.after) == (len(before), len(after))
    assert [cause.path for cause in found.why_left] == [(0,)]
    assert found.why_left[0].customers == len(found.left) > 0
    assert [cause.path for cause in found.why_entered] == [(1,)]


def test_segments_in_use_are_kept(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    workspace.segments.save("mine", f.orders_total >= 5, owner="kim")
    workspace.segments.save("other", f.in_segment("mine") & f.entered("mine", 7), owner="kim")
    with pytest.raises(SegmentInUse, match="used by other"):
        workspace.segments.delete("mine", owner="kim")
    with pytest.raises(RuleRefused, match="in a circle"):
        workspace.segments.save("mine", f.in_segment("other"), owner="kim")
    workspace.segments.delete("other", owner="kim")
    workspace.segments.delete("mine", owner="kim")
    assert workspace.segments.all() == Workspace(tmp_path).segments.all()
    assert "mine" not in workspace.segments.all()


def test_two_writers_do_not_clash(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    with FileLock(tmp_path / ".lock"), pytest.raises(Busy, match="Another process"):
        Workspace(tmp_path).nightly(LAST)
    workspace.nightly(LAST)


def test_an_empty_workspace_answers(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    with pytest.raises(WorkspaceError, match="give as_of"):
        workspace.preview(f.orders_total > 1)
    assert workspace.preview("at-risk", as_of=LAST).count == 0
    assert workspace.nightly(LAST).universe == 0


def test_settings_are_checked_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "segml.toml").write_text('time_zone = "Europe/Rom"\nservice_day = "04:00"\n')
    with pytest.raises(WorkspaceError) as refused:
        Workspace(tmp_path)
    assert "Europe/Rome" in str(refused.value)
    assert "service_day" in str(refused.value)
    with pytest.raises(WorkspaceError, match="no segml workspace"):
        Workspace(tmp_path / "elsewhere")


def test_sql_is_printed_for_every_dialect(restaurant: Workspace) -> None:
    import sqlglot

    for dialect in ("duckdb", "postgres", "spark"):
        for name in restaurant.segments.rules()[0]:
            query = restaurant.sql(name, dialect=dialect)
            assert sqlglot.parse_one(query, dialect=dialect)
    assert json.dumps(restaurant.preview("at-risk").as_json())


def test_damaged_files_are_told_by_name(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    workspace.segments.save("mine", f.orders_total >= 5, owner="kim")
    workspace.nightly(LAST)
    damages = {
        "catalogue.db": b"\x00junk" * 999,
        "nights/index.json": b'{"a": 1}',
        "warehouse/manifest.json": b'{"format": 1}',
        "segml.toml": b"time_zone = ",
    }
    for name, junk in damages.items():
        path = tmp_path / "w" / name
        good = path.read_bytes()
        path.write_bytes(junk)
        with pytest.raises(WorkspaceError, match=path.name):
            Workspace(tmp_path / "w").members("mine", as_of=LAST)
        path.write_bytes(good)
    (tmp_path / "w" / "warehouse" / "manifest.json").unlink()
    with pytest.raises(WorkspaceError, match=r"manifest\.json is missing"):
        Workspace(tmp_path / "w").nightly(LAST)


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot become a workspace"):
        Workspace.create(tmp_path / "file")
    workspace = Workspace.create(tmp_path / "w")
    (tmp_path / "w" / ".lock").mkdir()
    with pytest.raises(WorkspaceError, match="cannot be written to"):
        workspace.nightly(LAST)


def test_asking_writes_nothing(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    before = content(tmp_path / "w")
    workspace.preview("at-risk", as_of=LAST)
    workspace.segments.versions("at-risk")
    workspace.explain(1, "at-risk", as_of=LAST)
    workspace.members("at-risk", as_of=LAST, fields=["favorite_item"])
    assert content(tmp_path / "w") == before
    with pytest.raises(WorkspaceError, match="needs a trained model"):
        workspace.members("at-risk", as_of=LAST, fields=["churn_risk"])


def test_versions_can_be_asked_for(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    for least in (5, 6):
        workspace.segments.save("mine", f.orders_total >= least, owner="kim")
    assert workspace.segments.get("mine", 1).rule == (f.orders_total >= 5).as_json()
    assert workspace.segments.get("mine").version == 2
    assert [one.version for one in workspace.segments.versions("at-risk")] == [1]
    with pytest.raises(UnknownName, match="no segment “mein”. Did you mean mine"):
        workspace.segments.get("mein")
    with pytest.raises(UnknownName, match="no version “3 of mine”"):
        workspace.segments.get("mine", 3)
