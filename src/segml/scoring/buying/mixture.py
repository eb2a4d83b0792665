"""Customers whose pace, regularity and stopping may be spread in any way: a smoothed mixture.

A customer's gaps between order days are gamma with shape k and mean 1 / lambda; after every order,
the first included, the customer stops for good with probability p. `beta_geometric` has lambda
gamma and p beta among customers and one k for all of them. Here the distribution of (lambda, k, p)
is free on a fixed grid, and found by nonparametric maximum likelihood (Kiefer & Wolfowitz 1956;
Laird 1978), so it may be log-normal, lie in groups, tie the regular to the frequent, or have many
who come once. Left alone the maximum is a handful of spikes, so every step of EM is followed by a
little smoothing along pace and regularity (EMS: Silverman, Jones, Wilson & Nychka 1990, JRSS B 52).

For x repeats, of which the last is at t and which were silent for s since, a node's likelihood is

    prod(gaps)^(k-1) (k lambda)^(k x) exp(-k lambda t) / Gamma(k)^x * (1-p)^x (p + (1-p) S(s)),

where S is the survival of a gap. Given x, the nodes of p only enter as two sums, so they cost
nothing.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammaln, xlog1py

from segml.scoring.arrays import Numbers
from segml.scoring.buying.statistics import BuyingStatistics

_PACES: Final = np.geomspace(1 / 1500, 1.2, 40)  # order days per day: a visit in 4 years, or daily
_REGULARITIES: Final = np.geomspace(0.6, 11.0, 7)  # from bursts, over chance (1), to the clock
_STOPS: Final = np.array([0.0, 0.003, 0.01, 0.03, 0.06, 0.12, 0.25, 0.5, 1.0])
_SHAPE: Final = (len(_PACES), len(_REGULARITIES), len(_STOPS))
_NODES: Final = len(_PACES) * len(_REGULARITIES)
_K: Final = np.tile(_REGULARITIES, len(_PACES))
_RATE: Final = _K * np.repeat(_PACES, len(_REGULARITIES))
# Log-likelihood of a node per repeat, per log gap, and per day of ordering.
_TERMS: Final = np.stack([_K * np.log(_RATE) - gammaln(_K), _K - 1, -_RATE])
_STEPS: Final = 50  # of EM; twice as many change no forecast by a thousandth
_PASSED_ON: Final = 0.25  # of a node's weight, to either neighbour
_BLOCK: Final = 4_096  # customers at a time
_DIGITS: Final = 9  # of a weight


@dataclass(frozen=True)
class BuyingMixture:
    """A distribution of customers over the grid; all times in days.

    Attributes
    ----------
    weights
        Shares of customers: pace by regularity by chance to stop, flat; they add up to 1.
    """

    weights: tuple[float, ...]

    def log_likelihood(self, statistics: BuyingStatistics) -> Numbers:
        """Return the log-likelihood of each customer's order days and silence since.

        Raises
        ------
        ValueError
            Without `log_gaps`: how regular a customer is would be unknown.
        """
        return np.asarray(self._log_likelihoods(statistics, 0.0)[0])

    def silence(self, statistics: BuyingStatistics, horizon: float) -> Numbers:
        """Return each customer's chance of no order within the horizon.

        The same as `chance_of_order` leaves; the gaps are looked at once, and once for everybody
        who came once and is silent for as long.
        """
        once = statistics.repeats == 0
        found = np.empty(len(statistics))
        silences, place = np.unique(statistics.observed[once], return_inverse=True)
        nothing = np.zeros(len(silences))
        first = BuyingStatistics(nothing.astype(np.int64), nothing, silences, nothing)
        found[once] = self._silence(first, horizon)[place]
        found[~once] = self._silence(statistics.of_customers(~once), horizon)
        return found

    def _silence(self, statistics: BuyingStatistics, horizon: float) -> Numbers:
        now, later = self._log_likelihoods(statistics, 0.0, horizon)
        return np.asarray(np.exp(np.minimum(later - now, 0.0)))

    def _log_likelihoods(self, statistics: BuyingStatistics, *later: float) -> Numbers:
        """Return the log-likelihoods of silences that are so much longer, one row each."""
        found = np.empty((len(later), len(statistics)))
        silences, place = _silences(statistics)
        survivals = [_survival(silences + more) for more in later]
        stopped, going = self._ends(statistics.repeats)
        for start in range(0, len(statistics), _BLOCK):
            part = slice(start, start + _BLOCK)
            x = statistics.repeats[part]
            likely, top = _likely(statistics, part)
            ended = np.einsum("ij,ij->i", likely, stopped[x])
            likely *= going[x]
            for row, survival in zip(found, survivals, strict=True):
                went = np.einsum("ij,ij->i", likely, survival[place[part]])
                row[part] = top + np.log(ended + went)
        return found

    def _ends(self, repeats: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
        """Return by repeats and node how likely the last order was an end, and how likely not."""
        survived = _survived(np.arange(repeats.max(initial=0) + 1))
        return survived @ (self._table * _STOPS).T, survived @ (self._table * (1 - _STOPS)).T

    @cached_property
    def _table(self) -> Numbers:
        return np.array(self.weights).reshape(_NODES, len(_STOPS))


def fit_mixture(statistics: BuyingStatistics) -> BuyingMixture:
    """Return the smoothed most likely mixture.

    Parameters
    ----------
    statistics
        One entry per customer, in days, with `log_gaps`.

    Raises
    ------
    ValueError
        Without customers, or without `log_gaps`.
    """
    if not len(statistics):
        raise ValueError("no customers: there is nothing to fit a mixture to")
    groups, weight = statistics.grouped()
    likely, _ = _likely(groups, slice(None))
    silences, place = _silences(groups)
    survives = likely * _survival(silences)[place]
    # Groups ascend by repeats: those of as many stand together.
    repeats, starts, place = np.unique(groups.repeats, return_index=True, return_inverse=True)
    survived = _survived(repeats)
    share = weight / weight.sum()
    table = np.full((_NODES, len(_STOPS)), 1 / (_NODES * len(_STOPS)))
    for _ in range(_STEPS):
        stopped, going = survived @ (table * _STOPS).T, survived @ (table * (1 - _STOPS)).T
        total = (likely * stopped[place] + survives * going[place]).sum(axis=1)
        pull = (share / total)[:, None]
        ended, went = (np.add.reduceat(one * pull, starts) for one in (likely, survives))
        table = table * (_STOPS * (ended.T @ survived) + (1 - _STOPS) * (went.T @ survived))
        table = _smoothed(table.reshape(_SHAPE)).reshape(table.shape)
    return BuyingMixture(tuple(np.round(table.ravel() / table.sum(), _DIGITS).tolist()))


def _likely(statistics: BuyingStatistics, part: slice) -> tuple[Numbers, Numbers]:
    """Return how likely nodes make some customers' gaps, as a share of the best; and its log."""
    if statistics.log_gaps is None:
        raise ValueError("regularity is read from log_gaps: give them")
    columns = statistics.repeats, statistics.log_gaps, statistics.last
    found = np.stack([column[part] for column in columns], axis=1) @ _TERMS
    top = found.max(axis=1)
    found -= top[:, None]
    return np.exp(found, out=found), top


def _silences(statistics: BuyingStatistics) -> tuple[Numbers, NDArray[np.int64]]:
    """Return the distinct silences, and which is each customer's."""
    return np.unique(statistics.observed - statistics.last, return_inverse=True)


def _survival(silences: Numbers) -> Numbers:
    """Return by silence and node the chance that a gap is longer."""
    return np.asarray(gammaincc(_K, np.multiply.outer(silences, _RATE)))


def _survived(repeats: NDArray[np.int64]) -> Numbers:
    """Return by repeats and chance to stop how likely so many orders were no end."""
    return np.asarray(np.exp(xlog1py(repeats[:, None], -_STOPS)))


def _smoothed(table: Numbers) -> Numbers:
    """Return the weights after each gave some to its neighbours in pace and in regularity."""
    for axis in (0, 1):
        padded = np.pad(table, [(int(axis == one),) * 2 for one in range(3)], mode="edge")
        before, after = (np.delete(padded, ends, axis) for ends in ([-1, -2], [0, 1]))
        table = (1 - 2 * _PASSED_ON) * table + _PASSED_ON * (before + after)
    return table
