"""Evidence is what a restaurant sees of a guest whose rhythm it does not know, in sums."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy.special import softmax
from scipy.stats import beta

from segml.datasets.synthetic.calendar import (
    CLOCKS,
    EVENING_HOURS,
    WEEKEND_LUNCH,
    Calendar,
    Floats,
    Ints,
)
from segml.datasets.synthetic.guests import (
    CLOCK_SHARES,
    EMAIL_OPT_IN,
    ENROLS,
    FOLLOWER,
    LUNCH_BETA,
    RESPONSES,
    SMS_OPT_IN,
)
from segml.datasets.synthetic.histories import History, enrolled
from segml.datasets.synthetic.messages import paces
from segml.datasets.synthetic.plan import PERIOD_DAYS, RestaurantPlan
from segml.datasets.synthetic.silence import OwnTime, own_time

_SHORTEST_GAP: Final = 1e-4  # operational days; times are in whole seconds
_QUANTILES: Final = (np.arange(100) + 0.5) / 100
_KINDS: Final = len(CLOCKS) * len(RESPONSES)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the visits of persons say; every array has one row per person.

    A person may be of twelve kinds: a clock and a response type.

    Attributes
    ----------
    gaps
        Number of gaps between visits.
    length, log_length
        By clock, by response type: sums of the gaps in own time and of their logarithms.
    stayed
        By clock: the drop-out clock from the first visit to the last.
    quickened
        By response type: sum of the logarithms of the pace at the visits after the first.
    clock
        By clock: its probability given weekdays and dayparts of the visits, gaps aside.
    card
        Likelihood of card and consents of one who will take a card, and of one who will not.
    time
        The own times, one row for each person, clock and response type (`kind`).
    last_day, last_fraction
        Service day of the last visit and the part of it gone.
    lunch_share
        The mean that the dayparts suggest.
    """

    gaps: Ints
    length: Floats
    log_length: Floats
    stayed: Floats
    quickened: Floats
    clock: Floats
    card: Floats
    time: OwnTime
    last_day: Ints
    last_fraction: Floats
    lunch_share: Floats

    @staticmethod
    def kind(person: Ints, clock: Ints, response: Ints) -> Ints:
        """Return the row of `time` of a person of some clock and response type."""
        return (person * len(CLOCKS) + clock) * len(RESPONSES) + response


def evidence(
    plan: RestaurantPlan, calendar: Calendar, known: History, profiles: pl.DataFrame
) -> Evidence:
    """Return what the visits of a history say.

    Parameters
    ----------
    plan, calendar
        The process.
    known
        The visits in the books.
    profiles
        Rows of ``customers``, the first of each customer as at registration.
    """
    clock, lunch_share = _clocks(calendar, known)
    pace = np.stack([known.pace(effect) for effect in paces(plan)], axis=1)
    time = _own_times(calendar, pace)
    day, fraction = calendar.position(known.seconds, lunch_share[known.row])
    every = np.arange(len(CLOCKS))
    operational = calendar.at(calendar.operational, every, day[:, None], fraction[:, None])
    dropout = calendar.at(calendar.dropout, every, day[:, None], fraction[:, None])
    kind = known.row[:, None] * _KINDS + np.arange(_KINDS)
    own = time.at(kind, day[:, None], np.repeat(operational, len(RESPONSES), axis=1))
    gap = np.maximum(np.diff(own, axis=0, prepend=0), _SHORTEST_GAP)
    by_kind = (len(known.visits), len(CLOCKS), len(RESPONSES))
    final = known.first + known.visits - 1
    return Evidence(
        gaps=known.visits - 1,
        length=_after_first(known, gap).reshape(by_kind),
        log_length=_after_first(known, np.log(gap)).reshape(by_kind),
        stayed=dropout[final] - dropout[known.first],
        quickened=_after_first(known, np.log(pace[known.row, :, day // PERIOD_DAYS])),
        clock=clock,
        card=_card(known, profiles),
        time=time,
        last_day=day[final],
        last_fraction=fraction[final],
        lunch_share=lunch_share,
    )


def _own_times(calendar: Calendar, pace: Floats) -> OwnTime:
    """Return the own times of all kinds from the pace, person by response type by period."""
    persons, _, periods = pace.shape
    clock = np.tile(np.repeat(np.arange(len(CLOCKS)), len(RESPONSES)), persons)
    return own_time(calendar, clock, np.repeat(pace, len(CLOCKS), axis=0).reshape(-1, periods))


def _sums(known: History, values: Floats) -> Floats:
    """Return, per person, the sums over the visits (rows of `values`)."""
    return np.asarray(np.add.reduceat(values, known.first, axis=0))


def _after_first(known: History, values: Floats) -> Floats:
    """Return, per person, the sums over the visits but the first."""
    later = values.copy()
    later[known.first] = 0
    return _sums(known, later)


def _clocks(calendar: Calendar, known: History) -> tuple[Floats, Floats]:
    """Return the probabilities of the clocks by weekdays and dayparts, and the mean lunch share.

    A visit's day speaks for a clock by its factor, its daypart by the lunch share, which has a beta
    distribution on each clock; the integral over it is a mean over quantiles.
    """
    day = known.service_day
    lunch = known.seconds / 3600 - day * 24 < EVENING_HOURS[0]
    weekend = calendar.weekday[day] >= 5
    cases = (lunch & ~weekend, ~lunch & ~weekend, lunch & weekend, ~lunch & weekend)
    counts = _sums(known, np.stack(cases, axis=1).astype(np.float64))
    log_weight = _sums(known, np.log(calendar.factor[:, day].T)) + np.log(CLOCK_SHARES)
    mean = np.zeros(log_weight.shape)
    for clock, parameters in enumerate(LUNCH_BETA):
        share = np.clip(beta.ppf(_QUANTILES, *parameters), 0.02, 0.98)
        on_weekend = WEEKEND_LUNCH[0] + WEEKEND_LUNCH[1] * share
        chances = np.stack([share, 1 - share, on_weekend, 1 - on_weekend])
        log_likelihood = counts @ np.log(chances)
        mean[:, clock] = softmax(log_likelihood, axis=1) @ share
        log_weight[:, clock] += np.logaddexp.reduce(log_likelihood, axis=1)
    probability = softmax(log_weight, axis=1)
    return probability, (probability * mean).sum(axis=1)


def _card(known: History, profiles: pl.DataFrame) -> Floats:
    """Return the likelihood of card and consents, for one who takes a card and one who does not.

    The second person on a shared card has neither, so they say nothing of that one.
    """
    first = profiles.unique("customer_id", keep="first", maintain_order=True)
    told = known.people.select("customer_id").join(first, on="customer_id", maintain_order="left")
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
