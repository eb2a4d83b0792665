"""The command line: every use case of a workspace as a command.

Exit status 0 is done, 1 refused with a message that says what would be right, 2 wrong usage. With
``--json`` standard output holds one JSON document and nothing else.
"""

import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from segml import (
    cli_campaigns,
    cli_lookalike,
    cli_models,
    cli_nightly,
    cli_privacy,
    cli_segments,
    cli_serve,
    cli_tokens,
    cli_webhooks,
    terminal,
)
from segml import cli_options as options
from segml.cli_options import HERE, AsJson, AsOf, Folder, RuleText, SetText
from segml.core.errors import RuleRefused
from segml.core.tables import TABLE
from segml.settings import check
from segml.workspace import Workspace

app = typer.Typer(
    help="Customer segmentation for restaurants: exact segments of your guests, at any date.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_segments.app, name="segments")
app.add_typer(cli_models.app, name="models")
app.add_typer(cli_campaigns.app, name="campaign")
app.add_typer(cli_tokens.app, name="token")
app.add_typer(cli_webhooks.app, name="webhooks")
for command in (
    cli_models.train,
    cli_models.evaluate,
    cli_models.score,
    cli_lookalike.lookalike,
    cli_serve.serve,
    cli_campaigns.export,
    cli_nightly.nightly,
    cli_nightly.runs,
    cli_privacy.access,
    cli_privacy.erase,
    cli_nightly.schedule,
):
    app.command()(command)


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make; it may exist.")],
    time_zone: Annotated[str, typer.Option(help="IANA name of the restaurant's zone.")] = "UTC",
    service_day_start: Annotated[
        str, typer.Option(help="When a service day begins, such as 04:00.")
    ] = "00:00",
    currency: Annotated[str, typer.Option(help="What amounts are in.")] = "EUR",
    *,
    as_json: AsJson = False,
) -> None:
    """Make a workspace."""
    with terminal.refusals(as_json=as_json):
        values = {
            "time_zone": time_zone,
            "service_day_start": service_day_start,
            "currency": currency,
        }
        made = Workspace.create(folder, check(values, "these options"))
        if as_json:
            terminal.document({"workspace": str(made.folder)} | values)
        else:
            terminal.say(f"Made the workspace {made.folder}. Next: segml import -w {made.folder} …")


@app.command("import")
def import_(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TABLE FILE...]...", help="Tables and their files."),
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(help="A mapping file, or the name of one that comes with segml."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The folder of the mapping's files, if not its own.")
    ] = None,
    workspace: Folder = HERE,
    *,
    as_json: AsJson = False,
) -> None:
    """Take in facts: TABLE FILE… pairs, or the sources of a mapping file.

    Rows that break the contract are set aside with their reason (segml rejects). Importing the
    same file twice changes nothing.
    """
    files = _pairs(what or [])
    if not files and mapping is None:
        raise typer.BadParameter("give TABLE FILE… or --mapping FILE.toml")
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        with terminal.rows_read("Reading") as progress:
            counts = opened.import_files(files, mapping=mapping, data=data, progress=progress)
        _print_import(counts, as_json=as_json)


def _pairs(words: list[str]) -> list[tuple[str, Path]]:
    """Return (table, file) for words such as ``orders a.csv b.csv customers c.csv``."""
    pairs: list[tuple[str, Path]] = []
    table, fresh = "", False
    for word in words:
        if word in TABLE and not fresh:
            table, fresh = word, True
        elif not table:
            raise typer.BadParameter(f"“{word}” is no table; there are {', '.join(TABLE)}")
        else:
            pairs.append((table, Path(word)))
            fresh = False
    if fresh:
        raise typer.BadParameter(f"no file is given for {table}")
    return pairs


def _print_import(counts: Any, *, as_json: bool) -> None:
    if as_json:
        terminal.document({"tables": {name: asdict(count) for name, count in counts.items()}})
        return
    terminal.table(
        "Imported",
        ("table", "read", "accepted", "new", "rejected"),
        [(name, c.read, c.accepted, c.new, c.rejected) for name, c in counts.items()],
        ("read", "accepted", "new", "rejected"),
    )
    for name, count in counts.items():
        if count.ignored:
            terminal.say(
                f"Not part of the contract, so left out of {name}: {', '.join(count.ignored)}."
            )
        if count.erased:
            terminal.say(
                f"{count.erased:,} rows of {name} are of guests who were erased: left out."
            )
        if count.earlier:
            fate = "came in now, their parent being known"
            if count.earlier < 0:
                fate = "were set aside, their parent being unknown"
            terminal.say(f"{abs(count.earlier):,} rows of {name} imported before {fate}.")
    if any(count.rejected or count.earlier < 0 for count in counts.values()):
        terminal.say("See what was set aside and why: segml rejects")


