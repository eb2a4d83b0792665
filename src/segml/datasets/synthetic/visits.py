"""A visit is one firing of a guest's rhythm: gamma gaps in the guest's own operational time.

The periods of 14 days are played one after the other, all guests of a block at once. Within a
period a guest's pace is constant: 1, times the effect of a message, times the pull of the next
loyalty tier. What a guest has spent by the start of a period decides that pull, so it is played
forward; everything else is known beforehand.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from segml.datasets.synthetic import menu
from segml.datasets.synthetic.calendar import Bools, Calendar, Floats, Ints, by_time
from segml.datasets.synthetic.guests import Guests
from segml.datasets.synthetic.messages import OFFERS, REDEEMS, Campaigns, Sends, pace
from segml.datasets.synthetic.plan import (
    BLOCK,
    PERIOD_DAYS,
    RestaurantPlan,
    Stream,
    block_stream,
)

TRAILING_PERIODS: Final = 364 // PERIOD_DAYS
_PERCENT_OFF: Final = 15
_FIXED_OFF: Final = 500


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits of a block, by customer and time.

    Attributes
    ----------
    person
        Row of the guest; `Guests.customer` gives the customer.
    day, fraction
        Service day and the part of it gone.
    seconds
        Local time since the start of day 0.
    campaign
        Index of the campaign whose coupon was used; -1 without.
    discount
        Cents taken off by the coupon.
    baskets
        What was ordered, in the same order.
    pace
        Person by period: the factor on the visit rate that held.
    """

    person: Ints
    day: Ints
    fraction: Floats
    seconds: Ints
    campaign: Ints
    discount: Ints
    baskets: menu.Baskets
    pace: Floats


@dataclass(slots=True)
class _State:
    """Where each person stands while the periods are played."""

    wait: Floats  # own operational time until the next visit, from the start of the period
    count: Ints  # visits so far
    spent: Ints  # period by person: cents
    pace: Floats  # person by period


@dataclass(frozen=True, slots=True)
class _Part:
    """The visits of one period."""

    person: Ints
    day: Ints
    fraction: Floats
    campaign: Ints
    discount: Ints
    baskets: menu.Baskets


def visits(
    plan: RestaurantPlan,
    calendar: Calendar,
    mail: Campaigns,
    people: Guests,
    log: Sends,
    *,
    block: int,
) -> Visits:
    """Return all visits of a block within the record."""
    rng = block_stream(plan, block, Stream.VISITS)
    eating = block_stream(plan, block, Stream.BASKETS)
    factor = pace(plan, calendar, mail, people, log)
    state = _State(
        wait=np.where(people.ever, 0.0, np.inf),
        count=np.zeros(len(people.customer), dtype=np.int64),
        spent=np.zeros(factor.T.shape, dtype=np.int64),
        pace=factor,
    )
    kitchen = menu.kitchen(calendar, people)
    parts = []
    for period in range(factor.shape[1]):
        _pull(plan, people, state, period)
        person, when, first = _firings(calendar, people, state, period, rng)
        day, fraction = calendar.locate(calendar.operational, people.clock[person], when)
        eaten = menu.baskets(eating, people, kitchen, who=person, day=day)
        gross = eaten.gross()
        running = _running(mail, period)
        used = _redeemed(eating, people, log, person, first, campaign=running)
        discount = np.where(used, _reduction(mail, gross, running), 0)
        np.add.at(state.spent[period], person, gross - discount)
        campaign = np.where(used, running, -1)
        parts.append(_Part(person, day, fraction, campaign, discount, eaten))
    return _gathered(calendar, people, parts, state.pace)


def _running(mail: Campaigns, period: int) -> int:
    """Return the campaign that has a coupon for the period; -1 when there is none."""
    place = int(np.searchsorted(mail.period, period))
    here = place < len(mail.period) and mail.period[place] == period and mail.offer[place] > 0
    return place if here else -1


def _redeemed(
    rng: np.random.Generator,
    people: Guests,
    log: Sends,
    person: Ints,
    first: Bools,
    *,
    campaign: int,
) -> Bools:
    """Return which visits use the coupon: a coupon serves once, on the first visit."""
    if campaign < 0:
        return np.zeros(len(person), dtype=np.bool_)
    held = first & (person < BLOCK)
    held &= log.reached[np.minimum(person, BLOCK - 1), campaign]
    return held & (rng.random(len(person)) < REDEEMS[people.response[person]])


