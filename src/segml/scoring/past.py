"""The past nights that a model learns from: which there are, and what a row of one is.

Law kept: a row shows what was known on its night, its label only what was known before the day of
training, and no window is cut short by that day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.scoring.buying.statistics import BuyingStatistics

RHYTHM: Final = 42  # days between snapshots, about: eight of them see a whole year
SETTLED: Final = 45  # days of record before the first snapshot
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)  # splitmix64: G. Steele et al., OOPSLA 2014


class Past(Protocol):
    """What a training may ask of a restaurant's past."""

    @property
    def as_of(self) -> date:
        """Return the day of training: nothing later is known."""

    @property
    def first_day(self) -> date | None:
        """Return the day of the first order; None without any."""

    @property
    def end(self) -> date:
        """Return the day after the last order: what happens from it on is in no record yet."""

    @property
    def share(self) -> float:
        """Return how large a share of the population is looked at; 1 is everybody."""

    def rows(self, day: date) -> pl.DataFrame:
        """Return ``customer_id``, ``code`` and the declared fields of the population on a night."""

    def labels(self, day: date, rows: pl.DataFrame, known: date) -> pl.Series:
        """Return what became of those customers, by what was known before a day.

        Null for those of whom it cannot be said.
        """

    def order_days(self, day: date) -> BuyingStatistics:
        """Return the customers' order days before a day, and how even their gaps were."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The nights that labels are known for, at even distances, the latest first."""

    nights: tuple[date, ...]
    horizon: int

    def before(self, day: date, most: int) -> tuple[date, ...]:
        """Return the latest nights whose windows are over before `day`."""
        over = [night for night in self.nights if night + timedelta(days=self.horizon) <= day]
        return tuple(over[:most])


def grid(first_day: date, end: date, horizon: int) -> Grid:
    """Return every night, `SETTLED` days after the first order at least, that is over by `end`."""
    step = max(horizon // max(round(horizon / RHYTHM), 1), 7)
    nights = []
    night = end - timedelta(days=horizon)
    while night >= first_day + timedelta(days=SETTLED):
        nights.append(night)
        night -= timedelta(days=step)
    return Grid(tuple(nights), horizon)


def labelled(
    past: Past, nights: Sequence[date], known: date, kept: "Share | None" = None
) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
    """Return the rows of several nights one below the other, with ``night``, and their labels.

    Parameters
    ----------
    past
        The restaurant's.
    nights
        At least one.
    known
        The day that looks back: labels show what was known before it.
    kept
        Whom to keep; everybody unless given.
    """
    frames, labels = [], []
    for night in nights:
        rows = past.rows(night)
        if kept is not None:
            rows = rows.filter(kept.of(rows["code"].to_numpy()))
        label = past.labels(night, rows, known)
        told = label.is_not_null()
        frames.append(rows.filter(told).with_columns(night=pl.lit(night)))
        labels.append(label.filter(told).cast(pl.Boolean).to_numpy())
    return pl.concat(frames), np.concatenate(labels)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of all customers, the same on every night and on every day of training.

    Attributes
    ----------
    start, stop
        Which: of all customers in a shuffled order, from 0 to 1.
    seed
        Of the shuffling.
    """

    start: float
    stop: float
    seed: int

    def of(self, codes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which customers are in it, by code."""
        place = _shuffled(codes, self.seed)
        return np.asarray((place >= self.start) & (place < self.stop))


def _shuffled(codes: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Return a number in [0, 1) for every code that looks like chance."""
    with np.errstate(over="ignore"):
        mixed = (codes.astype(np.uint64) + np.uint64(seed + 1)) * _MIX
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
