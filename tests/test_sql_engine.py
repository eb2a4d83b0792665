"""The SQL engine on DuckDB: every field of the toy restaurant by eye, awkward texts and numbers."""

import math
import operator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args

import polars as pl
import pytest
from sqlglot import exp, parse_one

from random_histories import stored_history
from segml.core.errors import UnknownName
from segml.core.features import Score
from segml.core.predicates import (
    EVERYONE,
    And,
    Before,
    Compare,
    Events,
    Field,
    In,
    IsNull,
    MonthDay,
    Not,
    Or,
    Order,
    Predicate,
    Text,
    Top,
)
from segml.core.tables import TABLE
from segml.engine.history import History
from segml.engine.sql import DIALECTS, SqlEngine, features_sql, members_sql
from segml.library.features import FEATURES
from toy_restaurant import AS_OF, complete

KNOWN = [name for name, feature in FEATURES.items() if not isinstance(feature.form, Score)]


day = date.fromisoformat

# By eye -------------------------------------------------------------------------------------------

# fmt: off
GUESTS = (1, 2, 3, 5, 6, 7)  # Ada, Ben, Cleo, Eve, Finn, Gwen
VALUES: dict[str, tuple[Any, ...]] = {
    "orders_total": (4, 1, 0, 1, 1, 1),
    "order_days_total": (4, 1, 0, 1, 1, 1),
    "orders_30d": (4, 0, 0, 0, 1, 1),
    "orders_90d": (4, 1, 0, 0, 1, 1),
    "orders_365d": (4, 1, 0, 1, 1, 1),
    "visits_per_month": (4 / 3, 1 / 3, 0.0, 1 / 3, 1 / 3, 1 / 3),
    "lifetime_spend": (12000, 1250, 0, 8000, 0, 3000),
    "spend_30d": (12000, 0, 0, 0, 0, 3000),
    "spend_90d": (12000, 1250, 0, 0, 0, 3000),
    "spend_365d": (12000, 1250, 0, 8000, 0, 3000),
    "average_order_value": (30.0, 12.5, None, 80.0, 0.0, 30.0),
    "largest_order_value": (4500, 1250, None, 8000, 6000, 3000),
    "first_order_at": (
        day("2025-01-31"), day("2024-12-01"), None, day("2024-11-20"), day("2025-02-10"),
        day("2025-02-27"),
    ),
    "last_order_at": (
        day("2025-02-21"), day("2024-12-01"), None, day("2024-11-20"), day("2025-02-10"),
        day("2025-02-27"),
    ),
    "days_since_first_order": (28, 89, None, 100, 18, 1),
    "days_since_last_order": (7, 89, None, 100, 18, 1),
    "first_order_value": (2500, 1250, None, 8000, 6000, 3000),
    "last_order_value": (2500, 1250, None, 8000, 6000, 3000),
    "usual_gap_days": (7.0, None, None, None, None, None),
    "gap_spread_days": (0.0, None, None, None, None, None),
    "overdue_ratio": (1.0, None, None, None, None, None),
    "favorite_category": ("salad", "main", None, "main", "beer", None),
    "categories_ordered": (
        ["Wine", "main", "salad", "soup", "wine"], ["main"], None, ["main"], ["beer"], None,
    ),
    "favorite_item": ("Riesling", "Pizza", None, "Steak", "Pils", "Curry"),
    "favorite_channel": ("dine_in", "takeaway", None, "dine_in", "dine_in", "delivery"),
    "favorite_restaurant": ("1", "1", None, "2", "2", None),
    "favorite_weekday": ("Friday", "Sunday", None, "Wednesday", "Monday", "Thursday"),
    "lunch_share": (0.75, 0.0, None, 0.0, 0.0, 0.0),
    "dinner_share": (0.25, 1.0, None, 1.0, 1.0, 1.0),
    "weekend_share": (0.0, 1.0, None, 0.0, 0.0, 0.0),
    "healthy_share": (2 / 7, 0.0, None, 0.0, 0.0, 1.0),
    "coupon_share": (0.25, 0.0, None, 0.0, 0.0, 1.0),
    "restaurants_visited": (2, 1, 0, 1, 1, 0),
    "age": (29, 34, None, None, None, None),
    "birthday": (day("1996-02-29"), day("1990-03-01"), None, None, None, None),
    "city": ("Berlin", "Potsdam", "berlin", None, None, None),
    "distance_km": (0.0, None, None, None, None, None),
    "email_opt_in": (True, None, False, True, None, None),
    "emails_sent_90d": (2, 0, 1, 0, 0, 0),
    "emails_opened_90d": (1, 0, 0, 0, 0, 0),
    "email_open_rate_90d": (0.5, None, 0.0, None, None, None),
    "email_click_rate_90d": (0.5, None, 0.0, None, None, None),
    "days_since_last_email": (18, None, 8, None, None, None),
    "reviews_total": (2, 0, 0, 0, 0, 0),
    "average_rating": (4.5, None, None, None, None, None),
    "days_since_last_review": (6, None, None, None, None, None),
    "loyalty_tier": (None, "none", None, "gold", None, None),
    "loyalty_member": (False, False, False, True, False, False),
    "days_in_tier": (None, 89, None, 89, None, None),
    "referrals_total": (1, 0, 0, 0, 0, 0),
    "tags": (["Wine club", "regular"], None, None, None, None, ["VIP"]),
    "vip": (None, None, None, True, False, None),
    "dietary": (None, None, ["vegan"], None, None, None),
}
NOTHING = (
    "anniversary", "postcode", "preferred_channel", "sms_opt_in", "marketing_objection",
    "instagram_follower", "churn_risk", "tier_upgrade_likelihood", "expected_orders_90d",
)
VALUES |= dict.fromkeys(NOTHING, (None,) * 6)
# fmt: on


