"""The posterior is what a restaurant can make of what it sees: the Bayes ceiling.

Rhythm, clock and response type have the distribution that `guests` draws them from. Guests are
drawn from it and around each person's likeliest rhythm, and weighted by prior and evidence, which
is importance sampling; the mean over them of the chance of silence is the best forecast there is.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import digamma, gammaln, polygamma, softmax
from scipy.stats import norm, qmc

from segml.datasets.synthetic.calendar import Calendar, Floats, Ints
from segml.datasets.synthetic.evidence import Evidence
from segml.datasets.synthetic.guests import (
    CORRELATION,
    RESPONSES,
    card_probability,
    response_types,
    rhythm,
)
from segml.datasets.synthetic.plan import RestaurantPlan
from segml.datasets.synthetic.published import Window
from segml.datasets.synthetic.silence import Rhythms, Waits, silences

_STEPS: Final = 5  # more of them move a chance by 0.00005 on average
_AT_ONCE: Final = 250  # persons whose draws are in memory
_BROAD: Final = 0.25  # of the draws are from the prior, so that no weight is beyond all others
_WIDER: Final = 1.25  # than the normal approximation
_ROOT: Final = np.linalg.cholesky(CORRELATION)
_PRECISION: Final = np.linalg.inv(CORRELATION)


def stays_away(
    plan: RestaurantPlan,
    calendar: Calendar,
    known: Evidence,
    window: Window,
    *,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """Return, per person, the posterior mean of the chance of no visit within a window.

    Parameters
    ----------
    plan, calendar
        The process.
    known
        What the visits before the window say.
    window
        The days asked about.
    draws
        Guests drawn per person: the same low-discrepancy points for all, each shifted at random.
    rng
        Makes the shifts.
    """
    points = qmc.Halton(5, rng=0).random(draws)
    near = _Near(*_likeliest(plan, known))
    persons = len(known.gaps)
    chances = []
    for start in range(0, persons, _AT_ONCE):
        person = np.arange(start, min(start + _AT_ONCE, persons))
        uniform = (points + rng.random((len(person), 1, points.shape[1]))) % 1
        drawn = _drawn(plan, known, near, person, uniform)
        now, end = _silences(calendar, known, drawn, window)
        weight = softmax(drawn.log_weight.reshape(-1, draws), axis=1).ravel()
        both = np.stack([weight * now, weight * end]).reshape(2, -1, draws).sum(axis=2)
        chances.append(both[1] / both[0])
    return np.concatenate(chances)


@dataclass(frozen=True, slots=True)
class _Near:
    """A normal distribution around each person's likeliest normal scores.

    Attributes
    ----------
    centre, curvature
        Mean, and inverse of the covariance before it is widened.
    """

    centre: Floats
    curvature: Floats

    def scores(self, person: Ints, step: Floats) -> Floats:
        """Return, person by draw, the scores at standard normal steps."""
        root = np.linalg.cholesky(np.linalg.inv(self.curvature[person]))
        return np.asarray(self.centre[person, None] + _WIDER * step @ root.transpose(0, 2, 1))

    def log_density(self, person: Ints, z: Floats) -> Floats:
        """Return, person by draw, the logarithm of the density of scores."""
        off = (z - self.centre[person, None]) / _WIDER
        return np.asarray(_log_normal(off, self.curvature[person]) - 3 * np.log(_WIDER))


def _log_normal(off: Floats, precision: Floats) -> Floats:
    """Return the logarithm of a normal density, but for the constant, at rows off its mean."""
    exponent = ((off @ precision) * off).sum(axis=-1)
    return np.asarray((np.linalg.slogdet(precision)[1][..., None] - exponent) / 2)


@dataclass(frozen=True, slots=True)
class _Draws:
    """Guests that persons may be, one per entry; the weights need not add up to anything."""

    person: Ints
    clock: Ints
    response: Ints
    rhythms: Rhythms
    log_weight: Floats


def _drawn(
    plan: RestaurantPlan, known: Evidence, near: _Near, some: Ints, uniform: Floats
) -> _Draws:
    """Return guests by uniform draws, person by draw by 5: three scores, clock and response.

    The scores are from a mixture of the prior and what is near, the clock from its own evidence,
    the response from the prior. What else there is to say about a guest is in the weight.
    """
    step = norm.ppf(np.clip(uniform[..., :3], 1e-9, 1 - 1e-9))
    broad = round(_BROAD * uniform.shape[1])
    scores = [step[:, :broad] @ _ROOT.T, near.scores(some, step[:, broad:])]
    z = np.concatenate(scores, axis=1)
    log_prior = _log_normal(z, _PRECISION)
    log_drawn = np.logaddexp(
        np.log(_BROAD) + log_prior, np.log(1 - _BROAD) + near.log_density(some, z)
    )
    person, uniform, z = np.repeat(some, z.shape[1]), uniform.reshape(-1, 5), z.reshape(-1, 3)
    rate, dropout, shape, returns = rhythm(plan, z)
    clock = (uniform[:, 3:4] >= known.clock[person, :-1].cumsum(axis=1)).sum(axis=1)
    response = response_types(z[:, 0], uniform[:, 4])
    again = known.gaps[person] > 0
    rhythms = Rhythms(rate, dropout, shape, returns=np.where(again, 1.0, returns))
    log_weight = (log_prior - log_drawn).ravel()
    log_weight += _log_likelihood(known, rhythms, person, clock, response)
    log_weight += np.where(again, np.log(returns), 0.0)
    card = card_probability(z[:, 0])
    log_weight += np.log(known.card[person, 0] * card + known.card[person, 1] * (1 - card))
    return _Draws(person, clock, response, rhythms, log_weight)


def _log_likelihood(
    known: Evidence, guest: Rhythms, person: Ints, clock: Ints, response: Ints
) -> Floats:
    """Return the logarithm of the density of the gaps, and of staying meanwhile."""
    shape, rate = guest.regularity, guest.regularity * guest.visit_rate
    density = known.gaps[person] * (shape * np.log(rate) - gammaln(shape))
    density += (shape - 1) * known.log_length[person, clock, response]
    density -= rate * known.length[person, clock, response]
    density += known.quickened[person, response]
    return np.asarray(density - guest.dropout_rate * known.stayed[person, clock])


def _silences(
    calendar: Calendar, known: Evidence, drawn: _Draws, window: Window
) -> tuple[Floats, Floats]:
    """Return the chance of each guest's silence until the window's start, and until its end."""
    person = drawn.person
    waits = Waits(
        time=known.time,
        row=known.kind(person, drawn.clock, drawn.response),
        clock=drawn.clock,
        day=known.last_day[person],
        fraction=known.last_fraction[person],
        lunch_share=known.lunch_share[person],
    )
    return silences(calendar, drawn.rhythms, waits, window, _STEPS)


def _likeliest(plan: RestaurantPlan, known: Evidence) -> tuple[Floats, Floats]:
    """Return each person's likeliest normal scores, and the curvature there.

    Fisher scoring of the prior and the gamma likelihood of the gaps, in which visit rate and
    regularity are orthogonal. It takes the likeliest clock, and messages to have no effect.
    """
    gaps = known.gaps
    kind = np.arange(len(gaps)), known.clock.argmax(axis=1), RESPONSES.index("sure_thing")
    length, log_length = known.length[kind], known.log_length[kind]
    spread = np.array([plan.visit_rate_spread, plan.dropout_rate_spread, plan.regularity_spread])
    slope, bend = np.zeros((2, len(gaps), 3))
    z = np.zeros((len(gaps), 3))
    for _ in range(25):
        rate = plan.visit_rate * np.exp(spread[0] * z[:, 0])
        shape = plan.regularity * np.exp(spread[2] * z[:, 2])
        slope[:, 0] = shape * (gaps - rate * length)
        slope[:, 2] = gaps * (np.log(shape * rate) + 1 - digamma(shape)) + log_length
        slope[:, 2] = shape * (slope[:, 2] - rate * length)
        bend[:, 0] = gaps * shape
        bend[:, 2] = gaps * shape**2 * (polygamma(1, shape) - 1 / shape)
        curvature = _PRECISION + (bend * spread**2)[:, :, None] * np.eye(3)
        ahead = np.linalg.solve(curvature, (slope * spread - z @ _PRECISION)[:, :, None])[:, :, 0]
        # Far from the likeliest the step would be too long.
        z = np.clip(z + np.clip(ahead, -0.5, 0.5), -5, 5)
    return z, curvature
