"""What the command line shows: tables and progress for people, one JSON document for programs.

Tables and JSON go to standard output, everything else to standard error.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from segml.core.cells import cell
from segml.core.errors import RequestRefused, RuleRefused, SegmlError

OUT: Final = Console(highlight=False)
ERR: Final = Console(stderr=True, highlight=False)
REFUSED: Final = 1


def document(value: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n")


def say(text: str = "") -> None:
    """Print a line for people."""
    OUT.print(escape(text), soft_wrap=True)


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Sequence[str] = ()
) -> None:
    """Print a table; the columns in `numbers` are grouped and aligned to the right."""
    shown = Table(title=escape(title), title_justify="left", header_style="bold", box=None)
    for column in columns:
        shown.add_column(column, justify="right" if column in numbers else "left")
    grouped = [column in numbers for column in columns]
    for row in rows:
        cells = zip(row, grouped, strict=True)
        shown.add_row(*(escape(cell(value, grouped=group)) for value, group in cells))
    OUT.print(shown)


@contextmanager
def refusals(*, as_json: bool) -> Iterator[None]:
    """Turn what segml refuses into a message on standard error and exit status 1."""
    try:
        yield
    except (SegmlError, OSError) as error:
        if as_json:
            found = []
            if isinstance(error, RuleRefused | RequestRefused):
                found = [problem.as_json() for problem in error.problems]
            document({"error": _told(error), "problems": found})
        ERR.print(escape(_told(error)), style="red", soft_wrap=True)
        raise typer.Exit(REFUSED) from None


def _told(error: SegmlError | OSError) -> str:
    if isinstance(error, OSError):
        where = error.filename or "The disk"
        return f"{where} cannot be used: {error.strerror or error}."
    return str(error)


@contextmanager
def steps(title: str) -> Iterator[Callable[[str, float], None]]:
    """Show a bar for work whose share done is known; yields what to call at each step."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("gone, about"),
        TimeRemainingColumn(),
        TextColumn("to go"),
        console=ERR,
        transient=True,
        disable=not ERR.is_terminal,
    ) as progress:
        task = progress.add_task(title, total=1.0)
        yield lambda step, share: progress.update(
            task, description=f"{title}: {step}", completed=share
        )


@contextmanager
def rows_read(title: str) -> Iterator[Callable[[str, int], None]]:
    """Show how many rows have been read; yields what to call with a table and its rows so far."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeElapsedColumn(),
        console=ERR,
        transient=True,
        disable=not ERR.is_terminal,
    ) as progress:
        task = progress.add_task(title, total=None, rows=0)
        yield lambda table, rows: progress.update(task, description=f"{title} {table}", rows=rows)
