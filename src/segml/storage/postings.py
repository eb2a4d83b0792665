"""Postings on disk, beside the bucket they are of: made when they are first asked for.

They are derived and never change, as their bucket never does; where they cannot be written, as in a
workspace that may only be read, they are kept in memory.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segml.engine.postings import Postings

_FORMAT: Final = 2


def stored(folder: Path, table: str, column: str, made: Callable[[], Postings]) -> Postings:
    """Return the postings of a column, mapped from the bucket's `folder`; made where missing."""
    stem = folder / f"{table}.{column}"
    found = _read(stem)
    if found is not None:
        return found
    fresh = made()
    with suppress(OSError):
        _write(stem, fresh)
    return fresh


def _read(stem: Path) -> Postings | None:
    """Return what is stored; None where nothing is, or what is there is torn."""
    try:
        owner = _mapped(_file(stem, "owner.npy"))
        with np.load(_file(stem, "runs.npz")) as runs:
            if runs["format"] != _FORMAT:
                return None
            words = tuple(json.loads(runs["words"].tobytes()))
            found = Postings(owner, words, *(runs[n] for n in ("word", "day", "begin", "late")))
    except (OSError, ValueError, KeyError, EOFError):
        return None
    return found if found.begin[-1] == len(owner) else None


def _mapped(path: Path) -> NDArray[np.uint16]:
    """Return an array of whole numbers as `numpy.save` wrote it, without keeping its file open."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        _, _, dtype = np.lib.format.read_array_header_1_0(file)
        start = file.tell()
    with pa.memory_map(str(path)) as mapped:
        found: NDArray[np.uint16] = np.frombuffer(mapped.read_buffer(), dtype=dtype, offset=start)
    return found


def _write(stem: Path, postings: Postings) -> None:
    """Write the owners first, for it is the runs that say how many there are."""
    words = np.frombuffer(json.dumps(postings.words).encode(), dtype=np.uint8)
    runs = {name: getattr(postings, name) for name in ("word", "day", "begin", "late")}
    _replace(_file(stem, "owner.npy"), lambda file: np.save(file, postings.owner))
    _replace(
        _file(stem, "runs.npz"), lambda file: np.savez(file, format=_FORMAT, words=words, **runs)
    )


def _replace(path: Path, write: Callable[[Any], None]) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as file:
        write(file)
    fresh.replace(path)


def _file(stem: Path, end: str) -> Path:
    return stem.with_name(f"{stem.name}.{end}")
