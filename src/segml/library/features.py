"""The features: every field of a customer, one declarative entry each.

An entry is all there is to a field: how it is computed, what it is called, what it counts, and how
to explain it. Engines, rules, the page and the documentation read it from here.

To add a field: one entry in a group below, in the forms of `core.features`; then ``make fields``
writes its Python name into ``segml.fields``.
"""

from collections.abc import Mapping
from typing import Final

from segml.core.calendar import WEEKDAYS
from segml.core.features import (
    Attribute,
    CompletedYears,
    Count,
    DaysSince,
    Differs,
    Distinct,
    Favourite,
    Feature,
    First,
    Followed,
    GapSpread,
    Largest,
    Last,
    Listed,
    Named,
    Nearest,
    Ratio,
    Rows,
    Sum,
    Trailing,
    Unit,
    UsualGap,
)
from segml.core.predicates import Compare, Field, IsNull, Not
from segml.core.tables import CONTACT_CHANNELS, MONEY_SCALE, ORDER_CHANNELS, TIERS
from segml.library.entries import date, emails, flag, hours, number, share, text, texts
from segml.library.predictions import PREDICTIVE

_ORDERS = Rows("orders")
_ITEMS = Rows("order_items")
_REVIEWS = Rows("reviews")
_LOYALTY = Rows("loyalty")

