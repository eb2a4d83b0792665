"""What happens after a visit: refunds, late books, reviews, referrals, and rows written twice."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from segml.datasets.synthetic import town
from segml.datasets.synthetic.calendar import Bools, Calendar, Floats, Ints, by_time
from segml.datasets.synthetic.guests import Guests
from segml.datasets.synthetic.plan import BLOCK, RestaurantPlan, Stream, block_stream
from segml.datasets.synthetic.visits import Visits

ID_STEP: Final = 1_000_000  # ids of a block lie between block * ID_STEP and the next
CHANNELS: Final = ("dine_in", "takeaway", "delivery")
_LOWERED: Final = 0.010  # of the orders: money back on the spot
_LATE_REFUND: Final = 0.005
_LATE_KNOWN: Final = 0.015
_REVIEWED: Final = 0.03
_REFERRED: Final = 0.08  # of the customers
_EXACT_TWICE: Final = 2e-4
_CONFLICTING: Final = 1e-4
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Orders:
    """Order rows of a block, by customer and time; sales and late refunds.

    Attributes
    ----------
    order_id
        Unique in the restaurant.
    visit
        Row of the visit in `Visits`; of a late refund, the visit it takes back.
    customer
        Place in the block.
    seconds, known
        Local time since the start of day 0: of the row, and of learning it (the same, mostly).
    amount, discount, lowered
        Cents: the net amount, and what coupon and refund on the spot took off before.
    channel, restaurant
        Index into `CHANNELS`, row of the restaurant.
    refund
        Whether the row is money given back later.
    twice
        0 fine, 1 written twice, 2 written a second time with another amount.
    """

    order_id: Ints
    visit: Ints
    customer: Ints
    seconds: Ints
    known: Ints
    amount: Ints
    discount: Ints
    lowered: Ints
    channel: Ints
    restaurant: Ints
    refund: Bools
    twice: Ints


def orders(
    plan: RestaurantPlan,
    calendar: Calendar,
    people: Guests,
    went: Visits,
    where: town.Homes,
    *,
    block: int,
) -> Orders:
    """Return the order rows that the visits of a block leave in the books."""
    rng = block_stream(plan, block, Stream.AFTERWARDS)
    count, end = len(went.person), calendar.days * _DAY
    net, lowered = _bills(rng, went)
    known = _learned(rng, went, end)
    running = people.channel_cdf[:, :-1].T[:, went.person]
    channel = (rng.random(count) >= running).sum(axis=0)
    restaurant = town.visited(rng, where, people, went.person)
    back_at, given = _given_back(rng, known, net - lowered)
    back = (given > 0) & (back_at < end)
    visit = np.append(np.arange(count), np.nonzero(back)[0])
    refund = np.arange(len(visit)) >= count
    seconds = np.append(went.seconds, back_at[back])
    customer = people.customer[went.person[visit]]
    order = by_time(customer, seconds)  # a refund stands behind all visits
    assert len(order) < ID_STEP, "more orders in a block than it has ids"
    visit, refund = visit[order], refund[order]
    return Orders(
        order_id=block * ID_STEP + 1 + np.arange(len(order)),
        visit=visit,
        customer=customer[order],
        seconds=seconds[order],
        known=np.where(refund, seconds[order], known[visit]),
        amount=np.where(refund, -given[visit], (net - lowered)[visit]),
        discount=np.where(refund, 0, went.discount[visit]),
        lowered=np.where(refund, 0, lowered[visit]),
        channel=channel[visit],
        restaurant=restaurant[visit],
        refund=refund,
        twice=np.where(refund, 0, _written_twice(rng, count)[visit]),
    )


def _learned(rng: np.random.Generator, went: Visits, end: int) -> Ints:
    """Return when each visit got into the books: at once, or some days late."""
    late = went.seconds + _DAY + rng.integers(0, 5 * _DAY, len(went.seconds))
    tardy = rng.random(len(late)) < _LATE_KNOWN
    return np.where(tardy & (late < end), late, went.seconds)


def _bills(rng: np.random.Generator, went: Visits) -> tuple[Ints, Ints]:
    """Return bills less coupons, and what was taken off on the spot, in cents."""
    net = went.baskets.gross() - went.discount
    part, luck, grace = rng.random((3, len(net)))
    # One in four of the lowered bills is forgiven altogether, the others in part.
    lowered = np.where(grace < 0.25, net, np.floor(net * part).astype(np.int64))
    return net, np.where(luck < _LOWERED, lowered, 0)


def _given_back(rng: np.random.Generator, known: Ints, paid: Ints) -> tuple[Ints, Ints]:
    """Return when money is given back and how many cents of what was paid; mostly none."""
    at = known + _DAY + rng.integers(0, 13 * _DAY, len(paid))
    part, luck = rng.random((2, len(paid)))
    given = np.ceil(paid * (0.2 + 0.8 * part)).astype(np.int64)
    return at, np.where(luck < _LATE_REFUND, np.minimum(given, paid), 0)


def _written_twice(rng: np.random.Generator, count: int) -> Ints:
    draw = rng.random(count)
    return np.where(draw < _CONFLICTING, 2, np.where(draw < _CONFLICTING + _EXACT_TWICE, 1, 0))


@dataclass(frozen=True, slots=True)
class Reviews:
    """Reviews of a block: customer, rating 1 to 5, local seconds since the start of day 0."""

    customer: Ints
    rating: Ints
    seconds: Ints


def reviews(
    plan: RestaurantPlan, calendar: Calendar, people: Guests, went: Visits, block: int
) -> Reviews:
    """Return the reviews that visits lead to, within two days."""
    rng = block_stream(plan, block, Stream.REVIEWS)
    count = len(went.person)
    wrote = rng.random(count) < _REVIEWED
    rating = np.round(rng.normal(people.satisfaction[went.person], 0.8)).clip(1, 5)
    seconds = went.seconds + 3600 + rng.integers(0, 2 * _DAY, count)
    wrote &= seconds < calendar.days * _DAY
    customer = people.customer[went.person]
    return Reviews(customer[wrote], rating[wrote].astype(np.int64), seconds[wrote])


@dataclass(frozen=True, slots=True)
class Referrals:
    """Referrals of a block: who referred whom; it happens when the second one registers."""

    referrer: Ints
    referred: Ints


def referrals(
    plan: RestaurantPlan,
    calendar: Calendar,
    people: Guests,
    went: Visits,
    *,
    created: Ints,
    block: int,
) -> Referrals:
    """Return referrals by customers who had been there and had not left for good.

    The referrer has the lower customer id, so that a smaller restaurant keeps the referrals among
    its customers.
    """
    rng = block_stream(plan, block, Stream.REFERRALS)
    first = np.full(BLOCK, np.iinfo(np.int64).max)
    np.minimum.at(first, people.customer[went.person], went.seconds)
    left = _left(calendar, people)
    referrer = np.full(BLOCK, -1)
    wanted = rng.random(BLOCK) < _REFERRED
    for _ in range(4):
        candidate = (rng.random(BLOCK) * np.arange(BLOCK)).astype(np.int64)
        fits = (first[candidate] < created) & (left[candidate] > created)
        referrer = np.where((referrer < 0) & fits, candidate, referrer)
    referred = np.nonzero(wanted & (referrer >= 0))[0]
    return Referrals(referrer[referred], referred)


def _left(calendar: Calendar, people: Guests) -> Floats:
    """Return, per customer, the local second of leaving for good, infinite after the record."""
    stays = ~np.isfinite(people.dropped[:BLOCK])
    until = np.where(stays, 0.0, people.dropped[:BLOCK])
    clock = people.clock[:BLOCK]
    day, fraction = calendar.locate(calendar.operational, clock, until)
    seconds = calendar.seconds(day, fraction, people.lunch_share[:BLOCK])
    return np.where(stays, np.inf, seconds)
