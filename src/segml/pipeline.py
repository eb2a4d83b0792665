"""The night as a pipeline: new facts, features, scores, members, publication, and who is told.

Every night leaves a run record. Laws kept: two runs never clash, for each holds the same lock; a
run whose process was killed is found out by the next, which does again what is missing; readers see
the night before until all of this one is there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

import polars as pl
from filelock import FileLock, Timeout

from segml.alerts import jumps, late, set_aside
from segml.answers import NightReport
from segml.core.errors import Busy, SegmlError, WorkspaceError
from segml.storage.counts import ImportCount
from segml.storage.records.runs import Alert, Run, Runs, RunState, Step
from segml.triggers import post
from segml.workspace import Workspace

KIND: Final = "night"
Progress = Callable[[str, float], None]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class NightRun:
    """A night that was run: its record, and what it found."""

    run: Run
    report: NightReport


def run_nights(
    workspace: Workspace,
    days: Sequence[date],
    *,
    clock: Clock,
    who: str,
    mapping: str | None = None,
    progress: Progress = lambda _step, _share: None,
) -> list[NightRun]:
    """Run nights one after the other and return what they found.

    Parameters
    ----------
    workspace
        Whose nights.
    days
        The nights, the earliest first.
    clock
        Gives the present moment, with a zone.
    who
        Who runs them.
    mapping
        Where new facts come from, before the first night; None for nowhere.
    progress
        Called with each step and the share of a night's work done before it.

    Raises
    ------
    Busy
        When nights are being run already.
    SegmlError
        When a night cannot be run; its record says so too.
    """
    with _alone(workspace):
        workspace.records.runs.interrupt(KIND, clock())
        found = []
        for number, day in enumerate(days):
            run = workspace.records.runs.begin(KIND, day, who, clock())
            record = Recorder(workspace.records.runs, clock, run, progress)
            source = mapping if number == 0 else None
            found.append(_run_night(workspace, day, source, record))
        return found


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Hold the lock of nights, which a crash releases; `Busy` saying who has it since when."""
    lock = FileLock(workspace.folder / ".nights.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        running = workspace.records.runs.all(limit=1, kind=KIND, state=RunState.RUNNING)
        since = "".join(
            f" The night {run.as_of} was started by {run.who or 'somebody'} at "
            f"{run.started_at:%Y-%m-%d %H:%M} UTC."
            for run in running
        )
        raise Busy(f"Nights of {workspace.folder} are being run.{since} Wait for it.") from None
    except OSError as error:
        raise WorkspaceError(
            f"{workspace.folder} cannot be written to ({error.strerror}). Give this user the right "
            "to, or name another workspace."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _run_night(
    workspace: Workspace, as_of: date, mapping: str | None, record: "Recorder"
) -> NightRun:
    counts: dict[str, ImportCount] = {}
    try:
        if mapping is not None:
            record.step("importing", 0.0)
            counts = workspace.import_files(mapping=mapping)
        report = workspace.nightly(as_of, record.step)
        record.step("telling", 1.0)
        at = record.clock()
        post(workspace.nights, workspace.records.webhooks, as_of, at)
        alerts = _alerts(workspace, report, counts)
    except BaseException as error:
        record.fail(error)
        raise
    return NightRun(record.finish(report, counts, alerts), report)


def _alerts(
    workspace: Workspace, report: NightReport, counts: dict[str, ImportCount]
) -> tuple[Alert, ...]:
    """Return what a person should look at."""
    settings, as_of = workspace.settings, report.as_of
    orders = workspace.history(as_of).rows("orders")
    newest = orders.select(pl.col("day").max()).collect().item()
    return (
        *set_aside(counts, settings),
        *jumps(workspace.nights.all(), as_of, settings),
        *late(as_of, report.previous, newest, settings),
        *(Alert("warning", note) for note in report.notes),
        *(
            Alert("warning", f"The values of {one.field} have moved (PSI {one.psi:.2f}).")
            for one in report.drift
            if one.drifted
        ),
    )


@dataclass(slots=True)
class Recorder:
    """Writes down a run as it goes.

    Attributes
    ----------
    runs
        Where it is written.
    clock
        Gives the present moment.
    run
        What is written so far.
    progress
        Told each step too.
    """

    runs: Runs
    clock: Clock
    run: Run
    progress: Progress
    _name: str = ""
    _since: datetime | None = None

    def step(self, name: str, share: float) -> None:
        """Begin a step, which ends the one before; the same step may be told many times."""
        if name != self._name:
            self._end_step()
            self._name, self._since = name, self.clock()
        self.progress(name, share)

    def _end_step(self) -> None:
        if self._since is not None:
            seconds = round((self.clock() - self._since).total_seconds(), 3)
            self.run = replace(self.run, steps=(*self.run.steps, Step(self._name, seconds)))
            self.runs.write(self.run)

    def finish(
        self, report: NightReport, counts: dict[str, ImportCount], alerts: tuple[Alert, ...]
    ) -> Run:
        """Write down that a run is done, and return its record."""
        self._end_step()
        self.run = replace(
            self.run,
            state=RunState.DONE,
            finished_at=self.clock(),
            counts={
                "customers": report.universe,
                "segments": sum(one.count is not None for one in report.segments),
                "new_rows": sum(count.new for count in counts.values()),
            },
            rejects={table: count.rejected for table, count in counts.items()},
            drift=report.drift,
            alerts=alerts,
        )
        self.runs.write(self.run)
        return self.run

    def fail(self, error: BaseException) -> None:
        """Write down that a run failed, where that can still be written."""
        stopped = not isinstance(error, Exception)
        told = str(error) if isinstance(error, SegmlError) else type(error).__name__
        self.run = replace(
            self.run,
            state=RunState.INTERRUPTED if stopped else RunState.FAILED,
            finished_at=self.clock(),
            error=told,
        )
        with suppress(WorkspaceError):  # else the next run finds it out
            self.runs.write(self.run)
