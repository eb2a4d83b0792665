"""The BentoML service: scores, previews and lookalikes, with the JSON API and the page beside them.

What is heavy is imported when a worker begins, for BentoML's master imports this module too.
Adaptive batching is not used: scores stand in columns that a night has filled, so a request of many
ids costs no more together with others than alone (send many ids at once instead).
"""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import bentoml
from starlette.types import ASGIApp, Receive, Scope, Send

from segml.wire.models import AskedLookalike, AskedScores, LookalikeOf, Scores
from segml.wire.rules import AskedPreview, PreviewOf

if TYPE_CHECKING:
    from segml.service.desk import Desk

WORKSPACE: Final = "SEGML_WORKSPACE"  # the environment variable that names the folder
_PATIENCE: Final = 90  # seconds that a request may take; the guard gives up before, in our words


class _Begun:
    """What a worker has once it has begun."""

    def __init__(self) -> None:
        self.desk: Desk | None = None

    def get(self) -> "Desk":
        """Return it."""
        assert self.desk is not None, "a request cannot come before the service has begun"
        return self.desk


_BEGUN: Final = _Begun()


async def _api(scope: Scope, receive: Receive, send: Send) -> None:
    await _BEGUN.get().api(scope, receive, send)


class _Guarded:
    """The guard, as middleware that is made before a worker has begun."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._guard: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if self._guard is None:
            self._guard = _BEGUN.get().guarded(self._app)
        await self._guard(scope, receive, send)


@bentoml.service(
    name="segml",
    workers=1,  # what was worked out is kept in memory, once
    threads=8,
    traffic={"timeout": _PATIENCE},  # how many at once, the guard says
    metrics={"enabled": True},
    logging={"access": {"enabled": False}},  # the guard logs, and nothing personal
    tracing={"excluded_urls": [".*"]},  # nobody is told of it, and it cost a tenth of a request
)
@bentoml.asgi_app(_api, path="/", name="api")
class Segml:
    """Customer segments over HTTP: scores, previews, lookalikes; the JSON API; the page."""

    def __init__(self) -> None:
        from segml.service.desk import Desk  # noqa: PLC0415

        _BEGUN.desk = self._desk = Desk.opened(
            os.environ.get(WORKSPACE, "."), lambda: datetime.now(UTC)
        )

    @bentoml.on_startup  # type: ignore[untyped-decorator]
    def begin(self) -> None:
        """Get ready what the first questions need, and begin what runs by itself."""
        self._desk.begin()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def end(self) -> None:
        """End what runs by itself."""
        self._desk.end()

    def __is_ready__(self) -> bool:
        """Return whether questions can be answered."""
        return self._desk.ready()

    def __metrics__(self, original: str) -> str:
        """Return BentoML's meters and our own."""
        return original + self._desk.metrics()

    @bentoml.api(route="/score")  # type: ignore[untyped-decorator]
    async def score(self, asked: AskedScores, /) -> Scores:
        """Return what the champions say of customers, by id or by rows of fields."""
        return await self._desk.score(asked)  # type: ignore[return-value]

    @bentoml.api(route="/preview")  # type: ignore[untyped-decorator]
    def preview(self, asked: AskedPreview, /) -> PreviewOf:
        """Count a rule exactly, with what each condition keeps and some of its members."""
        return self._desk.preview(asked)  # type: ignore[return-value]

    @bentoml.api(route="/lookalike")  # type: ignore[untyped-decorator]
    def lookalike(self, asked: AskedLookalike, /) -> LookalikeOf:
        """Return who is most like some customers, and how far that can be trusted."""
        return self._desk.lookalike(asked)  # type: ignore[return-value]


Segml.add_asgi_middleware(_Guarded)  # type: ignore[attr-defined]
