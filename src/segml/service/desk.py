"""A worker of the service: one workspace, what is asked of it, and what runs by itself beside."""

import contextvars
import gc
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from segml.core.errors import SegmlError, WorkspaceError
from segml.core.identity import Identity
from segml.service import logs
from segml.service.api import api
from segml.service.guard import Guard
from segml.service.identities import Identities
from segml.service.office import Office
from segml.service.openapi import document
from segml.service.problems import Refused, of_error
from segml.service.routes import lookalikes, rules
from segml.service.scores import scores, scores_at_once
from segml.wire.models import AskedLookalike, AskedScores
from segml.wire.rules import AskedPreview
from segml.workspace import Workspace

_REQUEST: contextvars.ContextVar[Request] = contextvars.ContextVar("request")


class Desk:
    """What a worker answers.

    Parameters
    ----------
    workspace
        The restaurant's.
    clock
        Tells the present moment, in UTC.
    """

    def __init__(self, workspace: Workspace, clock: Callable[[], datetime]) -> None:
        self.office = Office(workspace, clock)
        self.api = api(lambda: self.office)
        self.api.openapi = document  # type: ignore[method-assign]
        self._identities = Identities(lambda: workspace.records.tokens, clock)

    @classmethod
    def opened(cls, folder: Path | str, clock: Callable[[], datetime]) -> "Desk":
        """Return the desk of the workspace in a folder."""
        logs.as_json()
        return cls(Workspace(folder), clock)

    def guarded(self, app: ASGIApp) -> ASGIApp:
        """Return an application behind the guard."""
        return Guard(_Remembered(app), lambda: self._identities, lambda: self.office.meters)

    def begin(self) -> None:
        """Load what the first questions need, and follow the schedule, beside answering."""
        Thread(target=self._warm, name="warming", daemon=True).start()
        self.office.scheduler.start()

    def end(self) -> None:
        """End what runs beside, and let go of the database."""
        self.office.scheduler.stop()
        self.office.workspace.records.database.close()

    def ready(self) -> bool:
        """Return whether questions can be answered: of a night, and by whom they are asked."""
        try:
            self.office.workspace.records.schedule.read()
        except WorkspaceError:
            return False
        return self._has_night()

    def _has_night(self) -> bool:
        try:
            self.office.workspace.latest.day()
        except WorkspaceError:
            return False
        return True

    def metrics(self) -> str:
        """Return the meters as Prometheus reads them."""
        workspace, cache = self.office.workspace, self.office.workspace.cache
        age = (
            (self.office.current_day() - workspace.latest.day()).days if self._has_night() else None
        )
        versions = {
            row["model"]: row["champion"]
            for row in workspace.models.listed()
            if row["champion"] is not None
        }
        kept = {"hits": cache.hits, "misses": cache.misses, "bytes": cache.size}
        return self.office.meters.text(age, kept, versions)

    async def score(self, asked: AskedScores) -> Response:
        """Return scores: at once where it takes a look only, which a thread makes a third slower.

        What may have to be read or computed first is left to a thread.
        """
        workspace = self.office.workspace
        try:
            found = scores_at_once(workspace, asked)
            if found is None:
                found = await run_in_threadpool(scores, workspace, asked)
        except (SegmlError, Refused) as error:
            return _refused(error)
        return _sent(found)

    def preview(self, asked: AskedPreview) -> Response:
        """Return a rule's count."""
        return self._told(lambda who: rules.preview_of(asked, who, self.office))

    def lookalike(self, asked: AskedLookalike) -> Response:
        """Return who is most alike."""
        return self._told(lambda who: lookalikes.lookalike(asked, who, self.office))

    def _told(self, answer: Callable[[Identity], BaseModel]) -> Response:
        try:
            return _sent(answer(_REQUEST.get().state.who))
        except (SegmlError, Refused) as error:
            return _refused(error)

    def _warm(self) -> None:
        """Ask what the page asks first, so that nobody waits for it."""
        workspace = self.office.workspace
        try:
            workspace.segments.rules()
            workspace.models.listed()
            if self._has_night():
                workspace.preview(_EVERYBODY)
        except SegmlError as error:
            logs.told(str(error))
        # Or every few seconds all answers would wait while Python looks through what was loaded.
        gc.collect()
        gc.freeze()


def _sent(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")


def _refused(error: SegmlError | Refused) -> Response:
    return of_error(error, _REQUEST.get().state.request_id)


class _Remembered:
    """Keeps the request where BentoML's endpoints can see who asks; they are not told."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        token = _REQUEST.set(Request(scope))
        try:
            await self._app(scope, receive, send)
        finally:
            _REQUEST.reset(token)


_EVERYBODY = {
    "combinator": "and",
    "rules": [{"field": "orders_total", "operator": ">=", "value": 0}],
}
