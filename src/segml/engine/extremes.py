"""The largest, or smallest, so many values of a column, without sorting all of them."""

from math import sqrt
from typing import Any, Final

import numpy as np
import polars as pl

from segml.engine import bitmaps
from segml.engine.bitmaps import Codes, Words

_SAMPLE: Final = 1 << 16  # values looked at to tell about where the threshold is
_MARGIN: Final = 4.0  # standard errors to each side of it; should that miss, all are looked at

Numbers = np.ndarray[tuple[int], np.dtype[Any]]


def extremes(values: pl.Series, known: Words, wanted: int, *, largest: bool) -> tuple[Words, Codes]:
    """Return who is beyond the `wanted`-th value, and the codes of those who have just that one.

    Parameters
    ----------
    values
        Numbers by code.
    known
        Customers who have one, and count.
    wanted
        From 1 to how many they are.
    largest
        Whether the largest values come first, or the smallest.
    """
    beyond, near = _around(values, known, wanted, largest=largest)
    codes = bitmaps.codes(near)
    found = values[pl.Series(codes, dtype=pl.UInt32)].to_numpy()
    place = wanted - bitmaps.count(beyond)
    place = len(found) - place if largest else place - 1
    threshold = np.partition(found, place)[place]
    further = found > threshold if largest else found < threshold
    inside = beyond | bitmaps.among(codes[further], len(values))
    return inside, codes[found == threshold]


def _around(values: pl.Series, known: Words, wanted: int, *, largest: bool) -> tuple[Words, Words]:
    """Return fewer than `wanted` who are beyond its value for certain, and all who may have it."""
    many = bitmaps.count(known)
    sample = values.gather_every(max(1, len(values) // _SAMPLE)).drop_nulls().to_numpy()
    if not len(sample):
        return bitmaps.nobody(len(values)), known
    low, high = _bounds(sample, 1 - wanted / many if largest else wanted / many)
    beyond = known & bitmaps.packed(values > high if largest else values < low)
    within = known & bitmaps.packed(values >= low if largest else values <= high)
    if bitmaps.count(beyond) < wanted <= bitmaps.count(within):
        return beyond, within & ~beyond
    return bitmaps.nobody(len(values)), known


def _bounds(sample: Numbers, share: float) -> tuple[Any, Any]:
    """Return between which values a quantile most likely is."""
    many = len(sample)
    error = _MARGIN * sqrt(share * (1 - share) * many) + 1
    places = [int(np.clip(share * many + e, 0, many - 1)) for e in (-error, error)]
    low, high = np.partition(sample, places)[places].tolist()
    return low, high