def test_every_field_by_eye(toy: History) -> None:
    assert VALUES.keys() == FEATURES.keys()
    found = SqlEngine(toy, FEATURES).features(list(VALUES))
    assert found["customer_id"].to_list() == list(GUESTS)
    for name, values in VALUES.items():
        assert tuple(found[name].to_list()) == values, name


def test_text_ids_are_the_same_guests(toy_with_text_ids: History) -> None:
    found = SqlEngine(toy_with_text_ids, FEATURES).features(list(VALUES))
    assert found["customer_id"].to_list() == [str(guest) for guest in GUESTS]
    for name, values in VALUES.items():
        assert tuple(found[name].to_list()) == values, name


def test_without_customers_those_who_ordered(toy_without_customers: History) -> None:
    found = SqlEngine(toy_without_customers, FEATURES).features(list(VALUES))
    assert found["customer_id"].to_list() == [1, 2, 4, 5, 6, 7]
    profile = [name for name, feature in FEATURES.items() if feature.group == "Custom"]
    profile += ["age", "birthday", "city", "distance_km", "email_opt_in", "instagram_follower"]
    assert all(found[name].null_count() == found.height for name in profile)
    same = [place for place, guest in enumerate(GUESTS) if guest != 3]
    rest = found.filter(pl.col("customer_id") != 4)
    for name in KNOWN:
        if name not in profile:
            assert rest[name].to_list() == [VALUES[name][place] for place in same], name


def orders_of(where: Predicate = EVERYONE) -> Events:
    return Events("orders", where)


WINE = Compare(Field("category"), "eq", "wine")
SPENT = Field("lifetime_spend")

