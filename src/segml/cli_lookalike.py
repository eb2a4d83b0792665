"""The command about lookalikes: who is most like some guests, and how far to trust it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segml import cli_options as options
from segml import terminal
from segml.cli_options import HERE, AsJson, AsOf, Folder
from segml.workspace import Workspace

if TYPE_CHECKING:
    from segml.lookalikes import Alike


def lookalike(
    seeds: Annotated[
        str,
        typer.Argument(
            metavar="SEGMENT|IDS.csv",
            help="A segment's id, a .csv or .parquet file with customer_id, or a rule as JSON.",
        ),
    ],
    workspace: Folder = HERE,
    size: Annotated[
        float | None,
        typer.Option(help="Of the list, in percent of who may be found; as declared unless given."),
    ] = None,
    as_of: AsOf = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A .parquet or .csv file for the list.")
    ] = None,
    save: Annotated[
        str, typer.Option(metavar="NAME", help="Keep it as a segment that every night refreshes.")
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Find the guests most like a segment or a list, and say how far that can be trusted."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = options.day(opened, as_of)
        percent = opened.lookalikes.spec.size if size is None else size
        found = opened.lookalikes.find(options.seeds(opened, seeds), as_of=day)
        listed = found.most_similar(percent)
        answer: dict[str, Any] = {"seeds_of": seeds, **found.as_json(percent)}
        if save:
            saved = opened.lookalikes.save(
                found, save, size=percent, owner=options.user(), at=options.now()
            )
            answer["saved"] = {"segment": saved.id, "version": saved.version, "rule": saved.rule}
        if output is not None:
            options.write(listed, output)
            answer["file"] = str(output)
        if as_json:
            customers = {} if output is not None else {"customers": listed.to_dicts()}
            terminal.document(answer | customers)
            return
        _print_lookalike(seeds, found, percent)
        if output is not None:
            terminal.say(f"Wrote the {listed.height:,} most alike to {output}.")
        else:
            shown = listed.head(20)
            title = f"The {shown.height} most alike of {listed.height:,}"
            terminal.table(title, shown.columns, shown.iter_rows())
        if save:
            terminal.say(f"Saved {saved.id}, version {saved.version}; every night finds it anew.")


def _print_lookalike(seeds: str, found: "Alike", size: float) -> None:
    learned = found.lookalike
    terminal.say(
        f"Who is like {seeds} at the start of {found.as_of}: {learned.seeds:,} seeds, "
        f"{int(learned.candidates.sum()):,} who may be found, "
        f"{found.most_similar(size).height:,} of them at {size:g} %."
    )
    terminal.table(
        "Hidden seeds found, times as many as by chance",
        (
            "size",
            "this list",
            "95 % from",
            "to",
            "random list",
            "biggest spenders",
            "equally active",
        ),
        [
            (
                f"{row['size']} %",
                row["lift"],
                row["low"],
                row["high"],
                f"{row['random_low']:.1f} to {row['random_high']:.1f}",
                row["spenders_lift"],
                row["within_activity_lift"],
            )
            for row in found.curve()
        ],
    )
    if learned.differences:
        terminal.say("What sets the seeds apart:")
    for one in learned.differences:
        terminal.say(f"  {one.words}")
    for warning in learned.warnings:
        terminal.say(f"Note: {warning}")
