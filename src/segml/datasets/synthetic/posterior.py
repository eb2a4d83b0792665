"""The posterior is what a restaurant can make of a guest it does not know: the Bayes ceiling.

Rhythm, clock and response type have the prior that `guests` draws from. What speaks of them is
summed up once per person (`Evidence`); then rhythms are drawn around each guest's likeliest one and
weighted, which is importance sampling, and the chances of silence of the draws are averaged.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy.special import digamma, gammaln, polygamma, softmax
from scipy.stats import beta, norm, qmc

from segml.datasets.synthetic.calendar import CLOCKS, WEEKEND_LUNCH, Calendar, Floats, Ints
from segml.datasets.synthetic.guests import (
    CLOCK_SHARES,
    CORRELATION,
    EMAIL_OPT_IN,
    ENROLS,
    FOLLOWER,
    LUNCH_BETA,
    RESPONSES,
    SMS_OPT_IN,
    card_probability,
    response_types,
    rhythm,
)
from segml.datasets.synthetic.histories import History, enrolled
from segml.datasets.synthetic.messages import paces
from segml.datasets.synthetic.plan import PERIOD_DAYS, RestaurantPlan
from segml.datasets.synthetic.published import Window
from segml.datasets.synthetic.silence import (
    LastVisits,
    OwnTime,
    Rhythms,
    own_time,
    silences,
)

_STEPS: Final = 5
_ROWS: Final = 256  # persons whose draws are in memory at a time
_SHORTEST_GAP: Final = 1e-4  # operational days; times are in whole seconds
_WIDER: Final = 1.25  # than the normal approximation, so that no tail goes undrawn
_EVENING: Final = 16.0  # hour at which it begins
_SHARES: Final = (np.arange(100) + 0.5) / 100
_KINDS: Final = len(CLOCKS) * len(RESPONSES)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the visits of each person say, in sums; one row per person.

    Attributes
    ----------
    gaps
        Number of gaps between visits.
    length, log_length
        Person by clock by response type: sums of the gaps in own time and of their logarithms.
    stayed
        Person by clock: the drop-out clock from the first visit to the last.
    quickened
        Person by response type: sum of the logarithms of the pace at the visits after the first.
    clock
        Person by clock: probability given the days and dayparts of the visits, gaps aside.
    card
        Person by 2: likelihood of card and consents of one who will take a card, and who will not.
    time
        Own times, a row for each person, clock and response type.
    last
        The last visits, with the lunch share that the dayparts suggest.
    """

    gaps: Ints
    length: Floats
    log_length: Floats
    stayed: Floats
    quickened: Floats
    clock: Floats
    card: Floats
    time: OwnTime
    last: LastVisits


