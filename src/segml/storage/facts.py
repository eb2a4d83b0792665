"""The arranged facts as dates show them: customers by code, features and events by bucket.

Nothing here is kept but what the cache holds; `moments` keeps columns on disk.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.features import Feature
from segml.core.predicates import Events, folded
from segml.engine.arranged import facts_of
from segml.engine.bitmaps import Codes
from segml.engine.bucket import Bucket
from segml.engine.cache import Cache
from segml.engine.history import History
from segml.engine.kernel import KNOWN, snapshot
from segml.engine.postings import Postings, Question, counted, posted, question, satisfying
from segml.storage import postings
from segml.storage.buckets import MappedColumns, State
from segml.storage.columns import WORKERS, Compute
from segml.storage.warehouse import Warehouse
from segml.storage.watched import Watched

NAMES: Final = ("first_name", "last_name")
_WORDS: Final = {"value": pl.String, "count": pl.Int64}


class Facts:
    """The facts of one workspace, arranged.

    Parameters
    ----------
    warehouse
        Where they are.
    arrange
        Brings the arrangement up to date, under the workspace's write lock.
    cache
        Keeps ids, names and postings.
    """

    def __init__(self, warehouse: Warehouse, arrange: Callable[[], State], cache: Cache) -> None:
        self.warehouse = warehouse
        self._arrangement = warehouse.arrangement
        self._arrange = arrange
        self._cache = cache
        self._state = Watched(self._arrangement.file, self._arrangement.state)

    def state(self) -> State:
        """Return the arrangement there is; arranges where there is none."""
        return self._state.value() or self._arrange()

    def lineage(self) -> int | None:
        """Return which codes customers have; None where nothing is arranged."""
        state = self._state.value()
        return state.lineage if state else None

    def erased(self) -> int:
        """Return how many codes are tombstones."""
        state = self._state.value()
        return state.erased if state else 0

    def tombstones(self) -> Codes:
        """Return the codes of customers who were erased, ascending."""
        missing = self.ids(self.state().customers).is_null()
        return missing.arg_true().to_numpy().astype(np.int64)

    def known(self, as_of: date, codes: Codes) -> int:
        """Return how many of some customers are known before a date, going by the arrangement."""
        state = self.state()
        found = 0
        for bucket in sorted({*(codes // state.bucket).tolist()}):
            places = codes[codes // state.bucket == bucket] - bucket * state.bucket
            found += int(self._bucket(state, bucket, as_of).known()[places].sum())
        return found

    def ids_file(self) -> Path:
        """Return the file of ids by code."""
        return self._arrangement.file.parent / self.state().ids

    def code(self, customer: Any) -> int | None:
        """Return the code of a customer_id, also written as text; None where there is none."""
        found: int | None = self.codes([customer])[0]
        return found

    def codes(self, customers: Sequence[Any]) -> pl.Series:
        """Return the code of each customer_id, also written as text; null where there is none."""
        ids, order = self._sorted()
        texts = pl.Series([str(one) for one in customers], dtype=pl.String)
        asked = texts.cast(ids.dtype, strict=False)
        if ids.is_empty():
            return pl.repeat(None, len(asked), dtype=pl.UInt32, eager=True)
        # Indexing and numpy: what goes through a query costs ten times as much for a few customers.
        places = pl.Series(np.minimum(ids.search_sorted(asked).to_numpy(), len(ids) - 1))
        codes = places if order is None else order[places]
        return codes.cast(pl.UInt32).set(ids[places].ne_missing(asked), None)

    def _sorted(self) -> tuple[pl.Series, pl.Series | None]:
        """Return every id, ascending, and its code where that is not its place."""
        state = self.state()
        ids = self.ids(state.customers)
        if state.ascending:
            return ids, None

        def ordered() -> tuple[pl.Series, pl.Series]:
            order = ids.arg_sort()
            return ids.gather(order), order

        key = ("sorted ids", state.lineage, state.ids, state.ids_size)
        return self._cache.get(key, ordered, lambda both: sum(map(_bytes, both)))

    def named(self, customers: Sequence[str]) -> Codes:
        """Return the codes of those customers whose id is written just so, ascending."""
        texts = pl.Series("text", customers, pl.String).unique()
        codes = self.codes(texts.to_list())
        same = self.ids(self.state().customers)[codes].cast(pl.String) == texts
        return codes.filter(same.fill_null(value=False)).sort().to_numpy().astype(np.int64)

    def lines(self, state: State, as_of: date, bucket: int, column: str) -> pl.DataFrame:
        """Return ``row, thing, lines``: how many order lines of a word a bucket's customers have.

        Parameters
        ----------
        state
            The arrangement to read.
        as_of
            The service day at whose start we stand.
        bucket
            Its number; ``row`` is a customer's place in it.
        column
            Of ``order_items``, whose words are compared as rules compare them.
        """
        found = self._bucket(state, bucket, as_of).rows("order_items").choices(column)
        things = pl.Series("thing", [folded(word) for word in found.values], pl.String)
        rows = pl.DataFrame({"row": found.owner, "code": found.code})
        if found.known is not None:
            rows = rows.filter(found.known)
        counted = rows.group_by("row", "code").agg(pl.len().cast(pl.Int64).alias("lines"))
        return counted.select(pl.col("row").cast(pl.Int64), things[counted["code"]], "lines")

    def history(self, as_of: date, code: int) -> History:
        """Return the history of one customer, whose facts all lie in one bucket."""
        state = self.arranged(as_of)
        bucket, place = divmod(code, state.bucket)
        tables = self._tables(state, bucket)
        customer = self.ids(state.customers)[code]
        rows = facts_of(tables, place, customer, self.warehouse.schemas())
        rows["restaurants"] = self._restaurants()
        lazy = {name: frame.lazy() for name, frame in rows.items()}
        return History(lazy, as_of, self.warehouse.has_customers())

    def names(self, as_of: date, codes: Codes) -> dict[str, list[str | None]]:
        """Return ``first_name`` and ``last_name`` of customers, as last known before a date."""
        state = self.arranged(as_of)
        found: dict[str, list[str | None]] = {name: [None] * len(codes) for name in NAMES}
        buckets = codes // state.bucket
        for bucket in sorted(set(buckets.tolist())):
            held = self._names(state, as_of, bucket)
            places = np.flatnonzero(buckets == bucket)
            rows = pl.Series(codes[places] - bucket * state.bucket, dtype=pl.UInt32)
            for name, texts in found.items():
                for place, text in zip(places.tolist(), held[name][rows].to_list(), strict=True):
                    texts[place] = text
        return found

    def name_has(self, as_of: date, part: str, customers: int) -> pl.Series:
        """Return of the first `customers` codes whether their name has a lower-case text in it."""
        state = self.arranged(as_of)
        whole = pl.concat_str(NAMES, separator=" ", ignore_nulls=True).str.to_lowercase()
        answers = [
            self._names(state, as_of, bucket).select(whole.str.contains(part, literal=True))
            for bucket in range(len(state.buckets))
        ]
        return pl.concat(answers).to_series().fill_null(value=False).head(customers)

    def _names(self, state: State, as_of: date, bucket: int) -> pl.DataFrame:
        """Return the names of a bucket's customers, as last known before a date."""

        def read() -> pl.DataFrame:
            profiles = self._bucket(state, bucket, as_of)
            return pl.DataFrame({n: profiles.profile(n).cast(pl.String) for n in NAMES})

        key = ("names", as_of, state.generation, state.lineage, bucket)
        return self._cache.get(key, read, lambda frame: int(frame.estimated_size()))

    def words(self, table: str, column: str) -> pl.DataFrame:
        """Return ``value, count``: how many rows of a table have which text, ever.

        Parameters
        ----------
        table, column
            A column of texts or ids; of ``order_items`` also one of their orders.
        """
        state = self.arranged(date.max)

        def read() -> pl.DataFrame:
            frames = []
            for bucket in range(len(state.buckets)):
                found = self._bucket(state, bucket, date.max).rows(table).choices(column)
                codes = found.code if found.known is None else found.code[found.known]
                many = np.bincount(codes, minlength=len(found.values))[: len(found.values)]
                frames.append(pl.DataFrame({"value": found.values.cast(pl.String), "count": many}))
            whole = pl.concat(frames) if frames else pl.DataFrame(schema=_WORDS)
            counted = whole.filter(pl.col("count") > 0).group_by("value").sum()
            return counted.sort("count", "value", descending=[True, False])

        key = ("words of", _identity(state), table, column)
        return self._cache.get(key, read, lambda frame: int(frame.estimated_size()))

    def profiles(self, as_of: date, codes: Codes, columns: Sequence[str]) -> pl.DataFrame:
        """Return columns of customers' profiles as last known before a date, as they are stored.

        One row per code, in their order; null where nothing is known.
        """
        state = self.arranged(as_of)
        fields = {name: self.warehouse.schemas()["customers"][name] for name in columns}
        buckets = codes // state.bucket
        found = [pl.DataFrame(schema={"place": pl.Int64, **fields})]
        for bucket in sorted(set(buckets.tolist())):
            places = np.flatnonzero(buckets == bucket)
            rows = pl.Series(codes[places] - bucket * state.bucket, dtype=pl.UInt32)
            held = self._bucket(state, bucket, as_of)
            values = {n: _plain(held.profile(n)[rows]).cast(kind) for n, kind in fields.items()}
            found.append(pl.DataFrame({"place": places, **values}))
        return pl.concat(found).sort("place").drop("place")

    def ids(self, size: int) -> pl.Series:
        """Return ``customer_id`` of the first `size` codes."""
        state = self.state()
        key = ("ids", state.lineage, state.ids, state.ids_size)
        found = self._cache.get(key, lambda: self._arrangement.ids(state), lambda _: 0)
        return found.head(size)

    def ranks(self, size: int) -> NDArray[np.int64] | None:
        """Return the place of each code in the order of customer_id; None where codes ascend."""
        state = self.state()
        if state.ascending:
            return None

        def ranked() -> NDArray[np.int64]:
            return self.ids(size).rank("ordinal").fill_null(0).to_numpy().astype(np.int64)

        key = ("ranks", state.lineage, state.ids, state.ids_size, size)
        return self._cache.get(key, ranked, lambda ranks: ranks.nbytes)

    def numbers(self, as_of: date, events: Events, customers: int) -> pl.Series:
        """Return an event operand of the first `customers` codes."""
        state = self.arranged(as_of)
        asked = question(events)
        if asked is not None:
            return self._counts(state, asked, as_of).head(customers)
        compute = self.computing(state, as_of, {}, (events,))
        many = max(-(-customers // state.bucket), 1)
        with ThreadPoolExecutor(WORKERS) as pool:
            frames = pool.map(compute, range(many))
            return pl.concat(frame["e0"] for frame in frames).head(customers)

    def _counts(self, state: State, asked: Question, as_of: date) -> pl.Series:
        """Return how many rows each customer has, in as few bytes as the most of them needs."""
        every = self._postings(state, asked)
        key = ("words", _identity(state), asked.table, asked.column, asked.leaf)
        wanted = self._cache.get(
            key, lambda: satisfying(asked.leaf, every), lambda words: 1_000 + 100 * len(words)
        )
        counts = []
        for bucket, one in enumerate(every):
            found = counted(one, asked, wanted, as_of, self._guests(state, bucket))
            counts.append(found.astype(np.min_scalar_type(found.max(initial=0))))
        return pl.Series(np.concatenate(counts))

    def _postings(self, state: State, asked: Question) -> tuple[Postings, ...]:
        """Return the postings of a column in every bucket, made when they are first asked."""

        def one(bucket: int) -> Postings:
            folder = self._arrangement.file.parent / state.buckets[bucket].folder

            def made() -> Postings:
                everything = self._bucket(state, bucket, date.max)
                return posted(everything, asked.table, asked.column)

            return postings.stored(folder, asked.table, asked.column, made)

        def every() -> tuple[Postings, ...]:
            with ThreadPoolExecutor(WORKERS) as pool:
                return tuple(pool.map(one, range(len(state.buckets))))

        return self._cache.get(
            ("postings", _identity(state), asked.table, asked.column),
            every,
            lambda found: sum(one.begin.nbytes * 3 + one.late.nbytes for one in found),
        )

    def arranged(self, as_of: date) -> State:
        """Return an arrangement that holds everything visible at a date."""
        state = self._state.value()
        if state is None or self.warehouse.stale_since(state.generation, as_of):
            return self._arrange()
        return state

    def computing(
        self,
        state: State,
        as_of: date,
        features: Mapping[str, Feature],
        events: tuple[Events, ...] = (),
    ) -> Compute:
        """Return what computes features and event operands of a bucket.

        Features are missing for customers who are not known.
        """
        names = list(features)
        forms = [feature.form for feature in features.values()]

        def compute(bucket: int) -> pl.DataFrame:
            found = snapshot(forms, events, self._bucket(state, bucket, as_of))
            found = found.rename({f"f{i}": name for i, name in enumerate(names)})
            if state.erased:  # whose facts may not be erased yet
                ids = self._arrangement.ids(state).slice(bucket * state.bucket, found.height)
                found = found.with_columns(pl.col(KNOWN) & ids.is_not_null())
            known = pl.when(KNOWN).then(pl.col(names)) if names else ()
            return found.with_columns(known)

        return compute

    def _bucket(self, state: State, bucket: int, as_of: date) -> Bucket:
        """Return a bucket as a date shows it."""
        return Bucket(
            self._tables(state, bucket),
            self._restaurants(),
            self._guests(state, bucket),
            as_of,
            self.warehouse.has_customers(),
        )

    def _tables(self, state: State, bucket: int) -> "_Tables":
        return _Tables(lambda name: self._arrangement.columns(state, bucket, name))

    def _restaurants(self) -> pl.DataFrame:
        def read() -> pl.DataFrame:
            return self.warehouse.tables()["restaurants"].collect()

        key = ("restaurants", self.warehouse.generation)
        return self._cache.get(key, read, lambda frame: int(frame.estimated_size()))

    @staticmethod
    def _guests(state: State, bucket: int) -> int:
        return max(min(state.bucket, state.customers - bucket * state.bucket), 0)


def _plain(values: pl.Series) -> pl.Series:
    return values.cast(pl.String) if isinstance(values.dtype, pl.Enum) else values


def _bytes(series: pl.Series) -> int:
    return int(series.estimated_size())


def _identity(state: State) -> Hashable:
    """Return what changes when a bucket is written anew."""
    return state.lineage, tuple(bucket.folder for bucket in state.buckets)


class _Tables(Mapping[str, MappedColumns]):
    """Tables that are mapped when they are asked for."""

    def __init__(self, read: Callable[[str], MappedColumns]) -> None:
        self._read = read
        self._held: dict[str, MappedColumns] = {}

    def __getitem__(self, name: str) -> MappedColumns:
        if name not in self._held:
            self._held[name] = self._read(name)
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)
