"""The commands about models: train, evaluate, score, and which there are."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segml import cli_options as options
from segml import terminal
from segml.cli_options import HERE, AsJson, AsOf, Folder
from segml.core.errors import TooFewCustomers
from segml.workspace import Workspace

if TYPE_CHECKING:
    from segml.verdicts import Evaluation, Training

app = typer.Typer(help="Show the models and their champions.", no_args_is_help=True)
ALL = "all"
ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="A model, or all.")]
Day = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="A service day; the last one unless given."),
]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="A .parquet or .csv file.")]


def train(
    model: ModelName,
    workspace: Folder = HERE,
    as_of: Day = None,
    horizon: Annotated[
        int | None, typer.Option(help="Days to foretell, if not the model's.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    report: Annotated[
        Path | None, typer.Option(help="An .html or .md file for the report.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Teach a model by what was known before a day, and promote it if it is better."""
    from segml.pipeline import run_training  # noqa: PLC0415 (SQLAlchemy loads slowly)

    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = as_of.date() if as_of else None
        told, refused = [], {}
        for name in _named(opened, model):
            try:
                with terminal.steps(f"Training {name}") as progress:
                    found = run_training(
                        opened,
                        name,
                        clock=options.moment,
                        who=options.user(),
                        as_of=day,
                        horizon=horizon,
                        seed=seed,
                        progress=progress,
                    )
            except TooFewCustomers as error:
                if model != ALL:
                    raise
                refused[name] = str(error)
                continue
            told.append(found)
            if report is not None:
                text = found.report.html() if report.suffix == ".html" else found.report.markdown()
                place = report if model != ALL else report.with_stem(f"{report.stem}-{name}")
                place.write_text(text, encoding="utf-8")
        if as_json:
            documents = [one.as_json() for one in told]
            every = {"models": documents, "refused": refused}
            terminal.document(documents[0] if model != ALL else every)
            return
        for one in told:
            _print_training(one)
        for why in refused.values():
            terminal.say(why)


def _named(workspace: Workspace, model: str) -> list[str]:
    return list(workspace.models.declared()) if model == ALL else [model]


def _print_training(training: "Training") -> None:
    model, verdict = training.report.trained.model, training.report.verdict
    terminal.say(
        f"{model.title}: version {training.version}, taught as of {model.as_of}; "
        f"{'champion from then on' if verdict.promoted else 'not promoted'}."
    )
    for reason in verdict.reasons:
        terminal.say(f"  {reason}")
    if training.report.trained.share < 1:
        terminal.say(
            f"  Taught and judged by {training.report.trained.share:.1%} of the customers."
        )
    _print_slices(training.report.judged, "past nights")
    for name, told in model.certificate.items():
        terminal.say(f"Of {name} customers: {told['words']}")


def _print_slices(slices: Any, where: str) -> None:
    from segml.scoring.judging import MEASURED, NAMES, figures  # noqa: PLC0415

    for one in slices:
        terminal.table(
            f"{one.name.capitalize()} customers on {where}: {one.rows:,}, "
            f"{one.positives / one.rows:.1%} with the label",
            ("", *MEASURED),
            [
                (NAMES.get(name, name), *(_four(figures(found)[key]) for key in MEASURED))
                for name, found in one.of.items()
            ],
            MEASURED,
        )
        best = one.against_best()
        if best:
            terminal.say(
                f"Of the gain that is possible {best['gain_ratio']:.1%}; log-loss "
                f"{best['regret']:+.4f} beside the best possible."
            )


def _four(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def evaluate(
    model: Annotated[str, typer.Argument(help="A model.")],
    workspace: Folder = HERE,
    as_of: Day = None,
    version: Annotated[int | None, typer.Option(help="A registered version.")] = None,
    output: Output = None,
    *,
    oracle: Annotated[
        bool | None,
        typer.Option(help="Add the best possible, which a synthetic restaurant knows."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge the champion of a day on what has since become known, beside the baselines."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = as_of.date() if as_of else None
        found = opened.models.evaluate(model, as_of=day, version=version, oracle=oracle)
        if output is not None:
            options.write(found.rows, output)
        if as_json:
            terminal.document(found.as_json())
            return
        _print_evaluation(found)


def _print_evaluation(found: "Evaluation") -> None:
    where = f"the {found.horizon} days from {found.as_of} on"
    terminal.say(f"{found.model}, version {found.version}, on {where}.")
    _print_slices(found.slices, where)


def score(
    customers: Annotated[list[str] | None, typer.Argument(help="Customers' ids.")] = None,
    workspace: Folder = HERE,
    model: Annotated[str, typer.Option(help="Which model.")] = "churn",
    as_of: AsOf = None,
    output: Output = None,
    *,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody known.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a model thinks of customers, and why."""
    if bool(customers) == everybody:
        raise typer.BadParameter("give customers' ids, or --all")
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = options.day(opened, as_of)
        explained = not everybody
        found = opened.models.scores(model, customers, as_of=day, explained=explained)
        if output is not None:
            options.write(found.select("customer_id", "score"), output)
        if as_json:
            answer = {"model": model, "as_of": day, "count": found.height}
            where = {"file": str(output)} if output else {"scores": found.to_dicts()}
            terminal.document(answer | where)
        elif output is not None:
            terminal.say(f"Wrote {found.height:,} scores at the start of {day} to {output}.")
        else:
            shown = found.sort("score", descending=True, nulls_last=True).head(50)
            title = f"{found.height:,} scores of {model} at the start of {day}"
            if found.height > shown.height:
                title += f", the {shown.height} highest of them"
            terminal.table(title, shown.columns, shown.iter_rows())


@app.command("list")
def list_(workspace: Folder = HERE, *, as_json: AsJson = False) -> None:
    """List every declared model with its champion."""
    with terminal.refusals(as_json=as_json):
        rows = Workspace(workspace).models.listed()
        if as_json:
            terminal.document({"models": rows})
            return
        columns = ("model", "field", "horizon_days", "champion", "since", "threshold")
        terminal.table(
            "Models",
            (*columns, "certified"),
            [(*(row[c] for c in columns), _promised(row["certificate"])) for row in rows],
        )


def _promised(certificate: Any) -> str:
    if not certificate:
        return ""
    told = certificate["all"]
    return f"{told['level']:.0%} until {told['expires']}" if told["certified"] else "no"


@app.command()
def follow(
    model: ModelName,
    workspace: Folder = HERE,
    as_of: AsOf = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make the version that MLflow calls champion score, from a day on."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = options.day(opened, as_of)
        found = {name: opened.models.follow(name, day) for name in _named(opened, model)}
        if as_json:
            terminal.document({"since": day, "versions": found})
            return
        for name, version in found.items():
            told = "as before" if version is None else f"version {version} from {day} on"
            terminal.say(f"{name}: {told}.")


@app.command()
def rollback(
    model: Annotated[str, typer.Argument(help="A model.")],
    workspace: Folder = HERE,
    as_of: AsOf = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make the version before the champion score again, from a day on."""
    with terminal.refusals(as_json=as_json):
        opened = Workspace(workspace)
        day = options.day(opened, as_of)
        version = opened.models.rollback(model, day)
        if as_json:
            terminal.document({"model": model, "version": version, "since": day})
            return
        terminal.say(f"Version {version} scores {model} from {day} on.")
