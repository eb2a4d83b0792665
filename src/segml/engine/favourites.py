"""The favourite of each customer of a bucket: the value in the most orders.

Where there are few values they are counted in a table of customers by values, else by sorting.
"""

from typing import Any

import numpy as np
import polars as pl

from segml.engine.arranged import ORDER
from segml.engine.bucket import MOMENT, placed
from segml.engine.grouped import DENSE, Bools, Choices, Grouped, Ints, changed, firsts


def favourite(grouped: Grouped, column: str, mask: Bools | None) -> pl.Series:
    """Return the value in the most orders; of equals the latest, then the first."""
    choices = grouped.choices(column)
    mask = choices.masked(mask)
    time = grouped.raw(MOMENT).to_numpy()
    lines = grouped.raw(ORDER).to_numpy() if grouped.reading == "order_items" else None
    if choices.few and len(choices.values) and (lines is None or _together(grouped, column)):
        found = _of_few(choices, mask, time, lines)
    else:
        rows = np.arange(len(grouped.owner)) if mask is None else np.flatnonzero(mask)
        found = _of_many(choices, rows, time, lines)
    values = choices.values
    if values.dtype == pl.String:
        values = values.cast(pl.Enum(values))
    return values[placed(found)]


def _together(grouped: Grouped, column: str) -> bool:
    """Return whether an order's lines of one value lie together: they stand by category, item."""
    if column != "item":
        return column == "category"
    items, categories = grouped.choices("item"), grouped.choices("category")
    width = len(categories.values) + 1
    if len(items.values) * width > DENSE:
        return False
    category = categories.code
    if categories.known is not None:
        category = np.where(categories.known, category, width - 1)
    met = np.zeros(len(items.values) * width, dtype=bool)
    met[items.code.astype(np.int64) * width + category] = True
    return bool(met.reshape(-1, width).sum(axis=1).max(initial=0) <= 1)


def _of_few(choices: Choices, mask: Bools | None, time: Ints, lines: Any) -> Ints:
    """Return the favourites' codes, counted in a table of customers by values.

    A cell holds orders · 2^32 + the latest moment, so the largest of a row, the first of equal
    ones, is the favourite.
    """
    rows = None if mask is None else np.flatnonzero(mask)
    cell, lines = _taken(choices.cell, rows), None if lines is None else _taken(lines, rows)
    time = _taken(time, rows)
    if lines is not None:  # once per order; its lines of a value lie together
        once = np.flatnonzero(changed(cell, lines))
        cell, time = cell.take(once), time.take(once)
    latest = choices.table(np.int32)
    latest[cell] = time  # they ascend, and the last one stays
    measure = np.bincount(cell, minlength=len(latest))
    measure <<= 32
    measure |= latest
    table = measure.reshape(choices.guests, -1)
    best = table.argmax(axis=1)
    return np.where(table[np.arange(choices.guests), best] > 0, best, -1)


def _taken(values: Any, rows: Ints | None) -> Any:
    return values if rows is None else values.take(rows)


def _of_many(choices: Choices, rows: Ints, time: Ints, lines: Any) -> Ints:
    """Return the favourites' codes, counted by sorting."""
    pairs, rows = _by_pair(choices.owner[rows], choices.code[rows], rows)
    if lines is not None:  # once per order
        kept = firsts(pairs, lines[rows])
        pairs, rows = pairs[kept], rows[kept]
    starts = firsts(pairs)
    counts = np.diff(starts, append=len(pairs))
    latest = np.maximum.reduceat(time[rows], starts) if len(starts) else time[:0]
    owners, codes = pairs[starts] >> 32, pairs[starts] & 0xFFFFFFFF
    most = _largest_of_each(owners, counts)
    owners, codes, latest = owners[most], codes[most], latest[most]
    last = _largest_of_each(owners, latest)
    owners, codes = owners[last], codes[last]
    runs = firsts(owners)
    found = np.full(choices.guests, -1, dtype=np.int64)
    found[owners[runs]] = codes[runs]
    return found


def _largest_of_each(owners: Ints, measure: Ints) -> Bools:
    """Return which rows have the largest measure of their customer; owners ascend."""
    if not len(owners):
        return np.zeros(0, dtype=bool)
    runs = firsts(owners)
    most = np.maximum.reduceat(measure, runs)
    best: Bools = measure == np.repeat(most, np.diff(runs, append=len(owners)))
    return best


def _by_pair(owners: Any, codes: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Return customer and code as one number, and the rows, sorted by both."""
    width, most = (int(part.max(initial=0)).bit_length() for part in (rows, codes))
    pairs = (owners.astype(np.int64) << 32) | codes
    if width + most > 47:  # customer, code and row do not fit one number
        order = np.argsort(pairs, kind="stable")
        return pairs[order], rows[order]
    # Sorting numbers is several times faster than sorting places by numbers.
    keys = np.sort((((owners.astype(np.int64) << most) | codes) << width) | rows)
    both = keys >> width
    pairs = ((both >> most) << 32) | (both & ((1 << most) - 1))
    return pairs, keys & ((1 << width) - 1)
