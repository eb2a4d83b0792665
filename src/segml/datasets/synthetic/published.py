"""What a synthetic restaurant has written, read back: its plan, its days and its facts by block."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from segml.core.errors import SegmlError
from segml.datasets.synthetic.calendar import Calendar, Ints, made_of
from segml.datasets.synthetic.plan import BLOCK, SERVICE_DAY_HOUR, RestaurantPlan

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Restaurant:
    """A folder that `write_restaurant` filled: a whole restaurant, or a share of one.

    Attributes
    ----------
    folder
        Where its files are.
    plan, calendar
        What it was made of.
    campaign_period
        Per campaign, the period at whose start it went out.
    """

    folder: Path
    plan: RestaurantPlan
    calendar: Calendar
    campaign_period: Ints

    def blocks(self) -> Iterator[range]:
        """Yield the ids of the customers, a block at a time."""
        ids = pl.scan_parquet(self.folder / "truth" / "guests.parquet").select(
            pl.col("customer_id").min().alias("first"), pl.col("customer_id").max().alias("last")
        )
        first, last = ids.collect().row(0)
        for start in range(first, last + 1, BLOCK):
            yield range(start, min(start + BLOCK, last + 1))

    def rows(self, name: str, ids: range) -> pl.DataFrame:
        """Return the rows that a file has of some customers, as they stand."""
        mine = pl.col("customer_id").is_between(ids.start, ids.stop - 1)
        return pl.scan_parquet(self.folder / f"{name}.parquet").filter(mine).collect()

    def sales(self, ids: range) -> pl.DataFrame:
        """Return the sales to some customers, by customer, person and time.

        Rows written twice count once, refunds are left out. Columns: ``customer_id``; ``person``, 1
        for the second one on a shared card; ``seconds`` and ``known``, local time since the start
        of day 0 of the order and of learning it; ``spent``, cents before what was taken off on the
        spot.
        """
        orders = self.rows("orders", ids).unique("order_id", keep="first", maintain_order=True)
        companion = pl.col("order_id").is_in(
            self.rows("truth/companions", ids)["order_id"].implode()
        )
        lowered = pl.scan_parquet(self.folder / "truth" / "adjustments.parquet")
        return (
            orders.lazy()
            .filter(~pl.col("refund"))
            .join(lowered.select("order_id", "lowered"), on="order_id", how="left")
            .select(
                "customer_id",
                companion.cast(pl.Int64).alias("person"),
                self._seconds(pl.col("ordered_at")).alias("seconds"),
                self._seconds(pl.coalesce("known_at", "ordered_at")).alias("known"),
                ((pl.col("amount") + pl.col("lowered").fill_null(0)) * 100)
                .cast(pl.Int64)
                .alias("spent"),
            )
            .sort("customer_id", "person", "seconds")
            .collect()
        )

    def _seconds(self, time: pl.Expr) -> pl.Expr:
        start = pl.lit(self.plan.first_day).cast(pl.Datetime("us"))
        return (time - start).dt.total_seconds()


def restaurants(folder: Path) -> list[Restaurant]:
    """Return what a folder holds: one restaurant, or one per piece that it was made in.

    Raises
    ------
    SegmlError
        When the folder has no synthetic restaurant.
    """
    here = [folder, *sorted(path for path in folder.glob("*") if path.is_dir())]
    found = [path for path in here if (path / "truth" / "process.json").exists()]
    if not found:
        raise SegmlError(
            f"{folder} holds no synthetic restaurant: neither it nor a folder in it has "
            "truth/process.json. Name the folder that `write_restaurant` filled; that of a demo is "
            "`data` in its workspace."
        )
    return [_restaurant(path) for path in found]


def _restaurant(folder: Path) -> Restaurant:
    process: dict[str, Any] = json.loads((folder / "truth" / "process.json").read_text("utf-8"))
    parameters = process["plan"]
    parameters["first_day"] = date.fromisoformat(parameters["first_day"])
    parameters["last_day"] = date.fromisoformat(parameters["last_day"])
    parameters["tier_cuts"] = tuple(parameters["tier_cuts"])
    factor = np.array([day["factor"] for day in process["days"]]).T
    drift = np.array([day["drift"] for day in process["days"]])
    periods = [campaign["period"] for campaign in process["campaigns"]]
    return Restaurant(
        folder=folder,
        plan=RestaurantPlan(**parameters),
        calendar=made_of(parameters["first_day"], factor, drift),
        campaign_period=np.array(periods, dtype=np.int64),
    )


@dataclass(frozen=True, slots=True)
class Window:
    """The service days ``[start, end)`` whose visits are asked about, as numbers of days."""

    start: int
    end: int

    @property
    def from_second(self) -> int:
        """Return the local second, since the start of day 0, at which it begins."""
        return self.start * _DAY + SERVICE_DAY_HOUR * 3600

    @property
    def to_second(self) -> int:
        """Return the local second before which it ends."""
        return self.end * _DAY + SERVICE_DAY_HOUR * 3600


def window(plan: RestaurantPlan, as_of: date, horizon: int) -> Window:
    """Return the `horizon` service days from `as_of` on.

    Raises
    ------
    SegmlError
        When the record does not hold all of them, or nothing before them.
    """
    start = (as_of - plan.first_day).days
    if horizon < 1 or start < 1 or start + horizon > plan.days:
        latest = plan.last_day - timedelta(days=max(horizon, 1) - 1)
        raise SegmlError(
            f"The outcome of {horizon} days from {as_of} is not in this restaurant, whose record "
            f"is {plan.first_day} to {plan.last_day}: the horizon must be 1 day or more, and the "
            f"date between {plan.first_day + timedelta(days=1)} and {latest}."
        )
    return Window(start, start + horizon)
