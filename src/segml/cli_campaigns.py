"""The commands that take guests out to other programs: ``segml export`` and ``segml campaign``."""

from pathlib import Path
from typing import Annotated

import typer

from segml import cli_options as options
from segml import terminal
from segml.campaigns import HOLDOUT, SUPPRESS_DAYS
from segml.cli_options import HERE, AsJson, AsOf, Folder, SetText
from segml.exporting import CAP, Export, Top
from segml.storage.records.exports import ExportFile
from segml.workspace import Workspace

app = typer.Typer(help="Plan campaigns.", no_args_is_help=True)

File = Annotated[Path, typer.Option("-o", "--output", help="The .csv file.")]
Fields = Annotated[str, typer.Option(help="Columns to add, separated by commas.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]
ForExcel = Annotated[bool, typer.Option("--excel", help="Begin the file as Excel wants it.")]


def export(
    what: SetText,
    output: File,
    workspace: Folder = HERE,
    as_of: AsOf = None,
    fields: Fields = "",
    channel: Annotated[
        str | None, typer.Option(help="email or sms: only whom we may contact there.")
    ] = None,
    top: Annotated[int | None, typer.Option(help="Only the first so many, by --by.")] = None,
    by: Annotated[str, typer.Option(help="The field that --top goes by.")] = "",
    *,
    split: Annotated[
        bool, typer.Option("--split", help=f"Above {CAP:,} rows, write numbered files.")
    ] = False,
    force: Force = False,
    excel: ForExcel = False,
    as_json: AsJson = False,
) -> None:
    """Write the members of a segment or a rule to a CSV file for other programs."""
    if (top is None) != (not by):
        raise typer.BadParameter("--top and --by go together")
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        found = opened.exporting.prepared(
            options.rule_or_segment(opened, what),
            fields=options.names(fields),
            channel=channel,
            top=None if top is None else Top(top, by),
            split=split,
            as_of=options.day(opened, as_of),
        )
        files = _written(opened, found, output, force=force, bom=excel)
        if as_json:
            terminal.document(found.as_json() | {"files": list(map(str, files))})
            return
        terminal.say(f"Wrote {found.rows:,} guests to {', '.join(map(str, files))}.")
        if channel is not None:
            told = "may not be contacted there and were left out"
            terminal.say(f"{found.without_consent:,} of {found.members:,} members {told}.")


@app.command()
def plan(
    what: SetText,
    workspace: Folder = HERE,
    as_of: AsOf = None,
    channel: Annotated[str, typer.Option(help="email or sms.")] = "email",
    holdout: Annotated[
        float, typer.Option(help="The share that is left out to compare with.")
    ] = HOLDOUT,
    suppress_days: Annotated[
        int, typer.Option(help="Leave in peace who was written to in so many last days.")
    ] = SUPPRESS_DAYS,
    campaign: Annotated[
        str, typer.Option(help="Its name; plans of one name hold out the same guests.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A .csv file for the recipients.")
    ] = None,
    fields: Fields = "",
    *,
    force: Force = False,
    excel: ForExcel = False,
    as_json: AsJson = False,
) -> None:
    """Say whom a campaign would reach, and the smallest effect that it could show."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        planned = opened.campaigns.plan(
            options.rule_or_segment(opened, what),
            channel,
            as_of=options.day(opened, as_of),
            holdout=holdout,
            suppress_days=suppress_days,
            campaign=campaign,
        )
        answer = planned.as_json()
        if output is not None:
            names = options.names(fields)
            found = opened.exporting.recipients(planned, names)
            files = _written(opened, found, output, force=force, bom=excel)
            answer["files"] = list(map(str, files))
        if as_json:
            terminal.document(answer)
            return
        terminal.say(planned.sentence)
        if output is not None:
            terminal.say(f"Wrote the recipients to {', '.join(answer['files'])}.")


def _written(
    workspace: Workspace, found: Export, output: Path, *, force: bool, bom: bool
) -> tuple[Path, ...]:
    """Write an export, put it on record, and return its files."""
    files = found.write(output, force=force, bom=bom)
    at, who, records = options.moment(), options.user(), workspace.records
    made = tuple(
        ExportFile(str(file), piece.rows) for file, piece in zip(files, found.pieces, strict=True)
    )
    records.exports.add(at, who, found.what, found.as_of, found.columns, found.channel, made)
    records.audit.add(at, who, None, "export.create", found.what, found.rows)
    return files
