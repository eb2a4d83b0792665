"""The books are one block of the restaurant as tables of the contract, with its truth beside."""

import numpy as np
import pyarrow as pa

from segml.core.tables import TIERS
from segml.datasets.synthetic import (
    afterwards,
    columns,
    guests,
    loyalty,
    menu,
    messages,
    profiles,
    town,
    truth,
    visits,
)
from segml.datasets.synthetic.calendar import Bools, Calendar, Floats, Ints
from segml.datasets.synthetic.plan import BLOCK, RestaurantPlan

Tables = dict[str, pa.Table]


def block_tables(
    plan: RestaurantPlan, calendar: Calendar, mail: messages.Campaigns, block: int
) -> tuple[Tables, Tables]:
    """Return the tables of a block and the rows that were written a second time.

    Names are those of the files without their ending; the truth's begin with ``truth/``. Customers
    beyond `plan.customers` are left out, after everything was drawn for them.
    """
    people = guests.guests(plan, calendar, block)
    log = messages.sends(plan, calendar, mail, people, block)
    went = visits.visits(plan, calendar, mail, people, log, block=block)
    where = town.homes(plan, block)
    sold = afterwards.orders(plan, calendar, people, went, where, block=block)
    said = messages.events(plan, calendar, mail, people, log, block=block)
    tiers = loyalty.loyalty(plan, calendar, people, sold, block)
    created = profiles.created(plan, calendar, people, block)
    vip = loyalty.vip_since(plan, sold, block)
    when = profiles.Milestones(created, tiers.enrolled.astype(np.float64), _left(said), vip)
    keep = _Keep(block, min(BLOCK, plan.customers - block * BLOCK))
    profile, owner, twice = profiles.customers(
        plan, calendar, people, where, log=log, when=when, block=block
    )
    opinions = afterwards.reviews(plan, calendar, people, went, block)
    brought = afterwards.referrals(plan, calendar, people, went, created=created, block=block)
    order_table, again, items = _order_tables(calendar, mail, went, sold, keep)
    tables = {
        "customers": keep(profile, owner),
        "orders": order_table,
        "order_items": items,
        "messages": _message_table(calendar, mail, log, said, keep),
        "reviews": _review_table(calendar, opinions, keep),
        "referrals": _referral_table(calendar, brought, created, keep),
        "loyalty": _loyalty_table(calendar, tiers, keep),
        "truth/guests": keep(truth.guest_table(calendar, people, went, block), people.customer),
        "truth/sends": keep(*truth.send_table(calendar, mail, log, block)),
        "truth/adjustments": keep(*truth.adjustment_table(sold)),
        "truth/companions": keep(*truth.companion_table(went, sold, block)),
    }
    return tables, {"customers": keep(profile, owner, twice), "orders": again}


class _Keep:
    """Leaves out the customers that a smaller restaurant does not have."""

    def __init__(self, block: int, count: int) -> None:
        self.first_id = block * BLOCK + 1
        self.first_number = block * afterwards.ID_STEP + 1
        self.count = count

    def __call__(self, table: pa.Table, customer: Ints, also: Bools | None = None) -> pa.Table:
        mask = customer < self.count
        if also is None and self.count == BLOCK:
            return table
        return table.filter(pa.array(mask if also is None else mask & also))

    def ids(self, customer: Ints) -> pa.Array:
        return pa.array(self.first_id + customer)


def restaurant_table(plan: RestaurantPlan) -> pa.Table:
    """Return the restaurants."""
    names, latitudes, longitudes = zip(*town.RESTAURANTS[: plan.restaurants], strict=True)
    return pa.table(
        {
            "restaurant_id": pa.array(range(1, plan.restaurants + 1), pa.int64()),
            "name": pa.array(names),
            "latitude": pa.array(latitudes),
            "longitude": pa.array(longitudes),
            "time_zone": pa.array([town.TIME_ZONE] * plan.restaurants),
        }
    )


def _left(said: messages.Events) -> Floats:
    left = np.full(BLOCK, np.inf)
    goodbye = said.kind == messages.KINDS.index("unsubscribed")
    left[said.customer[goodbye]] = said.seconds[goodbye]
    return left


