"""DRIFT: how far the values of a field have moved, beyond what chance and routine would do.

The population stability index between two samples of m and n rows is, where nothing moved, about
(1/m + 1/n) times a chi-square with one degree of freedom less than there are bins (B. Yurdakul and
J. Naranjo 2020, "Statistical properties of the population stability index", Journal of Risk Model
Validation 14). So a few rows may differ a lot before it means something. In many rows every
difference is certain, so it must also be of a size that matters.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

MATERIAL: Final = 0.1  # below it a population counts as stable, whatever its size
_BINS: Final = 10
_VALUES: Final = 20  # so many texts are told apart, the most frequent ones; the others are one
_UNSEEN: Final = 0.5  # added to every bin's rows, so that an empty one is not infinitely far away

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drift:
    """How far one field has moved.

    Attributes
    ----------
    field
        Its name.
    psi
        The population stability index; 0 where nothing moved.
    threshold
        From where on it counts as moved.
    drifted
        Whether it is.
    """

    field: str
    psi: float
    threshold: float
    drifted: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """How the values of a field are distributed; small enough to be kept for every night.

    Attributes
    ----------
    edges
        Of numbers and dates: the upper ends of all bins but the last; tenths of the sample.
    values
        Of everything else: the frequent values; the others are one bin.
    rows
        How many rows are in each bin; in the last, those whose value is unknown.
    """

    edges: tuple[float, ...]
    values: tuple[str, ...]
    rows: tuple[int, ...]


def profile(column: pl.Series) -> Profile:
    """Return how the values of a field are distributed in tenths, or by frequent value."""
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    if _ordered(column):
        numbers = _numbers(column)
        if len(numbers):
            edges = tuple(np.unique(np.quantile(numbers, np.arange(1, _BINS) / _BINS)).tolist())
    else:
        tally = column.cast(pl.String).drop_nulls().value_counts(sort=True)
        values = tuple(sorted(tally.to_series().head(_VALUES)))
    empty = Profile(edges, values, ())
    return Profile(edges, values, tuple(_rows(column, empty).tolist()))


def drift(field: str, before: Profile, now: pl.Series, alpha: float = 0.01) -> Drift:
    """Return how far a field has moved from one sample to another.

    Parameters
    ----------
    field
        Its name.
    before
        How it was distributed.
    now
        Its values, one per customer.
    alpha
        The chance to call small samples moved where nothing did.

    Raises
    ------
    ValueError
        When a sample is empty.
    """
    from scipy.special import chdtri  # noqa: PLC0415 (slow to load, and every record names Drift)

    first, second = np.array(before.rows), _rows(now, before)
    if not first.sum() or not second.sum():
        raise ValueError(f"there is nothing to compare {field} by")
    held = (first + second) > 0
    index = psi(first[held], second[held])
    scale = 1 / first.sum() + 1 / second.sum()
    chance = float(scale * chdtri(max(held.sum() - 1, 1), alpha))
    threshold = max(MATERIAL, chance)
    return Drift(field, index, threshold, index > threshold)


def psi(before: Counts, now: Counts) -> float:
    """Return the population stability index of two samples by how many rows each bin has."""
    first, second = ((rows + _UNSEEN) / (rows + _UNSEEN).sum() for rows in (before, now))
    return float(((second - first) * np.log(second / first)).sum())


def _rows(column: pl.Series, bins: Profile) -> Counts:
    """Return how many rows of a column are in each bin of a profile."""
    unknown = column.null_count()
    if _ordered(column):
        places = np.searchsorted(np.array(bins.edges), _numbers(column), side="left")
        return np.append(np.bincount(places, minlength=len(bins.edges) + 1), unknown)
    tally = dict(column.cast(pl.String).drop_nulls().value_counts().iter_rows())
    told = [tally.get(value, 0) for value in bins.values]
    return np.array([*told, len(column) - unknown - sum(told), unknown])


def _ordered(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype.is_temporal()


def _numbers(column: pl.Series) -> NDArray[np.float64]:
    return column.to_physical().cast(pl.Float64).drop_nulls().to_numpy()
