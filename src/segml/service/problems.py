"""What went wrong, in one shape for every route: ``application/problem+json`` (RFC 9457)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import Response

from segml.core.errors import (
    Busy,
    ImportRefused,
    RequestRefused,
    RuleRefused,
    SegmentInUse,
    SegmlError,
    Superseded,
    TooFewCustomers,
    Unavailable,
    UnknownCustomers,
    UnknownName,
)
from segml.service import logs

MEDIA_TYPE: Final = "application/problem+json"
_STATUS: Final[tuple[tuple[type[SegmlError], int], ...]] = (
    (Busy, 503),
    (Unavailable, 503),
    (Superseded, 409),
    (SegmentInUse, 409),
    (UnknownCustomers, 422),
    (TooFewCustomers, 422),
    (RuleRefused, 422),
    (RequestRefused, 422),
    (ImportRefused, 422),
    (SegmlError, 409),  # the workspace, as it is now, cannot do this
)
_IN_PATHS: Final = frozenset(
    (
        "segment",
        "customer",
        "model",
        "version",
        "run",
        "export",
        "plan",
        "token",
        "webhook",
        "delivery",
    )
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing wrong with a request: where, what, and what would be right."""

    path: Sequence[int | str]
    message: str
    hint: str = ""


class Refused(Exception):
    """A request that the service itself refuses."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        problems: Sequence[Wrong] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.problems = problems
        self.headers = headers


def problem(
    status: int,
    kind: str,
    detail: str,
    request_id: str,
    problems: Sequence[Wrong] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an error as an answer.

    Parameters
    ----------
    status
        Of HTTP.
    kind
        A short word that programs may look at.
    detail
        A sentence for the person who can put it right.
    request_id
        By which the log can be searched.
    problems
        Everything that is wrong, where there are several things.
    headers
        Of the answer.
    """
    document = {
        "type": kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "problems": [asdict(one) | {"path": list(one.path)} for one in problems],
        "request_id": request_id,
    }
    body = json.dumps(document, default=str)  # in ASCII, so whatever was sent can be quoted
    return Response(body, status, headers, MEDIA_TYPE)


def of_error(error: SegmlError | Refused, request_id: str) -> Response:
    """Return what segml refuses as an answer."""
    if isinstance(error, Refused):
        return problem(
            error.status, error.kind, error.detail, request_id, error.problems, error.headers
        )
    headers = {"Retry-After": "5"} if isinstance(error, Busy | Unavailable) else None
    detail = str(error)
    if isinstance(error, Unavailable):  # where a database is, only its keeper may know
        logs.told(detail)
        detail = "The records cannot be used just now; the log knows more."
    return problem(_status(error), _kind(error), detail, request_id, _problems(error), headers)


def of_validation(errors: Sequence[Mapping[str, Any]], request_id: str) -> Response:
    """Return what pydantic found wrong with a request as an answer."""
    problems = [Wrong([*one["loc"]], one["msg"].removeprefix("Value error, ")) for one in errors]
    return problem(422, "not-understood", "The request cannot be understood.", request_id, problems)


def _status(error: SegmlError) -> int:
    if isinstance(error, UnknownName):
        return 404 if error.what in _IN_PATHS else 422
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def _kind(error: SegmlError) -> str:
    """Return the error's name as words with hyphens: ``rule-refused``."""
    name = type(error).__name__
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


def _problems(error: SegmlError) -> list[Wrong]:
    match error:
        case RuleRefused(problems=found):
            return [Wrong(one.path, one.message, one.hint) for one in found]
        case RequestRefused(problems=found):
            return [Wrong([one.field], one.message, one.hint) for one in found]
        case UnknownCustomers(customers=found):
            told = "is not known on that day"
            return [Wrong(["customers"], f"{one} {told}") for one in found[:100]]
        case _:
            return []
