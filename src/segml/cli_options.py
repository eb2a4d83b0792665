"""What the commands take: options they share, rules and sets by name or file, and the clock.

This is the only file of the package that asks what time it is.
"""

import getpass
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import polars as pl
import typer

from segml.core.calendar import service_day
from segml.core.errors import SegmlError
from segml.workspace import Workspace

Folder = Annotated[
    Path,
    typer.Option("--workspace", "-w", envvar="SEGML_WORKSPACE", help="The workspace's folder."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        help="The start of this service day; the latest stored night unless given, else today.",
    ),
]
Night = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The service day; today's unless given."),
]
RuleText = Annotated[
    str, typer.Argument(help="A file with a rule as JSON, or - for standard input.")
]
SetText = Annotated[str, typer.Argument(help="A segment's id, a file with a rule as JSON, or -.")]
HERE = Path()


def rule(text: str) -> Any:
    """Return the JSON in a file or on standard input."""
    try:
        raw = sys.stdin.read() if text == "-" else Path(text).read_text(encoding="utf-8")
        return json.loads(raw)
    except OSError as error:
        raise SegmlError(f"The rule {text} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise SegmlError(f"The rule {text} is not JSON: {error}.") from None
    except RecursionError:
        raise SegmlError(f"The rule {text} is nested too deeply to be one.") from None


def rule_or_segment(workspace: Workspace, text: str) -> Any:
    """Return a segment's id, or the rule in a file or on standard input."""
    if text in workspace.segments.all() or not (text == "-" or "." in text or Path(text).is_file()):
        return text
    return rule(text)


def seeds(workspace: Workspace, text: str) -> Any:
    """Return a segment's id, the ids in a .csv or .parquet file, or the rule in a file."""
    if text not in workspace.segments.all() and Path(text).suffix in {".csv", ".parquet"}:
        return customers(Path(text))
    return rule_or_segment(workspace, text)


def customers(path: Path) -> list[Any]:
    """Return the ids in the column customer_id of a .csv or .parquet file, each once."""
    try:
        if path.suffix == ".parquet":
            found = pl.read_parquet(path)
        else:
            found = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True)
    except (OSError, pl.exceptions.PolarsError) as error:
        told = (getattr(error, "strerror", None) or str(error)).splitlines()[0]
        raise SegmlError(f"The list {path} cannot be read: {told}.") from None
    if "customer_id" not in found.columns:
        raise SegmlError(
            f"The list {path} has no column customer_id, but {', '.join(found.columns)}. "
            "Call the column of the ids customer_id."
        )
    return found["customer_id"].drop_nulls().unique(maintain_order=True).to_list()


def names(listed: str) -> list[str]:
    """Return the names in a list separated by commas, each once."""
    return list(dict.fromkeys(name.strip() for name in listed.split(",") if name.strip()))


def write(frame: Any, path: Path) -> None:
    """Write a frame as Parquet or CSV, as the path ends."""
    try:
        match path.suffix:
            case ".parquet":
                frame.write_parquet(path)
            case ".csv":
                lists = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
                texts = {name: frame[name].list.join("|") for name in lists}
                frame.with_columns(**texts).write_csv(path)
            case _:
                raise typer.BadParameter(f"{path} is neither .parquet nor .csv")
    except OSError as error:
        raise SegmlError(f"{path} cannot be written: {error}.") from None


def day(workspace: Workspace, as_of: datetime | None) -> date:
    """Return the day asked for, else the latest stored night that is whole, else today."""
    if as_of is not None:
        return as_of.date()
    if not workspace.nights.all():
        return today(workspace)
    latest, damaged = workspace.latest.looked()
    if latest is None:
        return workspace.latest.day()  # says what is wrong with the last one
    for skipped, error in damaged.items():
        told = f"The night {skipped} is skipped and {latest} served, for {error}"
        typer.echo(told, err=True)
    return latest


def today(workspace: Workspace) -> date:
    """Return the service day it is at the restaurant."""
    settings = workspace.settings
    local = datetime.now(ZoneInfo(settings.time_zone)).replace(tzinfo=None)
    return service_day(local, settings.service_day_start)


def moment() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def now() -> str:
    """Return the present moment in UTC, ISO 8601."""
    return moment().isoformat(timespec="seconds")


def user() -> str:
    """Return who is asking, as the system knows them; empty for a user without an account."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
