"""Labels of a history small enough to check by eye; windows are half-open and never cut."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from random_histories import stored_history
from segml import WorkspaceError
from segml.core.tables import TABLE
from segml.engine.history import History
from segml.scoring.labels import Outcome, higher_tier, no_order
from segml.scoring.past import Share, grid
from toy_restaurant import complete

START = date(2025, 3, 1)
HORIZON = 30
OVER = START + timedelta(days=HORIZON)  # the first day after the window
CUTS = {"spend_tiers": [100, 200]}


def order(
    number: int, customer: int, day: date, amount: int = 1_000, **more: Any
) -> dict[str, Any]:
    row = complete(
        "orders", order_id=number, customer_id=customer, ordered_at=f"{day} 12:00", amount=amount
    )
    return row | {"refund": False} | more


def days(many: int) -> timedelta:
    return timedelta(days=many)


def seen(
    *orders: dict[str, Any], loyalty: tuple[tuple[int, str, date], ...] = (), as_of: date = OVER
) -> History:
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLE}
    tables["orders"] = list(orders)
    tables["loyalty"] = [
        complete("loyalty", customer_id=who, tier=tier, changed_at=f"{day} 12:00")
        for who, tier, day in loyalty
    ]
    domains = {column.domain for table in TABLE.values() for column in table.columns}
    return stored_history(
        tables, as_of, has_customers=False, integer_domains=frozenset(filter(None, domains))
    )


def outcome(history: History) -> Outcome:
    return Outcome(history, START, HORIZON, OVER)


def guests(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema_overrides={"loyalty_tier": pl.String})


def test_no_order_looks_at_a_half_open_window() -> None:
    history = seen(
        order(1, 1, START),  # the first day of the window
        order(2, 2, OVER - days(1)),  # its last
        order(3, 3, START - days(1)),  # the day before
        order(4, 4, OVER),  # the day after
        order(5, 5, START, refund=True),  # a refund is no visit
        order(6, 6, START, known_day=OVER),  # nobody knew of it yet
        as_of=OVER,
    )
    asked = guests(customer_id=[6, 5, 4, 3, 2, 1, 99])
    assert no_order(outcome(history), asked, {}).to_list() == [True] * 4 + [False] * 2 + [True]


def test_a_higher_tier_by_card() -> None:
    history = seen(
        order(1, 1, START),
        loyalty=(
            (1, "silver", START),
            (2, "gold", START - days(9)),
            (2, "silver", START + days(3)),  # down
            (3, "bronze", START + days(2)),
            (3, "none", START + days(5)),  # reached it, and lost it again
            (4, "gold", OVER),
            (5, "platinum", START - days(9)),
            (6, "none", START + days(1)),
        ),
        as_of=OVER + days(9),
    )
    tiers = [None, "gold", "none", "silver", "platinum", None, None]
    asked = guests(customer_id=[1, 2, 3, 4, 5, 6, 7], loyalty_tier=tiers)
    found = higher_tier(outcome(history), asked, {})
    assert found.to_list() == [True, False, True, False, None, False, False]


def test_a_higher_tier_by_spend_of_a_year() -> None:
    long_ago = START - days(360)
    history = seen(
        order(1, 1, START - days(50), 9_000),
        order(2, 1, START + days(1), 1_000),  # 100.00 in a year: the first cut is reached
        order(3, 2, long_ago, 9_000),
        order(4, 2, START + days(20), 1_000),  # by then the old one is over a year ago
        order(5, 3, START - days(1), 20_000),
        order(6, 3, START + days(1), 90_000),  # stood at the top already
        order(7, 4, START + days(1), 15_000),
        order(8, 4, START + days(2), -9_000, refund=True),  # was there for a day
        order(9, 5, START - days(9), 12_000),
        order(10, 5, START + days(9), 7_900),  # 199.00: not yet
    )
    asked = guests(customer_id=[1, 2, 3, 4, 5, 6], spend_365d=[90.0, 90.0, 200.0, 0, 120.0, 0])
    found = higher_tier(outcome(history), asked, CUTS)
    assert found.to_list() == [True, False, None, True, False, False]


def test_a_tier_by_spend_needs_cuts() -> None:
    asked = guests(customer_id=[1], spend_365d=[0.0])
    with pytest.raises(WorkspaceError, match="spend_tiers"):
        higher_tier(outcome(seen(order(1, 1, START))), asked, {})


def test_a_window_that_is_not_over_has_no_label() -> None:
    with pytest.raises(WorkspaceError, match=r"not known before 2025-03-31; .* cut short"):
        Outcome(seen(as_of=OVER - days(1)), START, HORIZON, OVER)


def test_a_window_that_the_record_ends_in_has_no_label() -> None:
    with pytest.raises(WorkspaceError, match="no order from 2025-03-30 on"):
        Outcome(seen(as_of=OVER + days(99)), START, HORIZON, OVER - days(1))


def test_the_grid_of_past_nights() -> None:
    first, end = date(2025, 1, 1), date(2025, 12, 31)
    found = grid(first, end, 60).nights
    assert found[0] == end - days(60)
    assert all(later - earlier == days(60) for later, earlier in pairwise(found))
    assert first + days(45) <= found[-1] < first + days(45 + 60)
    assert grid(first, first + days(104), 60).nights == ()
    for many in (7, 30, 90, 273):
        nights = grid(first, end, many)
        step = (nights.nights[0] - nights.nights[1]).days if len(nights.nights) > 1 else 42
        assert 7 <= step <= 62
        for night in nights.nights:
            assert all(one + days(many) <= night for one in nights.before(night, 99))
    assert len(grid(first, end, 60).before(end, 2)) == 2


def test_shares_part_customers_the_same_way_at_any_size() -> None:
    codes = pl.Series(range(10_000)).to_numpy()
    some, others = Share(0.0, 0.2, seed=20).of(codes), Share(0.2, 1.0, seed=20).of(codes)
    assert not (some & others).any()
    assert (some | others).all()
    assert 1_880 < some.sum() < 2_120  # 3 standard deviations of a fair lot
    assert (Share(0.0, 0.2, seed=20).of(codes[:50]) == some[:50]).all()
    assert (Share(0.0, 0.2, seed=21).of(codes) != some).any()
