"""Nights run by themselves when the schedule says so, each in a process of its own."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from segml import Settings, Workspace, WorkspaceError
from segml.cli import app
from segml.scheduling import Scheduler, cron_trigger
from segml.storage.records.runs import RunState
from segml.storage.records.schedule import Timetable
from segml.storage.records.webhooks import DeliveryState, Event
from segml.triggers import post_test
from webhook_receiver import receiving

AT = datetime(2026, 7, 1, 5, tzinfo=UTC)


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Scheduler]:
    settings = Settings(time_zone="Europe/Rome", private_webhooks=True)
    made = Scheduler(Workspace.create(tmp_path / "w", settings), lambda: AT)
    made.start()
    yield made
    made.stop()


def test_times_are_those_of_the_restaurant() -> None:
    trigger = cron_trigger("0 5 * * *", "Europe/Rome")
    before = datetime(2026, 7, 1, 2, 59, tzinfo=UTC)
    assert trigger.get_next_fire_time(None, before) == datetime(2026, 7, 1, 3, tzinfo=UTC)
    winter = datetime(2026, 12, 1, 3, tzinfo=UTC)
    assert trigger.get_next_fire_time(None, winter) == datetime(2026, 12, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("weekday", "days"),
    [
        ("0", {"Sunday"}),
        ("7", {"Sunday"}),
        ("1-5", {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday"}),
        ("1,6", {"Monday", "Saturday"}),
        ("*/3", {"Sunday", "Wednesday", "Saturday"}),
        ("5-7", {"Friday", "Saturday", "Sunday"}),
        ("mon-tue", {"Monday", "Tuesday"}),
    ],
)
def test_weekdays_are_those_of_cron(weekday: str, days: set[str]) -> None:
    trigger = cron_trigger(f"0 5 * * {weekday}", "UTC")
    start = datetime(2026, 11, 22, tzinfo=UTC)
    fires = {
        fire.strftime("%A")
        for day in range(7)
        if (fire := trigger.get_next_fire_time(None, start + timedelta(days=day))) is not None
    }
    assert fires == days


@pytest.mark.parametrize("cron", ["", "5 o'clock", "61 5 * * *", "0 5 * *"])
def test_what_is_no_time_is_told(cron: str) -> None:
    with pytest.raises(WorkspaceError, match=r"0 5 \* \* \*"):
        cron_trigger(cron, "UTC")


def test_a_change_of_the_schedule_counts_by_itself(scheduler: Scheduler) -> None:
    schedule = scheduler._workspace.records.schedule
    assert scheduler.next_night() is None
    for hour in (5, 6):
        schedule.write(Timetable(f"0 {hour} * * *"))
        scheduler.look()
        following = scheduler.next_night()
        assert following is not None
        assert (following.hour, following.minute) == (hour, 0)
    scheduler.look()
    assert scheduler.next_night() == following
    schedule.write(Timetable())
    scheduler.look()
    assert scheduler.next_night() is None


def test_what_is_due_is_delivered(scheduler: Scheduler) -> None:
    webhooks = scheduler._workspace.records.webhooks
    scheduler.deliver()  # there is nobody to deliver to
    with receiving() as receiver:
        hook = webhooks.add("at-risk", [Event.LEFT], receiver.url, AT)
        post_test(webhooks, hook.id, AT)
        scheduler.deliver()
        assert len(receiver.received) == 1
    assert webhooks.deliveries()[0].state is DeliveryState.DELIVERED


def test_the_schedule_from_the_command_line(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)

    def run(*words: str) -> Any:
        return CliRunner().invoke(app, ["schedule", "-w", str(tmp_path), *words])

    assert json.loads(run("--cron", "0 5 * * *", "--json").stdout)["mapping"] is None
    run("--mapping", "pos.toml")
    assert workspace.records.schedule.read() == Timetable("0 5 * * *", "pos.toml")
    told = run("--cron", "at dawn")
    assert told.exit_code == 1
    assert "no time of cron" in told.stderr
    assert "0 5 * * *" in run().stdout
    run("--cron", "")
    assert workspace.records.schedule.read() == Timetable(None, "pos.toml")
    assert {entry.action for entry in workspace.records.audit.entries()} == {"schedule.write"}


@pytest.mark.slow
def test_a_night_runs_as_a_process_of_its_own(scheduler: Scheduler) -> None:
    process = scheduler.night("--as-of", "2026-07-01")
    assert process is not None
    assert scheduler.night() is None, "one at a time"
    assert process.wait(timeout=120) == 0
    (run,) = scheduler._workspace.records.runs.all()
    assert (run.state, run.as_of) == (RunState.DONE, date(2026, 7, 1))
    assert date(2026, 7, 1) in scheduler._workspace.nights.all()


@pytest.mark.slow
def test_the_clock_starts_a_night(scheduler: Scheduler) -> None:
    scheduler._workspace.records.schedule.write(Timetable("* * * * *"))
    scheduler.look()
    runs = scheduler._workspace.records.runs
    deadline = time.monotonic() + 150
    while not runs.all(state=RunState.DONE) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert runs.all(state=RunState.DONE)
    scheduler._workspace.records.schedule.write(Timetable())
    scheduler.look()
