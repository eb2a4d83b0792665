"""What is logged of requests, as lines of JSON: never a query, a body, or who a customer is."""

import logging
import re
from typing import Any, Final

from segml.core.identity import Identity

_LOG: Final = logging.getLogger("segml.service")
_PERSONAL: Final = re.compile(r"(/pins/)[^/]+")  # what follows names a customer


def answered(
    request_id: str,
    method: str,
    path: str,
    status: int | None,
    seconds: float,
    who: Identity | None,
) -> None:
    """Log that a request was answered."""
    told: dict[str, Any] = {
        "request_id": request_id,
        "method": method,
        "path": _plain(path),
        "status": status,
        "milliseconds": round(1000 * seconds, 1),
        "token": who.id if who else None,
    }
    _LOG.info("answered", extra=told)


def told(what: str) -> None:
    """Log a sentence that is about nobody."""
    _LOG.warning(what)


def failed(request_id: str, method: str, path: str) -> None:
    """Log the exception that is handled now."""
    told = {"request_id": request_id, "method": method, "path": _plain(path)}
    _LOG.exception("failed", extra=told)


def _plain(path: str) -> str:
    return _PERSONAL.sub(r"\1…", path)


def as_json(level: int = logging.INFO) -> None:
    """Write the service's log to standard error, one JSON object a line."""
    from pythonjsonlogger.json import JsonFormatter  # noqa: PLC0415

    handler = logging.StreamHandler()
    fields = "%(asctime)s %(levelname)s %(message)s"
    handler.setFormatter(
        JsonFormatter(fields, rename_fields={"asctime": "at", "levelname": "level"})
    )
    _LOG.handlers = [handler]
    _LOG.setLevel(level)
    _LOG.propagate = False
