"""The posterior is what a restaurant can make of what it sees: the Bayes ceiling.

Rhythm, clock and response type have the distribution that `guests` draws them from. Guests are
drawn around each person's likeliest rhythm and weighted by prior and evidence, which is importance
sampling; the mean over them of the chance of silence is the best forecast there is.
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

_STEPS: Final = 5  # more of them move no chance by 0.001
_AT_ONCE: Final = 250  # persons whose draws are in memory
_WIDER: Final = 1.25  # than the normal approximation, so that no tail goes undrawn
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
    centre, root = _likeliest(plan, known)
    persons = len(known.gaps)
    chances = []
    for start in range(0, persons, _AT_ONCE):
        person = np.arange(start, min(start + _AT_ONCE, persons))
        uniform = (points + rng.random((len(person), 1, points.shape[1]))) % 1
        person, uniform = np.repeat(person, draws), uniform.reshape(-1, points.shape[1])
        drawn = _drawn(plan, known, person, uniform, centre=centre, root=root)
        now, end = _silences(calendar, known, drawn, window)
        weight = softmax(drawn.log_weight.reshape(-1, draws), axis=1).ravel()
        both = np.stack([weight * now, weight * end]).reshape(2, -1, draws).sum(axis=2)
        chances.append(both[1] / both[0])
    return np.concatenate(chances)


@dataclass(frozen=True, slots=True)
class _Draws:
    """Guests that persons may be, one per entry; the weights need not add up to anything."""

    person: Ints
    clock: Ints
    response: Ints
    rhythms: Rhythms
    log_weight: Floats


def _drawn(
    plan: RestaurantPlan,
    known: Evidence,
    person: Ints,
    uniform: Floats,
    *,
    centre: Floats,
    root: Floats,
) -> _Draws:
    """Return guests from five uniform draws each: the rhythm's normal scores, clock and response.

    They are drawn from the normal approximation, from the clock's own evidence, and from the prior.
    What else there is to say about a guest is in the weight.
    """
    step = norm.ppf(np.clip(uniform[:, :3], 1e-9, 1 - 1e-9))
    z = centre[person] + _WIDER * np.einsum("nij,nj->ni", root[person], step)
    rate, dropout, shape, returns = rhythm(plan, z)
    clock = (uniform[:, 3:4] >= known.clock[person, :-1].cumsum(axis=1)).sum(axis=1)
    response = response_types(z[:, 0], uniform[:, 4])
    again = known.gaps[person] > 0
    rhythms = Rhythms(rate, dropout, shape, returns=np.where(again, 1.0, returns))
    log_weight = _log_likelihood(known, rhythms, person, clock, response)
    log_weight += np.where(again, np.log(returns), 0.0)
    card = card_probability(z[:, 0])
    log_weight += np.log(known.card[person, 0] * card + known.card[person, 1] * (1 - card))
    log_prior = -np.einsum("ni,ij,nj->n", z, _PRECISION, z) / 2
    log_drawn = -(step**2).sum(axis=1) / 2
    return _Draws(person, clock, response, rhythms, log_weight + log_prior - log_drawn)


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
    """Return each person's likeliest normal scores, and a root of their approximate covariance.

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
    return z, np.linalg.cholesky(np.linalg.inv(curvature))
