"""CERTIFY: a threshold whose precision is proven, and the evidence on which it is withdrawn.

Whoever picks the lowest threshold that looks good on some customers is wrong about the next ones
far too often, for many thresholds were looked at. Here the customers are split: one part says in
which order to look, the other is looked at in that order, and the first failure ends it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, betaln

from segml.scoring.arrays import Numbers, Outcome

# Each threshold looked at selects so much more than the one before.
_STEP: Final = 1.02


@dataclass(frozen=True, slots=True)
class Certificate:
    """A threshold, and what was proven of those whose score reaches it.

    Attributes
    ----------
    threshold
        Customers with this score or a higher one are selected.
    level
        Their precision is at least this, in the population the customers were drawn from.
    confidence
        The chance that a certificate made in this way is true.
    selected, correct
        The evidence: customers selected among those looked at, and those with the outcome.
    customers
        How many customers were looked at.
    """

    threshold: float
    level: float
    confidence: float
    selected: int
    correct: int
    customers: int

    @property
    def realised(self) -> float:
        """Return the precision among the customers looked at."""
        return self.correct / self.selected

    @property
    def share(self) -> float:
        """Return the part of the customers that is selected."""
        return self.selected / self.customers


@dataclass(frozen=True, slots=True)
class CannotCertify:
    """No threshold was proven to have the precision asked for.

    Attributes
    ----------
    asked
        That precision.
    best
        The certificate of the best level these customers do prove, with the same confidence;
        missing where they prove nothing.
    """

    asked: float
    best: Certificate | None


def certified_threshold(
    score: Numbers,
    outcome: Outcome,
    precision: float = 0.95,
    confidence: float = 0.95,
    *,
    seed: int,
) -> Certificate | CannotCertify:
    """Return the lowest threshold that is proven to have a precision.

    Split fixed-sequence Learn-Then-Test (Angelopoulos, Bates, Candès, Jordan & Lei 2021, arXiv
    2110.01052) with exact binomial tests. A third of the customers say where to begin, at
    the threshold with the greatest lower bound, and the steps down from there. On the others the
    steps are tested in that order until one fails. The chance that anything false is certified is
    at most 1 - confidence, because only the first false hypothesis of the sequence can hurt.

    At the first threshold the precision asked for is the last of the ascending levels tested
    there; all that are passed are the Clopper-Pearson bound. So the best level of `CannotCertify`
    belongs to the same sequence and costs no confidence. Asking these customers again for another
    level would.

    At 95 % of both, the least evidence is 59 customers without an error (0.95^59 < 0.05).

    Parameters
    ----------
    score, outcome
        One row per customer of a completed label window, none of whom the model was taught or
        calibrated on; a customer's other rows would be no evidence of their own.
    precision, confidence
        The precision to prove, and how surely; strictly between 0 and 1.
    seed
        Of the split.

    Raises
    ------
    ValueError
        Where columns differ in length, a score is missing, or a level is not between 0 and 1.
    """
    if not (0 < precision < 1 and 0 < confidence < 1):
        raise ValueError("precision and confidence lie strictly between 0 and 1, such as 0.95")
    if np.shape(score) != np.shape(outcome) or np.isnan(score).any():
        raise ValueError("a certificate needs a score and an outcome of every customer")
    mixed = np.random.default_rng(seed).permutation(len(score))
    planning, proving = np.split(mixed, [len(mixed) // 3])
    thresholds = thresholds_to_test(score[planning], outcome[planning], confidence)
    selected, correct = _counts(score[proving], outcome[proving], thresholds)
    bound = _lower_bound(correct, selected, confidence)
    passed = int(np.argmin(np.append(bound >= precision, False)))

    def certificate(at: int, level: float) -> Certificate:
        found = float(thresholds[at]), level, confidence, int(selected[at]), int(correct[at])
        return Certificate(*found, customers=len(proving))

    if passed:
        return certificate(passed - 1, precision)
    proves = len(thresholds) > 0 and bound[0] > 0
    return CannotCertify(precision, certificate(0, float(bound[0])) if proves else None)


def thresholds_to_test(score: Numbers, outcome: Outcome, confidence: float) -> Numbers:
    """Return thresholds in the order to test them: the most promising, then ever lower ones.

    The scores and outcomes are those of the customers who plan, not of those who prove; the
    confidence is that of the lower bound by which the first is chosen.
    """
    every = np.unique(score)[::-1]
    if not len(every):
        return every
    selected, correct = _counts(score, outcome, every)
    first = int(np.argmax(_lower_bound(correct, selected, confidence)))
    steps = np.log(len(score) / selected[first]) / np.log(_STEP)
    sizes = selected[first] * _STEP ** np.arange(steps + 1)
    places = np.searchsorted(selected, sizes)
    return np.asarray(every[np.unique(np.minimum(places, len(every) - 1))])


def _counts(
    score: Numbers, outcome: Outcome, thresholds: Numbers
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many customers reach each threshold, and how many of them have the outcome."""
    order = np.argsort(score)
    below = np.searchsorted(score[order], thresholds)
    with_outcome = np.append(0, np.cumsum(outcome[order]))
    return len(score) - below, with_outcome[-1] - with_outcome[below]


