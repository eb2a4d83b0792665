"""BOOTSTRAP: how far measures may be from what other customers of the same kind would show.

A customer may stand in several rows, one per snapshot; customers are drawn again, with all of
their rows, as rows of one customer are no independent evidence.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segml.scoring.arrays import Numbers, Outcome
from segml.scoring.measures import HIGHEST, LOWEST, Measures, Scored

_SMALLEST: Final = 1e-15  # chance


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the ends of its interval."""

    estimate: float
    low: float
    high: float


def intervals(
    outcome: Outcome,
    score: Numbers,
    customer: NDArray[np.integer[Any]],
    *,
    seed: int,
    threshold: float | None = None,
    replicates: int = 200,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Return each of `Measures` with its interval.

    The basic bootstrap (Davison & Hinkley 1997, section 5.2): the replicates' distances from the
    estimate, mirrored at it. Drawing again adds noise to `ece` that percentiles would keep; the
    mirror takes it away. What leaves a measure's range is cut there. The `ece` of a few hundred
    rows is mostly noise itself, and its interval then lies too high.

    Parameters
    ----------
    outcome, score, threshold
        As for `measures`.
    customer
        Whose row it is.
    seed, replicates
        Of the draws; the same seed gives the same intervals.
    level
        The share of such intervals that hold the true value.
    """
    scored = Scored.of(outcome, score, threshold)
    found = _basic([scored], customer, np.array([1.0]), seed, replicates, level)
    held = np.clip(found, astuple(LOWEST), astuple(HIGHEST))
    return _named(held)


def paired_difference(
    outcome: Outcome,
    first: Numbers,
    second: Numbers,
    customer: NDArray[np.integer[Any]],
    *,
    seed: int,
    threshold: float | None = None,
    replicates: int = 200,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Return how much the first scores' measures exceed the second's, on the same customers.

    Both are measured on the same draws of customers, so what makes both better or worse cancels.
    Parameters and intervals are those of `intervals`.
    """
    scored = [Scored.of(outcome, score, threshold) for score in (first, second)]
    found = _basic(scored, customer, np.array([1.0, -1.0]), seed, replicates, level)
    return _named(found)


def log_loss_gap(
    outcome: Outcome,
    first: Numbers,
    second: Numbers,
    customer: NDArray[np.integer[Any]],
    *,
    seed: int,
    replicates: int = 1_000,
    level: float = 0.95,
) -> Interval:
    """Return how much the first scores' log-loss exceeds the second's: `paired_difference`, fast.

    A log-loss is a mean over rows, so each customer's sum is enough to draw from.
    """
    losses = [-np.log(np.clip(np.where(outcome, p, 1 - p), _SMALLEST, 1)) for p in (first, second)]
    _, place = np.unique(customer, return_inverse=True)
    gaps, rows = np.bincount(place, losses[0] - losses[1]), np.bincount(place)
    draw = np.random.default_rng(seed)
    means = []
    for _ in range(replicates):
        times = np.bincount(draw.integers(len(rows), size=len(rows)), minlength=len(rows))
        means.append(times @ gaps / (times @ rows))
    estimate = float(gaps.sum() / rows.sum())
    high, low = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate, float(2 * estimate - low), float(2 * estimate - high))


def _basic(
    scored: Sequence[Scored],
    customer: NDArray[np.integer[Any]],
    signs: Numbers,
    seed: int,
    replicates: int,
    level: float,
) -> Numbers:
    """Return estimate, low and high of a signed sum of measures, one row each."""
    known, place = np.unique(customer, return_inverse=True)
    draw = np.random.default_rng(seed)

    def value(times: Numbers) -> Numbers:
        return np.asarray(signs @ [one.measured(times[place]) for one in scored])

    estimate = value(np.ones(len(known)))
    drawn = [
        value(np.bincount(draw.integers(len(known), size=len(known)), minlength=len(known)) * 1.0)
        for _ in range(replicates)
    ]
    is_known = ~np.isnan(estimate)
    tails = np.nanquantile(np.array(drawn)[:, is_known], [(1 + level) / 2, (1 - level) / 2], axis=0)
    ends = np.full((2, len(estimate)), np.nan)
    ends[:, is_known] = 2 * estimate[is_known] - tails
    return np.stack([estimate, *ends])


def _named(rows: Numbers) -> dict[str, Interval]:
    names = [field.name for field in fields(Measures)]
    return {name: Interval(*column) for name, column in zip(names, rows.T.tolist(), strict=True)}
