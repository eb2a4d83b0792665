"""Random histories, small but nasty: ties, gaps, late facts, staff, refunds, odd texts.

Rows are made by number from a seed: Hypothesis shrinks which rows there are, not what is in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import polars as pl
from hypothesis import strategies as st

from segml.core.calendar import service_day
from segml.core.tables import TABLE, TABLES, Column, Form
from segml.engine.history import History
from segml.engine.stored import schema

DAYS = (
    date(2023, 2, 28),  # keeps the birthdays of 29 February
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2024, 12, 30),
    date(2025, 1, 1),
    date(2025, 6, 17),
)
# Distances from as_of at which something changes: windows, lengths of time, and both sides of them.
OFFSETS = (0, 1, 2, 3, 6, 7, 8, 29, 30, 31, 59, 60, 61, 89, 90, 91, 182, 183, 184, 364, 365, 366)
TEXTS = (
    "Wine",
    "wine",
    "WINE BAR",
    "Café",
    "CAFÉ",
    "100%",
    "a_b",
    "axb",
    "O'Brien",
    'say "hi"',
    "Straße",
    "İSTANBUL",
    "ÄPFEL",
    "äpfel",
    "寿司",
    "back\\slash",
    "🍷",
    "-- drop",
    "vegan",
)
LISTED = ("Vegan", "vegan", "nut allergy", "Größe", "50%", "a_b", "quo'te")
MONEY = (0, 1, 999, 1000, 1250, 1250, 5000, 10001, 98_765_432_109)
BIRTHDAYS = (
    date(1960, 2, 29),
    date(2000, 2, 29),
    date(1999, 2, 28),
    date(1980, 3, 1),
    date(1990, 12, 31),
    date(1990, 1, 1),
    date(1985, 6, 17),
)
PLACES = ((0.0, 0.0), (0.0, 180.0), (52.52, 13.405), (52.5, 13.4), (-33.86, 151.2), (90.0, 0.0))

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """A drawn history, as plain rows and as an engine takes it."""

    tables: Mapping[str, Rows]
    integer_domains: frozenset[str]
    as_of: date
    has_customers: bool

    @property
    def history(self) -> History:
        """Return the same facts in stored form."""
        return stored_history(
            self.tables,
            self.as_of,
            has_customers=self.has_customers,
            integer_domains=self.integer_domains,
        )


def stored_history(
    tables: Mapping[str, Rows],
    as_of: date,
    *,
    has_customers: bool,
    integer_domains: frozenset[str],
) -> History:
    """Return the history of `tables`, each of them in its stored schema; one left out is empty."""
    frames = {
        table.name: pl.LazyFrame(tables.get(table.name, []), schema=schema(table, integer_domains))
        for table in TABLES
    }
    return History(frames, as_of, has_customers)


@dataclass(frozen=True, slots=True)
class _Door:
    """What all rows of one history share."""

    seed: int
    as_of: date
    day_start: time
    integer_domains: frozenset[str]

    def identity(self, domain: str, n: int) -> int | str:
        if domain in self.integer_domains:
            return n
        return f"{n}" if n % 3 else f"{domain[0].upper()}{n}"

    def moment(self, random: Random) -> datetime:
        """Return a moment near an edge, seldom at or after as_of, often the same as another's."""
        if random.random() < 0.3:
            return datetime.combine(self.as_of, time(12)) - timedelta(random.choice((1, 2, 90, 91)))
        day = self.as_of - timedelta(days=random.choice((*OFFSETS, 1, 5, 12, -1)))
        hour = random.choice((0, 3, 4, 10, 11, 13, 14, 17, 20, 21, 23))
        return datetime.combine(day, time(hour, random.choice((0, 0, 30, 59))))

    def known_day(self, day: date | None, random: Random) -> date | None:
        late = random.choice((0, 0, 0, 0, 0, 1, 8, 40, None))
        return None if day is None or late is None else day + timedelta(days=late)


def _row(door: _Door, name: str, n: int) -> dict[str, Any]:
    """Return row `n` of a table, complete but for what the tables' own rules say of it."""
    table = TABLE[name]
    random = Random(f"{door.seed}/{name}/{n}")
    row = {column.name: _cell(door, column, random) for column in table.columns}
    if table.time:
        moment = row[table.time]
        row["day"] = moment and service_day(moment, door.day_start)
    row["known_day"] = door.known_day(row.get("day"), random)
    return row


