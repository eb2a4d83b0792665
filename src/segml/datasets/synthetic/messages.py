"""Campaigns go out at random with known propensities, and messages are what came of them.

Every second period of 14 days has a campaign. Each guest whom it may reach is sent it with a known
probability that depends only on the campaign, the channel and whether the guest is a follower.
A message that arrives changes the guest's pace until the period ends. Opening and clicking tell of
the guest's temper, never of whether the guest has left: no feature may be made of label noise.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from segml.datasets.synthetic.calendar import Bools, Calendar, Floats, Ints, by_time
from segml.datasets.synthetic.guests import Guests
from segml.datasets.synthetic.plan import BLOCK, RestaurantPlan, Stream, block_stream, town_stream

KINDS: Final = ("sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed")
CHANNELS: Final = ("email", "sms")
OFFERS: Final = ("none", "15 percent", "5 off")
SEND_HOUR: Final = 10  # before the doors open, so no visit of the period precedes its message
# By response type: persuadable, sure thing, lost cause, sleeping dog.
_OPENS: Final = np.array([0.45, 0.50, 0.20, 0.25])
_CLICKS: Final = np.array([0.30, 0.30, 0.08, 0.08])
_LEAVES: Final = np.array([0.003, 0.003, 0.006, 0.035])
_COMPLAINS: Final = np.array([0.0005, 0.0005, 0.001, 0.006])
REDEEMS: Final = np.array([0.55, 0.60, 0.08, 0.10])
_BAD_ADDRESS: Final = 0.02
_FOLLOWER_SHIFT: Final = 0.4
_SMS_SHIFT: Final = -0.5


@dataclass(frozen=True, slots=True)
class Campaigns:
    """The campaigns of the town, one entry each.

    Attributes
    ----------
    period
        Period at whose start it goes out.
    base
        Propensity for a guest by e-mail who is no follower.
    offer
        Index into `OFFERS`.
    """

    period: Ints
    base: Floats
    offer: Ints

    def code(self, campaign: int) -> str:
        """Return the coupon's text."""
        return f"TABLE{campaign + 1:02d}"


def campaigns(plan: RestaurantPlan, calendar: Calendar) -> Campaigns:
    """Return the campaigns of a plan: every second period, from the third on."""
    rng = town_stream(plan, 1)
    period = np.arange(2, len(calendar.periods) - 1, 2)
    base = rng.choice([0.3, 0.4, 0.5, 0.6], len(period))
    return Campaigns(period=period, base=base, offer=rng.choice(3, len(period), p=[0.3, 0.4, 0.3]))


@dataclass(frozen=True, slots=True)
class Sends:
    """What the campaigns did to a block of customers; customer by campaign.

    Attributes
    ----------
    eligible, sent
        Whom a campaign could reach, and whom the coin chose.
    propensity
        The coin, three decimals.
    bounced, complained, unsubscribed
        What ended it; nothing is sent afterwards.
    channel
        Per customer, index into `CHANNELS`.
    """

    eligible: Bools
    sent: Bools
    propensity: Floats
    bounced: Bools
    complained: Bools
    unsubscribed: Bools
    channel: Ints

    @property
    def reached(self) -> Bools:
        """Return whom a message reached."""
        return self.sent & ~self.bounced


def sends(
    plan: RestaurantPlan, calendar: Calendar, mail: Campaigns, people: Guests, block: int
) -> Sends:
    """Return what the campaigns did to the customers of a block."""
    rng = block_stream(plan, block, Stream.MESSAGES)
    mine = slice(0, BLOCK)
    email, sms = people.email_opt_in[mine], people.sms_opt_in[mine]
    channel = np.where(email, 0, 1)
    starts = calendar.operational[:, calendar.periods[mail.period]]
    joined = people.joined[mine, None] < starts[people.clock[mine]]
    eligible = joined & (email | sms)[:, None]
    logit = np.log(mail.base / (1 - mail.base)) + _SMS_SHIFT * channel[:, None]
    logit = logit + _FOLLOWER_SHIFT * people.follower[mine, None]
    propensity = np.round(1 / (1 + np.exp(-logit)), 3)
    coin, fate = rng.random((2, *propensity.shape))
    sent = eligible & (coin < propensity)
    response = people.response[mine]
    bounced = sent & (rng.random(BLOCK) < _BAD_ADDRESS)[:, None]
    arrived = sent & ~bounced
    complained = arrived & (fate < _COMPLAINS[response, None])
    unsubscribed = arrived & (fate < _LEAVES[response, None])
    # The first bounce or goodbye is the end: later coins are not tossed.
    over = (bounced | unsubscribed).cumsum(axis=1) - (bounced | unsubscribed) > 0
    return Sends(
        eligible=eligible & ~over,
        sent=sent & ~over,
        propensity=propensity,
        bounced=bounced & ~over,
        complained=complained & ~over,
        unsubscribed=unsubscribed & ~over,
        channel=channel,
    )


