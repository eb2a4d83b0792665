"""The reference engine on the toy restaurant: every answer can be checked by eye."""

from datetime import date
from typing import Any

import pytest

from segml.core.errors import UnknownName
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
    Predicate,
    Text,
    Top,
)
from segml.engine.history import History
from segml.engine.reference import Reference
from segml.library.features import FEATURES
from toy_restaurant import AS_OF, toy_history, toy_tables

ADA, BEN, CLEO, DAN, EVE, FINN, GWEN, HUGO, IDA = range(1, 10)

VALUES: dict[str, dict[int, Any]] = {
    "orders_total": {ADA: 4, BEN: 1, CLEO: 0, EVE: 1, FINN: 1, GWEN: 1},
    "orders_30d": {ADA: 4, BEN: 0, FINN: 1, GWEN: 1},
    "orders_90d": {ADA: 4, BEN: 1, EVE: 0},
    "visits_per_month": {ADA: 4 / 3, CLEO: 0.0, EVE: 1 / 3},
    "lifetime_spend": {ADA: 12000, BEN: 1250, CLEO: 0, EVE: 8000, FINN: 0},
    "spend_30d": {ADA: 12000, EVE: 0, FINN: 0, GWEN: 3000},
    "average_order_value": {ADA: 30.0, CLEO: None, FINN: 0.0},
    "largest_order_value": {ADA: 4500, CLEO: None, EVE: 8000, FINN: 6000},
    "first_order_at": {ADA: date(2025, 1, 31), CLEO: None},
    "last_order_at": {ADA: date(2025, 2, 21), EVE: date(2024, 11, 20), FINN: date(2025, 2, 10)},
    "days_since_first_order": {ADA: 28, CLEO: None, GWEN: 1},
    "days_since_last_order": {ADA: 7, EVE: 100, GWEN: 1},
    "first_order_value": {ADA: 2500},
    "last_order_value": {ADA: 2500, FINN: 6000},
    "usual_gap_days": {ADA: 7.0, BEN: None, CLEO: None},
    "overdue_ratio": {ADA: 1.0, BEN: None},
    # "Wine" and "wine" are two names: wine and salad are in two orders each, salad in the latest.
    "favorite_category": {ADA: "salad", BEN: "main", CLEO: None, GWEN: None},
    "categories_ordered": {ADA: ["Wine", "main", "salad", "soup", "wine"], GWEN: None},
    "favorite_item": {ADA: "Riesling", FINN: "Pils"},
    "favorite_channel": {ADA: "dine_in", CLEO: None},
    "favorite_restaurant": {ADA: "1", EVE: "2", GWEN: None},
    "favorite_weekday": {ADA: "Friday", BEN: "Sunday", FINN: "Monday"},
    "lunch_share": {ADA: 0.75, BEN: 0.0, CLEO: None},
    "dinner_share": {ADA: 0.25, BEN: 1.0},
    "weekend_share": {ADA: 0.0, BEN: 1.0},
    "healthy_share": {ADA: 2 / 7, BEN: 0.0, FINN: 0.0, CLEO: None, GWEN: 1.0},
    "coupon_share": {ADA: 0.25, GWEN: 1.0},
    "restaurants_visited": {ADA: 2, CLEO: 0, GWEN: 0},
    "age": {ADA: 29, BEN: 34, CLEO: None},
    "birthday": {ADA: date(1996, 2, 29)},
    "anniversary": {ADA: None},
    "city": {ADA: "Berlin", BEN: "Potsdam", CLEO: "berlin"},
    "distance_km": {ADA: 0.0, BEN: None},
    "email_opt_in": {ADA: True, BEN: None, CLEO: False},
    "emails_sent_90d": {ADA: 2, BEN: 0, CLEO: 1},
    "emails_opened_90d": {ADA: 1, CLEO: 0},
    "email_open_rate_90d": {ADA: 0.5, BEN: None, CLEO: 0.0},
    "email_click_rate_90d": {ADA: 0.5},
    "days_since_last_email": {ADA: 18, BEN: None, CLEO: 8},
    "reviews_total": {ADA: 2, BEN: 0},
    "average_rating": {ADA: 4.5, BEN: None},
    "days_since_last_review": {ADA: 6},
    "loyalty_tier": {ADA: None, BEN: "none", EVE: "gold"},
    "loyalty_member": {ADA: False, BEN: False, EVE: True},
    "days_in_tier": {ADA: None, EVE: 89},
    "referrals_total": {ADA: 1, BEN: 0},
    "tags": {ADA: ["Wine club", "regular"], BEN: None, GWEN: ["VIP"]},
    "vip": {ADA: None, EVE: True, FINN: False},
    "dietary": {CLEO: ["vegan"]},
    "churn_risk": {ADA: None},
}