def _lower_bound(
    correct: NDArray[np.int64], selected: NDArray[np.int64], confidence: float
) -> Numbers:
    """Return Clopper & Pearson's (1934) one-sided bounds of a precision; 0 without a success."""
    wrong = selected - correct
    bound = betaincinv(np.maximum(correct, 1), wrong + 1, 1 - confidence)
    return np.where(correct > 0, bound, 0.0)


@dataclass(frozen=True, slots=True)
class Watch:
    """What matured labels say about a certificate.

    Attributes
    ----------
    seen, correct
        Selected customers whose label has matured, and those of them with the outcome.
    log_evidence
        Natural logarithm of the e-value now: how many times likelier, as a mixture of lower
        precisions, the labels are than under the level. The greatest so far decides.
    withdrawn_after
        After how many labels the certificate was withdrawn; missing where it stands.
    """

    seen: int
    correct: int
    log_evidence: float
    withdrawn_after: int | None


def withdrawn(outcomes_in_order: Outcome, level: float, alpha: float = 0.05) -> Watch:
    """Return whether matured labels prove that a precision has fallen below its certified level.

    May be asked after every label for ever: as long as the precision is at least `level`, the
    chance to ever withdraw is at most `alpha` (Ville's inequality). The evidence is a mixture of
    likelihood ratios (Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021) of precisions below
    the level, equally likely beforehand, to the level itself.

    Parameters
    ----------
    outcomes_in_order
        Of selected customers as their labels matured, each customer once per label window.
    level
        The certified level.
    alpha
        The chance to withdraw a certificate that still holds.

    Raises
    ------
    ValueError
        Where `level` or `alpha` is not strictly between 0 and 1.
    """
    if not (0 < level < 1 and 0 < alpha < 1):
        raise ValueError("level and alpha lie strictly between 0 and 1, such as 0.95 and 0.05")
    right = np.cumsum(outcomes_in_order)
    wrong = np.arange(1, len(right) + 1) - right
    with np.errstate(divide="ignore"):  # far above the level nothing speaks for less
        below = np.log(betainc(right + 1, wrong + 1, level))
    mixture = betaln(right + 1, wrong + 1) + below - np.log(level)
    evidence = mixture - right * np.log(level) - wrong * np.log1p(-level)
    proven = np.flatnonzero(evidence >= -np.log(alpha))
    return Watch(
        seen=len(right),
        correct=int(right[-1]) if len(right) else 0,
        log_evidence=float(evidence[-1]) if len(right) else 0.0,
        withdrawn_after=int(proven[0]) + 1 if len(proven) else None,
    )
