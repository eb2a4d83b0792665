"""MEASURES: how good probabilities are, seen from what happened, with weights that may repeat rows.

To add a measure: a field of `Measures`, its bounds, and its line in `Scored.measured`; intervals
and differences of `bootstrap.py` hold it by themselves.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from segml.scoring.arrays import Numbers, Outcome
from segml.scoring.calibration import PRIOR_SPREAD, fit_calibration

BINS: Final = 15
TOP: Final = 0.1
_TINY: Final = 1e-15


@dataclass(frozen=True, slots=True)
class Measures:
    """How good probabilities of an outcome are; nan where only one outcome occurred.

    Attributes
    ----------
    log_loss, brier
        Mean negative log-likelihood (natural logarithm) and mean squared error.
    ece
        Expected calibration error: the mean distance of mean score and share over 15 bins of equal
        count (equal scores share a bin).
    slope, intercept
        Of the outcome's logit on the score's, fitted together (Cox 1958); 1 and 0 are calibrated.
    auc
        Chance that one with the outcome is scored above one without; ties count one half.
    average_precision
        Mean precision over those with the outcome, at distinct scores (scikit-learn's definition).
    lift_10
        Share with the outcome in the top tenth by score, over the share in all; ties at the edge
        are taken in proportion.
    recall
        Part of those with the outcome whose score reaches the threshold; nan without a threshold.
    """

    log_loss: float
    brier: float
    ece: float
    slope: float
    intercept: float
    auc: float
    average_precision: float
    lift_10: float
    recall: float


LOWEST: Final = Measures(0, 0, 0, -np.inf, -np.inf, 0, 0, 0, 0)
HIGHEST: Final = Measures(np.inf, 1, 1, np.inf, np.inf, 1, 1, 1 / TOP, 1)


def measures(outcome: Outcome, score: Numbers, threshold: float | None = None) -> Measures:
    """Return the measures of scores.

    Parameters
    ----------
    outcome, score
        One entry per row; scores are probabilities from 0 to 1.
    threshold
        Of a certificate, for `recall`.

    Raises
    ------
    ValueError
        Without rows, with columns of different length, or with scores that are no probabilities.
    """
    return Measures(*Scored.of(outcome, score, threshold).measured(np.ones(len(score))).tolist())


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Rows with a score, sorted once, so that any weights are measured in one pass.

    Attributes
    ----------
    order
        Rows by score, the highest first; all below are in this order.
    outcome
        1 where it occurred, else 0.
    ties, bins
        Where a new score begins, and where a new bin of `ece`.
    gap
        Score minus outcome.
    parts
        By row: log loss, squared error, the five terms of a Newton step, and whether selected with
        the outcome.
    line
        Intercept and slope of the unweighted rows.
    """

    order: NDArray[np.intp]
    outcome: Numbers
    ties: NDArray[np.intp]
    bins: NDArray[np.intp]
    gap: Numbers
    parts: Numbers
    line: Numbers

    @classmethod
    def of(cls, outcome: Outcome, score: Numbers, threshold: float | None = None) -> Self:
        """Return rows sorted by score; see `measures`."""
        if not (len(score) and np.shape(outcome) == np.shape(score)):
            raise ValueError("measures need an outcome for every score, and a row at least")
        if not np.all((score >= 0) & (score <= 1)):
            raise ValueError("scores must be probabilities from 0 to 1; give calibrated ones")
        order = np.argsort(-score, kind="stable")
        ranked, happened = score[order], outcome[order].astype(np.float64)
        ties = np.flatnonzero(np.diff(ranked, prepend=np.inf))
        middle = (ties + np.append(ties[1:], len(ranked))) // 2
        bins = ties[np.flatnonzero(np.diff(middle * BINS // len(ranked), prepend=-1))]
        at = logit(np.clip(ranked, _TINY, 1 - _TINY))
        found = fit_calibration(at, happened > 0)
        line = np.array([found.intercept, found.slope])
        chance = found.probability(at)
        within = chance * (1 - chance)
        columns = [
            np.logaddexp(0, at) - happened * at,
            (ranked - happened) ** 2,
            happened - chance,
            (happened - chance) * at,
            within,
            within * at,
            within * at**2,
            np.full(len(at), np.nan) if threshold is None else happened * (ranked >= threshold),
        ]
        parts = np.stack(columns, axis=1)
        return cls(order, happened, ties, bins, ranked - happened, parts, line)

    def measured(self, weight: Numbers) -> Numbers:
        """Return the fields of `Measures` in order, each row counted so many times.

        Slope and intercept are one Newton step from those of all rows, which is as exact as a
        bootstrap asks for (and exact for weights of 1).
        """
        weight = weight[self.order]
        sums = weight @ self.parts
        log_loss, brier, selected = sums[[0, 1, 7]]
        true = np.add.reduceat(weight * self.outcome, self.ties)
        every = np.add.reduceat(weight, self.ties)
        rows = every.sum()
        ece = np.abs(np.add.reduceat(weight * self.gap, self.bins)).sum()
        intercept, slope = self.line + _newton_step(sums[2:7], self.line)
        of_rows = [log_loss / rows, brier / rows, ece / rows, slope, intercept]
        with_outcome = true.sum()
        if with_outcome in (0, rows):
            return np.array([*of_rows, np.nan, np.nan, np.nan, np.nan])
        return np.array([*of_rows, *_of_ranking(true, every), selected / with_outcome])


def _newton_step(sums: Numbers, line: Numbers) -> Numbers:
    """Return a step of `fit_calibration` from a line; the sums are those of `Scored.of`."""
    level, tilt, at_0, at_1, at_2 = sums
    prior = 1 / PRIOR_SPREAD**2
    slope = np.array([level, tilt]) - prior * (line - [0, 1])
    return np.linalg.solve([[at_0 + prior, at_1], [at_1, at_2 + prior]], slope)


def _of_ranking(true: Numbers, every: Numbers) -> tuple[float, float, float]:
    """Return AUC, average precision and lift from counts by distinct score, the highest first."""
    true_up_to, up_to = np.cumsum(true), np.cumsum(every)
    with_outcome, rows = true_up_to[-1], up_to[-1]
    without = rows - with_outcome
    false = every - true
    below = without - np.cumsum(false) + false / 2
    precision = true_up_to / np.maximum(up_to, _TINY)
    top = np.interp(TOP * rows, np.append(0, up_to), np.append(0, true_up_to))
    return (
        float(true @ below / (with_outcome * without)),
        float(true @ precision / with_outcome),
        float(top / (TOP * with_outcome)),
    )
