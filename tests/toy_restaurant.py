"""A toy restaurant whose every answer can be checked by eye, seen at the start of `AS_OF`."""

from datetime import date, datetime
from typing import Any

from random_histories import stored_history
from segml.core.tables import TABLE, TABLES, Form
from segml.engine.history import History

AS_OF = date(2025, 2, 28)  # a Friday

GUESTS = [
    # A regular with a rhythm, born on 29 February, who loves wine.
    {
        "customer_id": 1,
        "first_name": "Ada",
        "created_at": "2024-06-01 10:00",
        "birthday": "1996-02-29",
        "city": "Berlin",
        "latitude": 52.52,
        "longitude": 13.405,
        "email_opt_in": True,
        "tags": ["Wine club", "regular"],
    },
    # Came once; a newer state of the profile says that he moved. Nobody knows his opt-in.
    {
        "customer_id": 2,
        "first_name": "Ben",
        "created_at": "2024-12-01 18:00",
        "birthday": "1990-03-01",
        "city": "Berlin",
    },
    {
        "customer_id": 2,
        "first_name": "Ben",
        "created_at": "2024-12-01 18:00",
        "birthday": "1990-03-01",
        "city": "Potsdam",
        "known_at": "2025-02-15 09:00",
    },
    # Signed up and never ordered.
    {
        "customer_id": 3,
        "first_name": "Cleo",
        "created_at": "2025-02-01 09:00",
        "city": "berlin",
        "email_opt_in": False,
        "dietary": ["vegan"],
    },
    # Staff: in no segment at all.
    {
        "customer_id": 4,
        "first_name": "Dan",
        "created_at": "2024-01-01 09:00",
        "email_opt_in": True,
        "staff": True,
    },
    # Gold; her order of last week becomes known only today, so it is not seen yet.
    {
        "customer_id": 5,
        "first_name": "Eve",
        "created_at": "2024-06-01 09:00",
        "email_opt_in": True,
        "vip": True,
    },
    # Never wine; his money was given back.
    {"customer_id": 6, "first_name": "Finn", "created_at": "2025-02-10 19:00", "vip": False},
    # No created_at: known from the order of yesterday evening.
    {"customer_id": 7, "first_name": "Gwen", "tags": ["VIP"]},
    # No created_at and no fact: not known to anybody yet.
    {"customer_id": 8, "first_name": "Hugo"},
    # Signs up on the day itself: not known before it.
    {"customer_id": 9, "first_name": "Ida", "created_at": "2025-02-28 00:00"},
]

ORDERS = [
    # order_id, customer_id, ordered_at, amount, channel, restaurant_id, coupon
    (11, 1, "2025-01-31 12:30", 2500, "dine_in", 1, None),
    (12, 1, "2025-02-07 12:30", 2500, "dine_in", 1, None),
    (13, 1, "2025-02-14 19:30", 4500, "dine_in", 2, None),
    (14, 1, "2025-02-21 12:30", 2500, "takeaway", 1, "SPRING"),
    (15, 2, "2024-12-01 18:30", 1250, "takeaway", 1, None),
    (16, 4, "2025-02-25 12:00", 500, "dine_in", 1, None),
    (17, 4, "2025-02-26 12:00", 500, "dine_in", 1, None),
    (18, 5, "2024-11-20 19:00", 8000, "dine_in", 2, None),
    (19, 5, "2025-02-20 19:00", 9000, "dine_in", 2, None),
    (20, 6, "2025-02-10 19:00", 6000, "dine_in", 2, None),
    (21, 6, "2025-02-12 10:00", -6000, None, 2, None),
    (22, 7, "2025-02-27 20:00", 3000, "delivery", None, "WELCOME"),
    (23, 3, "2025-02-28 08:00", 1000, "takeaway", 1, None),
]
LATE = {19: date(2025, 2, 28)}
REFUNDS = {21}

ITEMS = [
    # order_id, item, category, quantity (thousandths), price, healthy
    (11, "Garden salad", "salad", 1000, 1300, True),
    (11, "Riesling", "Wine", 1000, 1200, False),
    (12, "Riesling", "wine", 1000, 1200, False),
    (12, "Soup", "soup", 1000, 1300, None),
    (13, "Riesling", "wine", 2000, 2400, False),
    (13, "Steak", "main", 1000, 2100, False),
    (14, "Garden salad", "salad", 1000, 2500, True),
    (15, "Pizza", "main", 1000, 1250, False),
    (18, "Steak", "main", 2000, 8000, False),
    (20, "Pils", "beer", 3000, 6000, None),
    (22, "Curry", None, 1000, 3000, True),
]

