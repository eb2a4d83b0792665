"""Writing so that a crash leaves the old file or the new one, never a part of either."""

import os
from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Replace the file at `path` by `text` in one step that survives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)  # noqa: PTH105 (tests stop the process right here)
    sync(path.parent)


def sync(path: Path) -> None:
    """See to it that a file or folder is surely on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