def evidence(
    plan: RestaurantPlan, calendar: Calendar, known: History, profiles: pl.DataFrame
) -> Evidence:
    """Return what the visits say.

    Parameters
    ----------
    plan, calendar
        The process.
    known
        The visits in the books.
    profiles
        Rows of ``customers``, the first of each customer as at registration.
    """
    persons = len(known.people)
    clock, lunch_share = _clocks(calendar, known)
    day, fraction = calendar.position(known.seconds, lunch_share[known.row])
    each = np.arange(len(CLOCKS))
    operational = calendar.at(calendar.operational, each, day[:, None], fraction[:, None])
    dropout = calendar.at(calendar.dropout, each, day[:, None], fraction[:, None])
    pace = np.stack([known.pace(np.full(persons, effect)) for effect in paces(plan)], axis=1)
    kinds = np.repeat(np.tile(each, persons), len(RESPONSES))
    time = own_time(
        calendar, kinds, np.repeat(pace, len(CLOCKS), axis=0).reshape(-1, pace.shape[2])
    )
    kind = known.row[:, None] * _KINDS + np.arange(_KINDS)
    own = time.at(kind, day[:, None], np.repeat(operational, len(RESPONSES), axis=1))
    later = np.ones(len(day), dtype=np.bool_)
    later[known.first] = False
    gap = np.maximum(np.diff(own, axis=0, prepend=0), _SHORTEST_GAP) * later[:, None]
    quick = np.log(pace[known.row, :, day // PERIOD_DAYS]) * later[:, None]
    final = known.first + known.visits - 1
    shape = (persons, len(CLOCKS), len(RESPONSES))
    return Evidence(
        gaps=known.visits - 1,
        length=_sums(known, gap).reshape(shape),
        log_length=_sums(known, np.log(np.where(later[:, None], gap, 1.0))).reshape(shape),
        stayed=dropout[final] - dropout[known.first],
        quickened=_sums(known, quick),
        clock=clock,
        card=_card(known, profiles),
        time=time,
        last=LastVisits(day[final], fraction[final], lunch_share),
    )


def _sums(known: History, values: Floats) -> Floats:
    """Return, per person, the sums over the visits."""
    return np.asarray(np.add.reduceat(values, known.first, axis=0))


def _clocks(calendar: Calendar, known: History) -> tuple[Floats, Floats]:
    """Return the probabilities of the clocks by weekdays and dayparts, and the mean lunch share.

    A visit's day speaks for a clock by its factor, its daypart by the lunch share, which has a beta
    distribution on each clock; the integral over it is a mean over quantiles.
    """
    day = known.service_day
    lunch = known.seconds / 3600 - day * 24 < _EVENING
    weekend = calendar.weekday[day] >= 5
    cases = np.stack([lunch & ~weekend, ~lunch & ~weekend, lunch & weekend, ~lunch & weekend], 1)
    counts = _sums(known, cases.astype(np.float64))
    log_weight = _sums(known, np.log(calendar.factor[:, day].T)) + np.log(CLOCK_SHARES)
    mean = np.zeros(log_weight.shape)
    for clock, parameters in enumerate(LUNCH_BETA):
        share = np.clip(beta.ppf(_SHARES, *parameters), 0.02, 0.98)
        on_weekend = WEEKEND_LUNCH[0] + WEEKEND_LUNCH[1] * share
        chances = np.stack([share, 1 - share, on_weekend, 1 - on_weekend])
        log_likelihood = counts @ np.log(chances)
        mean[:, clock] = softmax(log_likelihood, axis=1) @ share
        log_weight[:, clock] += np.logaddexp.reduce(log_likelihood, axis=1)
    probability = softmax(log_weight, axis=1)
    return probability, (probability * mean).sum(axis=1)


def _card(known: History, profiles: pl.DataFrame) -> Floats:
    """Return the likelihood of card and consents, for one who takes a card and one who does not.

    The second person on a shared card has neither.
    """
    told = known.people.select("customer_id").join(
        profiles.unique("customer_id", keep="first"), on="customer_id", maintain_order="left"
    )
    has = enrolled(known.people, known.visits)
    likelihood = np.stack([np.where(has, 1.0, (1 - ENROLS) ** known.visits), ~has], axis=1)
    for column, shares in (
        ("email_opt_in", EMAIL_OPT_IN),
        ("sms_opt_in", SMS_OPT_IN),
        ("instagram_follower", FOLLOWER),
    ):
        yes = told[column].to_numpy()[:, None]
        likelihood *= np.where(yes, shares, 1 - np.array(shares))
    likelihood[known.people["person"].to_numpy() == 1] = 1.0
    return np.asarray(likelihood)


def stays_away(
    plan: RestaurantPlan,
    calendar: Calendar,
    known: Evidence,
    window: Window,
    *,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """Return, per person, the posterior mean of the chance of no visit within the window.

    Parameters
    ----------
    plan, calendar, window
        The process and the days.
    known
        What the visits before the window say.
    draws
        Rhythms per person.
    rng
        Shifts the person's draws, which else are the same low-discrepancy points for all.
    """
    points = qmc.Halton(5, rng=0).random(draws)
    centre, spread = _likeliest(plan, known)
    persons = len(known.gaps)
    chance = np.empty(persons)
    for start in range(0, persons, _ROWS):
        some = np.arange(start, min(start + _ROWS, persons))
        uniform = (points + rng.random((len(some), 1, 5))) % 1
        chance[some] = _averaged(
            plan, calendar, known, window, some, uniform, centre=centre, spread=spread
        )
    return chance


def _averaged(
    plan: RestaurantPlan,
    calendar: Calendar,
    known: Evidence,
    window: Window,
    some: Ints,
    uniform: Floats,
    *,
    centre: Floats,
    spread: Floats,
) -> Floats:
    """Return the posterior means of some persons from uniform draws, person by draw by 5."""
    row = np.repeat(some, uniform.shape[1])
    flat = uniform.reshape(-1, 5)
    step = norm.ppf(np.clip(flat[:, :3], 1e-9, 1 - 1e-9))
    z = centre[row] + _WIDER * np.einsum("nij,nj->ni", spread[row], step)
    rate, dropout, shape, returns = rhythm(plan, z)
    clock = (flat[:, 3:4] >= known.clock[row, :-1].cumsum(axis=1)).sum(axis=1)
    response = response_types(z[:, 0], flat[:, 4])
    guest = Rhythms(rate, dropout, shape, np.where(known.gaps[row] == 0, returns, 1.0))
    log_weight = _log_likelihood(known, guest, row, clock, response)
    log_weight += np.where(known.gaps[row] > 0, np.log(returns), 0.0)
    card = card_probability(z[:, 0])
    log_weight += np.log(known.card[row, 0] * card + known.card[row, 1] * (1 - card))
    precision = np.linalg.inv(CORRELATION)
    log_weight += ((step**2).sum(axis=1) - np.einsum("ni,ij,nj->n", z, precision, z)) / 2
    final = known.last
    last = LastVisits(final.day[row], final.fraction[row], final.lunch_share[row])
    kind = (row * len(CLOCKS) + clock) * len(RESPONSES) + response
    until_now, until_end = silences(
        calendar, guest, known.time, kind, clock, last=last, window=window, steps=_STEPS
    )
    weight = softmax(log_weight.reshape(uniform.shape[:2]), axis=1)
    now, end = (
        (weight * part.reshape(weight.shape)).sum(axis=1) for part in (until_now, until_end)
    )
    return np.asarray(end / now)


def _log_likelihood(
    known: Evidence, guest: Rhythms, row: Ints, clock: Ints, response: Ints
) -> Floats:
    """Return the logarithm of the density of the gaps, staying meanwhile; one per draw."""
    shape, gaps = guest.regularity, known.gaps[row]
    rate = shape * guest.visit_rate
    density = gaps * (shape * np.log(rate) - gammaln(shape))
    density += (shape - 1) * known.log_length[row, clock, response]
    density -= rate * known.length[row, clock, response]
    density += known.quickened[row, response]
    return np.asarray(density - guest.dropout_rate * known.stayed[row, clock])


def _likeliest(plan: RestaurantPlan, known: Evidence) -> tuple[Floats, Floats]:
    """Return each person's likeliest normal scores and a root of their approximate covariance.

    Fisher scoring of the gamma likelihood of the gaps with the prior; visit rate and regularity
    are orthogonal in it. It takes the likeliest clock, and messages to have no effect.
    """
    person, clock = np.arange(len(known.gaps)), known.clock.argmax(axis=1)
    gaps = known.gaps
    length = known.length[person, clock, RESPONSES.index("sure_thing")]
    log_length = known.log_length[person, clock, RESPONSES.index("sure_thing")]
    precision = np.linalg.inv(CORRELATION)
    spread = np.array([plan.visit_rate_spread, 0.0, plan.regularity_spread])
    z = np.zeros((len(gaps), 3))
    for _ in range(25):
        rate = plan.visit_rate * np.exp(spread[0] * z[:, 0])
        shape = plan.regularity * np.exp(spread[2] * z[:, 2])
        slope, bend = np.zeros((2, *z.shape))
        slope[:, 0] = shape * (gaps - rate * length)
        slope[:, 2] = shape * (
            gaps * (np.log(shape * rate) + 1 - digamma(shape)) + log_length - rate * length
        )
        bend[:, 0] = gaps * shape
        bend[:, 2] = gaps * shape**2 * (polygamma(1, shape) - 1 / shape)
        curvature = precision + (bend * spread**2)[:, :, None] * np.eye(3)
        move = np.linalg.solve(curvature, (slope * spread - z @ precision)[:, :, None])[:, :, 0]
        z = np.clip(z + np.clip(move, -0.5, 0.5), -5, 5)
    return z, np.linalg.cholesky(np.linalg.inv(curvature))
