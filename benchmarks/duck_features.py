"""All fields as DuckDB computes them best: one group-by per table, windows as filters.

The tricks are those of somebody who knows the engine: pairs packed into one integer in place of
ARG_MAX and of structs, lists in place of windows over days, a streaming LAG over the sorted lines
in place of COUNT(DISTINCT), codes turned into texts once per customer.
"""

# ruff: noqa: S608 (names and numbers in the SQL are ours)

import json
from datetime import date
from pathlib import Path
from typing import Final

from benchmarks.prepared import EARTH_RADIUS_KM, TABLES, WEEKDAYS, birthday_code

_DAYS: Final = (30, 90, 365)
_VISIT: Final = "NOT refund"
# How often, how lately, and the alphabetically first of equals, as one number to take the MAX of.
_FAVOUR: Final = '(count(*)::UBIGINT << 44) | (max("at")::UBIGINT << 12) | (4095 - {0})::UBIGINT'

ORDERS: Final = f"""
SELECT customer_id,
  count(*) FILTER ({_VISIT}) AS orders_total,
  {", ".join(f"count(*) FILTER ({_VISIT} AND day >= $night - {n}) AS orders_{n}d" for n in _DAYS)},
  sum(amount)::BIGINT AS lifetime_spend,
  {", ".join(f"sum(amount) FILTER (day >= $night - {n})::BIGINT AS spend_{n}d" for n in _DAYS)},
  max(amount) FILTER ({_VISIT}) AS largest_order_value,
  min(("order"::BIGINT << 32) + amount) FILTER ({_VISIT}) AS first_order,
  max(("order"::BIGINT << 32) + amount) FILTER ({_VISIT}) AS last_order,
  list_sort(list(day) FILTER ({_VISIT})) AS days,
  count(*) FILTER ({_VISIT} AND hour >= 11 AND hour < 14) AS lunches,
  count(*) FILTER ({_VISIT} AND hour >= 17 AND hour < 21) AS dinners,
  count(*) FILTER ({_VISIT} AND weekday >= 6) AS weekends,
  count(coupon) FILTER ({_VISIT}) AS coupons
FROM orders GROUP BY customer_id
"""
LINES: Final = """
SELECT customer_id, "at", item, category, healthy,
  ("order"::UBIGINT << 32) | ((customer_id & 65535) << 16) AS o,
  (o | item) IS DISTINCT FROM lag(o | item) OVER () AS new_item,
  (o | category) IS DISTINCT FROM lag(o | category) OVER () AS new_category
FROM order_items
"""
CATEGORIES: Final = f"""
SELECT customer_id, (4095 - (max(favour) FILTER (known) & 4095))::INTEGER AS favorite_category,
  list_sort(list(category::INTEGER) FILTER (known)) AS categories,
  sum(lines) AS lines, sum(healthy) AS healthy
FROM (
  SELECT customer_id, category, category IS NOT NULL AS known, count(*) AS lines,
    count(*) FILTER (healthy) AS healthy,
    {_FAVOUR.format("category").replace("count(*)", "count(*) FILTER (new_category)")} AS favour
  FROM lines GROUP BY customer_id, category
) GROUP BY customer_id
"""
ITEMS: Final = f"""
SELECT customer_id, (4095 - (max(favour) & 4095))::INTEGER AS favorite_item FROM (
  SELECT customer_id, {_FAVOUR.format("item")} AS favour
  FROM lines WHERE new_item GROUP BY customer_id, item
) GROUP BY customer_id
"""
OF_ORDERS: Final = f"""
SELECT customer_id, (4095 - (max(favour) & 4095))::INTEGER AS favourite, count(*) AS different
FROM (
  SELECT customer_id, {_FAVOUR} AS favour FROM orders
  WHERE {_VISIT} AND {{0}} IS NOT NULL GROUP BY customer_id, {{0}}
) GROUP BY customer_id
"""
MESSAGES: Final = """
SELECT customer_id, count(*) FILTER (sent) AS emails_sent_90d,
  count(*) FILTER (opened_lately) AS emails_opened_90d,
  count(*) FILTER (sent AND opened) AS opened, count(*) FILTER (sent AND clicked) AS clicked,
  $night - max(last_sent) AS days_since_last_email
FROM (
  SELECT customer_id, message_id,
    bool_or(kind = $sent AND day >= $night - 90) AS sent,
    bool_or(kind = $opened AND day >= $night - 90) AS opened_lately,
    bool_or(kind = $opened) AS opened, bool_or(kind = $clicked) AS clicked,
    max(day) FILTER (kind = $sent) AS last_sent
  FROM messages WHERE channel = $email AND kind IN ($sent, $opened, $clicked)
  GROUP BY customer_id, message_id
) GROUP BY customer_id
"""
OTHERS: Final = {
    "reviews_": "SELECT customer_id, count(*) AS reviews_total, sum(rating) AS ratings, "
    "$night - max(day) AS days_since_last_review FROM reviews GROUP BY customer_id",
    "referrals_": "SELECT customer_id, count(*) AS referrals_total FROM referrals GROUP BY ALL",
    "loyalty_": 'SELECT customer_id, (max(("at"::UBIGINT << 12) | tier) & 4095)::INTEGER AS tier, '
    "$night - max(day) AS days_in_tier FROM loyalty GROUP BY customer_id",
    "distances": f"""
SELECT customer_id, floor(min(2 * {EARTH_RADIUS_KM} * asin(least(1, sqrt(
    power(sin(radians(r.latitude - c.latitude) / 2), 2)
    + cos(radians(c.latitude)) * cos(radians(r.latitude))
    * power(sin(radians(r.longitude - c.longitude) / 2), 2)
  )))) * 1000 + 0.5) / 1000 AS distance_km
FROM customers c, restaurants r
WHERE c.latitude + c.longitude + r.latitude + r.longitude IS NOT NULL
GROUP BY customer_id""",
}
AMOUNT: Final = "((({0} + 2147483648) & 4294967295) - 2147483648)::INTEGER"
RESULT: Final = f"""
SELECT customer_id, coalesce(orders_total, 0) AS orders_total,
  coalesce(len(list_distinct(days)), 0) AS order_days_total,
  {", ".join(f"coalesce(orders_{n}d, 0) AS orders_{n}d" for n in _DAYS)},
  coalesce(len(list_filter(days, lambda d: d > days[-1] - 90)), 0) / 3::DOUBLE AS visits_per_month,
  coalesce(lifetime_spend, 0) AS lifetime_spend,
  {", ".join(f"coalesce(spend_{n}d, 0) AS spend_{n}d" for n in _DAYS)},
  lifetime_spend / (nullif(orders_total, 0)::DOUBLE * 100) AS average_order_value,
  largest_order_value,
  DATE '1970-01-01' + days[1]::INTEGER AS first_order_at,
  DATE '1970-01-01' + days[-1]::INTEGER AS last_order_at,
  $night - days[1] AS days_since_first_order, $night - days[-1] AS days_since_last_order,
  {AMOUNT.format("first_order")} AS first_order_value,
  {AMOUNT.format("last_order")} AS last_order_value,
  list_median(list_filter(
    list_transform(range(2, len(days) + 1), lambda i: days[i] - days[i - 1]), lambda g: g > 0
  ))::DOUBLE AS usual_gap_days,
  CASE WHEN order_days_total > 2 THEN sqrt(
    (order_days_total - 1)::DOUBLE * list_sum(list_transform(
      range(2, len(days) + 1), lambda i: (days[i] - days[i - 1])::BIGINT * (days[i] - days[i - 1])
    )) - (days[-1] - days[1])::DOUBLE * (days[-1] - days[1])
  ) / (order_days_total - 1) END AS gap_spread_days,
  days_since_last_order / usual_gap_days AS overdue_ratio,
  $categories[favorite_category + 1] AS favorite_category,
  list_transform(categories, lambda c: $categories[c + 1]) AS categories_ordered,
  $items[favorite_item + 1] AS favorite_item,
  $channels[channels_.favourite + 1] AS favorite_channel,
  $restaurants[restaurants_.favourite + 1] AS favorite_restaurant,
  $weekdays[weekdays_.favourite] AS favorite_weekday,
  lunches / nullif(orders_total, 0)::DOUBLE AS lunch_share,
  dinners / nullif(orders_total, 0)::DOUBLE AS dinner_share,
  weekends / nullif(orders_total, 0)::DOUBLE AS weekend_share,
  healthy / lines::DOUBLE AS healthy_share,
  coupons / nullif(orders_total, 0)::DOUBLE AS coupon_share,
  coalesce(restaurants_.different, 0) AS restaurants_visited,
  $year - year(birthday) - (month(birthday) * 100 + day(birthday) > $birthdays)::INTEGER AS age,
  birthday, anniversary, city, postcode, distance_km, preferred_channel, email_opt_in, sms_opt_in,
  coalesce(emails_sent_90d, 0) AS emails_sent_90d,
  coalesce(emails_opened_90d, 0) AS emails_opened_90d,
  opened / nullif(emails_sent_90d, 0)::DOUBLE AS email_open_rate_90d,
  clicked / nullif(emails_sent_90d, 0)::DOUBLE AS email_click_rate_90d,
  days_since_last_email, coalesce(reviews_total, 0) AS reviews_total,
  ratings / (reviews_total::DOUBLE * 100) AS average_rating, days_since_last_review,
  $tiers[tier + 1] AS loyalty_tier, coalesce($tiers[tier + 1] <> 'none', false) AS loyalty_member,
  days_in_tier, coalesce(referrals_total, 0) AS referrals_total,
  instagram_follower, tags, vip, dietary
FROM customers
"""