def _reduction(mail: Campaigns, gross: Ints, campaign: int) -> Ints:
    """Return the cents that the coupon would take off each bill."""
    if campaign < 0:
        return np.zeros(len(gross), dtype=np.int64)
    if OFFERS[mail.offer[campaign]] == "5 off":
        return np.minimum(_FIXED_OFF, gross)
    return np.asarray((gross * _PERCENT_OFF + 50) // 100)


def _pull(plan: RestaurantPlan, people: Guests, state: _State, period: int) -> None:
    """Quicken members who enter the period with the next tier in reach."""
    member = people.card & (state.count >= people.enrols_at_visit)
    state.pace[:, period] *= goal_pull(plan, state.spent, member, period)


def goal_pull(plan: RestaurantPlan, spent: Ints, member: Bools, period: int) -> Floats:
    """Return the factor on the pace of each person that the next tier has in a period.

    Parameters
    ----------
    plan
        Tier cuts, and how far and how much they pull.
    spent
        Period by person: cents.
    member
        Who had a card before the period.
    period
        Its number.
    """
    trailing = spent[max(0, period - TRAILING_PERIODS) : period].sum(axis=0)
    cuts = np.array(plan.tier_cuts) * 100.0
    following = np.append(cuts, np.inf)[np.searchsorted(cuts, trailing, side="right")]
    near = trailing >= following * (1 - plan.goal_reach)
    return np.where(near & member, plan.goal_pace, 1.0)


def _firings(
    calendar: Calendar, people: Guests, state: _State, period: int, rng: np.random.Generator
) -> tuple[Ints, Floats, Bools]:
    """Return the period's visits: person, operational time, whether the first of the period."""
    start = calendar.operational[people.clock, calendar.periods[period]]
    end = calendar.operational[people.clock, calendar.periods[period + 1]]
    start = np.maximum(start, people.joined)
    pace_now = state.pace[:, period]
    length = np.where(start < end, (end - start) * pace_now, 0.0)
    active = np.nonzero(state.wait < length)[0]
    found: list[tuple[Ints, Floats, Bools]] = []
    while len(active):
        when = start[active] + state.wait[active] / pace_now[active]
        # The first visit always happens; leaving at once is what one-time guests do after it.
        here = (when < people.dropped[active]) | (state.count[active] == 0)
        state.wait[active[~here]] = np.inf
        active, when = active[here], when[here]
        found.append((active, when, np.full(len(active), not found)))
        shape = people.regularity[active]
        gap = rng.standard_gamma(shape) / (shape * people.visit_rate[active])
        state.wait[active] += gap
        state.count[active] += 1
        active = active[state.wait[active] < length[active]]
    state.wait -= length
    if not found:
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_)
    person, when, first = (np.concatenate(column) for column in zip(*found, strict=True))
    return person, when, first


def _gathered(calendar: Calendar, people: Guests, parts: list[_Part], factor: Floats) -> Visits:
    """Return the periods' visits as one, by customer and time, those after the record left out."""
    person, day, fraction, campaign, discount = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("person", "day", "fraction", "campaign", "discount")
    )
    lines, item, quantity, price = (
        np.concatenate([getattr(part.baskets, name) for part in parts])
        for name in ("lines", "item", "quantity", "price")
    )
    seconds = calendar.seconds(day, fraction, people.lunch_share[person])
    order = by_time(people.customer[person], seconds)
    # The last evening goes on after midnight; the record does not.
    order = order[seconds[order] < calendar.days * 86_400]
    ends = np.cumsum(lines)
    kept = lines[order]
    offset = np.arange(kept.sum()) - np.repeat(np.cumsum(kept) - kept, kept)
    row = np.repeat((ends - lines)[order], kept) + offset
    return Visits(
        person=person[order],
        day=day[order],
        fraction=fraction[order],
        seconds=seconds[order],
        campaign=campaign[order],
        discount=discount[order],
        baskets=menu.Baskets(kept, item[row], quantity[row], price[row]),
        pace=factor,
    )