def number(name: str, order: Any, value: Any) -> Predicate:
    return Compare(Field(name), order, value)


WINE = Compare(Field("category"), "eq", "wine")
WINE_LINES = Events("order_items", WINE)
SINCE_FEBRUARY = Compare(Field("ordered_at"), "ge", date(2025, 2, 1))

MEMBERS: dict[str, tuple[Predicate, list[int]]] = {
    "everyone": (EVERYONE, [ADA, BEN, CLEO, EVE, FINN, GWEN]),
    "nobody": (Or(()), []),
    "text in any case": (Compare(Field("city"), "eq", "berlin"), [ADA, CLEO]),
    "complement holds the unknown": (
        Not(Compare(Field("city"), "eq", "berlin")),
        [BEN, EVE, FINN, GWEN],
    ),
    "false is not unknown": (Compare(Field("email_opt_in"), "eq", value=False), [CLEO]),
    "unknown": (IsNull(Field("email_opt_in")), [BEN, FINN, GWEN]),
    "in a list": (In(Field("tags"), ("vip", "regular")), [ADA, GWEN]),
    "in nothing": (In(Field("city"), ()), []),
    "plain characters": (Text(Field("city"), "contains", "%"), []),
    "ends": (Text(Field("city"), "ends_with", "dam"), [BEN]),
    "month and day": (Compare(MonthDay(Field("birthday")), "eq", 229), [ADA]),
    "never wine": (Compare(WINE_LINES, "eq", 0), [BEN, CLEO, EVE, FINN, GWEN]),
    "three lines of wine": (Compare(WINE_LINES, "eq", 3), [ADA]),
    "spent on wine": (
        Compare(Events("order_items", WINE, "sum", "price"), "ge", 4800),
        [ADA],
    ),
    "no wine, no average": (IsNull(Events("order_items", WINE, "avg", "price")), [2, 3, 5, 6, 7]),
    "average line": (
        Compare(Events("order_items", EVERYONE, "avg", "price"), "eq", 12000 / 7),
        [ADA],
    ),
    "the order's day": (
        Compare(Events("order_items", And((WINE, SINCE_FEBRUARY))), "eq", 2),
        [ADA],
    ),
    "an id is a text": (
        Compare(Events("orders", Compare(Field("restaurant_id"), "eq", "2")), "ge", 1),
        [ADA, EVE, FINN],
    ),
    "highest half, up": (
        Top(Field("lifetime_spend"), largest=True, numerator=1, denominator=2),
        [ADA, EVE, GWEN],
    ),
    "lowest two, ties by id": (Top(Field("lifetime_spend"), largest=False, n=2), [CLEO, FINN]),
    "the unknown have no rank": (Top(Field("overdue_ratio"), largest=False, n=9), [ADA]),
    "a week ago": (Before(7, Compare(Field("orders_total"), "ge", 1)), [ADA, BEN, EVE, FINN]),
    "not yet known is not in the past": (Before(7, EVERYONE), [ADA, BEN, CLEO, EVE, FINN]),
    "lived elsewhere": (Before(30, Compare(Field("city"), "eq", "berlin")), [ADA, BEN]),
}


@pytest.fixture
def toy_reference(toy: History) -> Reference:
    return Reference.of(toy, FEATURES)


@pytest.mark.parametrize("name", VALUES)
def test_value_of_each_field(name: str, toy_reference: Reference) -> None:
    expected = VALUES[name]
    found = {customer: toy_reference.feature(name, customer) for customer in expected}
    assert found == expected


@pytest.mark.parametrize("name", MEMBERS)
def test_members(name: str, toy_reference: Reference) -> None:
    predicate, expected = MEMBERS[name]
    assert toy_reference.members(predicate) == expected


def test_staff_the_unknown_and_the_future_are_in_no_set(toy_reference: Reference) -> None:
    for customer in (DAN, HUGO, IDA, 99):
        assert not toy_reference.holds(EVERYONE, customer)
        assert not toy_reference.holds(Not(EVERYONE), customer)


def test_distance_to_the_nearest_restaurant() -> None:
    tables = toy_tables()
    tables["customers"][0]["latitude"] = 52.52
    tables["customers"][0]["longitude"] = 13.065
    judge = Reference(tables, AS_OF, has_customers=True, features=FEATURES)
    # One degree of latitude is 6371.0088 * pi / 180 = 111.195 km; Potsdam is 0.13 degrees south.
    assert judge.feature("distance_km", ADA) == 14.455


