"""A guest is a person with a hidden rhythm, taste and temper: the truth that models try to guess.

Most customers are one person. On a shared card a second person orders under the same customer.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from segml.datasets.synthetic.calendar import CLOCKS, Bools, Calendar, Floats, Ints, rounded
from segml.datasets.synthetic.plan import BLOCK, RestaurantPlan, Stream, block_stream

RESPONSES: Final = ("persuadable", "sure_thing", "lost_cause", "sleeping_dog")
SHARED_CARDS: Final = BLOCK // 100  # per block
_RESPONSE_SHARES: Final = np.array([0.25, 0.42, 0.22, 0.11])
# Correlations of the logarithms of visit rate, drop-out rate and regularity.
CORRELATION: Final = np.array([[1.0, -0.3, 0.2], [-0.3, 1.0, -0.1], [0.2, -0.1, 1.0]])
_MOST_VISITS_PER_DAY: Final = 0.6
CLOCK_SHARES: Final = np.array([0.25, 0.50, 0.25])
LUNCH_BETA: Final = np.array([[4.0, 1.6], [1.5, 2.5], [1.2, 5.0]])
ENROLS: Final = 0.4  # of those who will take a card, at each visit
# Shares that agree to mail, to texts, and follow: with a card to come, and without.
EMAIL_OPT_IN: Final = (0.85, 0.45)
SMS_OPT_IN: Final = (0.45, 0.15)
FOLLOWER: Final = (0.22, 0.10)
_TASTE: Final = np.array([0.5, 0.5, 0.9, 0.9, 0.6, 0.25, 0.5, 0.8, 0.6, 0.5])
_REGISTERED_ONLY: Final = 0.02


@dataclass(frozen=True, slots=True)
class Guests:
    """One block of persons; every array has one row per person.

    The first `BLOCK` rows are the customers in order; the rest share the card of one of them.

    Attributes
    ----------
    customer
        Place of the customer in the block, 0 to `BLOCK` - 1.
    clock
        Index into `calendar.CLOCKS`.
    visit_rate, dropout_rate, regularity, return_probability
        The rhythm: visits and departures per operational day, gamma shape, and the chance of a
        second visit ever.
    joined, dropped
        Operational time of the first visit and of leaving (infinite where after the record;
        equal to `joined` for one who never comes back).
    ever
        False for those who registered and never came.
    lunch_share
        Share of the workdays' visits made at lunch.
    response
        Index into `RESPONSES`.
    appetite, party
        Mean lines per order and mean quantity per line, both at least 1.
    taste, taste_late
        Category shares at the start and at the end of the record, with running sums.
    favourite
        Person by category: place of the favourite item in its category.
    channel_cdf
        Running sums of the shares of dine_in, takeaway, delivery.
    satisfaction
        Mean rating, 1 to 5.
    card, enrols_at_visit
        Whether the guest will take a loyalty card, and at which visit.
    email_opt_in, sms_opt_in, follower
        Consent at registration, and whether the guest follows the restaurant on Instagram.
    """

    customer: Ints
    clock: Ints
    visit_rate: Floats
    dropout_rate: Floats
    regularity: Floats
    return_probability: Floats
    joined: Floats
    dropped: Floats
    ever: Bools
    lunch_share: Floats
    response: Ints
    appetite: Floats
    party: Floats
    taste: Floats
    taste_late: Floats
    taste_cdf: Floats
    taste_late_cdf: Floats
    favourite: Ints
    channel_cdf: Floats
    satisfaction: Floats
    card: Bools
    enrols_at_visit: Ints
    email_opt_in: Bools
    sms_opt_in: Bools
    follower: Bools


def guests(plan: RestaurantPlan, calendar: Calendar, block: int) -> Guests:
    """Return the persons of a block."""
    rng = block_stream(plan, block, Stream.GUESTS)
    count = BLOCK + SHARED_CARDS
    customer = np.append(np.arange(BLOCK), np.sort(rng.choice(BLOCK, SHARED_CARDS, replace=False)))
    z = rng.standard_normal((count, 3)) @ np.linalg.cholesky(CORRELATION).T
    rate, dropout, shape, returns = rhythm(plan, z)
    clock = rng.choice(len(CLOCKS), count, p=CLOCK_SHARES)[customer]
    joined = _joined(rng, plan, calendar, clock)
    joined = np.maximum(joined, joined[customer])
    ever = (rng.random(count) >= _REGISTERED_ONLY) | np.isin(customer, customer[BLOCK:])
    taste, late = _tastes(rng, count)
    card = _cards(rng, z[:, 0])
    return Guests(
        customer=customer,
        clock=clock,
        visit_rate=rate,
        dropout_rate=dropout,
        regularity=shape,
        return_probability=returns,
        joined=joined,
        dropped=_dropped(rng, calendar, clock, joined, rate=dropout, returns=returns),
        ever=ever,
        lunch_share=rounded(np.clip(rng.beta(*LUNCH_BETA[clock].T), 0.02, 0.98), 4),
        response=response_types(z[:, 0], rng.random(count)),
        appetite=rounded(1 + rng.lognormal(np.log(1.36), 0.4, count), 3),
        party=rounded(1 + rng.lognormal(np.log(0.5), 0.9, count), 3),
        taste=taste,
        taste_late=late,
        taste_cdf=taste.cumsum(axis=1),
        taste_late_cdf=late.cumsum(axis=1),
        favourite=rng.integers(0, 6, (count, len(_TASTE))),
        channel_cdf=rng.dirichlet([2.0, 0.8, 0.7], count).cumsum(axis=1),
        satisfaction=rounded(np.clip(rng.normal(4.1, 0.6, count), 1.5, 5), 3),
        card=card,
        enrols_at_visit=rng.geometric(ENROLS, count),
        email_opt_in=rng.random(count) < np.where(card, *EMAIL_OPT_IN),
        sms_opt_in=rng.random(count) < np.where(card, *SMS_OPT_IN),
        follower=rng.random(count) < np.where(card, *FOLLOWER),
    )


def rhythm(plan: RestaurantPlan, z: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return visit rate, drop-out rate, regularity and return probability from normal scores.

    The scores have `CORRELATION`: a row per person, a column per logarithm. The results are
    rounded before use, so that the truth written is the truth used.
    """
    rate = plan.visit_rate * np.exp(plan.visit_rate_spread * z[:, 0])
    dropout = plan.dropout_rate * np.exp(plan.dropout_rate_spread * z[:, 1])
    shape = plan.regularity * np.exp(plan.regularity_spread * z[:, 2])
    logit = np.log(plan.return_probability / (1 - plan.return_probability))
    returns = 1 / (1 + np.exp(-logit - 0.5 * z[:, 0]))
    return (
        rounded(np.clip(rate, 1e-5, _MOST_VISITS_PER_DAY), 6),
        rounded(np.maximum(dropout, 1e-7), 7),
        rounded(np.clip(shape, 0.3, 30), 4),
        rounded(returns, 4),
    )


