"""CALIBRATION: probabilities that are met, also when the season has changed what is usual.

A model's ranking outlives a season; its level does not. So it is corrected in two parts, each with
as few parameters as the evidence bears: slope and intercept on the logits of several past
snapshots, the recent ones weighing more; and a shift of the level alone, from the latest matured
snapshot or, before any label has matured, from the scores themselves. More flexible curves learn
the season they were fitted in.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit

from segml.scoring.arrays import Numbers, Outcome

# Wide enough not to be felt by a hundred customers, narrow enough that data which an outcome splits
# perfectly give finite parameters.
PRIOR_SPREAD: Final = 10.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """P(outcome) = 1 / (1 + exp(-(intercept + slope logit))); by itself it changes nothing."""

    slope: float = 1.0
    intercept: float = 0.0

    def probability(self, logits: Numbers) -> Numbers:
        """Return the calibrated probabilities of logits."""
        return np.asarray(expit(self.intercept + self.slope * logits))

    def shifted(self, by: float) -> Self:
        """Return this calibration with another level; `by` in logits."""
        return replace(self, intercept=self.intercept + by)


def recency_weights(age_days: Numbers, half_life_days: float) -> Numbers:
    """Return how much rows count whose snapshot is so old: half after each half-life."""
    return np.asarray(0.5 ** (age_days / half_life_days))


def fit_calibration(
    logits: Numbers, outcome: Outcome, weights: Numbers | None = None
) -> Calibration:
    """Return slope and intercept that make logits fit the outcomes.

    Platt (1999), "Probabilistic outputs for support vector machines", by weighted maximum
    likelihood, with a wide normal prior about the identity.

    Parameters
    ----------
    logits, outcome
        One entry per row; they must not be those the model was trained on.
    weights
        Such as `recency_weights`; 1 each without.
    """
    design = np.stack([np.ones_like(logits), logits], axis=1)
    intercept, slope = _coefficients(design, logits, outcome, weights, PRIOR_SPREAD)
    return Calibration(slope=1 + slope, intercept=intercept)


def level_shift(
    logits: Numbers, outcome: Outcome, weights: Numbers | None = None, spread: float = 1.0
) -> float:
    """Return by how many logits the level of calibrated logits is off, seen from outcomes.

    Meant for the latest matured snapshot. The shift has a normal prior of mean 0, so that a small
    snapshot moves the level little.

    Parameters
    ----------
    logits, outcome, weights
        As for `fit_calibration`.
    spread
        The standard deviation that shifts from season to season are thought to have, in logits.
    """
    design = np.ones((len(logits), 1))
    return _coefficients(design, logits, outcome, weights, spread)[0]


def unlabelled_shift(probability: Numbers, base_rate: float) -> float:
    """Return by how many logits the level has shifted, seen from scores without outcomes.

    Saerens, Latinne & Decaestecker (2002), Neural Computation 14(1): the base rate under which the
    new scores are most likely, found as the root of the slope that their EM climbs. It rests on
    who has the outcome looking as before, only being more or fewer; a season that changes what the
    features mean breaks that, so labels are preferred once they have matured.

    Parameters
    ----------
    probability
        Of today's customers, calibrated where the outcome had the base rate; strictly in (0, 1).
    base_rate
        The share with the outcome among the calibration rows.

    Raises
    ------
    ValueError
        Without scores, or where a probability or the base rate is not strictly in (0, 1).
    """
    if not (
        0 < base_rate < 1 and len(probability) and np.all((probability > 0) & (probability < 1))
    ):
        raise ValueError("probabilities and the base rate must lie strictly between 0 and 1")
    have, have_not = probability / base_rate, (1 - probability) / (1 - base_rate)

    def slope(rate: float) -> float:
        return float(np.mean((have - have_not) / (rate * have + (1 - rate) * have_not)))

    return float(logit(_root(slope)) - logit(base_rate))


def _root(falling: Callable[[float], float]) -> float:
    """Return where a falling function of a rate is 0, or the end nearest to it."""
    least, most = 1e-6, 1 - 1e-6
    if falling(least) <= 0:
        return least
    if falling(most) >= 0:
        return most
    return float(brentq(falling, least, most, xtol=1e-12))


def _coefficients(
    design: Numbers, offset: Numbers, outcome: Outcome, weights: Numbers | None, spread: float
) -> list[float]:
    """Return logistic coefficients beside an offset, with normal priors of mean 0."""
    weight = np.ones(len(offset)) if weights is None else weights

    def loss(beta: Numbers) -> float:
        at = offset + design @ beta
        return float(weight @ (np.logaddexp(0, at) - outcome * at) + beta @ beta / spread**2 / 2)

    def gradient(beta: Numbers) -> Numbers:
        off = expit(offset + design @ beta) - outcome
        return np.asarray(design.T @ (weight * off) + beta / spread**2)

    def curvature(beta: Numbers) -> Numbers:
        chance = expit(offset + design @ beta)
        within = design.T * (weight * chance * (1 - chance))
        return np.asarray(within @ design + np.eye(len(beta)) / spread**2)

    start = np.zeros(design.shape[1])
    found: Any = minimize(loss, start, jac=gradient, hess=curvature, method="trust-exact")
    return [float(value) for value in found.x]
