"""A history is everything known before `as_of`, and nothing else.

Law kept: a row is visible when it had happened and was known before the start of the service day
`as_of`, on both clocks. The oracle on frames reads through here only; arranged buckets, the
reference and SQL say the same in their own words, and the agreement tests hold them to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from segml.core.calendar import earlier
from segml.core.tables import CUSTOMER_FACTS, TABLE

ITEM_COLUMNS_OF_ORDER = (
    "customer_id",
    "ordered_at",
    "day",
    "hour",
    "weekday",
    "channel",
    "restaurant_id",
    "coupon",
)


@dataclass(frozen=True, slots=True)
class History:
    """The facts visible at the start of the service day `as_of`.

    Attributes
    ----------
    tables
        The eight tables in stored form (see `core.tables`), empty where nothing was imported.
    as_of
        The service day at whose start we stand.
    has_customers
        Whether a customers table was imported. If so, the customers are its rows; if not, those
        who ordered.
    """

    tables: Mapping[str, pl.LazyFrame]
    as_of: date
    has_customers: bool

    def before(self, days: int) -> "History":
        """Return the history `days` days earlier."""
        return replace(self, as_of=earlier(self.as_of, days))

    def rows(self, table: str) -> pl.LazyFrame:
        """Return the visible rows of a table, or of ``payments``; items come with their orders."""
        if table == "payments":
            return self._visible("orders")
        if table == "orders":
            return self._visible("orders").filter(~pl.col("refund").fill_null(value=False))
        if table == "order_items":
            orders = self.rows("orders").select("order_id", *ITEM_COLUMNS_OF_ORDER)
            return self._visible("order_items").join(orders, on="order_id", how="inner")
        return self._visible(table)

    def profiles(self) -> pl.LazyFrame:
        """Return one row per visible customer: the profile as last known before `as_of`."""
        return (
            self._visible("customers")
            .sort("customer_id", "known_at", nulls_last=False)
            .unique("customer_id", keep="last", maintain_order=True)
        )

    def universe(self) -> pl.LazyFrame:
        """Return ``customer_id`` of every customer known before `as_of`, staff excluded, sorted.

        A customer is known from created_at, or without it from the first fact.
        """
        if not self.has_customers:
            return self.rows("orders").select("customer_id").unique().sort("customer_id")
        guests = self.profiles().filter(~pl.col("staff").fill_null(value=False))
        dated = guests.filter(pl.col("day").is_not_null()).select("customer_id")
        undated = guests.filter(pl.col("day").is_null()).select("customer_id")
        # The facts are searched for the undated, who are few, not the other way round.
        active = pl.concat(
            [
                self._visible(name).select("customer_id").join(undated, "customer_id", how="semi")
                for name in CUSTOMER_FACTS
            ]
        ).unique()
        return pl.concat([dated, active]).sort("customer_id")

    def _visible(self, table: str) -> pl.LazyFrame:
        rows = self.tables[table]
        clocks = ("day", "known_day") if TABLE[table].time else ("known_day",)
        for clock in clocks:
            rows = rows.filter(pl.col(clock).is_null() | (pl.col(clock) < self.as_of))
        return rows
