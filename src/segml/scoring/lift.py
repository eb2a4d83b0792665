"""How far up a ranking finds the customers it should: lift by the size of the list.

Law kept: a seed's place is its rank among candidates under a score that was learned without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

SIZES: Final = tuple(percent / 100 for percent in range(1, 11))  # shares of the candidates
_Z: Final = 1.959964  # of 95 % intervals

Places = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LiftCurve:
    """Of the seeds that were held out, how many times as many are found as by chance.

    Attributes
    ----------
    sizes
        Shares of the candidates, from 0.01 to 0.1.
    lift
        The share of held-out seeds found in a list of that size, divided by the size.
    low, high
        Ends of 95 % intervals.
    """

    sizes: tuple[float, ...]
    lift: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def at(self, size: float) -> float:
        """Return the lift of a list of `size`, interpolated between the sizes of the curve."""
        return float(np.interp(size, self.sizes, self.lift))


def places(seeds: NDArray[Any], candidates: NDArray[Any]) -> Places:
    """Return for each seed's score the share of the candidates' scores above it.

    Equal scores stand half above, half below.
    """
    ordered = np.sort(candidates)
    above = len(ordered) - np.searchsorted(ordered, seeds, side="right")
    not_below = len(ordered) - np.searchsorted(ordered, seeds, side="left")
    return (above + not_below) / (2 * len(ordered))


def places_within(
    seeds: NDArray[Any],
    candidates: NDArray[Any],
    seed_groups: NDArray[Any],
    candidate_groups: NDArray[Any],
) -> Places:
    """Return each seed's place among the candidates of its own group; NaN where there are none."""
    found = np.full(len(seeds), np.nan)
    for group in np.unique(seed_groups):
        inside, others = seed_groups == group, candidates[candidate_groups == group]
        if len(others):
            found[inside] = places(seeds[inside], others)
    return found


def worth(held_out: Places) -> Places:
    """Return what each place is worth to a list from the top: minus its log, level below 0.5 %.

    Smoother than lift, so that a choice between scores needs fewer seeds.
    """
    return -np.log(held_out + 0.005)


def lift_curve(held_out: Places) -> LiftCurve:
    """Return the curve of places, with Wilson's intervals (1927).

    Parameters
    ----------
    held_out
        One row per repetition, one column per seed; NaN where a seed has no place. Repetitions
        of a seed are averaged and count as one piece of evidence.
    """
    known = held_out[:, ~np.isnan(held_out).any(axis=0)]
    many = known.shape[1]
    if not many:
        unknown = (float("nan"),) * len(SIZES)
        return LiftCurve(SIZES, unknown, unknown, unknown)
    sizes = np.array(SIZES)
    found = np.array([(known < size).mean() for size in SIZES])
    middle = (found + _Z**2 / (2 * many)) / (1 + _Z**2 / many)
    half = _Z * np.sqrt(found * (1 - found) / many + _Z**2 / (4 * many**2)) / (1 + _Z**2 / many)
    low, high = np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
    return LiftCurve(SIZES, *(_plain(share / sizes) for share in (found, low, high)))


def chance_curve(seeds: int) -> LiftCurve:
    """Return the curve of a random list: 1, and the range in which 95 % of such lists lie."""
    sizes = np.array(SIZES)
    low, high = (binom.ppf(q, seeds, sizes) / (seeds * sizes) for q in (0.025, 0.975))
    return LiftCurve(SIZES, (1.0,) * len(SIZES), _plain(low), _plain(high))


def deciles(activity: NDArray[Any], among: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return each customer's tenth by activity, 0 to 9; equal customers share the same one.

    Parameters
    ----------
    activity
        One number per customer, such as the orders of the last year; NaN counts as the least.
    among
        The customers whose tenths they are.
    """
    known = np.nan_to_num(activity.astype(np.float64), nan=-np.inf)
    cuts = np.quantile(known[among], np.arange(1, 10) / 10, method="higher")
    return np.searchsorted(cuts, known, side="right")


def _plain(values: Sequence[float] | NDArray[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
