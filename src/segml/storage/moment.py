"""One date of a workspace, as the engine of sets asks it."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.calendar import earlier
from segml.core.predicates import Events
from segml.core.tables import CustomerId, Kind
from segml.engine import bitmaps
from segml.engine.bitmaps import Codes, Words
from segml.engine.columns import Column
from segml.storage.snapshots import Snapshot

if TYPE_CHECKING:
    from segml.storage.moments import Moments


def silent(_: float) -> None:
    """Tell nobody of any progress."""


@dataclass(frozen=True, slots=True)
class StoredMoment:
    """One date, as the engine of sets asks it; see `engine.sets.Moment`."""

    moments: "Moments"
    snapshot: Snapshot
    progress: Callable[[float], None] = silent

    @property
    def as_of(self) -> date:
        """Return the service day at whose start we stand."""
        return self.snapshot.as_of

    @property
    def key(self) -> Hashable:
        """Return what changes whenever any value of this moment may."""
        return self.snapshot.folder.name, self.snapshot.lineage, self.snapshot.erased

    @property
    def size(self) -> int:
        """Return the number of customer codes."""
        return self.snapshot.customers

    def known(self) -> Words:
        """Return the universe: customers known, staff excluded."""
        return self.snapshot.known

    def need(self, names: Iterable[str]) -> "StoredMoment":
        """Return the moment once it has these columns."""
        names = tuple(names)
        if not self.moments.missing(self.snapshot, names):
            return self
        found = self.moments.need(self.as_of, names, self.progress)
        return self if found is self.snapshot else replace(self, snapshot=found)

    def codes(self, customers: Sequence[CustomerId]) -> pl.Series:
        """Return the code of each customer_id; null for those who are not known."""
        codes = self.moments.facts.codes(customers)
        places = np.nan_to_num(codes.to_numpy(), nan=self.size).astype(np.int64)
        return codes.set(pl.Series(~bitmaps.holding(self.known(), places)), None)

    def column(self, name: str) -> Column:
        """Return a feature; missing for customers who are not known."""
        return self.need((name,))._mapped(name)

    def _mapped(self, name: str) -> Column:
        return self.snapshot.column(name, self.moments.kind(name))

    def number(self, events: Events) -> Column:
        """Return an event operand."""
        found = self.moments.facts.numbers(self.as_of, events, self.size)
        return Column(found, Kind.NUMBER)

    def among(self, customers: Sequence[str]) -> Words:
        """Return the customers with these ids, written as texts."""
        codes = self.moments.facts.named(customers)
        return bitmaps.among(codes[codes < self.size], self.size)

    def ranks(self) -> NDArray[np.int64] | None:
        """Return the place of each code in the order of customer_id; None where codes ascend."""
        return self.moments.facts.ranks(self.size)

    def sorted(self, held: Words, most: int | None = None) -> Codes:
        """Return the codes of a set in the order of customer_id; at most so many."""
        order = self.ranks()
        if order is None:
            return bitmaps.codes(held, most)
        codes = bitmaps.codes(held)
        return codes[np.argsort(order[codes])][:most]

    def ranked(self, codes: Codes, name: str, *, descending: bool = True) -> Codes:
        """Return codes by a feature, unknown values last, equals in the order of `codes`."""
        values = self.values(codes, (name,))[name]
        keyed = values.alias("value").to_frame().with_row_index("place")
        order = keyed.sort("value", "place", descending=[descending, False], nulls_last=True)
        found: Codes = codes[order["place"].to_numpy()]
        return found

    def rows(self, codes: Codes, names: Iterable[str]) -> pl.DataFrame:
        """Return ``customer_id`` and features of customers, in the order of `codes`.

        Without who was erased since the codes were found.
        """
        return pl.DataFrame(self.values(codes, names)).drop_nulls("customer_id")

    def values(self, codes: Codes, names: Iterable[str]) -> dict[str, pl.Series]:
        """Return the same, column by column, with a missing id for who was erased since."""
        names = tuple(names)
        moment, places = self.need(names), pl.Series(codes, dtype=pl.UInt32)
        found = {"customer_id": self.moments.facts.ids(self.size)[places]}
        for name in names:
            values = moment._mapped(name).at(places).decoded()
            found[name] = values.cast(pl.Int64) if values.dtype.is_integer() else values
        return found

    def before(self, days: int) -> "StoredMoment":
        """Return the moment so many days earlier."""
        return self.moments.at(earlier(self.as_of, days), self.progress)
