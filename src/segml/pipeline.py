"""The night as a pipeline: new facts, features, scores, members, publication, and who is told.

Every night leaves a run record, and so does every training. Laws kept: two runs of a kind never
clash, for each holds the same lock; a run whose process was killed is found out by the next, which
does again what is missing; readers see the night before until all of this one is there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from filelock import FileLock, Timeout

from segml.alerts import jumps, late, set_aside
from segml.answers import NightReport
from segml.core.errors import Busy, SegmlError, WorkspaceError
from segml.storage.counts import ImportCount
from segml.storage.records.runs import Alert, Run, Runs, RunState, Step
from segml.triggers import post
from segml.workspace import Workspace

if TYPE_CHECKING:
    from segml.verdicts import Training

NIGHT: Final = "night"
TRAINING: Final = "training"
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
    with _alone(workspace, NIGHT, clock):
        found = []
        for number, day in enumerate(days):
            with _recorded(workspace, NIGHT, "", day, clock, who, progress) as record:
                source = mapping if number == 0 else None
                found.append(_run_night(workspace, day, source, record))
        return found


def run_training(
    workspace: Workspace,
    model: str,
    *,
    clock: Clock,
    who: str,
    as_of: date | None = None,
    horizon: int | None = None,
    seed: int = 0,
    progress: Progress = lambda _step, _share: None,
) -> "Training":
    """Teach a model, with a record of it, and return what came of it; see `Modelling.train`.

    Parameters
    ----------
    workspace, model
        Whose model, by its name.
    clock
        Gives the present moment, with a zone.
    who
        Who trains it.
    as_of, horizon, seed, progress
        As `Modelling.train` has them.

    Raises
    ------
    Busy
        When a model is being trained already.
    SegmlError
        When it cannot be trained; the record says so too.
    """
    workspace.models.spec(model)
    day = as_of or workspace.models.end()
    with (
        _alone(workspace, TRAINING, clock),
        _recorded(workspace, TRAINING, model, day, clock, who, progress) as record,
    ):
        training = workspace.models.train(
            model, as_of=day, horizon=horizon, seed=seed, progress=record.step
        )
        told = training.report.trained
        record.finish(counts={"customers": told.customers, "version": training.version})
        return training


@contextmanager
def _alone(workspace: Workspace, kind: str, clock: Clock) -> Iterator[None]:
    """Hold the lock of a kind of run, which a crash releases, and find out what a crash left.

    `Busy` says who has it since when.
    """
    lock = FileLock(workspace.folder / f".{kind}.lock")
    runs = workspace.records.runs
    try:
        lock.acquire(timeout=0)
    except Timeout:
        since = "".join(
            f" That of {run.as_of} was started by {run.who or 'somebody'} at "
            f"{run.started_at:%Y-%m-%d %H:%M} UTC."
            for run in runs.all(limit=1, kind=kind, state=RunState.RUNNING)
        )
        raise Busy(f"A {kind} of {workspace.folder} is being run.{since} Wait for it.") from None
    except OSError as error:
        raise WorkspaceError(
            f"{workspace.folder} cannot be written to ({error.strerror}). Give this user the right "
            "to, or name another workspace."
        ) from None
    try:
        runs.interrupt(kind, clock())
        yield
    finally:
        lock.release()


@contextmanager
def _recorded(
    workspace: Workspace,
    kind: str,
    what: str,
    as_of: date,
    clock: Clock,
    who: str,
    progress: Progress,
) -> Iterator["Recorder"]:
    """Write down that a run begins, and on any error that it failed."""
    runs = workspace.records.runs
    record = Recorder(runs, clock, runs.begin(kind, what, as_of, who, clock()), progress)
    try:
        yield record
    except BaseException as error:
        record.fail(error)
        raise


def _run_night(
    workspace: Workspace, as_of: date, mapping: str | None, record: "Recorder"
) -> NightRun:
    counts: dict[str, ImportCount] = {}
    if mapping is not None:
        record.step("importing", 0.0)
        counts = workspace.import_files(mapping=mapping)
    report = workspace.nightly(as_of, record.step)
    record.step("telling", 1.0)
    post(workspace.nights, workspace.records.webhooks, as_of, record.clock())
    run = record.finish(
        counts={
            "customers": report.universe,
            "segments": sum(one.count is not None for one in report.segments),
            "new_rows": sum(count.new for count in counts.values()),
        },
        rejects={table: count.rejected for table, count in counts.items()},
        drift=report.drift,
        alerts=_alerts(workspace, report, counts),
    )
    return NightRun(run, report)


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

    def finish(self, **found: Any) -> Run:
        """Write down that a run is done and what it found, by `Run`'s attributes; return it."""
        self._end_step()
        self.run = replace(self.run, state=RunState.DONE, finished_at=self.clock(), **found)
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
