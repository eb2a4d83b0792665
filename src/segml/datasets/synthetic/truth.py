"""The truth is what no restaurant knows: the parameters behind every guest and every day.

With it the chance that a guest stays away can be computed exactly; `process` says how, in words.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from segml.datasets.synthetic import calendar as days
from segml.datasets.synthetic import columns, menu, messages, town
from segml.datasets.synthetic.afterwards import Orders
from segml.datasets.synthetic.calendar import Calendar
from segml.datasets.synthetic.guests import RESPONSES, Guests
from segml.datasets.synthetic.messages import Campaigns, Sends
from segml.datasets.synthetic.plan import (
    BLOCK,
    PERIOD_DAYS,
    SERVICE_DAY_HOUR,
    RestaurantPlan,
)
from segml.datasets.synthetic.visits import Visits

_WORDS: Final = {
    "operational_time": (
        "On clock c a service day d holds days[d].factor[c] units. Within the day the guest's part "
        "gone by hour h is lunch * L(h) before evening and lunch + (1 - lunch) * E(h) after, where "
        "L and E interpolate `lunch` and `evening` linearly, and lunch is the guest's lunch_share "
        "on Monday to Friday, weekend_lunch[0] + weekend_lunch[1] * lunch_share on Saturday and "
        "Sunday. The guest's own time runs pace[p] times as fast in period p."
    ),
    "visits": (
        "Gaps between visits in the guest's own time are gamma with shape regularity and mean "
        "1 / visit_rate. The first visit is at joined_operational."
    ),
    "drop_out": (
        "After the first visit the guest comes back at all with return_probability. Whoever does "
        "leaves for good at rate dropout_rate on the drop-out clock, which holds factor[c] * drift "
        "units a day and knows no pace."
    ),
    "silence": (
        "P(no visit before T | last visit at t0, theta) = 1 - r * integral over t in (t0, T) of "
        "f(U(t) - U(t0)) exp(-m (V(t) - V(t0))) dU(t), with f the gamma density, U own time, V the "
        "drop-out clock, m dropout_rate, and r return_probability after the first visit, else 1. "
        "Silence so far conditions by division. On a shared card the persons' chances multiply; "
        "companions lists the orders of the second one."
    ),
    "pace": (
        "1, times persuadable_pace or sleeping_dog_pace in the period of a message that reached "
        "such a guest, times goal_pace in a period that a member enters with menu prices less "
        "coupons of the 26 periods before (on a shared card the person's own) at (1 - goal_reach) "
        "or more of the next tier cut. It "
        "is known at the start of a period; later ones depend on coins not yet tossed."
    ),
    "sends": (
        "Propensity = sigmoid(logit(base) - 0.5 by sms + 0.4 for followers on Instagram), tossed "
        "for all who joined before, have consented, and have neither bounced nor left."
    ),
    "tiers": "The tier is that of the order amounts that became known in the 365 days up to then.",
    "record": "It ends at midnight after last_day; what the last evening held beyond is left out.",
}


def guest_table(calendar: Calendar, people: Guests, went: Visits, block: int) -> pa.Table:
    """Return one row per person: the parameters, and what became of the guest."""
    first = np.arange(len(people.customer)) < BLOCK
    stays = np.isfinite(people.dropped)
    once = people.dropped == people.joined
    until = np.where(stays, people.dropped, 0.0)
    day, fraction = calendar.locate(calendar.operational, people.clock, until)
    left = calendar.seconds(day, fraction, people.lunch_share)
    day, fraction = calendar.locate(calendar.operational, people.clock, people.joined)
    joined = calendar.seconds(day, fraction, people.lunch_share)
    return pa.table(
        {
            "customer_id": pa.array(block * BLOCK + 1 + people.customer),
            "person": pa.array(np.where(first, 0, 1)),
            "ever": pa.array(people.ever),
            "clock": columns.texts(days.CLOCKS, people.clock),
            "visit_rate": pa.array(people.visit_rate),
            "dropout_rate": pa.array(people.dropout_rate),
            "regularity": pa.array(people.regularity),
            "return_probability": pa.array(people.return_probability),
            "lunch_share": pa.array(people.lunch_share),
            "joined_at": columns.times(calendar, joined),
            "joined_operational": pa.array(people.joined),
            "comes_back": pa.array(~once),
            "dropped_at": columns.times(calendar, left, stays),
            "dropped_operational": pa.array(people.dropped, mask=~stays),
            "response": columns.texts(RESPONSES, people.response),
            "appetite": pa.array(people.appetite),
            "party": pa.array(people.party),
            "satisfaction": pa.array(people.satisfaction),
            "card": pa.array(people.card),
            "enrols_at_visit": pa.array(people.enrols_at_visit),
            "taste": columns.vectors(people.taste),
            "taste_late": columns.vectors(people.taste_late),
            "pace": columns.vectors(went.pace),
        }
    )


def send_table(calendar: Calendar, mail: Campaigns, log: Sends, block: int) -> tuple[pa.Table, Any]:
    """Return one row per coin tossed, sent or not, and the places of their customers."""
    who, campaign = np.nonzero(log.eligible)
    table = pa.table(
        {
            "campaign_id": pa.array(campaign + 1),
            "customer_id": pa.array(block * BLOCK + 1 + who),
            "channel": columns.texts(messages.CHANNELS, log.channel[who]),
            "decided_at": columns.times(
                calendar,
                calendar.periods[mail.period[campaign]] * 86_400 + messages.SEND_HOUR * 3600,
            ),
            "propensity": pa.array(log.propensity[who, campaign]),
            "sent": pa.array(log.sent[who, campaign]),
            "reached": pa.array(log.reached[who, campaign]),
        }
    )
    return table, who


def adjustment_table(sold: Orders) -> tuple[pa.Table, Any]:
    """Return what was taken off the menu prices of some orders, and their customers' places."""
    rows = np.nonzero((sold.discount > 0) | (sold.lowered > 0))[0]
    table = pa.table(
        {
            "order_id": pa.array(sold.order_id[rows]),
            "discount": columns.money(sold.discount[rows]),
            "lowered": columns.money(sold.lowered[rows]),
        }
    )
    return table, sold.customer[rows]


