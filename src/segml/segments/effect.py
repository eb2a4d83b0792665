"""The smallest effect that a campaign can show: what its groups are large enough to tell apart."""

from dataclasses import dataclass
from math import inf, sqrt
from statistics import NormalDist
from typing import Final

POWER: Final = 0.8
ALPHA: Final = 0.05
_STEPS: Final = 60  # halvings, after which the answer is exact to the last bit


@dataclass(frozen=True, slots=True)
class SmallestEffect:
    """How far a rate must move to be noticed.

    Attributes
    ----------
    baseline
        The rate of who is left alone.
    absolute
        The smallest rise of the rate that is noticed; None where no rise could be.
    """

    baseline: float
    absolute: float | None

    @property
    def relative(self) -> float | None:
        """Return the rise as a share of the baseline; None where there is no baseline."""
        if self.absolute is None or not self.baseline:
            return None
        return self.absolute / self.baseline


def smallest_effect(baseline: float, treated: int, control: int) -> SmallestEffect:
    """Return the smallest rise of a rate that two groups tell with power 0.8 at level 0.05.

    Two-sided test of two proportions without correction for continuity (Fleiss, Levin and Paik,
    Statistical Methods for Rates and Proportions, 3rd ed. 2003, ch. 4), solved for the rise.

    Parameters
    ----------
    baseline
        The rate of the control group, from 0 to 1.
    treated, control
        Sizes of the groups.
    """
    low, high = 0.0, 1.0 - baseline
    if _missing(baseline, high, treated, control) > 0:
        return SmallestEffect(baseline, None)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _missing(baseline, middle, treated, control) > 0:
            low = middle
        else:
            high = middle
    return SmallestEffect(baseline, high)


def _missing(baseline: float, rise: float, treated: int, control: int) -> float:
    """Return by how much a rise is too small to be noticed; at most 0 where it is noticed."""
    if not treated or not control:
        return inf
    normal = NormalDist()
    rate = baseline + rise
    pooled = (treated * rate + control * baseline) / (treated + control)
    under_null = sqrt(pooled * (1 - pooled) * (1 / treated + 1 / control))
    spread = sqrt(rate * (1 - rate) / treated + baseline * (1 - baseline) / control)
    reach = normal.inv_cdf(1 - ALPHA / 2) * under_null + normal.inv_cdf(POWER) * spread
    return reach - rise