_BEHAVIOURAL = (
    number("orders_total", Count(_ORDERS), Unit.ORDERS, "number of orders", "All orders so far."),
    number(
        "order_days_total", Distinct(_ORDERS, "day"), Unit.DAYS, "order days", "Days with an order."
    ),
    *(
        number(
            f"orders_{days}d",
            Count(Rows("orders", within=days)),
            Unit.ORDERS,
            f"orders in the last {days} days",
            f"Orders on the last {days} service days.",
        )
        for days in (30, 90, 365)
    ),
    number(
        "visits_per_month",
        Ratio(Trailing(_ORDERS, 90), 3),
        Unit.PER_MONTH,
        "visits per month",
        "Orders in the 90 days that end with the last order's day, divided by 3.",
    ),
    number(
        "lifetime_spend",
        Sum(Rows("payments"), "amount"),
        Unit.MONEY,
        "lifetime spend",
        "Everything spent so far, net of refunds and discounts.",
    ),
    *(
        number(
            f"spend_{days}d",
            Sum(Rows("payments", within=days), "amount"),
            Unit.MONEY,
            f"spend in the last {days} days",
            f"Spent on the last {days} service days, net of refunds and discounts.",
        )
        for days in (30, 90, 365)
    ),
    number(
        "average_order_value",
        Ratio(Sum(Rows("payments"), "amount"), Count(_ORDERS), 10**MONEY_SCALE),
        Unit.MONEY,
        "average order value",
        "Lifetime spend divided by the number of orders.",
    ),
    number(
        "largest_order_value",
        Largest(_ORDERS, "amount"),
        Unit.MONEY,
        "largest order value",
        "The amount of the largest single order.",
    ),
    date("first_order_at", First(_ORDERS, "day"), "first order", "Service day of the first order."),
    date("last_order_at", Last(_ORDERS, "day"), "last order", "Service day of the latest order."),
    number(
        "days_since_first_order",
        DaysSince(First(_ORDERS, "day")),
        Unit.DAYS,
        "days since the first order",
        "Days since the first order; an order yesterday is 1.",
    ),
    number(
        "days_since_last_order",
        DaysSince(Last(_ORDERS, "day")),
        Unit.DAYS,
        "days since the last order",
        "Days since the latest order; an order yesterday is 1.",
    ),
    number(
        "first_order_value",
        First(_ORDERS, "amount"),
        Unit.MONEY,
        "first order value",
        "The amount of the first order.",
    ),
    number(
        "last_order_value",
        Last(_ORDERS, "amount"),
        Unit.MONEY,
        "last order value",
        "The amount of the latest order.",
    ),
    number(
        "usual_gap_days",
        UsualGap(_ORDERS),
        Unit.DAYS,
        "usual days between visits",
        "The median gap between days with an order; known from two such days on.",
    ),
    number(
        "gap_spread_days",
        GapSpread(_ORDERS),
        Unit.DAYS,
        "spread of days between visits",
        "The standard deviation of those gaps: small for a creature of habit.",
    ),
    number(
        "overdue_ratio",
        Ratio(DaysSince(Last(_ORDERS, "day")), UsualGap(_ORDERS)),
        Unit.RATIO,
        "overdue ratio",
        "Days since the last order divided by the guest's usual gap: 1 is on time, 3 is late.",
    ),
    text(
        "favorite_category",
        Favourite(_ITEMS, "category"),
        "favourite category",
        "The category in the most orders; of equals, the latest.",
    ),
    texts(
        "categories_ordered",
        Listed(_ITEMS, "category"),
        "categories ordered",
        "Every category ever ordered.",
    ),
    text(
        "favorite_item",
        Favourite(_ITEMS, "item"),
        "favourite item",
        "The item in the most orders; of equals, the latest.",
    ),
    text(
        "favorite_channel",
        Favourite(_ORDERS, "channel"),
        "favourite channel",
        "The channel of the most orders; of equals, the latest.",
        ORDER_CHANNELS,
    ),
    text(
        "favorite_restaurant",
        Favourite(_ORDERS, "restaurant_id"),
        "favourite restaurant",
        "The restaurant of the most orders; of equals, the latest.",
    ),
    text(
        "favorite_weekday",
        Named(Favourite(_ORDERS, "weekday"), WEEKDAYS),
        "favourite weekday",
        "The weekday of the most orders; of equals, the latest.",
        WEEKDAYS,
    ),
    number(
        "lunch_share",
        share("orders", hours(11, 14)),
        Unit.SHARE,
        "share of lunch orders",
        "The share of orders placed from 11:00 to before 14:00.",
    ),
    number(
        "dinner_share",
        share("orders", hours(17, 21)),
        Unit.SHARE,
        "share of dinner orders",
        "The share of orders placed from 17:00 to before 21:00.",
    ),
    number(
        "weekend_share",
        share("orders", Compare(Field("weekday"), "ge", 6)),
        Unit.SHARE,
        "share of weekend orders",
        "The share of orders on a Saturday or Sunday.",
    ),
    number(
        "healthy_share",
        share("order_items", Compare(Field("healthy"), "eq", value=True)),
        Unit.SHARE,
        "share of healthy items",
        "The share of item lines that are marked healthy.",
    ),
    number(
        "coupon_share",
        share("orders", Not(IsNull(Field("coupon")))),
        Unit.SHARE,
        "share of orders with a coupon",
        "The share of orders that used a coupon.",
    ),
    number(
        "restaurants_visited",
        Distinct(_ORDERS, "restaurant_id"),
        Unit.TIMES,
        "restaurants visited",
        "How many different restaurants took an order.",
    ),
)

_DEMOGRAPHIC = (
    number(
        "age",
        CompletedYears(Attribute("birthday")),
        Unit.YEARS,
        "age",
        "Completed years.",
    ),
    date("birthday", Attribute("birthday"), "birthday", "The date of birth."),
    date("anniversary", Attribute("anniversary"), "anniversary", "The anniversary on file."),
    text("city", Attribute("city"), "city", "The city of the address."),
    text("postcode", Attribute("postcode"), "postcode", "The postcode of the address."),
    number(
        "distance_km",
        Nearest(),
        Unit.KILOMETRES,
        "distance to the nearest restaurant",
        "Great-circle kilometres from home to the nearest restaurant.",
    ),
    text(
        "preferred_channel",
        Attribute("preferred_channel"),
        "preferred channel",
        "How the guest likes to hear from us.",
        CONTACT_CHANNELS,
    ),
    flag("email_opt_in", Attribute("email_opt_in"), "e-mail opt-in", "May be e-mailed."),
    flag("sms_opt_in", Attribute("sms_opt_in"), "text-message opt-in", "May be texted."),
    flag(
        "marketing_objection",
        Attribute("marketing_objection"),
        "objection to marketing",
        "Objected to marketing, so is neither scored nor written to.",
    ),
)