def _cell(door: _Door, column: Column, random: Random) -> Any:
    if not column.required and random.random() < 0.25:
        return None
    match column.form:
        case Form.ID:
            # A few guests have most of the facts: there are rhythms, and sums of many parts.
            return door.identity(column.domain, random.choice((1, 1, 1, 2, 2, *range(1, 13))))
        case Form.TEXT if column.name == "channel" and not column.choices:
            return random.choice(("email", "Email", "sms"))
        case Form.TEXT:
            few = TEXTS[:3] if column.name in {"item", "category"} else TEXTS
            return random.choice(column.choices or random.choice((few, TEXTS)))
        case Form.DECIMAL if column.least is not None:
            return random.choice((100, 350, 400, 500))
        case Form.DECIMAL:
            return random.choice(MONEY if column.required else (*MONEY[:7], -1000))
        case Form.DEGREES:
            return random.choice(PLACES)[column.name == "longitude"]
        case Form.BOOLEAN:
            return random.random() < (0.2 if column.name in {"staff", "refund"} else 0.5)
        case Form.TIME:
            return door.moment(random)
        case Form.DATE:
            return random.choice(BIRTHDAYS)
        case Form.LIST:
            return random.sample(LISTED, random.randint(1, 3))


def _customers(door: _Door, numbers: list[int]) -> Rows:
    """Return up to three states of each profile, known one after the other, the first one early."""
    rows = []
    for n in numbers:
        row = _row(door, "customers", n)
        customer = n % 12 + 1
        states = [r for r in rows if r["customer_id"] == door.identity("customer", customer)]
        known_at = row["created_at"]
        if states:
            known_at = door.moment(Random(f"{door.seed}/state/{n}"))
        if known_at in {state["known_at"] for state in states}:
            continue
        known_day = known_at and service_day(known_at, door.day_start)
        row |= {"known_at": known_at, "known_day": known_day}
        rows.append(row | {"customer_id": door.identity("customer", customer)})
    return rows


def _numbered(door: _Door, name: str, numbers: list[int]) -> Rows:
    """Return rows of a table with an id of its own, which the row's number gives."""
    key, domain = TABLE[name].key[0], TABLE[name].columns[0].domain
    return [
        _row(door, name, n) | {key: door.identity(domain, n + 8)} for n in numbers
    ]  # from "8" on: "9" is less than "10" as a number, more as a text


def _orders(door: _Door, numbers: list[int]) -> Rows:
    rows = _numbered(door, "orders", numbers)
    for row in rows:
        row |= {"hour": row["ordered_at"].hour, "weekday": row["day"].isoweekday()}
        if row["refund"]:
            row["amount"] = -row["amount"]
    return rows


def _items(door: _Door, orders: Rows, numbers: list[int]) -> Rows:
    rows = []
    for n in numbers if orders else []:
        row = _row(door, "order_items", n)
        order = orders[n * n % len(orders)]
        late = Random(f"{door.seed}/late/{n}").choice((0, 0, 0, 9))
        known_day = order["known_day"] and order["known_day"] + timedelta(days=late)
        rows.append(row | {"order_id": order["order_id"], "known_day": known_day})
    return rows


def _messages(door: _Door, numbers: list[int]) -> Rows:
    """Return what befell few messages, so that many were sent, opened and clicked by one guest."""
    rows = []
    for n in numbers:
        row, random = _row(door, "messages", n), Random(f"{door.seed}/message/{n}")
        message = random.randint(1, 6)
        guest = random.choice((message % 4 + 1, message % 4 + 1, message % 4 + 1, 5))
        row["message_id"] = door.identity("message", message)
        row["customer_id"] = door.identity("customer", guest)
        row["kind"] = random.choice(("sent", "sent", "opened", "clicked", row["kind"]))
        rows.append(row)
    return rows


@st.composite
def _numbers(draw: st.DrawFn, most: int) -> list[int]:
    """Draw which of the rows 0 to `most` - 1 there are; seldom none."""
    if draw(st.integers(0, 7)) == 5:
        return []
    kept = draw(st.lists(st.booleans(), min_size=most, max_size=most))
    return [n for n, is_kept in enumerate(kept) if is_kept]


@st.composite
def histories(draw: st.DrawFn) -> Case:
    """Draw up to 12 guests with up to 40 orders and all the rest, seen from a day among them."""
    domains = sorted({c.domain for table in TABLES for c in table.columns if c.domain})
    integer_domains = frozenset(draw(st.sampled_from((domains, [], domains[::2]))))
    as_of = draw(st.sampled_from(DAYS))
    day_start = time(draw(st.sampled_from((0, 4))))
    door = _Door(draw(st.integers(0, 10**6)), as_of, day_start, integer_domains)
    has_customers = draw(st.booleans()) or draw(st.booleans())
    orders = _orders(door, draw(_numbers(40)))
    tables: dict[str, Rows] = {
        "orders": orders,
        "order_items": _items(door, orders, draw(_numbers(40))),
        "restaurants": _numbered(door, "restaurants", draw(_numbers(4))),
        "customers": _customers(door, draw(_numbers(20))) if has_customers else [],
        "reviews": _numbered(door, "reviews", draw(_numbers(10))),
        "messages": _messages(door, draw(_numbers(30))),
    }
    for name, most in (("referrals", 8), ("loyalty", 12)):
        tables[name] = [_row(door, name, n) for n in draw(_numbers(most))]
    for rows in tables.values():
        Random(door.seed).shuffle(rows)
    return Case(tables, integer_domains, as_of, has_customers)
