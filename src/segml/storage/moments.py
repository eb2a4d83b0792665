"""The dates of a workspace: which columns are stored for each, and how further ones come to be.

A date that a night was run for has all columns; of any other date only those that a rule asked for
are computed, bucket by bucket on two threads, and kept. A stored column counts as long as no fact
that was visible at its date came in later. Law kept: a column stored is a column computed now.
"""

import hashlib
import shutil
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
import polars as pl
from filelock import FileLock
from numpy.typing import NDArray

from segml.core.calendar import earlier
from segml.core.errors import WorkspaceError
from segml.core.features import Feature
from segml.core.predicates import Events
from segml.core.tables import Kind
from segml.engine.bitmaps import Words
from segml.engine.bucket import Bucket
from segml.engine.cache import Cache
from segml.engine.columns import Column
from segml.engine.kernel import KNOWN, snapshot
from segml.engine.postings import Postings, Question, counted, posted, question
from segml.storage import columns, postings
from segml.storage.buckets import State
from segml.storage.snapshots import FILE, FORMAT, Snapshot, publish
from segml.storage.warehouse import Warehouse
from segml.storage.watched import Watched

Progress = Callable[[float], None]
_COMPUTED: Final = 0.8  # the share of the work that is done when all buckets are


def _silent(_: float) -> None:
    return None


def definition(feature: Feature) -> str:
    """Return 8 hexadecimal digits that change when the meaning of a feature does."""
    return hashlib.sha256(repr(feature.form).encode()).hexdigest()[:8]


