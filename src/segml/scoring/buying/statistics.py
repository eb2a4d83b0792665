"""All that these models look at of a customer: how often, when last, for how long, how evenly."""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from segml.scoring.arrays import Numbers

MOST_GROUPS: Final = 32_768


@dataclass(frozen=True, slots=True, eq=False)
class BuyingStatistics:
    """Sufficient statistics of order days, one entry per customer; all times in one unit.

    Attributes
    ----------
    repeats
        Order days after the first one (x).
    last
        Time from the first to the last order day (t_x); 0 without repeats.
    observed
        Time from the first order day to the day on which nothing more is known (T).
    log_gaps
        Sum of the logarithms of the gaps between order days; 0 without repeats. Only how evenly
        customers buy is read from it.

    Raises
    ------
    ValueError
        Where entries contradict each other, with how many do.
    """

    repeats: NDArray[np.int64]
    last: Numbers
    observed: Numbers
    log_gaps: Numbers | None = None

    def __post_init__(self) -> None:
        shapes = {np.shape(self.repeats), np.shape(self.last), np.shape(self.observed)}
        if self.log_gaps is not None:
            shapes.add(np.shape(self.log_gaps))
        if len(shapes) != 1 or self.repeats.ndim != 1:
            raise ValueError(f"buying statistics are columns of one length, not {sorted(shapes)}")
        wrong = {
            "negative repeats": self.repeats < 0,
            "last beyond observed, or not finite": ~(self.last <= self.observed)
            | ~np.isfinite(self.observed),
            "last at 0 with repeats, or later without": (self.repeats > 0) != (self.last > 0),
        }
        if self.log_gaps is not None:
            wrong["log_gaps not finite"] = ~np.isfinite(self.log_gaps)
        found = [
            f"{name} ({int(held.sum())} customers)" for name, held in wrong.items() if any(held)
        ]
        if found:
            raise ValueError(f"buying statistics that cannot be: {'; '.join(found)}")

    @classmethod
    def of(cls, repeats: ArrayLike, last: ArrayLike, observed: ArrayLike) -> Self:
        """Return statistics from plain sequences."""
        return cls(
            np.asarray(repeats, dtype=np.int64),
            np.asarray(last, dtype=np.float64),
            np.asarray(observed, dtype=np.float64),
        )

    def __len__(self) -> int:
        return len(self.repeats)

    def mean_gap(self, weight: Numbers) -> float:
        """Return about how much time goes by for each repeat, as if nobody ever stopped."""
        return float((weight * self.observed).sum() + 1) / float((weight * self.repeats).sum() + 1)

    def later(self, horizon: float) -> Self:
        """Return what would be known `horizon` later if nobody ordered until then."""
        return type(self)(self.repeats, self.last, self.observed + horizon, self.log_gaps)

    def of_customers(self, chosen: NDArray[np.bool_]) -> Self:
        """Return the entries of some customers."""
        gaps = None if self.log_gaps is None else self.log_gaps[chosen]
        return type(self)(self.repeats[chosen], self.last[chosen], self.observed[chosen], gaps)

    def grouped(self, weights: ArrayLike | None = None) -> tuple[Self, Numbers]:
        """Return distinct entries, ascending, and the customers' weight behind each.

        A likelihood is linear in `log_gaps`, so a group holds their weighted mean. Of more than
        `MOST_GROUPS` distinct entries so many are drawn at even steps of weight along their order:
        a handful of parameters is then known to about a hundredth, whatever the number beyond.
        """
        keys = ["repeats", "last", "observed"]
        mean = (pl.col("log_gaps") * pl.col("weight")).sum() / pl.col("weight").sum()
        rows = pl.DataFrame(
            {
                "repeats": self.repeats,
                "last": self.last,
                "observed": self.observed,
                "log_gaps": np.zeros(len(self)) if self.log_gaps is None else self.log_gaps,
                "weight": np.ones(len(self)) if weights is None else np.asarray(weights, float),
            }
        ).filter(pl.col("weight") > 0)
        groups = rows.group_by(keys, maintain_order=True).agg(mean, pl.col("weight").sum())
        groups = _evenly(groups.sort(keys))
        repeats, last, observed, log_gaps, weight = (
            groups[name].to_numpy() for name in groups.columns
        )
        given = None if self.log_gaps is None else log_gaps
        return type(self)(repeats, last, observed, given), weight


def buying_statistics(
    customer: NDArray[np.integer[Any]], day: NDArray[np.integer[Any]], as_of: int
) -> tuple[NDArray[np.int64], BuyingStatistics]:
    """Return who bought before a day, ascending, and their statistics in days.

    Parameters
    ----------
    customer, day
        One entry per order, in any order: the customer's code, and the day as a number.
    as_of
        Orders from this day on are not looked at.

    Returns
    -------
    codes, statistics
        Several orders of a day count as one.
    """
    gap = pl.col("day").diff().over("customer").log().fill_null(0.0)
    days = (
        pl.DataFrame({"customer": customer, "day": day}, schema_overrides={"day": pl.Int64})
        .filter(pl.col("day") < as_of)
        .unique()
        .sort("customer", "day")
        .with_columns(log_gap=gap)
    )
    found = days.group_by("customer", maintain_order=True).agg(
        repeats=pl.len().cast(pl.Int64) - 1,
        last=(pl.col("day").last() - pl.col("day").first()).cast(pl.Float64),
        observed=(pl.lit(as_of) - pl.col("day").first()).cast(pl.Float64),
        log_gaps=pl.col("log_gap").sum(),
    )
    codes, *columns = (found[name].to_numpy() for name in found.columns)
    return codes.astype(np.int64), BuyingStatistics(*columns)


def _evenly(groups: pl.DataFrame) -> pl.DataFrame:
    """Return at most `MOST_GROUPS` of weighted groups, drawn at even steps of their weight."""
    if len(groups) <= MOST_GROUPS:
        return groups
    reached = np.cumsum(groups["weight"].to_numpy())
    steps = (np.arange(MOST_GROUPS) + 0.5) / MOST_GROUPS * reached[-1]
    drawn = np.bincount(np.searchsorted(reached, steps), minlength=len(groups))
    weight = pl.Series("weight", drawn * (reached[-1] / MOST_GROUPS))
    return groups.with_columns(weight).filter(weight > 0)