def companion_table(went: Visits, sold: Orders, block: int) -> tuple[pa.Table, Any]:
    """Return the sales to the second person of a shared card, and their customers' places."""
    rows = np.nonzero(~sold.refund & (went.person[sold.visit] >= BLOCK))[0]
    customer = sold.customer[rows]
    table = pa.table(
        {
            "order_id": pa.array(sold.order_id[rows]),
            "customer_id": pa.array(block * BLOCK + 1 + customer),
        }
    )
    return table, customer


def process(
    plan: RestaurantPlan,
    calendar: Calendar,
    mail: Campaigns,
    rows: dict[str, int],
    dirt: dict[str, dict[str, int]],
) -> dict[str, Any]:
    """Return what holds for all guests, ready to be written as JSON."""
    chosen = asdict(plan) | {
        "first_day": plan.first_day.isoformat(),
        "last_day": plan.last_day.isoformat(),
    }
    return {
        "plan": chosen,
        "rows": rows,
        "dirt": dirt,
        "in_words": _WORDS,
        "clocks": list(days.CLOCKS),
        "service_day_hour": SERVICE_DAY_HOUR,
        "lunch": {"hours": days.LUNCH_HOURS.tolist(), "share": days.LUNCH_SHARE.tolist()},
        "evening": {"hours": days.EVENING_HOURS.tolist(), "share": days.EVENING_SHARE.tolist()},
        "weekend_lunch": list(days.WEEKEND_LUNCH),
        "period_days": PERIOD_DAYS,
        "redeem_probability": dict(zip(RESPONSES, messages.REDEEMS.tolist(), strict=True)),
        "campaigns": _campaigns(calendar, mail),
        "categories": list(menu.CATEGORIES),
        "restaurants": [place[0] for place in town.RESTAURANTS[: plan.restaurants]],
        "days": [
            {
                "date": (calendar.first_day + timedelta(days=day)).isoformat(),
                "closed": bool(calendar.closed[day]),
                "factor": calendar.factor[:, day].tolist(),
                "drift": float(calendar.drift[day]),
            }
            for day in range(calendar.days)
        ],
    }


def _campaigns(calendar: Calendar, mail: Campaigns) -> list[dict[str, Any]]:
    return [
        {
            "campaign_id": place + 1,
            "period": int(period),
            "day": (calendar.first_day + timedelta(days=int(calendar.periods[period]))).isoformat(),
            "base_propensity": float(mail.base[place]),
            "offer": messages.OFFERS[mail.offer[place]],
            "coupon": mail.code(place) if mail.offer[place] else None,
        }
        for place, period in enumerate(mail.period)
    ]
