"""One answer on its way out: what every answer carries is added, and errors get one shape."""

import asyncio
import json
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Scope, Send

from segml.service.problems import MEDIA_TYPE, of_validation, problem

LARGEST_BODY: Final = 10_000_000  # bytes
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Visit:
    """One answer on its way out; called with each part, as ASGI calls what sends.

    Parameters
    ----------
    scope, send
        Of the request.
    request_id
        What the answer and the log call it.

    Attributes
    ----------
    status
        Of the answer that has begun; None before.
    ended
        Whether all of it was sent.
    """

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self.status: int | None = None
        self.ended = False
        self._patience: asyncio.Timeout | None = None
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self._held: Message | None = None  # the start of an error that is put into our shape
        self._body = b""

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Send a part of an answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._patience is not None:
                self._patience.reschedule(None)  # a long file may take its time
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers["X-Request-Id"] = self._request_id
            if "cache-control" not in headers:
                headers["Cache-Control"] = "no-store"
            if message["status"] >= 400 and not _ours(headers):
                self._held = message
                return
        elif self._held is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._shaped()
            return
        await self._send(message)
        self.ended = message["type"] == "http.response.body" and not message.get("more_body")

    @asynccontextmanager
    async def begins_within(self, seconds: float) -> AsyncIterator[None]:
        """Raise `TimeoutError` unless an answer has begun in time."""
        async with asyncio.timeout(seconds) as patience:
            self._patience = patience
            try:
                yield
            finally:
                self._patience = None

    async def refuse(
        self, status: int, kind: str, detail: str, headers: dict[str, str] | None = None
    ) -> None:
        """Send an error."""
        await self.send(problem(status, kind, detail, self._request_id, headers=headers))

    async def send(self, answer: Response) -> None:
        """Send an answer."""

        async def nothing() -> Message:
            return {"type": "http.disconnect"}

        await answer(self._scope, nothing, self)

    async def _shaped(self) -> None:
        """Send an error of BentoML or Starlette in the shape of all others."""
        held, self._held = self._held, None
        assert held is not None
        wrong = _validation(self._body)
        if wrong:
            await self.send(of_validation(wrong, self._request_id))
            return
        kind, detail = described(held["status"], self._body)
        kept = {k: v for k, v in Headers(raw=held["headers"]).items() if k == "allow"}
        await self.refuse(held["status"], kind, detail, kept)


def _ours(headers: Headers) -> bool:
    kind = headers.get("content-type", "")
    return kind.startswith((MEDIA_TYPE, "text/html"))


def _validation(body: bytes) -> list[dict[str, Any]]:
    """Return what pydantic found wrong, where BentoML tells it."""
    try:
        told = json.loads(body)["detail"]
    except (ValueError, KeyError, TypeError):
        return []
    return told if isinstance(told, list) else []


def described(status: int, body: bytes) -> tuple[str, str]:
    """Return the kind of an error of BentoML or Starlette, and what it says."""
    try:
        told = json.loads(body)
        told = told[0] if isinstance(told, list) else told
        detail = str(told.get("error") or told.get("detail") or "")
    except (ValueError, AttributeError, IndexError):
        detail = body.decode("utf-8", "replace").strip()
    match status:
        case 404:
            return "not-found", "There is nothing at this address."
        case 405:
            return "method-not-allowed", "This address does not take that method."
        case 413:
            return "too-large", f"A request has at most {LARGEST_BODY:,} bytes."
        case 503 if "not ready" in detail:
            told = "No night is published yet (segml nightly), or the records do not answer."
            return "not-ready", told
        case 503:
            return "busy", "More is asked than can be answered now; try again in a moment."
        case _ if status >= 500:
            return "failed", "This is our fault; the log knows more."
        case _:
            return "not-understood", detail or "The request cannot be understood."
