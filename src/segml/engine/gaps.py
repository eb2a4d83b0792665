"""The gaps between the days of each customer of a bucket, and what is usual about them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from segml.engine.grouped import Floats, Ints, firsts


@dataclass(frozen=True)
class Gaps:
    """Days between consecutive different days of the same customer.

    Attributes
    ----------
    owner, days
        Of each gap: its customer, ascending, and how long it is.
    guests
        How many customers the bucket has.
    """

    owner: Ints
    days: Ints
    guests: int

    @classmethod
    def between(cls, visits: Ints, guests: int) -> "Gaps":
        """Return the gaps between `Grouped.visits`."""
        owner = visits >> 32
        later = np.flatnonzero(owner[1:] == owner[:-1])
        return cls(owner.take(later), np.diff(visits).take(later), guests)

    def usual(self) -> pl.Series:
        """Return the median gap of each customer, missing without any."""
        width = int(self.days.max(initial=0)).bit_length()
        ordered = (self.owner << width) | self.days
        if self.guests << width <= 1 << 32:  # half as wide is sorted in half the time
            ordered = ordered.astype(np.uint32)
        ordered.sort()
        first, many = self._starts, self._many
        middle = ordered.take([first + (many - 1) // 2, first + many // 2]).astype(np.int64)
        return self._placed((middle & ((1 << width) - 1)).sum(axis=0) / 2)

    def spread(self) -> pl.Series:
        """Return the standard deviation of each customer's gaps, missing below two."""
        # Sums of whole numbers that a float holds exactly.
        total, squares = (
            np.add.reduceat(sizes, self._starts).astype(np.float64) if len(sizes) else sizes
            for sizes in (self.days, self.days * self.days)
        )
        spread = np.sqrt(self._many * squares - total * total) / self._many
        return self._placed(np.where(self._many > 1, spread, np.nan))

    @cached_property
    def _starts(self) -> Ints:
        return firsts(self.owner)

    @cached_property
    def _many(self) -> Ints:
        return np.diff(self._starts, append=len(self.owner))

    def _placed(self, values: Floats) -> pl.Series:
        found = np.full(self.guests, np.nan)
        found[self.owner[self._starts]] = values
        return pl.Series(found).fill_nan(None)
