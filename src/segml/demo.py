"""The demo: a synthetic restaurant, imported and run through two nights, ready to be asked."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date, time, timedelta
from pathlib import Path
from typing import Final

from segml.answers import NightReport
from segml.core.errors import TooFewCustomers, WorkspaceError
from segml.core.tables import TABLES
from segml.datasets.restaurant import RestaurantPlan, shares, write_restaurant
from segml.datasets.sources import file_source
from segml.datasets.synthetic.town import TIME_ZONE
from segml.pipeline import Clock, Progress, run_nights, run_training
from segml.settings import FILE, Settings
from segml.workspace import Workspace

SETTINGS: Final = Settings(time_zone=TIME_ZONE, service_day_start=time(4))
PIECE: Final = 200_000  # guests made up and imported at a time, so that memory does not grow
HELD_BACK: Final = 90  # days that models have not seen, so that they can be judged at once
WHO: Final = "demo"  # in the records of its nights and trainings
DAYS_BETWEEN: Final = 7  # so that the second night has people who came and went


def restaurant(folder: Path | str, *, customers: int = 10_000, seed: int = 0) -> Workspace:
    """Return the workspace of a synthetic restaurant, made in `folder` where it is not there yet.

    It has no models until some are trained. The latest night is the one to ask; the raw data, with
    the truth about the guests that `segml.datasets.oracle` reads, are in the folder's ``data``.

    Parameters
    ----------
    folder
        The workspace, as for `make`.
    customers, seed
        Of the synthetic restaurant.

    Raises
    ------
    WorkspaceError
        When the folder holds another workspace.
    """
    plan = RestaurantPlan(customers=customers, seed=seed)
    workspace = _filled(Path(folder), plan, _silent)
    _nights(plan, workspace.nightly, _silent)
    return workspace


def make(
    folder: Path, customers: int, seed: int, progress: Progress, *, clock: Clock
) -> NightReport:
    """Make a whole restaurant in `folder` and return the report of its last night.

    Its trainings and its nights leave records, as those of any restaurant do.

    A folder that holds the same demo already is brought up to date; another one is refused.

    Parameters
    ----------
    folder
        The workspace to make; the raw data go into its ``data``.
    customers, seed
        Of the synthetic restaurant.
    progress
        Told each step and the share of the work done before it.
    clock
        Gives the present moment, with a zone.
    """
    plan = RestaurantPlan(customers=customers, seed=seed)
    workspace = _filled(folder, plan, progress)
    _teach(workspace, _end(plan) - timedelta(days=HELD_BACK), progress, clock)

    def night(day: date, told: Progress) -> NightReport:
        (found,) = run_nights(workspace, [day], clock=clock, who=WHO, progress=told)
        return found.report

    return _nights(plan, night, progress)


def _silent(_step: str, _share: float) -> None:
    return None


def _end(plan: RestaurantPlan) -> date:
    """Return the day at whose start everything has happened."""
    return plan.last_day + timedelta(days=1)


def _filled(folder: Path, plan: RestaurantPlan, progress: Progress) -> Workspace:
    """Return the workspace in `folder` with the facts of a plan."""
    workspace = _workspace(folder, plan)
    (folder / "data").mkdir(exist_ok=True)
    _mark(folder).write_text(_plan_text(plan), encoding="utf-8")
    pieces = shares(plan, PIECE) if plan.customers > PIECE else [None]
    for number, blocks in enumerate(pieces):
        data = folder / "data" if blocks is None else folder / "data" / f"{number:03}"
        start, step = 0.6 * number / len(pieces), 0.6 / len(pieces)

        def told(what: str, share: float, start: float = start, step: float = step) -> None:
            progress(what, start + step * share)

        _fill(workspace, data, plan, blocks, told)
    return workspace


def _nights(
    plan: RestaurantPlan, night: Callable[[date, Progress], NightReport], progress: Progress
) -> NightReport:
    """Run the last two nights and return the report of the last."""
    last = _end(plan)
    night(
        last - timedelta(days=DAYS_BETWEEN), lambda step, share: progress(step, 0.8 + 0.1 * share)
    )
    return night(last, lambda step, share: progress(step, 0.9 + 0.1 * share))


def _teach(workspace: Workspace, day: date, progress: Progress, clock: Clock) -> None:
    """Train every model that there is enough to learn for."""
    names = list(workspace.models.declared())
    for place, name in enumerate(names):

        def told(step: str, share: float, name: str = name, place: int = place) -> None:
            progress(f"training {name}: {step}", 0.6 + 0.2 * (place + share) / len(names))

        with suppress(TooFewCustomers):  # a small restaurant has too little
            run_training(workspace, name, clock=clock, who=WHO, as_of=day, progress=told)


def _fill(
    workspace: Workspace,
    data: Path,
    plan: RestaurantPlan,
    blocks: range | None,
    progress: Progress,
) -> None:
    """Write some guests, or all of them, into `data` and import them."""
    if not (data / "truth" / "process.json").exists():
        data.mkdir(exist_ok=True)
        write_restaurant(
            data,
            plan,
            lambda done, total: progress("making up guests", 0.5 * done / total),
            blocks,
        )
    files = {table.name: data / f"{table.name}.parquet" for table in TABLES}
    workspace.import_facts(
        [file_source(name, file) for name, file in files.items() if file.exists()],
        lambda table, rows: progress(f"importing {table}, {rows:,} rows", 0.5),
    )


def _workspace(folder: Path, plan: RestaurantPlan) -> Workspace:
    if not (folder / FILE).exists():
        return Workspace.create(folder, SETTINGS)
    try:
        same = _mark(folder).read_text(encoding="utf-8") == _plan_text(plan)
    except FileNotFoundError:
        same = not (folder / "data").exists() and not (folder / "warehouse").exists()
    if not same:
        raise WorkspaceError(
            f"{folder} holds another workspace. Name another folder (--workspace), or remove it."
        )
    return Workspace(folder)


def _mark(folder: Path) -> Path:
    return folder / "data" / "plan.json"


def _plan_text(plan: RestaurantPlan) -> str:
    return json.dumps({"customers": plan.customers, "seed": plan.seed})
