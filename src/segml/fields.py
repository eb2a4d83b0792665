"""Every field by its Python name: ``from segml import fields as f``.

Written by ``make fields`` from the library's features and the tables of facts.
"""

from segml.expressions import (
    BooleanField,
    DateField,
    IdField,
    ListField,
    NumberField,
    TextField,
)
from segml.occurrences import EventField, entered, in_segment, left

__all__ = [
    "age",
    "anniversary",
    "average_order_value",
    "average_rating",
    "birthday",
    "categories_ordered",
    "churn_risk",
    "city",
    "coupon_share",
    "customer_id",
    "days_in_tier",
    "days_since_first_order",
    "days_since_last_email",
    "days_since_last_order",
    "days_since_last_review",
    "dietary",
    "dinner_share",
    "distance_km",
    "email_click_rate_90d",
    "email_open_rate_90d",
    "email_opt_in",
    "emails_opened_90d",
    "emails_sent_90d",
    "entered",
    "expected_orders_90d",
    "favorite_category",
    "favorite_channel",
    "favorite_item",
    "favorite_restaurant",
    "favorite_weekday",
    "first_order_at",
    "first_order_value",
    "gap_spread_days",
    "healthy_share",
    "in_segment",
    "instagram_follower",
    "largest_order_value",
    "last_order_at",
    "last_order_value",
    "left",
    "lifetime_spend",
    "loyalty",
    "loyalty_member",
    "loyalty_tier",
    "lunch_share",
    "marketing_objection",
    "messages",
    "order_days_total",
    "order_items",
    "orders",
    "orders_30d",
    "orders_90d",
    "orders_365d",
    "orders_total",
    "overdue_ratio",
    "postcode",
    "preferred_channel",
    "referrals",
    "referrals_total",
    "restaurants_visited",
    "reviews",
    "reviews_total",
    "sms_opt_in",
    "spend_30d",
    "spend_90d",
    "spend_365d",
    "tags",
    "tier_upgrade_likelihood",
    "usual_gap_days",
    "vip",
    "visits_per_month",
    "weekend_share",
]


class _Orders(EventField):
    __slots__ = ()

    order_id = TextField("order_id")
    ordered_at = DateField("ordered_at")
    amount = NumberField("amount")
    channel = TextField("channel")
    restaurant_id = TextField("restaurant_id")
    coupon = TextField("coupon")


class _OrderItems(EventField):
    __slots__ = ()

    order_id = TextField("order_id")
    item = TextField("item")
    category = TextField("category")
    quantity = NumberField("quantity")
    price = NumberField("price")
    healthy = BooleanField("healthy")
    ordered_at = DateField("ordered_at")
    channel = TextField("channel")
    restaurant_id = TextField("restaurant_id")
    coupon = TextField("coupon")


class _Messages(EventField):
    __slots__ = ()

    message_id = TextField("message_id")
    channel = TextField("channel")
    kind = TextField("kind")
    occurred_at = DateField("occurred_at")
    campaign_id = TextField("campaign_id")


class _Reviews(EventField):
    __slots__ = ()

    review_id = TextField("review_id")
    rating = NumberField("rating")
    reviewed_at = DateField("reviewed_at")


class _Referrals(EventField):
    __slots__ = ()

    referred_customer_id = TextField("referred_customer_id")
    referred_at = DateField("referred_at")


class _Loyalty(EventField):
    __slots__ = ()

    tier = TextField("tier")
    changed_at = DateField("changed_at")


