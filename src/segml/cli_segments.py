"""The commands under ``segml segments``."""

import json
import sys
from typing import Annotated

import typer

from segml import cli_options as options
from segml import terminal
from segml.answers import difference_as_json
from segml.cli_options import HERE, AsJson, AsOf, Folder, RuleText
from segml.core.errors import RuleRefused
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
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
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
