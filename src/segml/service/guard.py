"""The guard at the door: nothing is answered, and no file given, to anybody it does not know.

An ASGI middleware around the whole service, so that a route cannot forget it. Who has a token is
known by ``Authorization: Bearer`` or, for the page, by a cookie. A cookie travels by itself, so
what changes anything must then also carry the header ``X-Segml``, which no other site can send.
"""

import re
import secrets
from collections.abc import Callable
from time import perf_counter
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segml.core.errors import SegmlError
from segml.core.identity import Identity
from segml.service import logs, signin
from segml.service.identities import Identities, Throttled
from segml.service.meters import Meters
from segml.service.problems import of_error
from segml.service.visit import LARGEST_BODY, Visit, described

PAGE: Final = "/admin/customers/segments"
OPEN: Final = frozenset({"/healthz", "/livez", "/readyz"})  # they tell nothing about anybody
SIGN_IN: Final = "/signin"
PATIENCE: Final = 60  # seconds until an answer has to begin
MOST_AT_ONCE: Final = 1_000  # requests in hand; whoever comes then is asked to come again
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


class TooLarge(HTTPException):
    """A body of more bytes than are taken; of a kind that no framework makes into another."""

    def __init__(self) -> None:
        super().__init__(413)


class Guard:
    """Wraps an application.

    Parameters
    ----------
    app
        What stands behind.
    identities
        Returns who has which token, once the service has begun.
    meters
        Returns what counts requests.
    """

    def __init__(
        self, app: ASGIApp, identities: Callable[[], Identities], meters: Callable[[], Meters]
    ) -> None:
        self._app = app
        self._identities = identities
        self._meters = meters
        self._in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})  # there are none here

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        visit = Visit(scope, send, request_id)
        scope.setdefault("state", {})["request_id"] = request_id
        started = perf_counter()
        self._in_hand += 1
        try:
            if self._in_hand > MOST_AT_ONCE and scope["path"] not in OPEN:
                told = "More is asked at once than can be answered; try again in a second."
                await visit.refuse(429, "too-many-at-once", told, {"Retry-After": "1"})
            else:
                async with visit.begins_within(PATIENCE):
                    await self._answer(scope, headers, receive, visit)
                if visit.status is None:
                    # Who asked has left, and so nothing was sent. BentoML waits for a first word
                    # of every answer, a minute long, and would not end before.
                    await visit.refuse(408, "left", "Who asked has left.")
        except TimeoutError:
            if visit.status is not None:
                raise  # not ours
            told = f"It takes more than {PATIENCE} seconds; it goes on, so ask again in a while."
            await visit.refuse(504, "too-slow", told)
        except TooLarge:
            await visit.refuse(413, *described(413, b""))
        except SegmlError as error:  # the database of tokens is away, say
            await visit.send(of_error(error, request_id))
        except Exception:
            logs.failed(request_id, scope["method"], scope["path"])
            if visit.status is None:
                await visit.refuse(500, "failed", "This is our fault; the log knows more.")
            elif not visit.ended:
                raise  # so that the connection breaks, and half an answer is not taken for one
        finally:
            self._in_hand -= 1
            seconds = perf_counter() - started
            route = _route(scope)
            self._meters().answers.labels(route, visit.status or 0).inc()
            self._meters().seconds.labels(route).observe(seconds)
            who: Identity | None = scope["state"].get("who")
            logs.answered(request_id, scope["method"], scope["path"], visit.status, seconds, who)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, visit: Visit) -> None:
        path, safe = scope["path"], scope["method"] in _SAFE
        receive = _limited(receive, headers)
        if path in OPEN and safe:
            return await self._app(scope, receive, visit)
        try:
            if path == SIGN_IN and scope["method"] == "POST":
                return await self._signed_in(scope, receive, visit)
            if path.startswith(PAGE) and safe and b"token=" in scope["query_string"]:
                return await self._linked(scope, receive, visit)
            secret, cookie = _secret(scope, headers)
            who = await self._who(scope, secret)
        except Throttled as throttled:
            told = f"Too many attempts failed; try again in {throttled.seconds} seconds."
            await visit.refuse(429, "throttled", told, {"Retry-After": str(throttled.seconds)})
            return None
        if who is None:
            return await self._unknown(scope, receive, visit, attempted=bool(secret))
        if not safe and not _is_json(headers):
            told = "What is sent is JSON: say Content-Type: application/json."
            await visit.refuse(415, "not-json", told)
            return None
        if cookie and not safe and "x-segml" not in headers:
            told = "A change asked for with a cookie needs the header X-Segml, as the page sends."
            await visit.refuse(403, "cross-site", told)
            return None
        scope["state"]["who"] = who
        return await self._app(scope, receive, visit)

    async def _who(self, scope: Scope, secret: str) -> Identity | None:
        if not secret:
            return None
        identities = self._identities()
        known = identities.known(secret)  # without a thread's detour, as most requests are
        return known or await run_in_threadpool(identities.check, secret, _address(scope))

    async def _unknown(
        self, scope: Scope, receive: Receive, visit: Visit, *, attempted: bool
    ) -> None:
        wants_page = "text/html" in Headers(scope=scope).get("accept", "")
        if wants_page and scope["method"] == "GET":
            await signin.form(_place(scope), failed=attempted)(scope, receive, visit)
            return
        told = "The token is not known, or has ended." if attempted else "A token is needed."
        headers = {"WWW-Authenticate": 'Bearer realm="segml"'}
        hint = f"{told} Send Authorization: Bearer …; segml token create makes one."
        await visit.refuse(401, "no-identity", hint, headers)

    async def _linked(self, scope: Scope, receive: Receive, visit: Visit) -> None:
        """Let in by a link, and take the token out of the address at once."""
        secret = Request(scope).query_params.get("token", "")
        if await self._who(scope, secret) is None:
            return await self._unknown(scope, receive, visit, attempted=True)
        await _welcomed(scope, secret, _place(scope))(scope, receive, visit)
        return None

    async def _signed_in(self, scope: Scope, receive: Receive, visit: Visit) -> None:
        if Headers(scope=scope).get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            await visit.refuse(403, "cross-site", "Sign in on this service's own page.")
            return
        body = (await Request(scope, receive).body()).decode("utf-8", "replace")
        fields = parse_qs(body, max_num_fields=10)
        secret, ahead = (fields.get(name, [""])[0].strip() for name in ("token", "next"))
        if await self._who(scope, secret) is None:
            await signin.form(ahead, failed=True)(scope, receive, visit)
            return
        await _welcomed(scope, secret, ahead)(scope, receive, visit)


