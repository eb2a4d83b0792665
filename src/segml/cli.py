"""The command line: every use case of a workspace as a command.

Exit status 0 is done, 1 refused with a message that says what would be right, 2 wrong usage. With
``--json`` standard output holds one JSON document and nothing else.
"""

import getpass
import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from segml import terminal
from segml.core.errors import RuleRefused, SegmlError
from segml.core.tables import TABLE
from segml.settings import check
from segml.workspace import Workspace

app = typer.Typer(
    help="Customer segmentation for restaurants: exact segments of your guests, at any date.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
segments_app = typer.Typer(
    help="List, show, save, delete and compare segments.", no_args_is_help=True
)
app.add_typer(segments_app, name="segments")

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
RuleText = Annotated[
    str, typer.Argument(help="A file with a rule as JSON, or - for standard input.")
]
SetText = Annotated[str, typer.Argument(help="A segment's id, a file with a rule as JSON, or -.")]
HERE = Path()


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
    from segml.datasets.mapping import mapping_sources, shipped_mapping  # noqa: PLC0415
    from segml.datasets.sources import file_source  # noqa: PLC0415

    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        sources = [file_source(table, file) for table, file in _pairs(what or [])]
        if mapping is not None:
            named = shipped_mapping(mapping) if not Path(mapping).exists() else None
            sources += mapping_sources(named or Path(mapping), data)
        if not sources:
            raise typer.BadParameter("give TABLE FILE… or --mapping FILE.toml")
        with terminal.rows_read("Reading") as progress:
            counts = opened.import_facts(sources, progress)
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
        terminal.document({"tables": {name: count.as_json() for name, count in counts.items()}})
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
    if any(count.rejected for count in counts.values()):
        terminal.say("See what was set aside and why: segml rejects")


@app.command()
def rejects(
    workspace: Folder = HERE,
    limit: Annotated[int, typer.Option(help="Show at most so many.")] = 20,
    output: Annotated[
        Path | None, typer.Option("-o", help="A .csv or .parquet file for all.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the rows that were set aside, with their reasons."""
    with terminal.refusals(as_json=as_json):
        found = Workspace(workspace).rejects().collect()
        if output is not None:
            _write(found, output)
        if as_json:
            terminal.document({"count": found.height, "rejects": found.head(limit).to_dicts()})
            return
        columns = ("table", "source", "row", "column", "value", "reason")
        terminal.table(
            "Set aside", columns, found.head(limit).select(columns).iter_rows(), ("row",)
        )
        terminal.say(f"{found.height:,} in all.")


@app.command()
def nightly(workspace: Folder = HERE, as_of: AsOf = None, *, as_json: AsJson = False) -> None:
    """Compute features, recompute every segment, record who entered and left, and publish."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = as_of.date() if as_of else _today(opened)
        with terminal.steps(f"Night {day}") as progress:
            report = opened.nightly(day, progress)
        if as_json:
            terminal.document(report.as_json())
            return
        since = f", changes since {report.previous}" if report.previous else ""
        terminal.table(
            f"{report.universe:,} guests at the start of {report.as_of}{since}",
            ("segment", "guests", "entered", "left", ""),
            [(s.segment, s.count, s.entered, s.left, s.unavailable) for s in report.segments],
            ("guests", "entered", "left"),
        )


@app.command()
def preview(
    rule: RuleText, workspace: Folder = HERE, as_of: AsOf = None, *, as_json: AsJson = False
) -> None:
    """Count a rule exactly, with what each condition keeps and some of its members."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        found = opened.preview(_rule(rule), as_of=_day(opened, as_of))
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
        day = _day(opened, as_of)
        names = [name.strip() for name in fields.split(",") if name.strip()]
        found = opened.members(_set(opened, what), as_of=day, fields=names)
        if output is not None:
            _write(found, output)
        if as_json:
            listed = found.to_dicts() if names else found["customer_id"].to_list()
            answer = {"segment": what, "as_of": day, "count": found.height}
            where = {"file": str(output)} if output else {"members": listed}
            terminal.document(answer | where)
        elif output is not None:
            terminal.say(f"Wrote {found.height:,} members at the start of {day} to {output}.")
        else:
            terminal.table(f"{found.height:,} members", found.columns, found.head(50).iter_rows())


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
        found = opened.explain(customer, _set(opened, what), as_of=_day(opened, as_of))
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


@segments_app.command("list")
def list_(workspace: Folder = HERE, *, as_json: AsJson = False) -> None:
    """List every segment with its count on the latest night."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        as_of = opened.latest_night()
        night = opened.nights()[as_of] if as_of else None
        _, unavailable = opened.rules()
        rows = []
        for name, segment in opened.segments().items():
            tally = night.segments.get(name) if night else None
            rows.append(
                {
                    "id": name,
                    "name": segment.name,
                    "kind": segment.kind,
                    "owner": segment.owner,
                    "version": segment.version,
                    "count": tally.count if tally else None,
                    "entered": tally.entered if tally else None,
                    "left": tally.left if tally else None,
                    "unavailable": unavailable.get(name, ""),
                }
            )
        if as_json:
            terminal.document({"as_of": as_of, "segments": rows})
            return
        when = f"at the start of {as_of}" if as_of else "no night has been run yet"
        columns = ("id", "name", "kind", "count", "entered", "left", "unavailable")
        terminal.table(
            f"Segments, {when}",
            columns,
            [tuple(row[column] for column in columns) for row in rows],
            ("count", "entered", "left"),
        )


@segments_app.command()
def show(
    segment: Annotated[str, typer.Argument(help="A segment's id.")],
    workspace: Folder = HERE,
    as_of: AsOf = None,
    dialect: Annotated[str, typer.Option(help="duckdb, postgres or spark.")] = "duckdb",
    *,
    sql: Annotated[bool, typer.Option("--sql", help="Print the segment as one SQL query.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a segment: its rule in words and as JSON, its versions, or its SQL."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        found = opened.segment(segment)
        if sql:
            query = opened.sql(segment, as_of=_day(opened, as_of), dialect=dialect)
            if as_json:
                terminal.document({"segment": segment, "dialect": dialect, "sql": query})
            else:
                sys.stdout.write(query + "\n")
            return
        rules, unavailable = opened.rules()
        rule = rules.get(segment)
        answer = {
            "id": found.id,
            "name": found.name,
            "description": found.description,
            "kind": found.kind,
            "owner": found.owner,
            "version": found.version,
            "versions": [one.version for one in opened.versions(segment)],
            "sentence": opened.sentence(segment) if rule else "",
            "digest": rule.digest if rule else None,
            "unavailable": unavailable.get(segment, ""),
            "rule": found.rule,
        }
        if as_json:
            terminal.document(answer)
            return
        terminal.say(f"{found.name} ({found.id}, version {found.version}, by {found.owner})")
        terminal.say(found.description)
        terminal.say(str(answer["sentence"] or f"Not available: {answer['unavailable']}"))
        terminal.say(json.dumps(found.rule, indent=1, ensure_ascii=False))


@segments_app.command()
def save(
    segment: Annotated[str, typer.Argument(help="The id to save it under.")],
    rule: RuleText,
    workspace: Folder = HERE,
    name: Annotated[str, typer.Option(help="Its name for people.")] = "",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    owner: Annotated[str, typer.Option(help="Who saves it.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Save a rule as a segment, as the next version of its id."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        saved = opened.save_rule(
            segment,
            _rule(rule),
            title=name,
            description=description,
            owner=owner or getpass.getuser(),
            at=_now(),
        )
        if as_json:
            terminal.document({"id": saved.id, "version": saved.version, "name": saved.name})
        else:
            terminal.say(f"Saved {saved.id}, version {saved.version}.")


@segments_app.command()
def delete(
    segment: Annotated[str, typer.Argument(help="A segment's id.")],
    workspace: Folder = HERE,
    *,
    as_json: AsJson = False,
) -> None:
    """Delete a saved segment that no other refers to."""
    with terminal.refusals(as_json=as_json):
        Workspace(workspace).delete(segment, owner=getpass.getuser(), at=_now())
        if as_json:
            terminal.document({"id": segment, "deleted": True})
        else:
            terminal.say(f"Deleted {segment}.")


@segments_app.command()
def diff(
    segment: Annotated[str, typer.Argument(help="A segment's id.")],
    rule: RuleText,
    workspace: Folder = HERE,
    as_of: AsOf = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say who would enter and leave a segment, and why, if it had another rule."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = _day(opened, as_of)
        found = opened.diff(segment, _rule(rule), as_of=day)
        if as_json:
            from segml.answers import difference_as_json  # noqa: PLC0415

            terminal.document(difference_as_json(segment, day, found))
            return
        terminal.say(f"{segment}: {found.before:,} members now, {found.after:,} with the new rule.")
        for title, movers, causes in (
            ("would enter", found.entered, found.why_entered),
            ("would leave", found.left, found.why_left),
        ):
            rows = [(cause.customers, cause.words) for cause in causes]
            terminal.table(f"{movers.len():,} {title}", ("guests", "because of"), rows, ("guests",))


@app.command()
def demo(
    workspace: Annotated[
        Path,
        typer.Option("--workspace", "-w", envvar="SEGML_WORKSPACE", help="The folder to make."),
    ] = Path("demo"),
    customers: Annotated[int, typer.Option(min=1, help="How many guests.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Another seed, another restaurant.")] = 0,
    *,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Only build it (there is no service to start yet).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a whole working restaurant: data, features, segments."""
    del no_serve
    from segml.demo import make  # noqa: PLC0415

    with terminal.refusals(as_json=as_json):
        with terminal.steps("Demo") as progress:
            report = make(workspace, customers, seed, progress)
        if as_json:
            terminal.document({"workspace": str(workspace)} | report.as_json())
            return
        terminal.table(
            f"{report.universe:,} guests at the start of {report.as_of}; changes since "
            f"{report.previous}",
            ("segment", "guests", "entered", "left", ""),
            [(s.segment, s.count, s.entered, s.left, s.unavailable) for s in report.segments],
            ("guests", "entered", "left"),
        )
        member = Workspace(workspace).members("win-back-campaign")["customer_id"].to_list()
        terminal.say(f"\nThe restaurant stands in {workspace}. Try next:\n")
        for line in (
            f"segml segments show win-back-campaign -w {workspace}",
            f"segml members win-back-campaign -w {workspace} -o win-back.csv",
            f"segml explain {member[0] if member else 1} win-back-campaign -w {workspace}",
            f"segml segments show vip-upsell -w {workspace} --sql --dialect postgres",
            f"segml nightly -w {workspace} --as-of 2026-06-01",
        ):
            terminal.say(f"  {line}")


def _rule(text: str) -> Any:
    """Return the JSON in a file or on standard input."""
    try:
        raw = sys.stdin.read() if text == "-" else Path(text).read_text(encoding="utf-8")
        return json.loads(raw)
    except OSError as error:
        raise SegmlError(f"The rule {text} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise SegmlError(f"The rule {text} is not JSON: {error}.") from None


def _set(workspace: Workspace, text: str) -> Any:
    """Return a segment's id, or the rule in a file or on standard input."""
    if text in workspace.segments() or not (text == "-" or "." in text or Path(text).is_file()):
        return text
    return _rule(text)


def _write(frame: Any, path: Path) -> None:
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


def _day(workspace: Workspace, as_of: datetime | None) -> date:
    return as_of.date() if as_of else workspace.latest_night() or _today(workspace)


def _today(workspace: Workspace) -> date:
    return datetime.now(ZoneInfo(workspace.settings.time_zone)).date()


def _now() -> str:
    return datetime.now(ZoneInfo("UTC")).isoformat(timespec="seconds")
