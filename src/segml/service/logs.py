"""What is logged of requests, as lines of JSON: never a query, a body, or who a customer is.

Of an exception its kind and its place are logged, not what it says, for that may quote what was
sent; so it is with what BentoML logs too.
"""

import logging
import re
import traceback
from typing import Any, Final

from pydantic import ValidationError

from segml.core.identity import Identity

_LOG: Final = logging.getLogger("segml.service")
_OTHERS: Final = ("", "bentoml", "uvicorn", "uvicorn.error", "apscheduler")
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


def _unquoted(record: logging.LogRecord) -> bool:
    """Take what an exception says out of a record; drop it if a request was just not understood."""
    if record.exc_info and record.exc_info[1]:
        error = record.exc_info[1]
        if isinstance(error, ValidationError) and error.title.endswith("IODescriptor"):
            return False  # answered with a 422, which is logged
        places = traceback.format_tb(error.__traceback__)
        record.exc_text = "".join((*places, type(error).__name__))
        record.exc_info = None
    return True


def as_json(level: int = logging.INFO) -> None:
    """Write the service's log to standard error, one JSON object a line."""
    from pythonjsonlogger.json import JsonFormatter  # noqa: PLC0415

    for name in _OTHERS:
        for other in logging.getLogger(name).handlers:
            other.addFilter(_unquoted)
    handler = logging.StreamHandler()
    handler.addFilter(_unquoted)
    fields = "%(asctime)s %(levelname)s %(message)s"
    handler.setFormatter(
        JsonFormatter(fields, rename_fields={"asctime": "at", "levelname": "level"})
    )
    _LOG.handlers = [handler]
    _LOG.setLevel(level)
    _LOG.propagate = False
