"""A restaurant's past as a training asks it: rows of past nights, and what became of them.

Rows come from the same columns as rules and nightly scores, so what a model learns from and what
it scores cannot differ.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import polars as pl

from segml.core.predicates import Predicate
from segml.engine import bitmaps
from segml.engine.history import History
from segml.engine.sets import SetEngine
from segml.scoring.buying.statistics import BuyingStatistics, buying_statistics
from segml.scoring.labels import LABELS, Outcome
from segml.scoring.past import Share
from segml.scoring.spec import ModelSpec
from segml.storage.moments import Moments
from segml.units import in_wire_units

MOST_CUSTOMERS: Final = 50_000  # to learn from; more change no figure and take memory
_EPOCH: Final = date(1970, 1, 1)
_SEED: Final = 7


@dataclass(frozen=True)
class Study:
    """The past up to a day; see `scoring.past.Past`.

    Attributes
    ----------
    spec
        Whom it is about, and what is looked at.
    as_of
        The day that looks back: nothing that became known later is seen.
    history
        What was known at a date.
    moments
        Where the columns of dates come from.
    population
        Whom the declaration speaks of, on a date.
    fields
        What rows carry.
    most
        Customers at most; a fixed share of them when there are more.
    """

    spec: ModelSpec
    as_of: date
    history: Callable[[date], History]
    moments: Moments
    population: Callable[[date], Predicate]
    fields: tuple[str, ...]
    most: int = MOST_CUSTOMERS
    _rows: dict[date, pl.DataFrame] = field(default_factory=dict)

    @property
    def first_day(self) -> date | None:
        """Return the day of the first order; None without any."""
        return self._record[0]

    @property
    def end(self) -> date:
        """Return the day after the last order: what happens from it on is in no record yet."""
        last = self._record[1]
        return self.as_of if last is None else last + timedelta(days=1)

    @cached_property
    def _record(self) -> tuple[date | None, date | None]:
        days = pl.col("day")
        orders = self.history(self.as_of).rows("orders")
        found: tuple[date | None, date | None] = (
            orders.select(first=days.min(), last=days.max()).collect().row(0)
        )
        return found

    @property
    def share(self) -> float:
        """Return how large a share of the population is looked at; 1 is everybody."""
        return self._share.stop

    @cached_property
    def _share(self) -> Share:
        many = max(len(bitmaps.codes(self._held(self.as_of))), 1)
        return Share(0.0, min(1.0, self.most / many), _SEED)

    def rows(self, day: date) -> pl.DataFrame:
        """Return ``customer_id``, ``code`` and the fields of the population on a night."""
        if day not in self._rows:
            codes = bitmaps.codes(self._held(day))
            codes = codes[self._share.of(codes)]
            found = self.moments.at(day).rows(codes, self.fields)
            self._rows[day] = in_wire_units(found).with_columns(code=pl.Series(codes))
        return self._rows[day]

    def labels(self, day: date, rows: pl.DataFrame, known: date) -> pl.Series:
        """Return what became of those customers, by what was known before a day.

        Null for those of whom it cannot be said; `WorkspaceError` when the window is not over.
        """
        seen = self.history(min(known, self.as_of))
        outcome = Outcome(seen, day, self.spec.horizon, self.end)
        return LABELS[self.spec.label](outcome, rows, self.spec.label_settings)

    def order_days(self, day: date) -> BuyingStatistics:
        """Return the order days before a day of the study's customers."""
        chosen = self.rows(day).select("customer_id", "code")
        orders = self.history(day).rows("orders").select("customer_id", "day")
        found = orders.join(chosen.lazy(), on="customer_id").collect()
        days = found["day"].to_physical().to_numpy()
        return buying_statistics(found["code"].to_numpy(), days, (day - _EPOCH).days)[1]

    def _held(self, day: date) -> bitmaps.Words:
        moment = self.moments.at(day)
        return SetEngine(moment, self.moments.cache).members(self.population(day))
