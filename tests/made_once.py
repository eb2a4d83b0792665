"""Folders that take long to fill, and that all processes of a run of the tests share."""

import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def made_once(folder: Path, fill: Callable[[Path], object]) -> Path:
    """Return `folder`, filled by whoever asks first while the others wait; it is only read."""
    done = folder.with_name(f"{folder.name}.done")
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # whoever began it did not end
            folder.mkdir()
            fill(folder)
            done.touch()
    return folder
