"""A file that is read again only when another has taken its place."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
Identity = tuple[int, int, int] | None


def identity(path: Path) -> Identity:
    """Return what changes when a file is replaced; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


class Watched(Generic[T]):
    """What a file says, kept until the file is replaced.

    Parameters
    ----------
    path
        Of a file that is only ever replaced, never written to.
    read
        Reads it; called again after every change.
    """

    def __init__(self, path: Path, read: Callable[[], T]) -> None:
        self._path = path
        self._read = read
        self._lock = Lock()
        self._seen: tuple[Identity, T] | None = None

    def value(self) -> T:
        """Return what the file says now."""
        now = identity(self._path)
        with self._lock:
            seen = self._seen
        if seen is not None and seen[0] == now:
            return seen[1]
        value = self._read()
        with self._lock:
            self._seen = (now, value)
        return value
