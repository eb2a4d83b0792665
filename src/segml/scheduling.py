"""Scheduling: the service runs nights by itself, and delivers what webhooks are waiting for.

A night runs as a process of its own, so that serving stays quick and a crash of one is not the end
of the other. Times are those of the restaurant's clock.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from segml.core.errors import WorkspaceError
from segml.deliveries import deliver
from segml.storage.records.schedule import Timetable
from segml.workspace import Workspace

NIGHT: Final = "night"
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
LOOK: Final = 30  # seconds between looks at the schedule and at the outbox
LATE: Final = 6 * 3600  # seconds that a night may begin late by, after a restart say


def cron_trigger(cron: str, time_zone: str) -> CronTrigger:
    """Return when a night is run; `WorkspaceError` when that is no cron line.

    Parameters
    ----------
    cron
        Five fields: minute, hour, day of the month, month, day of the week.
    time_zone
        IANA name of the zone that they are in.
    """
    try:
        *others, weekday = cron.split()
        named = " ".join((*others, _days_named(weekday)))
        return CronTrigger.from_crontab(named, timezone=time_zone)
    except ValueError as error:
        raise WorkspaceError(
            f"“{cron}” is no time of cron ({error}). Five o'clock every morning is 0 5 * * *."
        ) from None


def reschedule(workspace: Workspace, cron: str | None, mapping: str | None) -> Timetable:
    """Write down when nights run by themselves, and return it.

    Parameters
    ----------
    workspace
        Whose nights.
    cron, mapping
        See `Timetable`.

    Raises
    ------
    WorkspaceError
        When `cron` is no cron line; the schedule stays as it was.
    """
    if cron is not None:
        cron_trigger(cron, workspace.settings.time_zone)
    timetable = Timetable(cron, mapping)
    workspace.records.schedule.write(timetable)
    return timetable


def _days_named(field: str) -> str:
    """Return a field of weekdays by their names: cron's 0 is Sunday, APScheduler's is Monday."""
    return ",".join(map(_part_named, field.split(",")))


def _part_named(part: str) -> str:
    found = re.fullmatch(r"(?:\*|([0-7])(?:-([0-7]))?)(?:/([1-7]))?", part)
    if found is None or part == "*":
        return part  # names already, or what APScheduler will refuse
    first, last, step = found.groups()
    start = int(first or 0)
    end = int(last) if last else start if first and not step else 6
    if end < start:
        raise ValueError(f"{part} ends before it begins")
    return ",".join(_DAYS[day % 7] for day in range(start, end + 1, int(step or 1)))


class Scheduler:
    """Runs nights when the schedule says so; a change of the schedule counts by itself.

    Parameters
    ----------
    workspace
        Whose nights.
    clock
        Gives the present moment, with a zone.
    """

    def __init__(self, workspace: Workspace, clock: Callable[[], datetime]) -> None:
        self._workspace = workspace
        self._clock = clock
        self._cron: str | None = None
        self._lock = Lock()
        self._night: subprocess.Popen[bytes] | None = None
        self._jobs = BackgroundScheduler(
            timezone=workspace.settings.time_zone,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": LATE},
        )

    def start(self) -> None:
        """Begin, in threads of its own."""
        self.look()
        self._jobs.add_job(self.look, IntervalTrigger(seconds=LOOK))
        self._jobs.add_job(self.deliver, IntervalTrigger(seconds=LOOK))
        self._jobs.start()

    def stop(self) -> None:
        """End; a night that runs goes on by itself."""
        self._jobs.shutdown(wait=False)

    def look(self) -> None:
        """Follow the schedule as it is now."""
        cron = self._workspace.records.schedule.read().cron
        if cron == self._cron:
            return
        if self._jobs.get_job(NIGHT):
            self._jobs.remove_job(NIGHT)
        if cron is not None:
            trigger = cron_trigger(cron, self._workspace.settings.time_zone)
            self._jobs.add_job(self.night, trigger, id=NIGHT)
        self._cron = cron

    def next_night(self) -> datetime | None:
        """Return when the next night begins; None for never."""
        job = self._jobs.get_job(NIGHT)
        found: datetime | None = getattr(job, "next_run_time", None)
        return found

    def night(self, *words: str) -> subprocess.Popen[bytes] | None:
        """Start today's night in a process of its own and return it; its record says the rest.

        None when the one that was started before is still being run.

        Parameters
        ----------
        words
            Further words for ``segml nightly``, such as ``--as-of 2026-07-01``.
        """
        command = [sys.executable, "-m", "segml", "nightly", "-w", str(self._workspace.folder)]
        with self._lock:
            if self._night is not None and self._night.poll() is None:
                return None
            process = subprocess.Popen([*command, *words], stdout=subprocess.DEVNULL)  # noqa: S603
            self._night = process
            return process

    def deliver(self) -> None:
        """Post what is due."""
        if self._workspace.records.webhooks.all():
            deliver(self._workspace, self._clock)
