"""A bucket as a history shows it: the visible rows of its customers, and who of them is known.

Law kept: a row is visible when it had happened and was known before ``as_of``, on both clocks, as
in `history`; here the same is said of arranged rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import and_
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.tables import CUSTOMER_FACTS, TABLE
from segml.engine.arranged import ORDER, OWNER, Table
from segml.engine.grouped import Grouped, changed, filled, firsts
from segml.engine.history import ITEM_COLUMNS_OF_ORDER

MOMENT: Final = "moment"  # of an order: its time as a rank
_OF_ORDERS: Final = frozenset(ITEM_COLUMNS_OF_ORDER) | {"order_id", OWNER}


@dataclass(slots=True)
class Bucket:
    """The facts of consecutive customers, seen at the start of `as_of`.

    Attributes
    ----------
    tables
        In arranged form.
    restaurants
        All of them, in stored form.
    guests
        How many customers the bucket has; the places of ``owner``.
    as_of
        The service day at whose start we stand.
    has_customers
        Whether a customers table was imported.
    """

    tables: Mapping[str, Table]
    restaurants: pl.DataFrame
    guests: int
    as_of: date
    has_customers: bool
    _grouped: dict[str, Grouped] = field(default_factory=dict)
    _masks: dict[str, pl.Series] = field(default_factory=dict)
    _profile: pl.Series | None = None

    def rows(self, reading: str) -> Grouped:
        """Return the visible rows of a table, of ``payments``, or of lines with their orders."""
        if reading not in self._grouped:
            if reading == "order_items":
                self._grouped[reading] = self._lines()
            else:
                self._grouped[reading] = self._whole(reading)
        return self._grouped[reading]

    def profile(self, column: str) -> pl.Series:
        """Return a column of the profiles as last known, one row per customer; null without."""
        if self._profile is None:
            owner = self._visible("customers", OWNER).to_numpy()
            latest = np.full(self.guests, -1, dtype=np.int64)
            if len(owner):
                starts = firsts(owner)
                latest[owner[starts]] = np.append(starts[1:], len(owner)) - 1
            self._profile = placed(latest)
        return self._visible("customers", column)[self._profile]

    def known(self) -> NDArray[np.bool_]:
        """Return for every customer whether it is known before `as_of`, staff excluded."""
        if not self.has_customers:
            return self.rows("orders").count(None) > 0
        known = self.profile("known_at")  # only for the places: it may be missing itself
        assert self._profile is not None
        guests = self._profile.is_not_null() & ~filled(self.profile("staff"), False)
        undated = self.profile("day").is_null() if len(known) else known.is_null()
        found: NDArray[np.bool_] = guests.to_numpy().copy()
        if (guests & undated).any():
            active = np.zeros(self.guests, dtype=bool)
            for table in CUSTOMER_FACTS:
                active[self._visible(table, OWNER).to_numpy()] = True
            found &= active | ~undated.to_numpy()
        return found

    def visible_restaurants(self) -> pl.DataFrame:
        """Return the restaurants known before `as_of`."""
        return self.restaurants.filter(_seen(self.restaurants["known_day"], self.as_of))

    def _whole(self, reading: str) -> Grouped:
        table = "orders" if reading == "payments" else reading
        rows, shown = self.tables[table], self._mask(table)
        if reading == "orders":
            shown = shown & ~filled(rows["refund"], False)
        everything = shown.all()

        # A column is cut when it is asked for. This must not hold the bucket, which holds it: a
        # circle would keep a whole bucket in memory until somebody looks for circles.
        def series(name: str) -> pl.Series:
            whole = _moments(rows) if name == MOMENT else rows[name]
            return whole if everything else whole.filter(shown)

        return Grouped(reading, self.guests, series(OWNER).to_numpy(), series)

    def _lines(self) -> Grouped:
        lines, orders = self.tables["order_items"], self.tables["orders"]
        shown = self._mask("order_items")
        of_shown = self._mask("orders") & ~filled(orders["refund"], False)
        if not of_shown.all():
            shown = shown & of_shown[lines[ORDER]]
        everything = shown.all()

        def line(name: str) -> pl.Series:
            return lines[name] if everything else lines[name].filter(shown)

        order = line(ORDER)

        def series(name: str) -> pl.Series:
            if name == "known_day":  # a line is known when both it and its order are
                both = {"line": line(name), "order": orders[name][order]}
                return pl.DataFrame(both).select(pl.max_horizontal("line", "order")).to_series()
            if name == MOMENT:
                return _moments(orders)[order]
            return orders[name][order] if name in _OF_ORDERS else line(name)

        return Grouped("order_items", self.guests, orders[OWNER][order].to_numpy(), series)

    def _visible(self, table: str, column: str) -> pl.Series:
        """Return a column of the rows that are visible, refunds among them."""
        shown, values = self._mask(table), self.tables[table][column]
        return values if shown.all() else values.filter(shown)

    def _mask(self, table: str) -> pl.Series:
        if table not in self._masks:
            rows = self.tables[table]
            clocks = ("day", "known_day") if TABLE[table].time else ("known_day",)
            seen = (_seen(rows[clock], self.as_of) for clock in clocks)
            self._masks[table] = reduce(and_, seen)
        return self._masks[table]


def _moments(orders: Table) -> pl.Series:
    """Return a number for each order that ascends with time within a customer, ties alike."""
    time = orders["ordered_at"].cast(pl.Int64).to_numpy()
    begun = changed(orders[OWNER].to_numpy(), time)
    return pl.Series(np.cumsum(begun, dtype=np.int32))


def _seen(clock: pl.Series, as_of: date) -> pl.Series:
    return filled(clock < as_of, True)


def placed(places: NDArray[Any]) -> pl.Series:
    """Return places as indexes to gather by; a negative one as missing."""
    found = pl.Series(places.astype(np.int64))
    return found.set(found < 0, None).cast(pl.UInt32)
