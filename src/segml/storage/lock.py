"""One writer at a time: the lock of a workspace, which a crash releases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from segml.core.errors import Busy, WorkspaceError


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the workspace's write lock; `Busy` at once when another process has it."""
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Busy(f"Another process is writing to {folder}. Wait until it is done.") from None
    except OSError as error:
        raise WorkspaceError(
            f"{folder} cannot be written to ({error.strerror}). Give this user the right to, or "
            "name another workspace."
        ) from None
    try:
        yield
    finally:
        lock.release()
