"""The night as a pipeline: it leaves a record, clashes with none, survives a kill."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from segml import Busy, ImportRefused, UnknownName, Workspace, WorkspaceError
from segml import fields as f
from segml.cli import app
from segml.pipeline import NightRun, run_nights, run_training
from segml.storage.records.runs import RunState
from segml.storage.records.schedule import Timetable
from segml.storage.records.webhooks import Event
from segml.triggers import PAGE, post
from small_town import LAST, filled, tables_of

START = datetime(2026, 1, 1, 5, tzinfo=UTC)
BEFORE = LAST - timedelta(days=7)
ORDERS = "customer_id,order_id,ordered_at,amount\n"


def ticking() -> Callable[[], datetime]:
    """Return a clock on which every question takes a second."""
    moments = (START + timedelta(seconds=second) for second in range(10_000))
    return lambda: next(moments)


def run(workspace: Workspace, *days: date, **also: Any) -> list[NightRun]:
    return run_nights(workspace, days, clock=ticking(), who="kim", **also)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """Return a workspace with facts and one night; tests copy it."""
    workspace = filled(tmp_path_factory.mktemp("pipeline") / "w", data)
    run(workspace, BEFORE)
    workspace.records.database.close()
    return workspace.folder


@pytest.fixture
def workspace(home: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(home, tmp_path / "w")
    return Workspace(tmp_path / "w")


def test_a_night_leaves_a_record(workspace: Workspace) -> None:
    (found,) = run(workspace, LAST)
    assert workspace.records.runs.all()[0] == found.run
    assert (found.run.kind, found.run.as_of, found.run.who) == ("night", LAST, "kim")
    assert found.run.state is RunState.DONE
    assert found.run.counts["customers"] == found.report.universe
    names = [step.name for step in found.run.steps]
    assert names == [
        "computing features",
        "scoring",
        "recomputing segments",
        "comparing with the night before",
        "publishing",
        "looking back",
        "telling",
    ]
    assert all(step.seconds > 0 for step in found.run.steps)
    assert found.run.seconds is not None
    assert sum(step.seconds for step in found.run.steps) <= found.run.seconds
    assert "No night was run between" in found.run.alerts[0].words


def test_new_facts_come_in_first(workspace: Workspace, tmp_path: Path) -> None:
    mapping = mapped(tmp_path, "1,new-1,2025-12-31 12:00,10\nnobody,new-2,2025-12-31 12:00,10\n")
    before = workspace.preview(f.orders_total >= 1, as_of=BEFORE).universe
    (found,) = run(workspace, LAST, mapping=mapping)
    assert found.run.counts["new_rows"] == 1
    assert found.run.rejects == {"orders": 1}
    assert "1 of 2 rows of orders were set aside" in found.run.alerts[0].words
    assert found.run.steps[0].name == "importing"
    assert workspace.preview(f.orders_total >= 1, as_of=BEFORE).universe == before
    (again,) = run(workspace, LAST, mapping=mapping)
    assert again.run.counts["new_rows"] == 0
    assert not again.report.changed


def mapped(folder: Path, rows: str) -> str:
    """Return a mapping file of a file of orders."""
    (folder / "orders.csv").write_text(ORDERS + rows)
    path = folder / "pos.toml"
    columns = ", ".join(f'{name} = {{ column = "{name}" }}' for name in ORDERS.strip().split(","))
    path.write_text(f'[[tables.orders]]\nfile = "orders.csv"\ncolumns = {{ {columns} }}\n')
    return str(path)


def test_a_night_that_fails_says_why_and_leaves_yesterday(workspace: Workspace) -> None:
    expected = workspace.preview("at-risk").as_json()
    with pytest.raises(ImportRefused, match=r"nothing\.toml"):
        run(workspace, LAST, mapping="nothing.toml")
    failed = workspace.records.runs.all()[0]
    assert failed.state is RunState.FAILED
    assert "nothing.toml" in failed.error
    assert failed.seconds
    assert workspace.preview("at-risk").as_json() == expected


def test_two_runs_never_clash(workspace: Workspace) -> None:
    workspace.records.runs.begin("night", "", LAST, "lee", START)
    with (
        FileLock(workspace.folder / ".night.lock"),
        pytest.raises(Busy, match="2026-01-01 was started by lee at 2026-01-01 05:00"),
    ):
        run(workspace, LAST)
    assert workspace.records.runs.all()[0].state is RunState.RUNNING  # it is not ours to end
    run(workspace, LAST)
    assert [one.state for one in workspace.records.runs.all()][:2] == [
        RunState.DONE,
        RunState.INTERRUPTED,
    ]


def test_a_stopped_run_says_so(workspace: Workspace) -> None:
    def stop(step: str, _share: float) -> None:
        if step == "publishing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(workspace, LAST, progress=stop)
    assert workspace.records.runs.all()[0].state is RunState.INTERRUPTED
    assert max(workspace.nights.all()) == BEFORE


def test_days_are_made_up_for(workspace: Workspace) -> None:
    days = [LAST - timedelta(days=back) for back in (2, 1, 0)]
    found = run(workspace, *days)
    assert [one.report.previous for one in found] == [BEFORE, *days[:2]]
    assert list(workspace.nights.all()) == [BEFORE, *days]
    assert [one.as_of for one in workspace.records.runs.all(limit=3)] == days[::-1]


def test_a_training_that_fails_leaves_a_record(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="Nobody ordered"):
        run_training(workspace, "churn", clock=ticking(), who="kim", as_of=date(2024, 1, 1))
    (failed,) = workspace.records.runs.all(kind="training")
    assert (failed.what, failed.as_of, failed.state) == (
        "churn",
        date(2024, 1, 1),
        RunState.FAILED,
    )
    with pytest.raises(UnknownName, match="model"):
        run_training(workspace, "chrun", clock=ticking(), who="kim")
    assert workspace.records.runs.all(kind="training") == [failed]


@pytest.mark.slow
def test_a_training_that_succeeds_leaves_its_version(workspace: Workspace) -> None:
    found = run_training(workspace, "churn", clock=ticking(), who="kim")
    done = workspace.records.runs.all(kind="training")[0]
    assert done.state is RunState.DONE
    assert done.as_of == found.report.trained.model.as_of == LAST
    assert done.counts["version"] == found.version == 1
    assert done.steps


# Triggers


def moved(workspace: Workspace, event: str, segment: str) -> set[Any]:
    changes = workspace.nights.changes(max(workspace.nights.all()))
    chosen = changes.filter(segment=segment, change=event)
    return set(chosen["customer_id"])


def test_who_came_and_went_goes_to_the_outbox_once(workspace: Workspace) -> None:
    webhooks = workspace.records.webhooks
    both = webhooks.add("at-risk", [Event.ENTERED, Event.LEFT], "https://crm.example/a", START)
    one = webhooks.add("lapsed", [Event.ENTERED], "https://crm.example/b", START)
    webhooks.add("not-there", [Event.ENTERED], "https://crm.example/c", START)
    run(workspace, LAST)
    told = {
        (found.parcel.webhook, found.parcel.event): set(found.parcel.customers)
        for found in webhooks.deliveries()
    }
    assert told == {
        (both.id, Event.ENTERED): moved(workspace, "entered", "at-risk"),
        (both.id, Event.LEFT): moved(workspace, "left", "at-risk"),
        (one.id, Event.ENTERED): moved(workspace, "entered", "lapsed"),
    }
    run(workspace, LAST)  # twice is once
    run(workspace, LAST - timedelta(days=3))  # what an older night says is no news
    assert len(webhooks.deliveries()) == len(told)


def test_many_customers_go_on_pages(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segml.triggers.PAGE", 2)
    assert PAGE <= 1_000
    webhooks = workspace.records.webhooks
    webhooks.add("at-risk", [Event.ENTERED], "https://crm.example/a", START)
    workspace.nightly(LAST)
    post(workspace.nights, webhooks, LAST, START)
    expected = moved(workspace, "entered", "at-risk")
    parcels = [one.parcel for one in webhooks.deliveries()][::-1]
    assert [one.page for one in parcels] == list(range(1, -(-len(expected) // 2) + 1))
    assert {one.count for one in parcels} == {len(expected)}
    assert {one.pages for one in parcels} == {len(parcels)}
    assert sorted(c for one in parcels for c in one.customers) == sorted(expected)


# The command line


def command(*words: str | Path) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_runs_a_range_and_what_is_scheduled(
    workspace: Workspace, tmp_path: Path
) -> None:
    mapping = mapped(tmp_path, "1,new-1,2025-12-31 12:00,10\n")
    workspace.records.schedule.write(Timetable(None, mapping))
    first = LAST - timedelta(days=1)
    result = command("nightly", "--from", first, "--to", LAST, "-w", workspace.folder, "--json")
    assert result.exit_code == 0, result.stderr
    nights = json.loads(result.stdout)["nights"]
    assert [night["as_of"] for night in nights] == [str(first), str(LAST)]
    assert [night["run"]["counts"]["new_rows"] for night in nights] == [1, 0]
    listed = json.loads(command("runs", "-w", workspace.folder, "--json").stdout)["runs"]
    assert [run["as_of"] for run in listed] == [str(LAST), str(first), str(BEFORE)]
    assert str(LAST) in command("runs", "-w", workspace.folder).stdout
    told = command("nightly", "--from", LAST, "--to", first, "-w", workspace.folder)
    assert told.exit_code == 1
    assert "earlier day first" in told.stderr
    assert command("nightly", "--to", first, "-w", workspace.folder).exit_code == 2


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, 0.05, 0.2, 0.5])
def test_a_killed_run_is_found_out_and_done_again(
    after: float, home: Path, workspace: Workspace, tmp_path: Path
) -> None:
    words = ["nightly", "--as-of", str(LAST), "-w", str(workspace.folder)]
    process = subprocess.Popen([sys.executable, "-m", "segml", *words])
    while process.poll() is None and len(workspace.records.runs.all()) < 2:
        time.sleep(0.002)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed = workspace.records.runs.all()[0].state is RunState.RUNNING
    assert max(workspace.nights.all()) in {BEFORE, LAST}
    workspace.preview("at-risk")  # a whole night answers, whichever
    run(workspace, LAST)
    states = [one.state for one in workspace.records.runs.all()]
    assert states[0] is RunState.DONE
    assert states[1] is (RunState.INTERRUPTED if killed else RunState.DONE)
    shutil.copytree(home, tmp_path / "undisturbed")
    undisturbed = Workspace(tmp_path / "undisturbed")
    run(undisturbed, LAST)
    assert tables_of(workspace) == tables_of(undisturbed)