@app.command()
def rejects(
    workspace: Folder = HERE,
    limit: Annotated[int, typer.Option(help="Show at most so many.")] = 20,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A .csv or .parquet file for all.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the rows that were set aside, with their reasons."""
    with terminal.refusals(as_json=as_json):
        found = Workspace(workspace).rejects().collect()
        if output is not None:
            options.write(found, output)
        if as_json:
            terminal.document({"count": found.height, "rejects": found.head(limit).to_dicts()})
            return
        columns = ("table", "source", "row", "column", "value", "reason")
        terminal.table(
            "Set aside", columns, found.head(limit).select(columns).iter_rows(), ("row",)
        )
        terminal.say(f"{found.height:,} in all.")


@app.command()
def upgrade(workspace: Folder = HERE, *, as_json: AsJson = False) -> None:
    """Bring a workspace that an older version of segml wrote to the present layout."""
    from segml.upgrade import upgrade as run  # noqa: PLC0415

    with terminal.refusals(as_json=as_json):
        with terminal.steps("Upgrade") as progress:
            days = run(workspace, progress)
        if as_json:
            terminal.document({"workspace": str(workspace), "nights": days})
        elif days:
            terminal.say(f"Wrote {len(days)} nights of {workspace} anew.")
        else:
            terminal.say(f"{workspace} is up to date.")


@app.command()
def preview(
    rule: RuleText, workspace: Folder = HERE, as_of: AsOf = None, *, as_json: AsJson = False
) -> None:
    """Count a rule exactly, with what each condition keeps and some of its members."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        found = opened.preview(options.rule(rule), as_of=options.day(opened, as_of))
        if as_json:
            terminal.document(found.as_json())
            if found.problems:
                raise typer.Exit(terminal.REFUSED)
            return
        if found.problems:
            raise RuleRefused(found.problems)
        terminal.say(found.sentence)
        terminal.say(f"{found.count:,} of {found.universe:,} guests at the start of {found.as_of}.")
        terminal.table(
            "Kept by each condition alone",
            ("guests", "condition"),
            [(one.kept, one.words) for one in found.conditions],
            ("guests",),
        )
        if found.sample:
            shown = found.sample[:10]
            terminal.table("Some of them", tuple(shown[0]), [tuple(row.values()) for row in shown])


@app.command()
def members(
    what: SetText,
    workspace: Folder = HERE,
    as_of: AsOf = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A .parquet or .csv file.")
    ] = None,
    fields: Annotated[str, typer.Option(help="Fields to add, separated by commas.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List the members of a segment or a rule, or write them to a file."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = options.day(opened, as_of)
        names = options.names(fields)
        found = opened.members(options.rule_or_segment(opened, what), as_of=day, fields=names)
        if output is not None:
            options.write(found, output)
        if as_json:
            listed = found.to_dicts() if names else found["customer_id"].to_list()
            answer = {"segment": what, "as_of": day, "count": found.height}
            where = {"file": str(output)} if output else {"members": listed}
            terminal.document(answer | where)
        elif output is not None:
            terminal.say(f"Wrote {found.height:,} members at the start of {day} to {output}.")
        else:
            shown = found.head(50)
            title = f"{found.height:,} members"
            if found.height > shown.height:
                title += f", the first {shown.height} of them"
            terminal.table(title, shown.columns, shown.iter_rows())


@app.command()
def explain(
    customer: Annotated[str, typer.Argument(help="A customer's id.")],
    what: SetText,
    workspace: Folder = HERE,
    as_of: AsOf = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say why a customer is in a segment, or why not, with the values."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        found = opened.explain(
            customer, options.rule_or_segment(opened, what), as_of=options.day(opened, as_of)
        )
        if as_json:
            terminal.document(found.as_json())
            return
        verdict = "is in" if found.member else "is not in"
        terminal.say(f"{found.customer_id} {verdict} {found.rule} at the start of {found.as_of}.")
        terminal.say(found.sentence)
        terminal.table(
            "",
            ("", "condition", "value"),
            [
                ("✓" if reason.holds == reason.wanted else "✗", reason.words, reason.value)
                for reason in found.reasons
            ],
        )


@app.command()
def demo(
    workspace: Annotated[
        Path,
        typer.Option("--workspace", "-w", envvar="SEGML_WORKSPACE", help="The folder to make."),
    ] = Path("demo"),
    customers: Annotated[int, typer.Option(min=1, help="How many guests.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Another seed, another restaurant.")] = 0,
    host: cli_serve.Host = cli_serve.HOST,
    port: cli_serve.Port = cli_serve.PORT,
    *,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Only make it; --json does the same.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a whole working restaurant: data, models, features, segments; and serve it."""
    from segml.demo import make  # noqa: PLC0415

    with terminal.refusals(as_json=as_json):
        with terminal.steps("Demo") as progress:
            report = make(workspace, customers, seed, progress, clock=options.moment)
        if as_json:
            terminal.document({"workspace": str(workspace)} | report.as_json())
            return
        cli_nightly.print_night(report)
        for note in report.notes:
            terminal.say(note)
        member = Workspace(workspace).members("win-back-campaign")["customer_id"].to_list()
        program = "segml" if shutil.which("segml") else os.path.relpath(sys.argv[0])
        terminal.say(f"\nThe restaurant stands in {workspace}. Try next:\n")
        for line in (
            f"segments show win-back-campaign -w {workspace}",
            f"members win-back-campaign -w {workspace} -o win-back.csv",
            f"explain {member[0] if member else 1} win-back-campaign -w {workspace}",
            f"segments show vip-upsell -w {workspace} --sql --dialect postgres",
            f"nightly -w {workspace} --as-of 2026-06-01",
        ):
            terminal.say(f"  {program} {line}")
        if not no_serve:
            cli_serve.serve(workspace, host, port)