MESSAGES = [
    # message_id, customer_id, channel, kind, occurred_at
    (31, 1, "email", "sent", "2025-02-01 08:00"),
    (31, 1, "email", "opened", "2025-02-02 08:00"),
    (31, 1, "email", "opened", "2025-02-03 08:00"),
    (31, 1, "email", "clicked", "2025-02-03 08:01"),
    (32, 1, "email", "sent", "2025-02-10 08:00"),
    (33, 2, "sms", "sent", "2025-02-10 08:00"),
    (34, 3, "email", "sent", "2025-02-20 08:00"),
]

REVIEWS = [(41, 1, 500, "2025-02-08 09:00"), (42, 1, 400, "2025-02-22 09:00")]
REFERRALS = [(1, 2, "2024-12-01 18:00")]
LOYALTY = [
    (5, "silver", "2024-06-02 09:00"),
    (5, "gold", "2024-12-01 09:00"),
    (2, "none", "2024-12-01 18:00"),
]
RESTAURANTS = [(1, "Mitte", 52.52, 13.405), (2, "Potsdam", 52.39, 13.065)]


def _rows(table: str, names: str, *given: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [complete(table, **dict(zip(names.split(), row, strict=True))) for row in given]


def complete(table: str, **given: Any) -> dict[str, Any]:
    """Return a stored row from some of its columns, days and times written as text."""
    canonical = TABLE[table]
    row = {column.name: given.get(column.name) for column in canonical.columns}
    for column in canonical.columns:
        if row[column.name] is not None and column.form in {Form.TIME, Form.DATE}:
            moment = datetime.fromisoformat(row[column.name])
            row[column.name] = moment.date() if column.form is Form.DATE else moment
    if canonical.time:
        moment = row[canonical.time]
        row["day"] = row["known_day"] = moment and moment.date()
    if table == "orders":
        row |= {"hour": row["ordered_at"].hour, "weekday": row["day"].isoweekday()}
    if table == "customers":
        known_at = given.get("known_at")
        row["known_at"] = datetime.fromisoformat(known_at) if known_at else row["created_at"]
        row["known_day"] = row["known_at"] and row["known_at"].date()
    return {"known_day": None} | row


def toy_tables(*, text_ids: bool = False) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the toy restaurant; `text_ids` makes every id a text ("1", "2", …)."""
    orders = _rows(
        "orders", "order_id customer_id ordered_at amount channel restaurant_id coupon", *ORDERS
    )
    for row in orders:
        row["refund"] = row["order_id"] in REFUNDS
        row["known_day"] = LATE.get(row["order_id"], row["known_day"])
    tables = {
        "customers": [complete("customers", **guest) for guest in GUESTS],
        "orders": orders,
        "order_items": _rows(
            "order_items", "order_id item category quantity price healthy", *ITEMS
        ),
        "messages": _rows("messages", "message_id customer_id channel kind occurred_at", *MESSAGES),
        "reviews": _rows("reviews", "review_id customer_id rating reviewed_at", *REVIEWS),
        "referrals": _rows("referrals", "customer_id referred_customer_id referred_at", *REFERRALS),
        "loyalty": _rows("loyalty", "customer_id tier changed_at", *LOYALTY),
        "restaurants": _rows("restaurants", "restaurant_id name latitude longitude", *RESTAURANTS),
    }
    if text_ids:
        for name, rows in tables.items():
            ids = [c.name for c in TABLE[name].columns if c.form is Form.ID]
            for row in rows:
                row |= {i: str(row[i]) for i in ids if row[i] is not None}
    return tables


def toy_history(
    as_of: date = AS_OF, *, text_ids: bool = False, has_customers: bool = True
) -> History:
    """Return the toy restaurant in stored form, seen at the start of `as_of`."""
    tables = toy_tables(text_ids=text_ids)
    if not has_customers:
        tables["customers"] = []
    domains = {column.domain for table in TABLES for column in table.columns if column.domain}
    return stored_history(
        tables,
        as_of,
        has_customers=has_customers,
        integer_domains=frozenset() if text_ids else frozenset(domains),
    )
