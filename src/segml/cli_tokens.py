"""The commands under ``segml token``: who is known to the service."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from segml import cli_options as options
from segml import terminal
from segml.cli_options import HERE, AsJson, Folder
from segml.core.identity import Role
from segml.workspace import Workspace

if TYPE_CHECKING:
    from segml.storage.records.tokens import Token

app = typer.Typer(help="Create, list and revoke tokens of the service.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who or what will use it, such as “Kim's laptop”.")],
    role: Annotated[Literal["viewer", "marketer", "admin"], typer.Option(help="What it may do.")],
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day at whose start, in UTC, it ends."),
    ] = None,
    workspace: Folder = HERE,
    *,
    as_json: AsJson = False,
) -> None:
    """Create a token; its secret is shown this once."""
    with terminal.refusals(as_json=as_json):
        records, at = Workspace(workspace).records, options.moment()
        ends = expires.replace(tzinfo=UTC) if expires else None
        identity, secret = records.tokens.create(name, Role.named(role), at, ends)
        records.audit.add(at, options.user(), None, "token.create", identity.id)
        if as_json:
            terminal.document({"id": identity.id, "token": secret})
            return
        terminal.say(secret)
        terminal.say(f"This is the token of {identity.name}, {role}. It is not shown again.")


@app.command("list")
def list_(workspace: Folder = HERE, *, as_json: AsJson = False) -> None:
    """List every token, without its secret."""
    with terminal.refusals(as_json=as_json):
        now = options.moment()
        rows = [_row(token, now) for token in Workspace(workspace).records.tokens.all()]
        if as_json:
            terminal.document({"tokens": rows})
            return
        columns = ("id", "name", "role", "state", "created_at", "expires_at")
        terminal.table("Tokens", columns, [tuple(row[name] for name in columns) for row in rows])


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="The token's id.")],
    workspace: Folder = HERE,
    *,
    as_json: AsJson = False,
) -> None:
    """End a token for good."""
    with terminal.refusals(as_json=as_json):
        records, at = Workspace(workspace).records, options.moment()
        records.tokens.revoke(token, at)
        records.audit.add(at, options.user(), None, "token.revoke", token)
        if as_json:
            terminal.document({"id": token, "revoked": True})
        else:
            terminal.say(f"The token {token} no longer holds.")


def _row(token: "Token", now: datetime) -> dict[str, str | None]:
    state = "valid" if token.holds(now) else "revoked" if token.revoked_at else "expired"
    return {
        "id": token.identity.id,
        "name": token.identity.name,
        "role": str(token.identity.role),
        "state": state,
        **{
            name: moment.isoformat(timespec="seconds") if moment else None
            for name in ("created_at", "expires_at", "revoked_at")
            for moment in [getattr(token, name)]
        },
    }