def _is_json(headers: Headers) -> bool:
    """Return whether a body is JSON; one that does not say what it is counts as such."""
    kind = headers.get("content-type", "application/json").partition(";")[0]
    return kind.strip().lower() == "application/json"


def _limited(receive: Receive, headers: Headers) -> Receive:
    """Return what reads a body of at most `LARGEST_BODY` bytes."""
    told = headers.get("content-length", "")
    if told.isdigit() and int(told) > LARGEST_BODY:
        raise TooLarge
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > LARGEST_BODY:
            raise TooLarge
        return message

    return limited


def _secret(scope: Scope, headers: Headers) -> tuple[str, bool]:
    """Return the token sent, empty for none, and whether a cookie brought it."""
    kind, _, secret = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return secret.strip(), False
    return Request(scope).cookies.get(_cookie(scope), ""), True


def _welcomed(scope: Scope, secret: str, ahead: str) -> Response:
    """Return the answer that lets the page in, and leads to a page of our own."""
    own = ahead if ahead.startswith(PAGE) and "\\" not in ahead else f"{PAGE}/"
    answer = RedirectResponse(own, 303)
    answer.set_cookie(
        _cookie(scope),
        secret,
        httponly=True,
        samesite="lax",
        secure=scope.get("scheme") == "https",
    )
    return answer


def _place(scope: Scope) -> str:
    """Return where on our pages somebody wanted to be, without the token that a link brought."""
    path: str = scope["path"]
    asked = parse_qsl(scope["query_string"].decode("utf-8", "replace"))
    kept = urlencode([pair for pair in asked if pair[0] != "token"])
    return f"{path}?{kept}" if kept else path


def _cookie(scope: Scope) -> str:
    """Return the cookie's name: cookies are shared by all ports of a host, so it tells ours."""
    _, _, port = Headers(scope=scope).get("host", "").rpartition(":")
    return f"segml_{port if port.isdigit() else 'token'}"


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _request_id(headers: Headers) -> str:
    sent = headers.get("x-request-id", "")
    return sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)


def _route(scope: Scope) -> str:
    """Return a word for the kind of route, of which there are few."""
    path: str = scope["path"]
    parts = path.split("/")
    if path.startswith("/api/v1/"):
        return parts[3] if parts[3] in _NOUNS else "other"
    if path.startswith(PAGE):
        return "page"
    return parts[1] if path in _ROUTES else "other"


_NOUNS: Final = frozenset(
    (
        *("session", "catalog", "preview", "sql", "explain", "customers", "segments", "members"),
        *("analytics", "models", "lookalike", "exports", "campaigns", "runs", "schedule"),
        *("webhooks", "deliveries", "tokens", "audit"),
    )
)
_ROUTES: Final = OPEN | {"/score", "/preview", "/lookalike", "/metrics"}
