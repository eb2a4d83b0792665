"""What the builder asks in a notebook: requests of the service's API that travel as messages.

A message is ``{"id", "method", "path", "body"}``, its answer ``{"id", "status", "body"}``; both
bodies are JSON as text. So a question is answered in a notebook by the very route that answers it
on the page, and nothing of the service is written twice. Answers never become the widget's state:
no guest's name is saved with a notebook.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from functools import cached_property
from threading import Lock
from typing import Any, Final, Protocol

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from segml import cli_options as options
from segml.core.errors import SegmlError
from segml.core.identity import Identity, Role
from segml.workspace import Workspace

_PREFIX: Final = "/api/v1/"
_JSON: Final = {"Content-Type": "application/json"}
_log: Final = logging.getLogger(__name__)


class Service(Protocol):
    """What answers requests: this process, or a `segml.client.Client`."""

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Return the answer to one request, whatever its status."""


class OwnService:
    """The service's API over a workspace of this process, asked without a network.

    Whoever has the notebook has the workspace, so they ask as a marketer does: guests have names.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._building = Lock()

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Return the answer to one request, whatever its status; from any thread."""
        with self._building:  # the first questions come together
            app = self._app
        return asyncio.run(_sent(app, method, path, content))

    @cached_property
    def _app(self) -> ASGIApp:
        from segml.service.api import api  # noqa: PLC0415 (FastAPI loads slowly)
        from segml.service.office import Office  # noqa: PLC0415

        office = Office(self._workspace, options.moment)
        app = api(lambda: office)
        who = Identity("notebook", options.user(), Role.MARKETER)

        async def known(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"] = {"who": who, "request_id": ""}
            await app(scope, receive, send)

        return known


async def _sent(app: ASGIApp, method: str, path: str, content: Mapping[str, Any]) -> httpx.Response:
    way = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=way, base_url="http://kernel", trust_env=False) as http:
        return await http.request(method, path, **content)


def answer(service: Service, message: Mapping[str, str]) -> dict[str, Any]:
    """Return the answer to a message; what goes wrong is told in it, for nobody else would see."""
    told = {"id": message["id"]}
    try:
        return told | _asked(service, message["method"], message["path"], message["body"])
    except SegmlError as error:  # a service that is away
        return told | {"status": 502, "body": json.dumps({"detail": str(error)})}
    except Exception:
        _log.exception("The builder's question failed: %s %s", message["method"], message["path"])
        detail = "This is segml's fault; the kernel's log knows more."
        return told | {"status": 500, "body": json.dumps({"detail": detail})}


def _asked(service: Service, method: str, path: str, body: str) -> dict[str, Any]:
    if not path.startswith(_PREFIX):  # a whole address would take a service's token elsewhere
        raise SegmlError(f"The builder asks below {_PREFIX} only, not {path}.")
    found = service.send(method, path, content=body, headers=_JSON)
    return {"status": found.status_code, "body": found.text}