def test_a_late_order_counts_from_the_day_it_is_known() -> None:
    tomorrow = Reference.of(toy_history(date(2025, 3, 1)), FEATURES)
    assert tomorrow.feature("orders_total", EVE) == 2
    assert tomorrow.feature("days_since_last_order", EVE) == 9
    assert tomorrow.universe() == [ADA, BEN, CLEO, EVE, FINN, GWEN, IDA]


def test_a_profile_is_the_one_last_known(toy_reference: Reference) -> None:
    assert toy_reference.feature("city", BEN) == "Potsdam"
    assert toy_reference.before(13).feature("city", BEN) == "Berlin"
    assert toy_reference.before(12).feature("city", BEN) == "Potsdam"


def test_text_ids_rank_as_texts(toy_with_text_ids: History) -> None:
    judge = Reference.of(toy_with_text_ids, FEATURES)
    assert judge.universe() == ["1", "2", "3", "5", "6", "7"]
    assert judge.feature("last_order_value", "1") == 2500
    assert judge.members(MEMBERS["never wine"][0]) == ["2", "3", "5", "6", "7"]


def test_without_customers_those_who_ordered_are_the_guests(
    toy_without_customers: History,
) -> None:
    judge = Reference.of(toy_without_customers, FEATURES)
    assert judge.universe() == [ADA, BEN, DAN, EVE, FINN, GWEN]
    assert judge.feature("city", ADA) is None
    assert judge.feature("distance_km", ADA) is None
    assert judge.feature("orders_total", ADA) == 4


def test_operand_is_what_a_leaf_looks_at(toy_reference: Reference) -> None:
    assert toy_reference.operand(WINE_LINES, ADA) == 3
    assert toy_reference.operand(MonthDay(Field("birthday")), ADA) == 229
    assert toy_reference.operand(MonthDay(Field("birthday")), CLEO) is None
    assert toy_reference.operand(Events("orders", EVERYONE, "min", "amount"), CLEO) is None
    assert toy_reference.operand(Events("orders", EVERYONE, "distinct", "channel"), ADA) == 2


def test_an_unknown_field_is_named_with_its_neighbours(toy_reference: Reference) -> None:
    with pytest.raises(UnknownName, match="orders_total"):
        toy_reference.feature("order_total", ADA)


@pytest.mark.parametrize(
    "asked",
    [
        Top(Field("amount"), largest=True, n=1),
        Before(1, EVERYONE),
        Compare(WINE_LINES, "ge", 1),
    ],
)
def test_event_rows_are_not_asked_what_customers_are(
    asked: Predicate, toy_reference: Reference
) -> None:
    with pytest.raises(TypeError):
        toy_reference.members(Compare(Events("orders", asked), "ge", 1))


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        # Salad and soup are in two orders each; the latest order has both: alphabetical.
        ({11: ["soup", "salad"], 12: ["salad", "soup"]}, "salad"),
        # Twice in one order counts once.
        ({11: ["soup", "soup", "soup"], 12: ["salad"], 13: ["salad"]}, "salad"),
        # As often: the one ordered last.
        ({11: ["salad"], 12: ["soup"]}, "soup"),
        # Capital letters come first, as in the code of the characters.
        ({11: ["soup", "Soup"]}, "Soup"),
    ],
)
def test_ties_of_a_favourite(moments: dict[int, list[str]], expected: str) -> None:
    tables = toy_tables()
    template = tables["order_items"][0]
    tables["order_items"] = [
        template | {"order_id": order, "item": item}
        for order, items in moments.items()
        for item in items
    ]
    judge = Reference(tables, AS_OF, has_customers=True, features=FEATURES)
    assert judge.feature("favorite_item", ADA) == expected


def test_the_last_of_equal_times_is_by_order_id() -> None:
    tables = toy_tables()
    last = next(row for row in tables["orders"] if row["order_id"] == 14)
    tables["orders"].append(last | {"order_id": 9, "amount": 1})
    judge = Reference(tables, AS_OF, has_customers=True, features=FEATURES)
    assert judge.feature("last_order_value", ADA) == 2500
    as_texts = toy_tables(text_ids=True)
    last = next(row for row in as_texts["orders"] if row["order_id"] == "14")
    as_texts["orders"].append(last | {"order_id": "9", "amount": 1})
    judge = Reference(as_texts, AS_OF, has_customers=True, features=FEATURES)
    assert judge.feature("last_order_value", "1") == 1
