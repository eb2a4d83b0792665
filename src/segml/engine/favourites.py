"""The favourite of each customer of a bucket: the value in the most orders.

Where there are few values they are counted in a table of customers by values, else by sorting.
"""

from typing import Any

import numpy as np
import polars as pl

from segml.engine.arranged import ORDER
from segml.engine.bucket import MOMENT, placed
from segml.engine.grouped import DENSE, Bools, Choices, Grouped, Ints, firsts


def favourite(grouped: Grouped, column: str, mask: Bools | None) -> pl.Series:
    """Return the value in the most orders; of equals the latest, then the first."""
    choices = grouped.choices(column)
    mask = choices.masked(mask)
    rows = np.arange(len(grouped.owner)) if mask is None else np.flatnonzero(mask)
    time = grouped.raw(MOMENT).to_numpy()
    lines = grouped.raw(ORDER).to_numpy() if grouped.reading == "order_items" else None
    if choices.few and len(choices.values) and (lines is None or _together(grouped, column)):
        found = _of_few(choices, rows, time, lines)
    else:
        found = _of_many(choices, rows, time, lines)
    return choices.values.gather(placed(found))


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


def _of_few(choices: Choices, rows: Ints, time: Ints, lines: Any) -> Ints:
    """Return the favourites' codes, counted in a table of customers by values."""
    whole = len(rows) == len(choices.owner)
    cell = choices.cell if whole else choices.cell[rows]
    latest = choices.table(np.int64)
    latest[cell] = time if whole else time[rows]  # rows ascend by time, and the last one stays
    if lines is not None:  # once per order; its lines of a value lie together
        cell = cell[firsts(cell, lines if whole else lines[rows])]
    counts = np.bincount(cell, minlength=len(latest)).reshape(-1, len(choices.values))
    most = counts.max(axis=1)
    best = counts == most[:, None]
    latest = np.where(best, latest.reshape(counts.shape), np.iinfo(np.int64).min)
    return np.where(most > 0, latest.argmax(axis=1), -1)


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
