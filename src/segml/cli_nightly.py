"""The commands of the night: run it, see what became of it, say when it runs by itself."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import typer

from segml import cli_options as options
from segml import terminal
from segml.answers import NightReport
from segml.cli_options import HERE, AsJson, Folder, Night
from segml.core.errors import SegmlError
from segml.workspace import Workspace

Day = ["%Y-%m-%d"]


def nightly(
    workspace: Folder = HERE,
    as_of: Night = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=Day, help="The first of several nights.")
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=Day, help="The last of them; today's unless given."),
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(help="Where new facts come from; that of the schedule unless given."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Take in new facts, compute features and scores, recompute every segment, and publish."""
    from segml.pipeline import run_nights  # noqa: PLC0415 (SQLAlchemy loads slowly)

    if first and as_of:
        raise typer.BadParameter("give --as-of for one night, or --from and --to for several")
    if last and not first:
        raise typer.BadParameter("give --from too, or --as-of for one night")
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        days = _days(first or as_of, last or as_of, options.today(opened))
        with terminal.steps(f"Night {days[0]}") as progress:
            found = run_nights(
                opened,
                days,
                clock=options.moment,
                who=options.user(),
                mapping=mapping or opened.records.schedule.read().mapping,
                progress=progress,
            )
        if as_json:
            nights = [one.report.as_json() | {"run": one.run.as_json()} for one in found]
            terminal.document({"nights": nights} if first else nights[0])
            return
        for one in found:
            print_night(one.report)
            for alert in one.run.alerts:
                terminal.say(f"{alert.level.capitalize()}: {alert.words}")


def _days(first: datetime | None, last: datetime | None, today: date) -> list[date]:
    """Return the days from one to another, today where they are not given."""
    start = first.date() if first else today
    end = last.date() if last else today
    if end < start:
        raise SegmlError(f"There is no night from {start} to {end}. Give the earlier day first.")
    return [start + timedelta(days=day) for day in range((end - start).days + 1)]


def print_night(report: NightReport) -> None:
    """Print what a night found."""
    since = f"; changes since {report.previous}" if report.previous else ""
    terminal.table(
        f"{report.universe:,} guests at the start of {report.as_of}{since}",
        ("segment", "guests", "entered", "left", ""),
        [(s.segment, s.count, s.entered, s.left, s.unavailable) for s in report.segments],
        ("guests", "entered", "left"),
    )


def schedule(
    cron: Annotated[
        str | None,
        typer.Option(help="Five fields as cron has them, such as 0 5 * * *; empty for never."),
    ] = None,
    mapping: Annotated[
        str | None, typer.Option(help="Where new facts come from; empty for nowhere.")
    ] = None,
    workspace: Folder = HERE,
    *,
    as_json: AsJson = False,
) -> None:
    """Say when the service runs nights by itself, or show when it does."""
    from segml.scheduling import reschedule  # noqa: PLC0415 (APScheduler loads slowly)

    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        timetable = opened.records.schedule.read()
        if cron is not None or mapping is not None:
            timetable = reschedule(
                opened,
                timetable.cron if cron is None else cron or None,
                timetable.mapping if mapping is None else mapping or None,
            )
            what = f"{timetable.cron or 'never'} {timetable.mapping or ''}".strip()
            at = options.moment()
            opened.records.audit.add(at, options.user(), None, "schedule.write", what)
        if as_json:
            terminal.document(asdict(timetable))
            return
        terminal.say(f"Nights run by themselves: {timetable.cron or 'never'}.")
        terminal.say(f"New facts come from: {timetable.mapping or 'nowhere'}.")


def runs(
    workspace: Folder = HERE,
    limit: Annotated[int, typer.Option(help="Show at most so many.")] = 20,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the latest runs: how long they took, what they found amiss."""
    with terminal.refusals(as_json=as_json):
        found = [run.as_json() for run in Workspace(workspace).records.runs.all(limit)]
        if as_json:
            terminal.document({"runs": found})
            return
        columns = ("id", "kind", "as_of", "state", "who", "started_at", "seconds")
        rows = [(*(run[column] for column in columns), _amiss(run)) for run in found]
        terminal.table("Runs", (*columns, "amiss"), rows, ("seconds",))


def _amiss(run: dict[str, Any]) -> str:
    return " ".join([run["error"], *(alert["words"] for alert in run["alerts"])]).strip()
