"""A loyalty tier follows from what a card holder spent in the trailing 365 days.

At any time the tier of a member is that of the sum of the amounts (refunds included) of the order
rows that became known in the 365 days up to then; bronze is the least. It rises with an order and
falls when one grows too old.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from segml.core.tables import TIERS
from segml.datasets.synthetic.afterwards import Orders
from segml.datasets.synthetic.calendar import (
    Bools,
    Calendar,
    Floats,
    Ints,
    by_time,
    starts,
)
from segml.datasets.synthetic.guests import Guests
from segml.datasets.synthetic.plan import BLOCK, RestaurantPlan, Stream, block_stream

TRAILING: Final = 365 * 86_400  # seconds
_GIVES_UP: Final = 0.02  # of the members hand the card back some day
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Loyalty:
    """Tier changes of a block, and when each customer enrolled.

    Attributes
    ----------
    customer, tier, seconds
        One per change: place in the block, index into `core.tables.TIERS`, local seconds since the
        start of day 0.
    enrolled
        One per customer: local seconds, the largest integer for one who has not.
    """

    customer: Ints
    tier: Ints
    seconds: Ints
    enrolled: Ints


def loyalty(
    plan: RestaurantPlan, calendar: Calendar, people: Guests, sold: Orders, block: int
) -> Loyalty:
    """Return the tier changes of a block of customers."""
    rng = block_stream(plan, block, Stream.LOYALTY)
    enrolled = _enrolled(people, sold)
    gone = np.where(rng.random(BLOCK) < _GIVES_UP, rng.exponential(300 * 86_400, BLOCK), np.inf)
    quits = np.where(enrolled == _NEVER, np.inf, enrolled + np.floor(gone))
    end = calendar.days * 86_400
    customer = np.tile(sold.customer, 2)
    seconds = np.append(sold.known, sold.known + TRAILING)
    delta = np.append(sold.amount, -sold.amount)
    order = by_time(customer, seconds)
    customer, seconds, delta = customer[order], seconds[order], delta[order]
    tier = 1 + np.searchsorted(
        np.array(plan.tier_cuts) * 100, _within(customer, delta), side="right"
    )
    member = (seconds >= enrolled[customer]) & (seconds < quits[customer]) & (seconds < end)
    member &= ~_same_as_next(customer, seconds)
    customer, tier, seconds = customer[member], tier[member], seconds[member]
    changed = np.ones(len(customer), dtype=np.bool_)
    changed[1:] = (customer[1:] != customer[:-1]) | (tier[1:] != tier[:-1])
    left = np.nonzero(quits < end)[0]
    customer = np.append(customer[changed], left)
    tier = np.append(tier[changed], np.full(len(left), TIERS.index("none")))
    seconds = np.append(seconds[changed], quits[left].astype(np.int64))
    order = by_time(customer, seconds)
    return Loyalty(customer[order], tier[order], seconds[order], enrolled)


def vip_since(plan: RestaurantPlan, sold: Orders, block: int) -> Floats:
    """Return when the staff marked each customer as a VIP (local seconds; infinite: never).

    It is done by hand: for some of those whose spend passes 1,500, the day after.
    """
    rng = block_stream(plan, block, Stream.VIPS)
    noticed = rng.random(BLOCK) < 0.4
    enough = _within(sold.customer, sold.amount) >= 150_000
    since = np.full(BLOCK, np.inf)
    np.minimum.at(since, sold.customer[enough], (sold.known + 86_400.0)[enough])
    return np.where(noticed, since, np.inf)


def _enrolled(people: Guests, sold: Orders) -> Ints:
    """Return when each customer's order number `enrols_at_visit` became known."""
    sale = np.nonzero(~sold.refund)[0]
    customer = sold.customer[sale]
    number = np.arange(len(sale)) - starts(customer) + 1
    due = people.card[customer] & (number == people.enrols_at_visit[customer])
    enrolled = np.full(BLOCK, _NEVER)
    enrolled[customer[due]] = sold.known[sale[due]]
    return enrolled


def _within(customer: Ints, delta: Ints) -> Ints:
    """Return running sums that start anew with each customer; rows are sorted by customer."""
    running = delta.cumsum()
    start = starts(customer)
    return np.asarray(running - running[start] + delta[start])


def _same_as_next(customer: Ints, seconds: Ints) -> Bools:
    same = np.zeros(len(customer), dtype=np.bool_)
    same[:-1] = (customer[1:] == customer[:-1]) & (seconds[1:] == seconds[:-1])
    return same
