"""DRIFT: how far the values of a field have moved, beyond what chance and routine would do.

The population stability index between two samples of m and n rows is, where nothing moved, about
(1/m + 1/n) times a chi-square with one degree of freedom less than there are bins (B. Yurdakul and
J. Naranjo 2020, "Statistical properties of the population stability index", Journal of Risk Model
Validation 14). So a few rows may differ a lot before it means something. In many rows every
difference is certain, so it must also be of a size that matters.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import chdtri

MATERIAL: Final = 0.1  # below it a population counts as stable, whatever its size
_BINS: Final = 10
_VALUES: Final = 20  # so many texts are told apart, the most frequent ones; the others are one
_NEVER: Final = 0.5  # added to every bin's rows, so that an empty one is not infinitely far away

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


def drift(field: str, before: pl.Series, now: pl.Series, alpha: float = 0.01) -> Drift:
    """Return how far a field has moved from one sample to another.

    Parameters
    ----------
    field
        Its name.
    before, now
        Its values, one per customer; unknown ones are a bin of their own.
    alpha
        The chance to call small samples moved where nothing did.

    Raises
    ------
    ValueError
        When a sample is empty.
    """
    if not len(before) or not len(now):
        raise ValueError(f"there is nothing to compare {field} by")
    first, second = _binned(before, now)
    index = psi(first, second)
    scale = 1 / len(before) + 1 / len(now)
    chance = scale * float(chdtri(max(len(first) - 1, 1), alpha))
    threshold = max(MATERIAL, chance)
    return Drift(field, index, threshold, index > threshold)


def psi(before: Counts, now: Counts) -> float:
    """Return the population stability index of two samples by how many rows each bin has."""
    first, second = ((rows + _NEVER) / (rows + _NEVER).sum() for rows in (before, now))
    return float(((second - first) * np.log(second / first)).sum())


def _binned(before: pl.Series, now: pl.Series) -> tuple[Counts, Counts]:
    """Return how many rows of each sample are in each bin; bins without any row are left out."""
    bins: Any = _tenths if before.dtype.is_numeric() or before.dtype.is_temporal() else _values
    first, second = bins(before, now)
    held = (first + second) > 0
    return first[held], second[held]


def _tenths(before: pl.Series, now: pl.Series) -> tuple[Counts, Counts]:
    """Return the rows in tenths of the earlier sample, and those whose value is unknown."""
    numbers = [one.to_physical().cast(pl.Float64).drop_nulls().to_numpy() for one in (before, now)]
    cuts = np.arange(1, _BINS) / _BINS
    edges = np.unique(np.quantile(numbers[0], cuts)) if len(numbers[0]) else np.zeros(1)
    counts = [
        np.append(
            np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1),
            one.null_count(),
        )
        for one, known in zip((before, now), numbers, strict=True)
    ]
    return counts[0], counts[1]


def _values(before: pl.Series, now: pl.Series) -> tuple[Counts, Counts]:
    """Return the rows of each frequent value, of all others together, and of the unknown."""
    texts = [one.cast(pl.String).alias("value") for one in (before, now)]
    tallies = [dict(one.drop_nulls().value_counts(sort=True).iter_rows()) for one in texts]
    frequent = list(tallies[0])[:_VALUES]
    counts = []
    for one, tally in zip((before, now), tallies, strict=True):
        told = [tally.get(value, 0) for value in frequent]
        others = len(one) - one.null_count() - sum(told)
        counts.append(np.array([*told, others, one.null_count()], dtype=np.int64))
    return counts[0], counts[1]