def features_sql(folder: Path, night: date, bucket: str = "*") -> str:
    """Return the statement over the facts in `folder` of one bucket or of all (``*``)."""
    facts, words = folder / "facts", json.loads((folder / "words.json").read_text("utf-8"))
    parts = {
        **{name: f"FROM '{facts / name / bucket}.parquet'" for name in ("customers", *TABLES)},
        "restaurants": f"FROM '{facts / 'restaurants.parquet'}'",
        "lines": LINES,
        "orders_": ORDERS,
        "categories_": CATEGORIES,
        "items_": ITEMS,
        "channels_": OF_ORDERS.format("channel"),
        "restaurants_": OF_ORDERS.format("restaurant_id"),
        "weekdays_": OF_ORDERS.format("weekday"),
        "messages_": MESSAGES,
        **OTHERS,
    }
    defined = ", ".join(f"{name} AS ({sql})" for name, sql in parts.items())
    joined = [name for name in parts if name.endswith("_") or name == "distances"]
    joins = " ".join(f"LEFT JOIN {name} USING (customer_id)" for name in joined)
    sql = f"WITH {defined} {RESULT} {joins}"
    for name, value in _values(words, night).items():
        sql = sql.replace(f"${name}", value)
    return sql


def _values(words: dict[str, dict[str, list[str]]], night: date) -> dict[str, str]:
    """Return what stands for each parameter: a literal, which the optimizer can see."""
    kinds, channels = words["messages"]["kind"], words["messages"]["channel"]

    def code(texts: list[str], text: str) -> str:
        return str(texts.index(text) if text in texts else -1)

    texts = {
        "categories": words["order_items"]["category"],
        "items": words["order_items"]["item"],
        "channels": words["orders"]["channel"],
        "restaurants": words["orders"]["restaurant_id"],
        "weekdays": list(WEEKDAYS),
        "tiers": words["loyalty"]["tier"],
    }
    return {
        **{name: _listed(listed) for name, listed in texts.items()},
        **{kind: code(kinds, kind) for kind in ("sent", "opened", "clicked")},
        "email": code(channels, "email"),
        "night": str((night - date(1970, 1, 1)).days),
        "year": str(night.year),
        "birthdays": str(birthday_code(night)),
    }


def _listed(texts: list[str]) -> str:
    quoted = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
    return f"([{quoted}]::VARCHAR[])"
