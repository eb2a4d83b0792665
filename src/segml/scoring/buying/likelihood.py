"""What follows from a likelihood alone: its best parameters, and the chance of an order."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypeVar

import numpy as np
from scipy.optimize import minimize

from segml.scoring.arrays import Numbers
from segml.scoring.buying.statistics import BuyingStatistics

# Parameters this far from the start describe customers who are all alike, or of whom nothing is
# known; beyond it the likelihood is flat.
_REACH: Final = np.log(1e5)


class Likelihood(Protocol):
    """A model of buying with its parameters."""

    def log_likelihood(self, statistics: BuyingStatistics) -> Numbers:
        """Return the log-likelihood of each customer's order days and silence since."""
        ...


Model = TypeVar("Model", bound=Likelihood)


def chance_of_order(model: Likelihood, statistics: BuyingStatistics, horizon: float) -> Numbers:
    """Return each customer's chance of at least one order within the horizon.

    Let L(T) be the likelihood of a customer's orders and of silence from the last one up to T.
    Then P(no order in (T, T + H] | history) = L(T + H) / L(T), whatever the model.

    Parameters
    ----------
    model
        With parameters, in the statistics' unit of time.
    statistics
        One entry per customer.
    horizon
        How far to look, in the same unit.
    """
    longer = model.log_likelihood(statistics.later(horizon))
    return np.clip(-np.expm1(longer - model.log_likelihood(statistics)), 0.0, 1.0)


def greatest(
    make: Callable[..., Model],
    start: Sequence[float],
    groups: BuyingStatistics,
    weight: Numbers,
) -> tuple[Model, float]:
    """Return the model under which grouped statistics are most likely, and their log-likelihood.

    The mean log-likelihood is climbed in the logarithms of the parameters by L-BFGS, from a given
    start, so the answer is the same on every run.

    Raises
    ------
    ValueError
        Without anything to learn from.
    """
    total = weight.sum()
    if not total > 0:
        raise ValueError("no customer with a positive weight: there is nothing to fit a model to")

    def loss(logs: Numbers) -> float:
        model = make(*np.exp(logs).tolist())
        return -float((weight * model.log_likelihood(groups)).sum() / total)

    first = np.log(start)
    found: Any = minimize(
        loss,
        first,
        method="L-BFGS-B",
        jac="3-point",
        bounds=np.stack([first - _REACH, first + _REACH], axis=1),
        options={"ftol": 1e-13, "gtol": 1e-7},
    )
    return make(*np.exp(found.x).tolist()), -float(found.fun) * float(total)
