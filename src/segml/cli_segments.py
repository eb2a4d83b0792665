"""The commands under ``segml segments``."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from segml import cli_options as options
from segml import terminal
from segml.answers import difference_as_json, rule_of_list_as_json
from segml.cli_options import HERE, AsJson, AsOf, Folder, RuleText
from segml.core.errors import RuleRefused, SegmlError
from segml.rules.criteria import Rule
from segml.rules.describe import sentence
from segml.segments.segment import Segment
from segml.workspace import Workspace

app = typer.Typer(help="List, show, save, delete and compare segments.", no_args_is_help=True)


@app.command("list")
def list_(workspace: Folder = HERE, *, as_json: AsJson = False) -> None:
    """List every segment with its count on the latest night."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        as_of = max(opened.nights.all(), default=None)
        night = opened.nights.all()[as_of] if as_of else None
        _, unavailable = opened.segments.rules()
        rows = []
        for name, segment in opened.segments.all().items():
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


@app.command()
def show(
    segment: Annotated[str, typer.Argument(help="A segment's id.")],
    workspace: Folder = HERE,
    as_of: AsOf = None,
    dialect: Annotated[str, typer.Option(help="duckdb, postgres or spark.")] = "duckdb",
    version: Annotated[int | None, typer.Option(help="An older version.")] = None,
    *,
    sql: Annotated[bool, typer.Option("--sql", help="Print the segment as one SQL query.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a segment: its rule in words and as JSON, its versions, or its SQL."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        found = opened.segments.get(segment, version)
        if sql:
            query = opened.sql(found.rule, as_of=options.day(opened, as_of), dialect=dialect)
            if as_json:
                terminal.document({"segment": segment, "dialect": dialect, "sql": query})
            else:
                sys.stdout.write(query + "\n")
            return
        rule, unavailable = _rule_of(opened, found)
        versions = [one.version for one in opened.segments.versions(segment)]
        answer = {
            "id": found.id,
            "name": found.name,
            "description": found.description,
            "kind": found.kind,
            "owner": found.owner,
            "version": found.version,
            "versions": versions,
            "sentence": sentence(rule) if rule else "",
            "digest": rule.digest if rule else None,
            "unavailable": unavailable,
            "rule": found.rule,
        }
        if as_json:
            terminal.document(answer)
            return
        terminal.say(f"{found.name} ({found.id}, version {found.version}, by {found.owner})")
        terminal.say(found.description)
        if len(versions) > 1:
            terminal.say(f"Versions: {', '.join(map(str, versions))}")
        terminal.say(str(answer["sentence"] or f"Not available: {unavailable}"))
        terminal.say(json.dumps(found.rule, indent=1, ensure_ascii=False))


def _rule_of(workspace: Workspace, segment: Segment) -> tuple[Rule | None, str]:
    """Return the rule of one version, or why it has none now."""
    try:
        return workspace.segments.rule(segment.rule, naming=segment.id), ""
    except RuleRefused as refused:
        return None, " ".join(problem.message for problem in refused.problems)


@app.command()
def save(
    segment: Annotated[str, typer.Argument(help="The id to save it under.")],
    rule: RuleText,
    workspace: Folder = HERE,
    name: Annotated[str, typer.Option(help="Its name for people.")] = "",
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    owner: Annotated[str, typer.Option(help="Who saves it.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Save a rule as a segment, as the next version of its id."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        saved = opened.segments.save(
            segment,
            options.rule(rule),
            title=name,
            description=description,
            owner=owner or options.user(),
            at=options.now(),
        )
        if as_json:
            terminal.document({"id": saved.id, "version": saved.version, "name": saved.name})
        else:
            terminal.say(f"Saved {saved.id}, version {saved.version}.")


@app.command("from-list")
def from_list(
    ids: Annotated[
        Path, typer.Argument(metavar="IDS.csv", help="A .csv or .parquet file with customer_id.")
    ],
    workspace: Folder = HERE,
    as_of: AsOf = None,
    save_as: Annotated[
        str, typer.Option("--save", metavar="NAME", help="Save the rule as a segment.")
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Find a short rule, to be edited, that tells a list of guests from the others."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = options.day(opened, as_of)
        found = opened.rule_of_list(options.customers(ids), as_of=day)
        answer = {"list": str(ids), "as_of": day, **rule_of_list_as_json(found)}
        if save_as:
            if answer["rule"] is None:
                raise SegmlError(f"{answer['reason']} So nothing was saved.")
            saved = opened.segments.save(
                save_as, answer["rule"], owner=options.user(), at=options.now()
            )
            answer["saved"] = {"segment": saved.id, "version": saved.version}
        if as_json:
            terminal.document(answer)
            return
        if answer["rule"] is None:
            terminal.say(answer["reason"])
            return
        terminal.say(answer["sentence"])
        for name, told in (
            ("Of the list, have it", "coverage"),
            ("Of who has it, listed", "precision"),
        ):
            share = answer[told]
            terminal.say(
                f"{name}: {share['value']:.0%} ({share['low']:.0%} to {share['high']:.0%}), "
                "on the half that it was not learned from"
            )
        terminal.say(
            f"{answer['selected']:,} guests have it; {answer['missed']:,} of the list have not, "
            f"{answer['extra']:,} others have."
        )
        if save_as:
            terminal.say(f"Saved {saved.id}, version {saved.version}.")
        else:
            terminal.say(json.dumps(answer["rule"], indent=1, ensure_ascii=False))


@app.command()
def delete(
    segment: Annotated[str, typer.Argument(help="A segment's id.")],
    workspace: Folder = HERE,
    owner: Annotated[str, typer.Option(help="Who deletes it.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Delete a saved segment that no other refers to."""
    with terminal.refusals(as_json=as_json):
        Workspace(workspace).segments.delete(
            segment, owner=owner or options.user(), at=options.now()
        )
        if as_json:
            terminal.document({"id": segment, "deleted": True})
        else:
            terminal.say(f"Deleted {segment}.")


Some = Annotated[
    list[str] | None, typer.Argument(metavar="[SEGMENT]...", help="Ids; all unless some are named.")
]


@app.command()
def overlap(
    segments: Some = None, workspace: Folder = HERE, as_of: AsOf = None, *, as_json: AsJson = False
) -> None:
    """Count how many guests each two segments share."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = options.day(opened, as_of)
        found = opened.overlap(segments or (), as_of=day)
        if as_json:
            terminal.document({"as_of": day, "overlap": found.to_dicts()})
            return
        title = f"Guests shared at the start of {day}"
        terminal.table(title, found.columns, found.iter_rows(), found.columns[1:])


@app.command()
def revenue(
    segments: Some = None, workspace: Folder = HERE, as_of: AsOf = None, *, as_json: AsJson = False
) -> None:
    """Say what share of the guests and of the last 365 days' spend each segment has."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = options.day(opened, as_of)
        found = opened.revenue(segments or (), as_of=day)
        if as_json:
            terminal.document({"as_of": day, "segments": found.to_dicts()})
            return
        title = f"Share of spend over 365 days at the start of {day}"
        terminal.table(title, found.columns, found.iter_rows(), ("members", "spend"))


@app.command()
def trend(
    segment: Annotated[str, typer.Argument(help="A segment's id.")],
    workspace: Folder = HERE,
    *,
    as_json: AsJson = False,
) -> None:
    """Show a segment's size on every night that was run, with who entered and left."""
    with terminal.refusals(as_json=as_json):
        found = Workspace(workspace).trend(segment)
        if as_json:
            terminal.document({"segment": segment, "nights": found.to_dicts()})
            return
        terminal.table(segment, found.columns, found.iter_rows(), found.columns[1:])


@app.command()
def moves(
    segment: Annotated[str, typer.Argument(help="A segment's id.")],
    start: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The earlier date.")],
    end: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The later date.")],
    workspace: Folder = HERE,
    *,
    as_json: AsJson = False,
) -> None:
    """Say who entered and who left a segment from one date to another."""
    with terminal.refusals(as_json=as_json):
        entered, left = Workspace(workspace).moves(segment, start.date(), end.date())
        if as_json:
            terminal.document(
                {"segment": segment, "entered": entered.to_list(), "left": left.to_list()}
            )
            return
        terminal.say(f"{segment}, {start.date()} to {end.date()}:")
        for title, movers in (("entered", entered), ("left", left)):
            shown = ", ".join(map(str, movers.head(20).to_list()))
            terminal.say(f"  {len(movers):,} {title}: {shown}{' …' if len(movers) > 20 else ''}")


@app.command()
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
        day = options.day(opened, as_of)
        found = opened.diff(segment, options.rule(rule), as_of=day)
        if as_json:
            terminal.document(difference_as_json(segment, day, found))
            return
        terminal.say(f"{segment}: {found.before:,} members now, {found.after:,} with the new rule.")
        for title, movers, causes in (
            ("would enter", found.entered, found.why_entered),
            ("would leave", found.left, found.why_left),
        ):
            rows = [(cause.customers, cause.words) for cause in causes]
            terminal.table(f"{movers.len():,} {title}", ("guests", "because of"), rows, ("guests",))
