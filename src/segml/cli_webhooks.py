"""The commands under ``segml webhooks``: who is told when customers enter or leave a segment."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from segml import cli_options as options
from segml import terminal
from segml.cli_options import HERE, AsJson, Folder
from segml.workspace import Workspace

if TYPE_CHECKING:
    from segml.storage.records.webhooks import Delivery

app = typer.Typer(
    help="Tell other systems when customers enter or leave a segment.", no_args_is_help=True
)
Number = Annotated[int, typer.Argument(help="The webhook's id.")]


@app.command()
def add(
    segment: Annotated[str, typer.Argument(help="A segment's id.")],
    url: Annotated[str, typer.Argument(help="Where to post, such as https://crm.example/hook.")],
    on: Annotated[
        Literal["entered", "left", "both"], typer.Option(help="What it is told of.")
    ] = "both",
    workspace: Folder = HERE,
    *,
    as_json: AsJson = False,
) -> None:
    """Subscribe a URL to a segment; the secret that signs what is sent is shown this once."""
    from segml.deliveries import subscribe  # noqa: PLC0415 (httpx loads slowly)
    from segml.storage.records.webhooks import Event  # noqa: PLC0415

    with terminal.refusals(as_json=as_json):
        opened, at = Workspace(workspace), options.moment()
        told = [Event.ENTERED, Event.LEFT] if on == "both" else [Event(on)]
        hook = subscribe(opened, segment, told, url, at)
        opened.records.audit.add(at, options.user(), None, "webhooks.add", f"{hook.id} {segment}")
        if as_json:
            terminal.document({"id": hook.id, "secret": hook.secret})
            return
        terminal.say(hook.secret)
        terminal.say(f"This is the secret of webhook {hook.id}. It is not shown again.")


@app.command("list")
def list_(workspace: Folder = HERE, *, as_json: AsJson = False) -> None:
    """List the webhooks."""
    with terminal.refusals(as_json=as_json):
        hooks = Workspace(workspace).records.webhooks.all()
        rows = [(one.id, one.segment, list(one.on), one.url, one.created_at) for one in hooks]
        columns = ("id", "segment", "on", "url", "created_at")
        if as_json:
            listed = [dict(zip(columns, row, strict=True)) for row in rows]
            terminal.document({"webhooks": listed})
        else:
            terminal.table("Webhooks", columns, rows)


@app.command()
def remove(webhook: Number, workspace: Folder = HERE, *, as_json: AsJson = False) -> None:
    """Remove a webhook; what is on its way to it is not sent."""
    with terminal.refusals(as_json=as_json):
        records, at = Workspace(workspace).records, options.moment()
        records.webhooks.remove(webhook, at)
        records.audit.add(at, options.user(), None, "webhooks.remove", str(webhook))
        _done({"id": webhook, "removed": True}, f"Removed webhook {webhook}.", as_json=as_json)


@app.command("test")
def try_out(webhook: Number, workspace: Folder = HERE, *, as_json: AsJson = False) -> None:
    """Put a delivery without customers into the outbox of a webhook."""
    from segml.triggers import post_test  # noqa: PLC0415 (SQLAlchemy loads slowly)

    with terminal.refusals(as_json=as_json):
        key = post_test(Workspace(workspace).records.webhooks, webhook, options.moment())
        _done({"key": key}, "It goes out with segml webhooks deliver.", as_json=as_json)


@app.command()
def deliver(workspace: Folder = HERE, *, as_json: AsJson = False) -> None:
    """Post everything that is due; the service does so by itself."""
    from segml.deliveries import deliver as run  # noqa: PLC0415 (httpx loads slowly)

    with terminal.refusals(as_json=as_json):
        posted = run(Workspace(workspace), options.moment)
        told = f"{posted.delivered} arrived, {posted.failed} failed, {posted.dead} are dead."
        _done(asdict(posted), told, as_json=as_json)


@app.command()
def deliveries(
    webhook: Annotated[int | None, typer.Argument(help="Only of this one.")] = None,
    workspace: Folder = HERE,
    limit: Annotated[int, typer.Option(help="Show at most so many.")] = 20,
    *,
    as_json: AsJson = False,
) -> None:
    """List the latest deliveries, and what became of them."""
    with terminal.refusals(as_json=as_json):
        found = Workspace(workspace).records.webhooks.deliveries(webhook, limit)
        rows = [_row(one) for one in found]
        if as_json:
            terminal.document({"deliveries": rows})
        else:
            columns = ("id", "event", "count", "state", "attempts", "status", "error")
            shown = [tuple(row[column] for column in columns) for row in rows]
            terminal.table("Deliveries", columns, shown)


@app.command()
def retry(
    delivery: Annotated[int, typer.Argument(help="The delivery's id.")],
    workspace: Folder = HERE,
    *,
    as_json: AsJson = False,
) -> None:
    """Have a dead delivery tried again."""
    with terminal.refusals(as_json=as_json):
        Workspace(workspace).records.webhooks.retry(delivery, options.moment())
        told = "It goes out with segml webhooks deliver."
        _done({"id": delivery, "state": "pending"}, told, as_json=as_json)


def _done(document: dict[str, Any], told: str, *, as_json: bool) -> None:
    if as_json:
        terminal.document(document)
    else:
        terminal.say(told)


def _row(one: "Delivery") -> dict[str, Any]:
    return {
        "id": one.id,
        "webhook": one.parcel.webhook,
        "night": one.parcel.night,
        "event": str(one.parcel.event),
        "count": one.parcel.count,
        "page": one.parcel.page,
        "state": str(one.state),
        "attempts": one.attempts,
        "next_at": one.next_at,
        "status": one.status,
        "error": one.error,
    }
