"""The JSON API under ``/api/v1``: one FastAPI application of small routers.

To add a route: a function in the file of `routes` that its noun belongs to, with `Viewer`,
`Marketer` or `Admin` among its parameters; the tests refuse one without.
"""

from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

from segml.core.errors import SegmlError
from segml.service import page
from segml.service.office import Office
from segml.service.problems import MEDIA_TYPE, Refused, of_error, of_validation
from segml.service.routes import (
    administration,
    analytics,
    campaigns,
    exports,
    lookalikes,
    members,
    models,
    rules,
    runs,
    segments,
    session,
    webhooks,
)
from segml.wire.shapes import ProblemDocument

PREFIX: Final = "/api/v1"
BENTO: Final = ("/score", "/preview", "/lookalike")
ROUTERS: Final[tuple[APIRouter, ...]] = (
    session.router,
    rules.router,
    segments.router,
    members.router,
    analytics.router,
    models.router,
    lookalikes.router,
    exports.router,
    campaigns.router,
    runs.router,
    webhooks.router,
    administration.router,
)
SMALL: Final = 1024  # bytes of an answer that is sent as it is; scripts shrink to a third
ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"model": ProblemDocument, "description": "What is wrong, and what would be right."},
    "5XX": {"model": ProblemDocument, "description": "Our fault, or too busy for now."},
}


def api(office: Callable[[], Office]) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    office
        Returns what the routes share; asked at every request, so that it may begin later.
    """
    app = FastAPI(
        title="segml",
        summary="Customer segments for restaurants: exact, at any date, with models.",
        version="1",
        docs_url=None,  # it loads its scripts from elsewhere
        redoc_url=None,
        responses=ERRORS,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.office = office
    app.add_middleware(GZipMiddleware, minimum_size=SMALL, compresslevel=6)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    for path in BENTO:
        others = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"]
        app.add_api_route(path, _posted_only, methods=others, include_in_schema=False)
    app.include_router(page.router, include_in_schema=False)
    app.add_exception_handler(SegmlError, _refused)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.openapi = lambda: _schema(app)  # type: ignore[method-assign]
    return app


def _posted_only() -> None:
    """Refuse what is asked of BentoML's routes by another method, which it lets through to us."""
    told = "This address does not take that method."
    raise Refused(405, "method-not-allowed", told, headers={"Allow": "POST"})


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, SegmlError | Refused)
    return of_error(error, request.state.request_id)


def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return of_validation(error.errors(), request.state.request_id)


def _schema(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, whose errors all have our media type."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        for path in found["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)  # 4XX says it, in our shape
                for status, answer in operation["responses"].items():
                    if status in ERRORS:
                        answer["content"] = {MEDIA_TYPE: answer["content"]["application/json"]}
        found["components"].setdefault("securitySchemes", {})["token"] = {
            "type": "http",
            "scheme": "bearer",
        }
        found["security"] = [{"token": []}]
        app.openapi_schema = found
    return app.openapi_schema
