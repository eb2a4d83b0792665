"""The nights that were run, are running, and will be."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from segml.scheduling import reschedule
from segml.service.office import Admin, Here, Marketer, Office, Viewer
from segml.service.problems import Refused, Wrong
from segml.storage.records.runs import RunState
from segml.wire.administration import AskedRun, RunOf, Runs, Started, Timetable

router = APIRouter(tags=["runs"])


@router.get("/runs")
def runs(who: Viewer, here: Here, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> Runs:
    """Return what nights and trainings did, the newest first."""
    del who
    found = here.workspace.records.runs.all(limit=limit)
    return Runs(runs=[RunOf(**one.as_json()) for one in found])


@router.post("/runs", status_code=202, operation_id="run_night")
def run(asked: AskedRun, who: Marketer, here: Here) -> Started:
    """Start a night in a process of its own; it appears among the runs."""
    running = here.workspace.records.runs.all(limit=1, kind="night", state=RunState.RUNNING)
    if running:
        told = f"The night {running[0].as_of} is being run; wait for it."
        raise Refused(409, "running", told)
    day = asked.as_of or here.current_day()
    _check_begun(day, here)
    if here.scheduler.night("--as-of", f"{day}") is None:
        raise Refused(409, "running", "A night was started just now; wait for it.")
    here.note(who, "night.run", f"{day}")
    return Started(as_of=day)


def _check_begun(day: date, here: Office) -> None:
    """Refuse a day that is yet to come: it would be taken for the latest from then on."""
    stored = here.workspace.nights.all()
    last = max((here.current_day(), *stored))
    if day > last:
        told = f"Nothing is known of {day} yet; the last day that can be run is {last}."
        raise Refused(422, "not-yet", told, [Wrong(["as_of"], told)])


@router.get("/schedule", operation_id="schedule")
def schedule(who: Viewer, here: Here) -> Timetable:
    """Return when nights are run by themselves."""
    del who
    found = here.workspace.records.schedule.read()
    return Timetable(cron=found.cron, mapping=found.mapping)


@router.put("/schedule", operation_id="change_schedule")
def change(asked: Timetable, who: Admin, here: Here) -> Timetable:
    """Change when nights are run by themselves."""
    reschedule(here.workspace, asked.cron, asked.mapping)
    here.note(who, "schedule.change", asked.cron or "never")
    return asked
