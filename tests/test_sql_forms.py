"""The forms that rank rows, where windows end, middles fall between two and rows tie."""

import pytest

from random_histories import stored_history
from segml.engine.history import History
from segml.engine.sql import SqlEngine
from segml.library.features import FEATURES
from toy_restaurant import AS_OF, complete

ORDERS = [
    # order_id, customer_id, ordered_at, amount, channel
    (1, 1, "2024-11-22 12:00", 100, "dine_in"),  # 90 days before the last: not in its 90 days
    (2, 1, "2024-11-23 12:00", 200, "dine_in"),  # 89 days before: in
    (3, 1, "2024-11-23 20:00", 300, "takeaway"),
    (4, 1, "2025-02-10 12:00", 400, "takeaway"),
    (5, 1, "2025-02-20 12:00", 500, "delivery"),
    (6, 2, "2025-01-01 12:00", 600, "dine_in"),
    (7, 2, "2025-01-04 12:00", 700, "takeaway"),
    (9, 2, "2025-01-08 12:00", 900, "delivery"),
    (10, 2, "2025-01-08 12:00", 1000, "takeaway"),
    (11, 3, "2025-01-08 12:00", 1100, "takeaway"),
    (12, 3, "2025-01-08 12:00", 1200, "dine_in"),
]


def edges(*, text_ids: bool = False) -> History:
    names = ("order_id", "customer_id", "ordered_at", "amount", "channel")
    rows = [complete("orders", **dict(zip(names, order, strict=True))) for order in ORDERS]
    if text_ids:
        rows = [row | {"order_id": str(row["order_id"])} for row in rows]
    domains = frozenset({"customer"} if text_ids else {"customer", "order"})
    return stored_history({"orders": rows}, AS_OF, has_customers=False, integer_domains=domains)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("visits_per_month", [4 / 3, 4 / 3, 2 / 3]),
        ("usual_gap_days", [10.0, 3.5, None]),  # of 1, 79, 10; of 3, 4; one day only
        ("favorite_channel", ["takeaway", "takeaway", "dine_in"]),  # latest; most; alphabet
        ("first_order_value", [100, 600, 1100]),
        ("last_order_value", [500, 1000, 1200]),  # of two at once, the larger order_id
        ("orders_30d", [2, 0, 0]),
    ],
)
def test_edges_by_eye(name: str, values: list[object]) -> None:
    assert SqlEngine(edges(), FEATURES).features([name])[name].to_list() == values


def test_ids_that_are_texts_tie_as_texts() -> None:
    found = SqlEngine(edges(text_ids=True), FEATURES).features(["last_order_value"])
    assert found["last_order_value"].to_list() == [500, 900, 1200]  # "10" is before "9"