def _joined(
    rng: np.random.Generator, plan: RestaurantPlan, calendar: Calendar, clock: Ints
) -> Floats:
    """Return the operational time of the first visits: more each year, busier on busy days."""
    share = arrivals(plan, calendar)
    day, fraction = calendar.locate(share, clock, rng.random(len(clock)) * share[clock, -1])
    return calendar.at(calendar.operational, clock, day, fraction)


def arrivals(plan: RestaurantPlan, calendar: Calendar) -> Floats:
    """Return clock by day + 1: a running sum in proportion to the first visits so far."""
    growth = (1 + plan.growth_per_year) ** (np.arange(calendar.days) / 365.25)
    share = (calendar.factor * growth).cumsum(axis=1)
    return np.concatenate([np.zeros((len(CLOCKS), 1)), share], axis=1)


def _dropped(
    rng: np.random.Generator,
    calendar: Calendar,
    clock: Ints,
    joined: Floats,
    *,
    rate: Floats,
    returns: Floats,
) -> Floats:
    """Return the operational time of leaving: exponential on the drop-out clock."""
    day, fraction = calendar.locate(calendar.operational, clock, joined)
    start = calendar.at(calendar.dropout, clock, day, fraction)
    end = start + rng.standard_exponential(len(clock)) / rate
    day, fraction = calendar.locate(calendar.dropout, clock, end)
    left = calendar.at(calendar.operational, clock, day, fraction)
    left = np.where(day < calendar.days, left, np.inf)
    return np.where(rng.random(len(clock)) < returns, left, joined)


def _cards(rng: np.random.Generator, z: Floats) -> Bools:
    """Return who will take a loyalty card: rather the frequent; one to a customer."""
    willing: Bools = rng.random(len(z)) < card_probability(z)
    return willing & (np.arange(len(z)) < BLOCK)


def card_probability(z: Floats) -> Floats:
    """Return the chance of ever taking a card, by the normal score of the visit rate."""
    return np.asarray(1 / (1 + np.exp(0.2 - 0.5 * z)))


def _tastes(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    early = rng.dirichlet(_TASTE * 1.5, count)
    # Most keep most of their taste; some change it altogether.
    kept = rng.beta(3, 1.5, count)[:, None]
    late = kept * early + (1 - kept) * rng.dirichlet(_TASTE * 1.5, count)
    return rounded(early, 5), rounded(late, 5)


def response_types(z: Floats, draw: Floats) -> Ints:
    """Return response types, tied to the visit rate only a little: the frequent are surer.

    One per normal score of the visit rate, decided by a uniform draw.
    """
    weight = _RESPONSE_SHARES * np.exp(z[:, None] * np.array([0.0, 0.15, -0.1, 0.0]))
    running = (weight / weight.sum(axis=1, keepdims=True)).cumsum(axis=1)
    return np.asarray((draw[:, None] >= running[:, :-1]).sum(axis=1))
