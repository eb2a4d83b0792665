"""Columns turn arrays of the process into Arrow columns of the contract's types."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from segml.datasets.synthetic.calendar import Bools, Calendar, Floats, Ints

MONEY: Final = pa.decimal128(12, 2)
TIME: Final = pa.timestamp("us")
_SECOND: Final = 1_000_000


def money(cents: Ints) -> pa.Array:
    """Return amounts, exact to the cent."""
    # A decimal128 is two little-endian words: the number, then its sign.
    words = np.empty((len(cents), 2), dtype="<i8")
    words[:, 0], words[:, 1] = cents, cents >> 63
    return pa.Array.from_buffers(MONEY, len(cents), [None, pa.py_buffer(words)])


def times(calendar: Calendar, seconds: Ints, known: Bools | None = None) -> pa.Array:
    """Return restaurant-local times from seconds since the start of day 0; null where not known."""
    start = np.datetime64(calendar.first_day, "us").astype(np.int64)
    missing = None if known is None else ~known
    return pa.array(start + seconds * _SECOND, mask=missing).cast(TIME)


def dates(calendar: Calendar, day: Ints, known: Bools) -> pa.Array:
    """Return dates from days since day 0; null where not known."""
    start = np.datetime64(calendar.first_day, "D").astype(np.int64)
    return pa.array((start + day).astype(np.int32), mask=~known).cast(pa.date32())


def texts(words: Sequence[str], place: Ints) -> pa.Array:
    """Return the word at each place; null where the place is negative."""
    chosen = pa.array(place, mask=place < 0)
    return pa.array(words, type=pa.string()).take(chosen)


def lists(words: Sequence[str], holds: Bools) -> pa.Array:
    """Return, per row, the list of the words held (row by word); null where there is none."""
    many = holds.sum(axis=1)
    _, place = np.nonzero(holds)
    ends = pa.array(np.append(0, many.cumsum()).astype(np.int32))
    return pa.ListArray.from_arrays(ends, texts(words, place), mask=pa.array(many == 0))


def vectors(values: Floats) -> pa.Array:
    """Return one list of numbers per row of a matrix."""
    rows, width = values.shape
    ends = pa.array(np.arange(rows + 1, dtype=np.int32) * width)
    return pa.ListArray.from_arrays(ends, pa.array(values.ravel()))