# Behavioural
orders_total = NumberField("orders_total")
"""All orders so far."""
order_days_total = NumberField("order_days_total")
"""Days with an order."""
orders_30d = NumberField("orders_30d")
"""Orders on the last 30 service days."""
orders_90d = NumberField("orders_90d")
"""Orders on the last 90 service days."""
orders_365d = NumberField("orders_365d")
"""Orders on the last 365 service days."""
visits_per_month = NumberField("visits_per_month")
"""Orders in the 90 days that end with the last order's day, divided by 3."""
lifetime_spend = NumberField("lifetime_spend")
"""Everything spent so far, net of refunds and discounts."""
spend_30d = NumberField("spend_30d")
"""Spent on the last 30 service days, net of refunds and discounts."""
spend_90d = NumberField("spend_90d")
"""Spent on the last 90 service days, net of refunds and discounts."""
spend_365d = NumberField("spend_365d")
"""Spent on the last 365 service days, net of refunds and discounts."""
average_order_value = NumberField("average_order_value")
"""Lifetime spend divided by the number of orders."""
largest_order_value = NumberField("largest_order_value")
"""The amount of the largest single order."""
first_order_at = DateField("first_order_at")
"""Service day of the first order."""
last_order_at = DateField("last_order_at")
"""Service day of the latest order."""
days_since_first_order = NumberField("days_since_first_order")
"""Days since the first order; an order yesterday is 1."""
days_since_last_order = NumberField("days_since_last_order")
"""Days since the latest order; an order yesterday is 1."""
first_order_value = NumberField("first_order_value")
"""The amount of the first order."""
last_order_value = NumberField("last_order_value")
"""The amount of the latest order."""
usual_gap_days = NumberField("usual_gap_days")
"""The median gap between days with an order; known from two such days on."""
gap_spread_days = NumberField("gap_spread_days")
"""The standard deviation of those gaps: small for a creature of habit."""
overdue_ratio = NumberField("overdue_ratio")
"""Days since the last order divided by the guest's usual gap: 1 is on time, 3 is late."""
favorite_category = TextField("favorite_category")
"""The category in the most orders; of equals, the latest."""
categories_ordered = ListField("categories_ordered")
"""Every category ever ordered."""
favorite_item = TextField("favorite_item")
"""The item in the most orders; of equals, the latest."""
favorite_channel = TextField("favorite_channel")
"""The channel of the most orders; of equals, the latest."""
favorite_restaurant = TextField("favorite_restaurant")
"""The restaurant of the most orders; of equals, the latest."""
favorite_weekday = TextField("favorite_weekday")
"""The weekday of the most orders; of equals, the latest."""
lunch_share = NumberField("lunch_share")
"""The share of orders placed from 11:00 to before 14:00."""
dinner_share = NumberField("dinner_share")
"""The share of orders placed from 17:00 to before 21:00."""
weekend_share = NumberField("weekend_share")
"""The share of orders on a Saturday or Sunday."""
healthy_share = NumberField("healthy_share")
"""The share of item lines that are marked healthy."""
coupon_share = NumberField("coupon_share")
"""The share of orders that used a coupon."""
restaurants_visited = NumberField("restaurants_visited")
"""How many different restaurants took an order."""

# Demographic
age = NumberField("age")
"""Completed years."""
birthday = DateField("birthday")
"""The date of birth."""
anniversary = DateField("anniversary")
"""The anniversary on file."""
city = TextField("city")
"""The city of the address."""
postcode = TextField("postcode")
"""The postcode of the address."""
distance_km = NumberField("distance_km")
"""Great-circle kilometres from home to the nearest restaurant."""
preferred_channel = TextField("preferred_channel")
"""How the guest likes to hear from us."""
email_opt_in = BooleanField("email_opt_in")
"""May be e-mailed."""
sms_opt_in = BooleanField("sms_opt_in")
"""May be texted."""
marketing_objection = BooleanField("marketing_objection")
"""Objected to marketing, so is neither scored nor written to."""

# Engagement
emails_sent_90d = NumberField("emails_sent_90d")
"""Different e-mails sent on the last 90 days."""
emails_opened_90d = NumberField("emails_opened_90d")
"""Different e-mails opened on the last 90 days."""
email_open_rate_90d = NumberField("email_open_rate_90d")
"""Of the e-mails sent on the last 90 days, the share opened since."""
email_click_rate_90d = NumberField("email_click_rate_90d")
"""Of the e-mails sent on the last 90 days, the share clicked since."""
days_since_last_email = NumberField("days_since_last_email")
"""Days since an e-mail was last sent."""
reviews_total = NumberField("reviews_total")
"""All reviews so far."""
average_rating = NumberField("average_rating")
"""The mean of all ratings given, from 1 to 5."""
days_since_last_review = NumberField("days_since_last_review")
"""Days since the latest review."""
loyalty_tier = TextField("loyalty_tier")
"""The current tier; unknown outside the programme."""
loyalty_member = BooleanField("loyalty_member")
"""Has a tier other than none."""
days_in_tier = NumberField("days_in_tier")
"""Days since the tier last changed."""
referrals_total = NumberField("referrals_total")
"""Guests this guest has brought in."""
instagram_follower = BooleanField("instagram_follower")
"""Follows us on Instagram."""

# Custom
tags = ListField("tags")
"""The tags put on the guest."""
vip = BooleanField("vip")
"""Marked as VIP by hand."""
dietary = ListField("dietary")
"""Dietary needs on file."""

# Predictive
churn_risk = NumberField("churn_risk")
"""The calibrated probability of no order within the model's horizon."""
tier_upgrade_likelihood = NumberField("tier_upgrade_likelihood")
"""The calibrated probability of reaching a higher tier within the model's horizon."""
expected_orders_90d = NumberField("expected_orders_90d")
"""The number of orders to expect on the next 90 days."""

# Demographic
customer_id = IdField("customer_id")
"""The guest's own id, as it stands: for naming a few guests beside what a rule says."""

# Events
orders = _Orders("orders", "ordered_at")
"""Rows of orders: say how many orders, or how much."""
order_items = _OrderItems("order_items", "ordered_at")
"""Rows of order_items: say how many item lines, or how much."""
messages = _Messages("messages", "occurred_at")
"""Rows of messages: say how many message events, or how much."""
reviews = _Reviews("reviews", "reviewed_at")
"""Rows of reviews: say how many reviews, or how much."""
referrals = _Referrals("referrals", "referred_at")
"""Rows of referrals: say how many referrals, or how much."""
loyalty = _Loyalty("loyalty", "changed_at")
"""Rows of loyalty: say how many tier changes, or how much."""