def _order_tables(
    calendar: Calendar,
    mail: messages.Campaigns,
    went: visits.Visits,
    sold: afterwards.Orders,
    keep: _Keep,
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return orders, the order rows written again, and order items."""
    codes = [mail.code(place) for place in range(len(mail.period))]
    coupon = np.where(sold.refund, -1, went.campaign[sold.visit])

    def table(amount: Ints, rows: Ints | slice) -> pa.Table:
        seconds, known = sold.seconds[rows], sold.known[rows]
        made = pa.table(
            {
                "order_id": pa.array(sold.order_id[rows]),
                "customer_id": keep.ids(sold.customer[rows]),
                "ordered_at": columns.times(calendar, seconds),
                "amount": columns.money(amount[rows]),
                "channel": columns.texts(afterwards.CHANNELS, sold.channel[rows]),
                "restaurant_id": pa.array(sold.restaurant[rows] + 1),
                "coupon": columns.texts(codes, coupon[rows]),
                "refund": pa.array(sold.refund[rows]),
                "known_at": columns.times(calendar, known, known > seconds),
            }
        )
        return keep(made, sold.customer[rows])

    wrong = sold.amount + np.where(sold.twice == 2, 100, 0)
    again = table(wrong, np.nonzero(sold.twice)[0])
    return table(sold.amount, slice(None)), again, _item_table(went, sold, keep)


def _item_table(went: visits.Visits, sold: afterwards.Orders, keep: _Keep) -> pa.Table:
    # Sales stand in the order of the visits, so the lines do too.
    sale = ~sold.refund
    lines = went.baskets.lines
    item = went.baskets.item
    category = item // menu.PER_CATEGORY
    table = pa.table(
        {
            "order_id": pa.array(np.repeat(sold.order_id[sale], lines)),
            "item": columns.texts(menu.ITEMS, item),
            "category": columns.texts(menu.CATEGORIES, category),
            "quantity": pa.array(went.baskets.quantity),
            "price": columns.money(went.baskets.price),
            "healthy": pa.array(menu.HEALTHY[item]),
        }
    )
    return keep(table, np.repeat(sold.customer[sale], lines))


def _message_table(
    calendar: Calendar,
    mail: messages.Campaigns,
    log: messages.Sends,
    said: messages.Events,
    keep: _Keep,
) -> pa.Table:
    table = pa.table(
        {
            "message_id": pa.array(keep.first_number + said.message),
            "customer_id": keep.ids(said.customer),
            "channel": columns.texts(messages.CHANNELS, log.channel[said.customer]),
            "kind": columns.texts(messages.KINDS, said.kind),
            "occurred_at": columns.times(calendar, said.seconds),
            "campaign_id": pa.array(said.campaign + 1),
        }
    )
    return keep(table, said.customer)


def _review_table(calendar: Calendar, said: afterwards.Reviews, keep: _Keep) -> pa.Table:
    table = pa.table(
        {
            "review_id": pa.array(keep.first_number + np.arange(len(said.customer))),
            "customer_id": keep.ids(said.customer),
            "rating": pa.array(said.rating),
            "reviewed_at": columns.times(calendar, said.seconds),
        }
    )
    return keep(table, said.customer)


def _referral_table(
    calendar: Calendar, brought: afterwards.Referrals, created: Ints, keep: _Keep
) -> pa.Table:
    table = pa.table(
        {
            "customer_id": keep.ids(brought.referrer),
            "referred_customer_id": keep.ids(brought.referred),
            "referred_at": columns.times(calendar, created[brought.referred]),
        }
    )
    return keep(table, np.maximum(brought.referrer, brought.referred))


def _loyalty_table(calendar: Calendar, tiers: loyalty.Loyalty, keep: _Keep) -> pa.Table:
    table = pa.table(
        {
            "customer_id": keep.ids(tiers.customer),
            "tier": columns.texts(TIERS, tiers.tier),
            "changed_at": columns.times(calendar, tiers.seconds),
        }
    )
    return keep(table, tiers.customer)