MEMBERS: dict[str, tuple[Predicate, tuple[int, ...]]] = {
    "everyone": (EVERYONE, GUESTS),
    "nobody": (Or(()), ()),
    "equal": (Compare(Field("orders_total"), "eq", 1), (2, 5, 6, 7)),
    "less": (Compare(SPENT, "lt", 3000), (2, 3, 6)),
    "at most": (Compare(SPENT, "le", 3000), (2, 3, 6, 7)),
    "more": (Compare(Field("average_order_value"), "gt", 30), (5,)),
    "at least": (Compare(Field("average_order_value"), "ge", 30), (1, 5, 7)),
    "missing is not less": (Compare(Field("average_order_value"), "lt", 30), (2, 6)),
    "complement": (Not(Compare(Field("average_order_value"), "lt", 30)), (1, 3, 5, 7)),
    "a third": (Compare(Field("visits_per_month"), "eq", 1 / 3), (2, 5, 6, 7)),
    "half a day": (Compare(Field("days_since_last_order"), "gt", 17.5), (2, 5, 6)),
    "text in any case": (Compare(Field("city"), "eq", "berlin"), (1, 3)),
    "yes": (Compare(Field("email_opt_in"), "eq", value=True), (1, 5)),
    "not yes": (Not(Compare(Field("email_opt_in"), "eq", value=True)), (2, 3, 6, 7)),
    "date": (Compare(Field("last_order_at"), "ge", day("2025-02-10")), (1, 6, 7)),
    "one of": (In(Field("favorite_channel"), ("takeaway", "delivery")), (2, 7)),
    "one of none": (In(Field("favorite_channel"), ()), ()),
    "one of numbers": (In(Field("orders_total"), (0, 4, 1.5)), (1, 3)),
    "one of shares": (In(Field("lunch_share"), (0.75, 1)), (1,)),
    "an element": (In(Field("tags"), ("wine club", "vip")), (1, 7)),
    "no element": (Not(In(Field("tags"), ("vip",))), (1, 2, 3, 5, 6)),
    "an element of none": (In(Field("tags"), ()), ()),
    "a category": (In(Field("categories_ordered"), ("wine", "beer")), (1, 6)),
    "unknown list": (IsNull(Field("tags")), (2, 3, 5, 6)),
    "unknown categories": (IsNull(Field("categories_ordered")), (3, 7)),
    "unknown": (IsNull(Field("loyalty_tier")), (1, 3, 6, 7)),
    "contains": (Text(Field("city"), "contains", "erl"), (1, 3)),
    "begins": (Text(Field("favorite_item"), "starts_with", "pi"), (2, 6)),
    "ends": (Text(Field("favorite_item"), "ends_with", "ing"), (1,)),
    "birthday": (In(MonthDay(Field("birthday")), (229, 301)), (1, 2)),
    "birthday up to": (Compare(MonthDay(Field("birthday")), "lt", 301), (1,)),
    "top 2": (Top(SPENT, largest=True, n=2), (1, 5)),
    "bottom 2, a tie": (Top(SPENT, largest=False, n=2), (3, 6)),
    "top third of the known": (
        Top(Field("average_order_value"), largest=True, numerator=1, denominator=3),
        (1, 5),
    ),
    "a tie by id": (Top(Field("orders_total"), largest=True, n=3), (1, 2, 5)),
    "top events": (Top(orders_of(Compare(Field("amount"), "gt", 2500)), largest=True, n=1), (1,)),
    "never wine": (Compare(Events("order_items", WINE), "eq", 0), (2, 3, 5, 6, 7)),
    "wine lines": (Compare(Events("order_items", WINE), "ge", 3), (1,)),
    "on a day": (
        Compare(orders_of(Compare(Field("ordered_at"), "eq", day("2025-02-27"))), "ge", 1),
        (7,),
    ),
    "an id is a text": (
        Compare(orders_of(Compare(Field("restaurant_id"), "eq", "2")), "ge", 1),
        (1, 5, 6),
    ),
    "no place known": (Compare(orders_of(IsNull(Field("restaurant_id"))), "ge", 1), (7,)),
    "sum over none": (Compare(Events("reviews", EVERYONE, "sum", "rating"), "eq", 0), GUESTS[1:]),
    "average": (Compare(Events("reviews", EVERYONE, "avg", "rating"), "eq", 450), (1,)),
    "least over none": (
        IsNull(Events("order_items", WINE, "min", "price")),
        (2, 3, 5, 6, 7),
    ),
    "most": (Compare(Events("order_items", EVERYONE, "max", "price"), "ge", 3000), (5, 6, 7)),
    "distinct": (Compare(Events("messages", EVERYONE, "distinct", "message_id"), "eq", 2), (1,)),
    "distinct days": (
        Compare(Events("order_items", EVERYONE, "distinct", "ordered_at"), "eq", 4),
        (1,),
    ),
    "no refund counts": (Compare(orders_of(Compare(Field("amount"), "lt", 0)), "ge", 1), ()),
    "then": (Before(7, Compare(Field("orders_total"), "eq", 3)), (1,)),
    "then unknown": (Before(14, IsNull(Field("last_order_at"))), (3,)),
    "not then": (Not(Before(18, EVERYONE)), (6, 7)),
    "then and before": (Before(7, Before(7, Compare(Field("orders_total"), "eq", 2))), (1,)),
    "top then": (Before(7, Top(SPENT, largest=True, n=1)), (1,)),
    "top long ago": (Before(60, Top(SPENT, largest=True, n=1)), (5,)),
    "moved since": (
        And(
            (
                Compare(Field("city"), "eq", "potsdam"),
                Before(20, Text(Field("city"), "contains", "berlin")),
            )
        ),
        (2,),
    ),
    "staff is nobody": (Compare(Field("orders_total"), "eq", 2), ()),
    "a score": (Compare(Field("churn_risk"), "ge", 0.5), ()),
    "no score": (IsNull(Field("churn_risk")), GUESTS),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_members_by_eye(name: str, toy: History) -> None:
    predicate, expected = MEMBERS[name]
    assert SqlEngine(toy, FEATURES).members(predicate) == list(expected)


@pytest.mark.parametrize("name", MEMBERS)
def test_the_rest_is_the_complement(name: str, toy: History) -> None:
    predicate, expected = MEMBERS[name]
    rest = [guest for guest in GUESTS if guest not in expected]
    assert SqlEngine(toy, FEATURES).members(Not(predicate)) == rest


# Awkward texts, numbers and shares ----------------------------------------------------------------

# fmt: off
CITIES = (
    "100%", "100 percent", "a_b", "axb", "O'Brien", 'say "hi"', "back\\slash", "two\\\\", "ÄPFEL",
    "\u0130stanbul", "Istanbul", "line\nbreak", "-- drop", "寿司 🍷", "%", "_", "\\",
)
# fmt: on
PARTS = (
    *(city.lower() for city in CITIES),
    "%",
    "_",
    "\\",
    "'",
    '"',
    "",
    "i",
    "\u0307",
    "🍷",
    "\n",
)


def cities() -> History:
    rows = [
        complete("customers", customer_id=place, created_at="2024-01-01", city=city)
        for place, city in enumerate(CITIES)
    ]
    return stored_history(
        {"customers": rows}, AS_OF, has_customers=True, integer_domains=frozenset({"customer"})
    )


@pytest.mark.parametrize("part", PARTS)
def test_text_is_literal(part: str) -> None:
    engine = SqlEngine(cities(), FEATURES)
    lower = [city.lower() for city in CITIES]
    field = Field("city")
    asked: dict[Predicate, list[bool]] = {
        Text(field, "contains", part): [part in city for city in lower],
        Text(field, "starts_with", part): [city.startswith(part) for city in lower],
        Text(field, "ends_with", part): [city.endswith(part) for city in lower],
        Compare(field, "eq", part): [city == part for city in lower],
        In(field, (part, "nowhere")): [city == part for city in lower],
    }
    for predicate, held in asked.items():
        assert engine.members(predicate) == [i for i, one in enumerate(held) if one], predicate


AMOUNTS = (-(2**63) + 1, -5, -1, 0, 1, 2, 2**53, 2**53 + 1, 2**63 - 1)
BOUNDS = (0, 1, 1.5, -1.5, 0.1, 2**53 + 1, 1e19, -1e19, 2**63 - 1, math.inf, -math.inf, 1e-300)
ORDERS: dict[Order, Any] = {order: getattr(operator, order) for order in get_args(Order)}


def one_order_each(amounts: list[int], *, text_ids: bool = False) -> History:
    """Return guests 0, 1, 2, … with one order each."""
    rows = [
        complete("orders", order_id=n, customer_id=n, ordered_at="2025-01-01 12:00", amount=amount)
        for n, amount in enumerate(amounts)
    ]
    if text_ids:
        rows = [row | {"customer_id": f"{row['customer_id']}"} for row in rows]
    domains = frozenset({"order"} if text_ids else {"order", "customer"})
    return stored_history({"orders": rows}, AS_OF, has_customers=False, integer_domains=domains)


def test_integers_compare_as_numbers() -> None:
    engine = SqlEngine(one_order_each(list(AMOUNTS)), FEATURES)
    for bound in BOUNDS:
        for order, holds in ORDERS.items():
            expected = [n for n, amount in enumerate(AMOUNTS) if holds(amount, bound)]
            found = engine.members(Compare(Field("largest_order_value"), order, bound))
            assert found == expected, (order, bound)


SHARES = [
    *(Fraction(n, 7) for n in range(1, 8)),
    Fraction(Decimal("33.33333333333333333333333333")) / 100,
    Fraction(Decimal("33.33333333333333333333333334")) / 100,
    Fraction(Decimal("1e-300")),
    Fraction(1, 3) - Fraction(1, 10**40),
    Fraction(1, 3) + Fraction(1, 10**40),
    1 - Fraction(1, 10**40),
    Fraction(0.1),
]


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("guests", [1, 3, 21, 1000])
def test_a_share_is_rounded_up_exactly(share: Fraction, guests: int) -> None:
    top = Top(SPENT, largest=True, numerator=share.numerator, denominator=share.denominator)
    found = SqlEngine(one_order_each([100] * guests), FEATURES).members(top)
    assert found == list(range(math.ceil(share * guests)))


def test_ties_follow_the_order_of_the_ids() -> None:
    tied = one_order_each([100] * 12)
    assert SqlEngine(tied, FEATURES).members(Top(SPENT, largest=True, n=4)) == [0, 1, 2, 3]
    tied = one_order_each([100] * 12, text_ids=True)
    found = SqlEngine(tied, FEATURES).members(Top(SPENT, largest=True, n=4))
    assert found == ["0", "1", "10", "11"]


# The statement ------------------------------------------------------------------------------------


def test_only_what_is_needed_is_read() -> None:
    text = members_sql(
        Compare(Field("orders_total"), "ge", 3), AS_OF, features=FEATURES, has_customers=False
    )
    tables = {table.name for table in parse_one(text, read="duckdb").find_all(exp.Table)}
    assert {name for name in tables if name in TABLE} == {"orders"}
    assert "ARRAY_AGG" not in members_sql(
        In(Field("categories_ordered"), ("wine",)), AS_OF, features=FEATURES, has_customers=True
    )


def test_a_form_is_computed_once() -> None:
    late = Compare(Field("days_since_last_order"), "ge", 60)
    known = Not(IsNull(Field("last_order_at")))
    text = members_sql(And((late, known)), AS_OF, features=FEATURES, has_customers=False)
    assert text.count("ROW_NUMBER()") == 1


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_dialect_reads_its_own_text(dialect: str) -> None:
    given = {"features": FEATURES, "has_customers": True, "dialect": dialect}
    texts = [members_sql(predicate, AS_OF, **given) for predicate, _ in MEMBERS.values()]
    texts += [members_sql(Text(Field("city"), "contains", p), AS_OF, **given) for p in PARTS]
    for text in [*texts, *(features_sql([name], AS_OF, **given) for name in FEATURES)]:
        assert parse_one(text, read=dialect).sql(dialect, pretty=True) == text


def test_unknown_names_are_refused(toy: History) -> None:
    engine = SqlEngine(toy, FEATURES)
    with pytest.raises(UnknownName, match=r"no field “order_total”\. Did you mean orders_total"):
        engine.members(Compare(Field("order_total"), "eq", 1))
    with pytest.raises(UnknownName, match=r"no column of orders “chanel”\. Did you mean channel"):
        engine.members(Compare(orders_of(IsNull(Field("chanel"))), "eq", 1))
    with pytest.raises(UnknownName, match=r"no SQL dialect “postgresql”\. Did you mean postgres"):
        members_sql(EVERYONE, AS_OF, features=FEATURES, has_customers=True, dialect="postgresql")


def test_rows_are_asked_nothing_about_customers(toy: History) -> None:
    for inner in (Top(Field("amount"), largest=True, n=1), Before(7, EVERYONE)):
        with pytest.raises(TypeError, match="customers, not rows of orders"):
            SqlEngine(toy, FEATURES).members(Compare(orders_of(inner), "ge", 1))
