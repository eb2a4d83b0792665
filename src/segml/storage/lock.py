"""One writer at a time: the lock of a workspace, which a crash releases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from polars.exceptions import ComputeError

from segml.core.errors import Busy, WorkspaceError


@contextmanager
def writing(folder: Path, patience: float = 0) -> Iterator[None]:
    """Hold the workspace's write lock; `Busy` when another has it for more than so many seconds.

    A disk that fails meanwhile is told as a `WorkspaceError`.
    """
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        raise Busy(f"Another process is writing to {folder}. Wait until it is done.") from None
    except OSError as error:
        raise WorkspaceError(
            f"{folder} cannot be written to ({error.strerror}). Give this user the right to, or "
            "name another workspace."
        ) from None
    try:
        yield
    except (OSError, ComputeError) as error:
        if isinstance(error, ComputeError):  # so Polars tells a full disk under a Parquet file
            name, why = None, str(error)
            if "os error" not in why:
                raise
        else:
            name, why = error.filename, error.strerror or str(error)
            if name is not None and not Path(name).is_relative_to(folder):
                raise  # a source, say
        raise WorkspaceError(
            f"{name or folder} could not be written ({why}). See that there is room and that this "
            "user may write there, then run this again; what was stored before still answers."
        ) from None
    finally:
        lock.release()
