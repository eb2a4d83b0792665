"""The record of runs: what a night or a training did, how long it took, what it found amiss.

::

    running ──> done
       ├──────> failed         it said why
       └──────> interrupted    its process ended without a word; the next run finds out
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, insert, select, update

from segml.core.errors import UnknownName
from segml.scoring.drift import Drift
from segml.storage.records.database import Database
from segml.storage.records.schema import RUNS


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run, and how many seconds it took."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person should look at.

    Attributes
    ----------
    level
        ``warning`` or ``error``.
    words
        A sentence.
    """

    level: str
    words: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run.

    Attributes
    ----------
    id
        Grows from run to run.
    kind, what
        ``night``, or ``training`` and the model's name.
    as_of
        The day it is for.
    state
        Where it stands.
    who
        Who started it.
    started_at, finished_at
        When; None while it runs.
    steps
        Those that are done.
    counts
        What it counted, by name.
    rejects
        How many rows were set aside, by table.
    drift
        How far the inputs of champions have moved.
    alerts
        What a person should look at.
    error
        Why it failed; else empty.
    """

    id: int
    kind: str
    what: str
    as_of: date
    state: RunState
    who: str
    started_at: datetime
    finished_at: datetime | None = None
    steps: tuple[Step, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    rejects: Mapping[str, int] = field(default_factory=dict)
    drift: tuple[Drift, ...] = ()
    alerts: tuple[Alert, ...] = ()
    error: str = ""

    @property
    def seconds(self) -> float | None:
        """Return how long it took; None while it runs."""
        if self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        plain = asdict(self)
        return plain | {
            "as_of": self.as_of.isoformat(),
            "state": str(self.state),
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "seconds": self.seconds,
            **{name: list(plain[name]) for name in ("steps", "drift", "alerts")},
        }


class Runs:
    """The runs of a workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, kind: str, what: str, as_of: date, who: str, at: datetime) -> Run:
        """Write down that a run begins and return it."""
        run = Run(0, kind, what, as_of, RunState.RUNNING, who, at)
        with self._database.writing() as connection:
            made = connection.execute(insert(RUNS).values(_values(run)).returning(RUNS.c.id))
            return replace(run, id=made.scalar_one())

    def write(self, run: Run) -> None:
        """Replace what is written of a run."""
        with self._database.writing() as connection:
            connection.execute(update(RUNS).where(RUNS.c.id == run.id).values(_values(run)))

    def interrupt(self, kind: str, at: datetime) -> list[Run]:
        """Mark the runs of a kind whose process has ended without a word, and return them.

        Called by whoever holds the lock that every run of the kind holds: so none of them lives.
        """
        dead = self.all(limit=None, kind=kind, state=RunState.RUNNING)
        query = update(RUNS).where(RUNS.c.id.in_([run.id for run in dead]))
        if dead:
            with self._database.writing() as connection:
                connection.execute(query.values(state=RunState.INTERRUPTED, finished_at=at))
        return dead

    def get(self, number: int) -> Run:
        """Return a run; `UnknownName` when there is none."""
        with self._database.reading() as connection:
            row = connection.execute(select(RUNS).where(RUNS.c.id == number)).mappings()
            found = row.one_or_none()
        if found is None:
            raise UnknownName("run", str(number), ())
        return _run(found)

    def all(
        self,
        limit: int | None = 100,
        kind: str | None = None,
        state: RunState | None = None,
    ) -> list[Run]:
        """Return runs, the newest first; of a kind, in a state where they are given."""
        query = select(RUNS).order_by(RUNS.c.id.desc()).limit(limit)
        if kind is not None:
            query = query.where(RUNS.c.kind == kind)
        if state is not None:
            query = query.where(RUNS.c.state == state)
        with self._database.reading() as connection:
            return [_run(row) for row in connection.execute(query).mappings()]


def _values(run: Run) -> dict[str, Any]:
    plain = {one.name: getattr(run, one.name) for one in fields(run) if one.name != "id"}
    lists = {name: [asdict(one) for one in plain[name]] for name in ("steps", "drift", "alerts")}
    return plain | lists | {"counts": dict(run.counts), "rejects": dict(run.rejects)}


def _run(row: RowMapping) -> Run:
    return Run(
        **{
            **row,
            "state": RunState(row["state"]),
            "steps": tuple(Step(**one) for one in row["steps"]),
            "drift": tuple(Drift(**one) for one in row["drift"]),
            "alerts": tuple(Alert(**one) for one in row["alerts"]),
        }
    )
