"""What guests may ask of who keeps their data: to see all of it, and to be erased from it.

Laws kept: after an erasure no file of the workspace holds the guest's id, names or addresses, and
every number about the others is what it was; a crash between any two steps, then the same erasure
again, ends the same; an old file does not bring anybody back.

The steps are in an order in which each can still find what it needs when one was cut off: first
the list of who stays out; then the ids, from where on the code is a tombstone and in no set; the
nights, while the facts still say who was known then; the facts; what is kept by code; and last what
names guests by id. Raw files that were imported from are not the workspace's, and are erased where
they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from segml.champions import Champions
from segml.core.errors import UnknownCustomers
from segml.core.tables import CustomerId
from segml.engine import bitmaps
from segml.rulebook import Rulebook
from segml.rules.pins import without
from segml.storage.lock import writing
from segml.storage.moments import Moments
from segml.storage.nights import ENTERED, LEFT, Nights
from segml.storage.warehouse import Warehouse
from segml.units import in_wire_units

if TYPE_CHECKING:
    from segml.scoring.saved_likeness import SavedLikeness
    from segml.storage.records.records import Records

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure went through.

    Attributes
    ----------
    rows
        How many facts and rejects went, by table.
    nights, snapshots
        How many nights, and dates with columns, held the guests.
    likenesses, records
        How many saved lookalikes, and rows of the records, named them.
    """

    rows: Mapping[str, int]
    nights: int
    snapshots: int
    likenesses: int
    records: int

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return asdict(self)


class Privacy:
    """The guests' rights in one workspace.

    Parameters
    ----------
    folder
        Of the workspace.
    warehouse, moments, nights, champions, segments
        Of the workspace.
    records
        Gives the records; None where nothing was ever written there.
    """

    def __init__(
        self,
        folder: Path,
        warehouse: Warehouse,
        moments: Moments,
        nights: Nights,
        champions: Champions,
        segments: Rulebook,
        records: Callable[[], "Records | None"],
    ) -> None:
        self._folder = folder
        self._warehouse = warehouse
        self._moments = moments
        self._facts = moments.facts
        self._nights = nights
        self._champions = champions
        self._segments = segments
        self._records = records

    def erase(self, customers: Sequence[CustomerId], progress: Progress | None = None) -> Erasure:
        """Erase customers from every store, for good.

        Readers in other processes that were about to open a file of before are told that it is
        gone, and find the new ones when they ask again.

        Parameters
        ----------
        customers
            Ids; some who were erased before are erased again, which ends what was cut off.
        progress
            Told each step and the share of the work done before it.

        Raises
        ------
        UnknownCustomers
            When nothing was ever known of some of them; nobody is erased then.
        """
        told = progress or (lambda _step, _share: None)
        ids = frozenset(map(str, customers))
        with writing(self._folder):
            self._warehouse.arrange(lambda share: told("arranging facts", 0.2 * share))
            self._check(ids)
            self._warehouse.suppress(ids)
            told("erasing nights", 0.2)
            self._warehouse.arrangement.forget(ids)
            nights = self._of_nights(ids)
            told("erasing facts", 0.3)
            rows = self._warehouse.erase(ids)
            told("erasing columns", 0.5)
            snapshots = self._moments.clear()
            self._warehouse.arrange(lambda share: told("arranging what is left", 0.6 + 0.3 * share))
            self._warehouse.arrangement.tidy()
            told("erasing names in rules and lists", 0.9)
            likenesses = self._of_likenesses(ids)
            records = self._of_records(ids)
        self._moments.cache.clear()
        return Erasure(rows, nights, snapshots, likenesses, records)

    def access(self, customer: CustomerId) -> dict[str, Any]:
        """Return everything that is held about a customer, by store, ready to be written as JSON.

        Raises
        ------
        UnknownCustomers
            When nothing is.
        """
        text = str(customer)
        facts = self._warehouse.about(text)
        code = next(iter(self._facts.named([text]).tolist()), None)
        if code is None and not facts:
            raise UnknownCustomers([customer], "here")
        return {
            "customer_id": text,
            "facts": facts,
            "fields": {} if code is None else self._fields(code),
            "memberships": self._memberships(text),
            "records": self._mentions(text),
            "named_in": {
                "segments": self._naming(text),
                "lookalikes": sorted(
                    {
                        one.name
                        for one in self._likenesses()
                        if one.without(frozenset({text})) != one
                    }
                ),
            },
        }

    def _check(self, ids: frozenset[str]) -> None:
        unknown = [
            one
            for one in sorted(ids)
            if not len(self._facts.named([one]))
            and not self._warehouse.erased(one)
            and not self._warehouse.about(one)
        ]
        if unknown:
            raise UnknownCustomers(unknown, "here")

    def _of_nights(self, ids: frozenset[str]) -> int:
        lineage = self._facts.state().lineage
        return self._nights.forget(ids, self._facts.ids_file(), lineage, self._facts.known)

    def _of_likenesses(self, ids: frozenset[str]) -> int:
        changed = 0
        for saved in self._likenesses():
            left = saved.without(ids)
            if left != saved:
                self._champions.likenesses.exchange(saved, left)
                changed += 1
        return changed

    def _likenesses(self) -> "list[SavedLikeness]":
        if not (self._folder / "likenesses").is_dir():
            return []
        return list(self._champions.likenesses.kept())

    def _of_records(self, ids: frozenset[str]) -> int:
        records = self._records()
        if records is None:
            return 0
        from segml.storage.records.mentions import forget  # noqa: PLC0415 (SQLAlchemy is slow)

        return forget(records.database, ids)

    def _mentions(self, customer: str) -> dict[str, list[dict[str, Any]]]:
        records = self._records()
        if records is None:
            return {}
        from segml.storage.records.mentions import mentions  # noqa: PLC0415 (SQLAlchemy is slow)

        return mentions(records.database, customer)

    def _fields(self, code: int) -> dict[str, dict[str, Any]]:
        """Return the stored fields and scores of a customer by date, in wire units."""
        found = {}
        for day in self._moments.days():
            snapshot = self._moments.stored(day)
            if snapshot is not None and code < snapshot.customers:
                row = in_wire_units(snapshot.slice(snapshot.columns, code, code + 1))
                found[day.isoformat()] = row.row(0, named=True)
        return found

    def _memberships(self, customer: str) -> list[dict[str, Any]]:
        """Return night by night the segments that a customer was in, entered or left."""
        found = []
        for day in self._nights.all():
            ids = self._nights.ids(day).cast(pl.String)
            code = ids.index_of(customer)
            if code is None:
                continue
            sets = self._nights.sets(day)
            for name, one in sorted(sets.items()):
                held = {
                    "member": _holds(one.members, code),
                    ENTERED: _holds(one.entered, code),
                    LEFT: _holds(one.left, code),
                }
                if any(held.values()):
                    found.append({"as_of": day.isoformat(), "segment": name, **held})
        return found

    def _naming(self, customer: str) -> list[str]:
        gone = frozenset({customer})
        return [
            name
            for name, segment in self._segments.all().items()
            if without(segment.rule, gone) != segment.rule
        ]


def _holds(words: bitmaps.Words, code: int) -> bool:
    return code < 64 * len(words) and bitmaps.holds(words, code)
