"""Customers who may stop at any moment: the Pareto/NBD.

While active a customer orders at a rate that is gamma among customers (`r`, `alpha`) and stops for
good at a rate that is gamma too (`s`, `beta`). Sources: Schmittlein, Morrison & Colombo (1987),
Management Science 33(1); the form of the likelihood, Fader & Hardie (2005), "A note on deriving the
Pareto/NBD model and related expressions".
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, exprel, gammaln

from segml.scoring.arrays import Numbers
from segml.scoring.buying.likelihood import greatest
from segml.scoring.buying.statistics import BuyingStatistics

_DEPTH: Final = 40.0
_ROOTS, _MASSES = np.polynomial.legendre.leggauss(24)
_NODES, _WEIGHTS = (_ROOTS + 1) / 2, _MASSES / 2


@dataclass(frozen=True, slots=True)
class ParetoNbd:
    """The Pareto/NBD model with its parameters.

    Attributes
    ----------
    r, alpha
        Gamma distribution of the order rate among customers; `alpha` in units of time.
    s, beta
        Gamma distribution of the rate of stopping; `beta` in units of time.
    """

    r: float
    alpha: float
    s: float
    beta: float

    def log_likelihood(self, statistics: BuyingStatistics) -> Numbers:
        """Return the log-likelihood of each customer's order days and silence since."""
        orders, still, stopped = self._parts(statistics)
        return np.asarray(orders + np.logaddexp(still, stopped))

    def expected_orders(self, statistics: BuyingStatistics, horizon: float) -> Numbers:
        """Return how many order days each customer is expected to have within the horizon.

        Fader & Hardie (2005), equation 41: P(active) times (r + x) / (alpha + T) times the active
        time to come, whose mean is written here so that s = 1 is no special case.
        """
        _, still, stopped = self._parts(statistics)
        active = expit(still - stopped)
        rate = (self.r + statistics.repeats) / (self.alpha + statistics.observed)
        age = self.beta + statistics.observed
        shrinks = np.log1p(horizon / age)
        time = age * shrinks * exprel((1 - self.s) * shrinks)
        return np.asarray(active * rate * time)

    def _parts(self, statistics: BuyingStatistics) -> tuple[Numbers, Numbers, Numbers]:
        """Return the logarithms of the orders' factor, and of being active and having stopped."""
        shape = self.r + statistics.repeats
        orders = gammaln(shape) - gammaln(self.r) + self.r * np.log(self.alpha)
        since_start = np.log1p(statistics.observed / self.beta)
        still = -shape * np.log(self.alpha + statistics.observed) - self.s * since_start
        return orders, still, self._stopped(shape, statistics)

    def _stopped(self, shape: Numbers, statistics: BuyingStatistics) -> Numbers:
        """Return the logarithm of the chance to have stopped in the silence, ordering no more.

        The integral over u from t_x to T of s beta^s (beta + u)^-(s + 1) (alpha + u)^-shape. Its
        closed form is a difference of hypergeometric functions that cancel or overflow for frequent
        buyers, so it is summed in z = log((m + u) / (m + t_x)), m the smaller of alpha and beta.
        The logarithm of the integrand is concave in z: what lies beyond `_DEPTH` of its first slope
        is too small to count.
        """
        last = statistics.last
        near = min(self.alpha, self.beta) + last
        of_orders, of_stopping = near / (self.alpha + last), near / (self.beta + last)
        slope = shape * of_orders + (self.s + 1) * of_stopping - 1
        far = np.log1p((statistics.observed - last) / near)
        far = far / np.maximum(1.0, far * slope / _DEPTH)
        total = np.zeros(len(statistics))
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            z = far * node
            grown = np.expm1(z)
            falls = shape * np.log1p(of_orders * grown)
            falls += (self.s + 1) * np.log1p(of_stopping * grown)
            total += weight * np.exp(z - falls)
        with np.errstate(divide="ignore"):  # without a silence nobody can have stopped in it
            found = np.log(far * total)
        found += np.log(near * self.s / (self.beta + last)) - shape * np.log(self.alpha + last)
        return np.asarray(found - self.s * np.log1p(last / self.beta))


def fit_pareto_nbd(statistics: BuyingStatistics, weights: ArrayLike | None = None) -> ParetoNbd:
    """Return the most likely Pareto/NBD model.

    Parameters
    ----------
    statistics
        One entry per customer, in any unit of time; `log_gaps` are not looked at.
    weights
        How much each customer counts; once each without them.

    Raises
    ------
    ValueError
        Without customers.
    """
    groups, weight = statistics.grouped(weights)
    start = (1.0, groups.mean_gap(weight), 1.0, float(groups.observed.max(initial=1.0)))
    return greatest(ParetoNbd, start, groups, weight)[0]