class Moments:
    """Every date of one workspace.

    Parameters
    ----------
    root
        The folder of the snapshots; made when it is needed.
    warehouse
        The facts.
    features
        The features there are, by name.
    arrange
        Brings the arrangement up to date, under the workspace's write lock.
    cache
        Keeps bitmaps and event numbers.
    """

    def __init__(
        self,
        root: Path,
        warehouse: Warehouse,
        features: Mapping[str, Feature],
        arrange: Callable[[], State],
        cache: Cache,
    ) -> None:
        self.cache = cache
        self.features = features
        self._root = root
        self._warehouse = warehouse
        self._arrangement = warehouse.arrangement
        self._arrange = arrange
        self._lock = Lock()
        self._definitions = {name: definition(feature) for name, feature in features.items()}
        self._definitions[KNOWN] = "universe"
        self._opened: dict[Path, Watched[Snapshot]] = {}
        self._state = Watched(self._arrangement.file, self._arrangement.state)

    def at(self, as_of: date, progress: Progress = _silent) -> "StoredMoment":
        """Return a date; its columns are computed when they are asked for and not stored."""
        return StoredMoment(self, self.need(as_of, (), progress), progress)

    def need(self, as_of: date, names: Iterable[str], progress: Progress = _silent) -> Snapshot:
        """Return the snapshot of a date once it has the named columns.

        Raises
        ------
        WorkspaceError
            When the columns cannot be written, or the facts are damaged.
        """
        wanted = [KNOWN, *names]
        found = self.stored(as_of)
        if found is not None and not self.missing(found, wanted):
            return found
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with self._lock, FileLock(self._root / ".lock"):
                found = self.stored(as_of)
                missing = wanted if found is None else self.missing(found, wanted)
                return self._added(as_of, found, missing, progress) if missing else found  # type: ignore[return-value]
        except OSError as error:
            raise WorkspaceError(
                f"The columns of {as_of} cannot be kept in {self._root} ({error.strerror or error})"
                ". See that there is room and that this user may write there; stored nights "
                "answer meanwhile."
            ) from None

    def stored(self, as_of: date) -> Snapshot | None:
        """Return the newest snapshot of a date that still says what would be computed now."""
        state = self._state.value()
        folders = sorted(self._root.glob(f"{as_of}.g*"), key=_generation, reverse=True)
        for folder in folders:
            if self._warehouse.stale_since(_generation(folder), as_of):
                break  # and so are all older ones
            if (folder / FILE).exists():
                try:
                    found = self._open(folder)
                except WorkspaceError:
                    if (folder / FILE).exists():
                        raise
                    continue  # removed while we looked
                if found.format == FORMAT and state and found.lineage == state.lineage:
                    return found
        return None

    def whole(self, as_of: date) -> bool:
        """Return whether a date has every column, with files that are as they were written."""
        try:
            found = self.stored(as_of)
            if found is None or self.missing(found, self.features):
                return False
            found.check()
        except WorkspaceError:
            return False
        return True

    def check(self, as_of: date) -> None:
        """Raise `WorkspaceError` when what is stored of a date is damaged."""
        found = self.stored(as_of)
        if found is not None:
            found.check()

    def forget(self, as_of: date) -> None:
        """Remove what is stored of a date, so that it is computed anew."""
        for folder in self._root.glob(f"{as_of}.g*"):
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, from_day: date) -> None:
        """Remove the columns of earlier dates, and those that later facts made stale."""
        for folder in self._root.glob("*.g*"):
            day = date.fromisoformat(folder.name.split(".", maxsplit=1)[0])
            if day < from_day or self._warehouse.stale_since(_generation(folder), day):
                self._opened.pop(folder, None)
                shutil.rmtree(folder, ignore_errors=True)

    def ids_file(self) -> Path:
        """Return the file of ids by code."""
        return self._arrangement.file.parent / self.state().ids

    def code(self, customer: Any) -> int | None:
        """Return the code of a customer_id, also written as text; None where there is none."""
        ids = self.ids(self.state().customers)
        typed = pl.Series([customer]).cast(ids.dtype, strict=False)[0]
        return None if typed is None else ids.index_of(typed)

    def names(self, as_of: date, codes: NDArray[np.int64]) -> pl.DataFrame:
        """Return ``first_name, last_name`` of customers, as last known before a date."""
        state = self._arranged(as_of)
        both = ("first_name", "last_name")
        found = pl.DataFrame(schema=dict.fromkeys(both, pl.String))
        for bucket in np.unique(codes // state.bucket):
            key = ("names", as_of, state.generation, state.lineage, int(bucket))

            def read(bucket: int = int(bucket)) -> pl.DataFrame:
                profiles = self._bucket(state, bucket, as_of)
                return pl.DataFrame({n: profiles.profile(n).cast(pl.String) for n in both})

            held = self.cache.get(key, read, lambda frame: int(frame.estimated_size()))
            inside = codes[codes // state.bucket == bucket] - bucket * state.bucket
            found = pl.concat([found, held[inside.tolist()]])
        return found

    def ids(self, size: int) -> pl.Series:
        """Return ``customer_id`` of the first `size` codes."""
        state = self.state()
        key = ("ids", state.lineage, state.ids, state.ids_size)
        found = self.cache.get(key, lambda: self._arrangement.ids(state), lambda _: 0)
        return found.head(size)

    def ranks(self, size: int) -> NDArray[np.int64] | None:
        """Return the place of each code in the order of customer_id; None where codes ascend."""
        state = self.state()
        if state.ascending:
            return None

        def ranked() -> NDArray[np.int64]:
            return self.ids(size).rank("ordinal").to_numpy().astype(np.int64)

        key = ("ranks", state.lineage, state.ids, state.ids_size, size)
        return self.cache.get(key, ranked, lambda ranks: ranks.nbytes)

    def state(self) -> State:
        """Return the arrangement there is; arranges where there is none."""
        return self._state.value() or self._arrange()

    def numbers(self, as_of: date, events: Events, customers: int) -> pl.Series:
        """Return an event operand of the first `customers` codes."""
        state = self._arranged(as_of)
        asked = question(events)
        if asked is not None:

            def one(bucket: int) -> pl.Series:
                guests = self._guests(state, bucket)
                return pl.Series(
                    counted(self._postings(state, bucket, asked), asked, as_of, guests),
                    dtype=pl.Int32,
                )

        else:
            compute = self._computing(state, as_of, (), (events,))

            def one(bucket: int) -> pl.Series:
                return compute(bucket)["e0"]

        many = max(-(-customers // state.bucket), 1)
        with ThreadPoolExecutor(columns.WORKERS) as pool:
            return pl.concat(pool.map(one, range(many))).head(customers)

    def _postings(self, state: State, bucket: int, asked: Question) -> Postings:
        """Return the postings of a bucket's column, which are made when they are first asked."""
        where = state.buckets[bucket].folder
        key = ("postings", where, asked.table, asked.column, state.lineage)

        def made() -> Postings:
            everything = self._bucket(state, bucket, date.max)
            return posted(everything, asked.table, asked.column)

        folder = self._arrangement.file.parent / where
        return self.cache.get(
            key,
            lambda: postings.stored(folder, asked.table, asked.column, made),
            lambda one: one.begin.nbytes * 3 + one.late.nbytes,
        )

    def _arranged(self, as_of: date) -> State:
        """Return an arrangement that holds everything visible at a date."""
        state = self._state.value()
        if state is None or self._warehouse.stale_since(state.generation, as_of):
            return self._arrange()
        return state

    def _open(self, folder: Path) -> Snapshot:
        if folder not in self._opened:
            self._opened[folder] = Watched(folder / FILE, lambda: Snapshot(folder))
        return self._opened[folder].value()

    def missing(self, found: Snapshot, names: Iterable[str]) -> list[str]:
        """Return which of the named columns a snapshot lacks, or has in an older meaning."""
        return [
            name
            for name in dict.fromkeys(names)
            if name not in found.columns
            or found.columns[name].definition != self._definitions[name]
        ]

    def _added(
        self, as_of: date, found: Snapshot | None, names: list[str], progress: Progress
    ) -> Snapshot:
        """Compute columns, write them, and return the snapshot that has them."""
        state = self._arranged(as_of)
        generation = found.generation if found else state.generation
        customers = found.customers if found else state.customers
        folder = self._root / f"{as_of}.g{generation}"
        wanted = "-".join(f"{name}.{self._definitions[name]}" for name in names)
        scratch = folder / f"scratch-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
        many = max(-(-customers // state.bucket), 1)
        compute = self._computing(state, as_of, tuple(n for n in names if n != KNOWN), ())

        def one(bucket: int) -> pl.DataFrame:
            frame = compute(bucket).head(customers - bucket * state.bucket)
            return frame if KNOWN in names else frame.drop(KNOWN)

        summaries = columns.computed(scratch, many, one, lambda s: progress(_COMPUTED * s))
        added = columns.joined(
            folder,
            scratch,
            many,
            summaries,
            self._definitions,
            lambda s: progress(_COMPUTED + (1 - _COMPUTED) * s),
        )
        kept = found.columns if found else {}
        publish(folder, as_of, generation, customers, state.lineage, kept | added)
        shutil.rmtree(scratch)
        return self._open(folder)

    def _computing(
        self, state: State, as_of: date, names: tuple[str, ...], events: tuple[Events, ...]
    ) -> columns.Compute:
        """Return what computes features and event operands of a bucket."""
        forms = [self.features[name].form for name in names]

        def compute(bucket: int) -> pl.DataFrame:
            found = snapshot(forms, events, self._bucket(state, bucket, as_of))
            found = found.rename({f"f{i}": name for i, name in enumerate(names)})
            known = pl.when(KNOWN).then(pl.col(names)) if names else ()
            return found.with_columns(known)

        return compute

    def _bucket(self, state: State, bucket: int, as_of: date) -> Bucket:
        """Return a bucket as a date shows it."""
        return Bucket(
            _Tables(lambda name: self._arrangement.tables(state, bucket, (name,))[name]),
            self._warehouse.tables()["restaurants"].collect(),
            self._guests(state, bucket),
            as_of,
            self._warehouse.has_customers(),
        )

    @staticmethod
    def _guests(state: State, bucket: int) -> int:
        return max(min(state.bucket, state.customers - bucket * state.bucket), 0)


class _Tables(Mapping[str, pl.DataFrame]):
    """Tables that are mapped when they are asked for."""

    def __init__(self, read: Callable[[str], pl.DataFrame]) -> None:
        self._read = read
        self._held: dict[str, pl.DataFrame] = {}

    def __getitem__(self, name: str) -> pl.DataFrame:
        if name not in self._held:
            self._held[name] = self._read(name)
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


@dataclass(frozen=True, slots=True)
class StoredMoment:
    """One date, as the engine of sets asks it; see `engine.sets.Moment`."""

    moments: Moments
    snapshot: Snapshot
    progress: Progress = _silent

    @property
    def as_of(self) -> date:
        """Return the service day at whose start we stand."""
        return self.snapshot.as_of

    @property
    def key(self) -> Hashable:
        """Return what changes whenever any value of this moment may."""
        return self.snapshot.folder.name, self.snapshot.lineage

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

    def column(self, name: str) -> Column:
        """Return a feature; missing for customers who are not known."""
        kind = self.moments.features[name].kind
        return self.need((name,)).snapshot.column(name, kind)

    def number(self, events: Events) -> Column:
        """Return an event operand."""
        found = self.moments.numbers(self.as_of, events, self.size)
        return Column(found, Kind.NUMBER)

    def ranks(self) -> NDArray[np.int64] | None:
        """Return the place of each code in the order of customer_id; None where codes ascend."""
        return self.moments.ranks(self.size)

    def rows(self, codes: NDArray[np.int64], names: Iterable[str]) -> pl.DataFrame:
        """Return ``customer_id`` and features of customers, in the order of `codes`."""
        names = tuple(names)
        moment = self.need(names)
        found = {"customer_id": self.moments.ids(self.size).gather(codes)}
        for name in names:
            column = moment.column(name)
            values = Column(column.values.gather(codes), column.kind, column.words).decoded()
            found[name] = values.cast(pl.Int64) if values.dtype.is_integer() else values
        return pl.DataFrame(found)

    def before(self, days: int) -> "StoredMoment":
        """Return the moment so many days earlier."""
        return self.moments.at(earlier(self.as_of, days), self.progress)


def _generation(folder: Path) -> int:
    return int(folder.name.rsplit(".g", 1)[1])