def pace(
    plan: RestaurantPlan, calendar: Calendar, mail: Campaigns, people: Guests, log: Sends
) -> Floats:
    """Return person by period: the factor on the visit rate that messages cause."""
    factor = np.ones((len(people.customer), len(calendar.periods) - 1))
    effect = paces(plan)[people.response[:BLOCK], None]
    factor[:BLOCK, mail.period] = np.where(log.reached, effect, 1.0)
    return factor


def paces(plan: RestaurantPlan) -> Floats:
    """Return, per response type, the factor on the visit rate that a message causes."""
    return np.array([plan.persuadable_pace, 1.0, 1.0, plan.sleeping_dog_pace])


@dataclass(frozen=True, slots=True)
class Events:
    """Message events, one entry each.

    Attributes
    ----------
    customer, campaign
        Place in the block, and index of the campaign.
    message
        Number of the message in the block; all events of a message share it.
    kind
        Index into `KINDS`.
    seconds
        Local time since the start of day 0.
    """

    customer: Ints
    campaign: Ints
    message: Ints
    kind: Ints
    seconds: Ints


def events(
    plan: RestaurantPlan,
    calendar: Calendar,
    mail: Campaigns,
    people: Guests,
    log: Sends,
    *,
    block: int,
) -> Events:
    """Return what was sent and what came of it, message after message in the order of time."""
    rng = block_stream(plan, block, Stream.EVENTS)
    who, campaign = np.nonzero(log.sent)
    count = len(who)
    response = people.response[who]
    bounced, left = log.bounced[who, campaign], log.unsubscribed[who, campaign]
    complained = log.complained[who, campaign]
    # Who says goodbye has opened it.
    opened = ~bounced & ((rng.random(count) < _OPENS[response]) | left)
    clicked = opened & (rng.random(count) < _CLICKS[response])
    again = opened & (rng.random(count) < 0.15)
    start = calendar.periods[mail.period[campaign]] * 86_400 + SEND_HOUR * 3600
    sent_at = start + rng.integers(0, 1800, count)
    arrived_at = sent_at + rng.integers(1, 60, count)
    opened_at = arrived_at + 1 + rng.exponential(6 * 3600, count).astype(np.int64)
    clicked_at = opened_at + rng.integers(3, 90, count)
    left_at = clicked_at + rng.integers(3, 60, count)
    again_at = left_at + 1 + rng.exponential(86_400, count).astype(np.int64)
    everyone = np.ones(count, dtype=np.bool_)
    steps = (
        (0, everyone, sent_at),
        (1, ~bounced, arrived_at),
        (4, bounced, arrived_at),
        (2, opened, opened_at),
        (3, clicked, clicked_at),
        (6, left, left_at),
        (5, complained, left_at + 1),
        (2, again, again_at),
    )
    message, kind, seconds = _sorted(steps, end=calendar.days * 86_400)
    return Events(who[message], campaign[message], message, kind, seconds)


def _sorted(steps: tuple[tuple[int, Bools, Ints], ...], *, end: int) -> tuple[Ints, Ints, Ints]:
    """Return message, kind and time of the steps that happened before the end."""
    message = np.concatenate([np.nonzero(mask)[0] for _, mask, _ in steps])
    kind = np.concatenate([np.full(mask.sum(), kind) for kind, mask, _ in steps])
    seconds = np.concatenate([at[mask] for _, mask, at in steps])
    order = by_time(message, seconds)
    rows = order[seconds[order] < end]
    return message[rows], kind[rows], seconds[rows]
