"""``segml serve``: the service of a workspace, run by BentoML."""

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from segml import cli_options as options
from segml import terminal
from segml.cli_options import HERE, Folder
from segml.core.identity import Role
from segml.workspace import Workspace

HOST: Final = "127.0.0.1"
PORT: Final = 8080
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_LINK: Final = "local link"
_GRACE: Final = 30  # seconds that requests may take to end

Host = Annotated[str, typer.Option(help="The address to listen at.")]
Port = Annotated[int, typer.Option(min=1, max=65_535, help="The port to listen at.")]


def serve(workspace: Folder = HERE, host: Host = HOST, port: Port = PORT) -> None:
    """Serve the page, the JSON API and the scores of a workspace.

    On this machine a link is printed that signs you in; other tokens come from segml token.
    """
    with terminal.refusals(as_json=False):
        opened = Workspace(workspace)
        if host in _LOCAL:
            terminal.say(f"\nOpen this link, which signs you in:\n\n  {link(opened, host, port)}\n")
        run(workspace, host, port)


def link(workspace: Workspace, host: str, port: int) -> str:
    """Return an address that signs an admin in; the one that was given before ends."""
    at = options.moment()
    tokens = workspace.records.tokens
    for token in tokens.all():
        if token.identity.name == _LINK and token.holds(at):
            tokens.revoke(token.identity.id, at)
    _, secret = tokens.create(_LINK, Role.ADMIN, at)
    return f"http://{host}:{port}/admin/customers/segments/?token={secret}"


def run(workspace: Path, host: str, port: int) -> None:
    """Become the service; Ctrl-C ends it once what was asked is answered."""
    os.environ["SEGML_WORKSPACE"] = str(workspace.resolve())
    os.environ["BENTOML_DO_NOT_TRACK"] = "True"
    # BentoML keeps its meters there, and empties it at the start, so each service has its own.
    os.environ["BENTOML_HOME"] = str(workspace.resolve() / f".bento-{port}")
    sys.stdout.flush()
    arguments = [
        *(sys.executable, "-m", "bentoml", "serve", "segml.service.bento:Segml"),
        *("--host", host, "--port", str(port)),
        *("--timeout-graceful-shutdown", str(_GRACE)),
    ]
    os.execv(sys.executable, arguments)  # noqa: S606 (the same interpreter, our own words)
