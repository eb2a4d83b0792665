"""CALIBRATION: the line on which logits meet the outcomes, which tells how far they are off.

It is measured, not applied: a line fitted on past nights learns their season too, and `season`
says what is done instead.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

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


def fit_calibration(logits: Numbers, outcome: Outcome) -> Calibration:
    """Return slope and intercept that make logits fit the outcomes.

    Platt (1999), "Probabilistic outputs for support vector machines", by maximum likelihood, with a
    wide normal prior about the identity.

    Parameters
    ----------
    logits, outcome
        One entry per row.
    """
    design = np.stack([np.ones_like(logits), logits], axis=1)
    off_line = 1 / PRIOR_SPREAD**2

    def loss(beta: Numbers) -> float:
        at = logits + design @ beta
        return float((np.logaddexp(0, at) - outcome * at).sum() + beta @ beta * off_line / 2)

    def gradient(beta: Numbers) -> Numbers:
        off = expit(logits + design @ beta) - outcome
        return np.asarray(design.T @ off + beta * off_line)

    def curvature(beta: Numbers) -> Numbers:
        chance = expit(logits + design @ beta)
        within = design.T * (chance * (1 - chance))
        return np.asarray(within @ design + np.eye(2) * off_line)

    found: Any = minimize(loss, np.zeros(2), jac=gradient, hess=curvature, method="trust-exact")
    intercept, slope = (float(value) for value in found.x)
    return Calibration(slope=1 + slope, intercept=intercept)
