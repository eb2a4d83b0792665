"""Customers who may stop after any order: BG/NBD, MBG/NBD and the regular (M)BG/CNBD-k.

A customer's gaps between orders are gamma with shape k (`regularity`: 1 is chance, more is habit)
and rate lambda, which is gamma among customers (`r`, `alpha`). After an order the customer stops
for good with probability p, which is beta among customers (`a`, `b`). In the modified models the
first order counts as an occasion to stop, in the others only a repeated one.

Sources: BG/NBD, Fader, Hardie & Lee (2005), Marketing Science 24(2); MBG/NBD, Batislam, Denizel &
Filiztekin (2007), IJRM 24(3); (M)BG/CNBD-k, Platzer & Reutterer (2016), Marketing Science 35(5).
With R = r + k x, y = (alpha + t_x) / (alpha + T), and n the occasions survived, their likelihood is

    prod(gaps)^(k-1) / Gamma(k)^x * Gamma(R) alpha^r / (Gamma(r) (alpha + t_x)^R)
        * B(a, b + n) / B(a, b) * (S + D),

where S = I_y(R, k) is the chance of a silence of T - t_x among those who go on, for a ratio of
gammas is beta, and D = a / (b + n - 1) the odds of having stopped at the last order.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaln, gammaln

from segml.scoring.arrays import Numbers
from segml.scoring.buying.likelihood import greatest
from segml.scoring.buying.statistics import BuyingStatistics

_NEGLIGIBLE: Final = 1e-12
_REGULARITIES: Final = range(1, 13)


@dataclass(frozen=True, slots=True)
class BetaGeometric:
    """The (M)BG/CNBD-k model with its parameters.

    Attributes
    ----------
    r, alpha
        Gamma distribution of the rate among customers; `alpha` in units of time.
    a, b
        Beta distribution of the probability to stop.
    regularity
        Shape k of the gaps, a whole number from 1 on.
    modified
        Whether the first order is an occasion to stop.
    """

    r: float
    alpha: float
    a: float
    b: float
    regularity: int = 1
    modified: bool = True

    def log_likelihood(self, statistics: BuyingStatistics) -> Numbers:
        """Return the log-likelihood of each customer's order days and silence since.

        Without `log_gaps` the factor of the gaps is left out where k is not 1; it is the same
        for all parameters but k.
        """
        repeats = np.arange(statistics.repeats.max(initial=0) + 1)
        shape = self.r + self.regularity * repeats
        of_repeats = (
            gammaln(shape)
            - gammaln(self.r)
            + self.r * np.log(self.alpha)
            + betaln(self.a, self.b + repeats + self.modified)
            - betaln(self.a, self.b)
        )
        x = statistics.repeats
        found = of_repeats[x] - shape[x] * np.log(self.alpha + statistics.last)
        found += np.log(sum(self._stages(statistics)) + self._stopped(x))
        if statistics.log_gaps is not None:
            found += (self.regularity - 1) * statistics.log_gaps - x * gammaln(self.regularity)
        return np.asarray(found)

    def expected_orders(self, statistics: BuyingStatistics, horizon: float) -> Numbers:
        """Return how many order days each customer is expected to have within the horizon.

        Gamma gaps of a whole shape k are k stages of a Poisson process. Who is j stages past the
        last order makes the m-th order when m k - j stages pass, having survived m - 1 occasions
        to stop; stages in the horizon are negative binomial, whose tail is a beta integral.
        """
        x, observed = statistics.repeats, statistics.observed
        step = horizon / (self.alpha + observed + horizon)
        stages = self._stages(statistics)
        silent = sum(stages) + self._stopped(x)
        found = np.zeros(len(statistics))
        for stage, share in enumerate(stages):
            shape = self.r + self.regularity * x + stage
            found += share / silent * self._orders(shape, stage, step, self.b + x + self.modified)
        return found

    def _stages(self, statistics: BuyingStatistics) -> list[Numbers]:
        """Return the chance to be 0 … k - 1 stages past the last order, of those who go on.

        Their sum is S, the chance of so long a silence.
        """
        shape = self.r + self.regularity * statistics.repeats
        since = (statistics.observed - statistics.last) / (self.alpha + statistics.observed)
        stages = [(1 - since) ** shape]
        for stage in range(self.regularity - 1):
            stages.append(stages[-1] * since * (shape + stage) / (stage + 1))
        return stages

    def _stopped(self, repeats: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Numbers:
        """Return D, the odds of having stopped at the last order."""
        if self.modified:
            return self.a / (self.b + repeats)
        return np.where(repeats > 0, self.a / (self.b + np.maximum(repeats, 1) - 1), 0.0)

    def _orders(self, shape: Numbers, stage: int, step: Numbers, occasions: Numbers) -> Numbers:
        """Return the expected orders of customers who have not stopped and are at a stage."""
        total = np.zeros(len(shape))
        going = np.arange(len(shape))
        survives = np.ones(len(shape))
        order = 0
        while going.size:
            order += 1
            tail = betainc(order * self.regularity - stage, shape[going], step[going])
            total[going] += survives[going] * tail
            stays = occasions[going] + order - 1
            survives[going] *= stays / (stays + self.a)
            going = going[survives[going] * tail > _NEGLIGIBLE * total[going]]
        return total


def fit_beta_geometric(
    statistics: BuyingStatistics,
    weights: ArrayLike | None = None,
    *,
    modified: bool = True,
    regularity: int | None = None,
) -> BetaGeometric:
    """Return the most likely model of the family.

    Parameters
    ----------
    statistics
        One entry per customer, in any unit of time.
    weights
        How much each customer counts; once each without them.
    modified
        Whether the first order is an occasion to stop: MBG, not BG.
    regularity
        The k to keep to; without it the most likely from 1 on, for which `log_gaps` are needed.

    Raises
    ------
    ValueError
        Without customers, or without what `regularity` is to be read from.
    """
    if regularity is None and statistics.log_gaps is None:
        raise ValueError("regularity is read from log_gaps: give them, or the regularity")
    groups, weight = statistics.grouped(weights)
    start = (1.0, groups.mean_gap(weight), 1.0, 1.0)
    best: tuple[BetaGeometric, float] | None = None
    for k in _REGULARITIES if regularity is None else [regularity]:
        make = partial(BetaGeometric, regularity=k, modified=modified)
        found = greatest(make, start, groups, weight)
        if best and found[1] <= best[1]:
            break
        best = found
        model = found[0]
        # One more stage in the same gap: each is that much faster.
        start = (model.r, model.alpha * k / (k + 1), model.a, model.b)
    assert best
    return best[0]