_ENGAGEMENT = (
    number(
        "emails_sent_90d",
        Distinct(emails("sent", 90), "message_id"),
        Unit.TIMES,
        "e-mails sent in the last 90 days",
        "Different e-mails sent on the last 90 days.",
    ),
    number(
        "emails_opened_90d",
        Distinct(emails("opened", 90), "message_id"),
        Unit.TIMES,
        "e-mails opened in the last 90 days",
        "Different e-mails opened on the last 90 days.",
    ),
    number(
        "email_open_rate_90d",
        Followed(emails("sent", 90), emails("opened"), "message_id"),
        Unit.SHARE,
        "e-mail open rate over 90 days",
        "Of the e-mails sent on the last 90 days, the share opened since.",
    ),
    number(
        "email_click_rate_90d",
        Followed(emails("sent", 90), emails("clicked"), "message_id"),
        Unit.SHARE,
        "e-mail click rate over 90 days",
        "Of the e-mails sent on the last 90 days, the share clicked since.",
    ),
    number(
        "days_since_last_email",
        DaysSince(Last(emails("sent"), "day")),
        Unit.DAYS,
        "days since the last e-mail",
        "Days since an e-mail was last sent.",
    ),
    number(
        "reviews_total", Count(_REVIEWS), Unit.TIMES, "number of reviews", "All reviews so far."
    ),
    number(
        "average_rating",
        Ratio(Sum(_REVIEWS, "rating"), Count(_REVIEWS), 100),
        Unit.STARS,
        "average rating",
        "The mean of all ratings given, from 1 to 5.",
    ),
    number(
        "days_since_last_review",
        DaysSince(Last(_REVIEWS, "day")),
        Unit.DAYS,
        "days since the last review",
        "Days since the latest review.",
    ),
    text(
        "loyalty_tier",
        Last(_LOYALTY, "tier"),
        "loyalty tier",
        "The current tier; unknown outside the programme.",
        TIERS,
    ),
    flag(
        "loyalty_member",
        Differs(Last(_LOYALTY, "tier"), "none"),
        "loyalty member",
        "Has a tier other than none.",
    ),
    number(
        "days_in_tier",
        DaysSince(Last(_LOYALTY, "day")),
        Unit.DAYS,
        "days in the current tier",
        "Days since the tier last changed.",
    ),
    number(
        "referrals_total",
        Count(Rows("referrals")),
        Unit.TIMES,
        "number of referrals",
        "Guests this guest has brought in.",
    ),
    flag(
        "instagram_follower",
        Attribute("instagram_follower"),
        "Instagram follower",
        "Follows us on Instagram.",
    ),
)

_CUSTOM = (
    texts("tags", Attribute("tags"), "tags", "The tags put on the guest."),
    flag("vip", Attribute("vip"), "VIP mark", "Marked as VIP by hand."),
    texts("dietary", Attribute("dietary"), "dietary needs", "Dietary needs on file."),
)


def _grouped() -> dict[str, Feature]:
    groups = {
        "Behavioural": _BEHAVIOURAL,
        "Demographic": _DEMOGRAPHIC,
        "Engagement": _ENGAGEMENT,
        "Custom": _CUSTOM,
        "Predictive": PREDICTIVE,
    }
    return {
        entry.name: Feature(
            entry.name,
            entry.kind,
            entry.form,
            group,
            entry.label,
            entry.description,
            entry.unit,
            entry.scale,
            entry.choices,
        )
        for group, entries in groups.items()
        for entry in entries
    }


FEATURES: Final[Mapping[str, Feature]] = _grouped()
