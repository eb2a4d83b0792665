"""Histories in arranged form, held in memory: the production engine without a disk."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import polars as pl
import polars.selectors as cs

from segml.core.calendar import earlier
from segml.core.features import Feature
from segml.core.predicates import Events, Predicate
from segml.core.tables import TABLE
from segml.engine import bitmaps
from segml.engine.arranged import OWNER, SORTED, arranged
from segml.engine.bitmaps import Words
from segml.engine.bucket import Bucket
from segml.engine.cache import Cache
from segml.engine.columns import Column
from segml.engine.history import History
from segml.engine.kernel import KNOWN, snapshot
from segml.engine.postings import Question, counted, posted, question, satisfying
from segml.engine.sets import SetEngine

FEW = 3  # customers a bucket, so that small histories have several


@dataclass(frozen=True)
class Arranged:
    """All facts of a history, cut into small buckets."""

    history: History
    ids: pl.Series
    buckets: tuple[tuple[int, dict[str, pl.DataFrame]], ...]
    seen: dict[date, list[Bucket]] = field(default_factory=dict)

    @classmethod
    def of(cls, history: History) -> "Arranged":
        tables = {name: rows.collect() for name, rows in history.tables.items()}
        ids = pl.concat([tables[name]["customer_id"] for name in SORTED]).unique().sort()
        # Codes do not always ascend with the ids: here the later half comes first.
        ids = pl.concat([ids[len(ids) // 2 :], ids[: len(ids) // 2]])
        codes = pl.DataFrame({"customer_id": ids}).with_row_index("code")
        rows = {
            name: table.join(codes, on="customer_id", how="left", maintain_order="left")
            for name, table in tables.items()
            if "customer_id" in table.columns
        }
        buckets = []
        for start in range(0, len(ids), FEW):
            inside = {
                name: table.filter(pl.col("code").is_between(start, start + FEW - 1))
                .with_columns((pl.col("code") - start).cast(pl.UInt16).alias(OWNER))
                .drop("code")
                for name, table in rows.items()
            }
            inside["order_items"] = tables["order_items"]
            buckets.append((min(FEW, len(ids) - start), arranged(inside)))
        return cls(history, ids, tuple(buckets))

    def snapshot(self, features: Sequence[Feature], events: Sequence[Events], as_of: date):
        if as_of not in self.seen:
            places = self.history.tables["restaurants"].collect()
            known = self.history.has_customers
            self.seen[as_of] = [Bucket(t, places, n, as_of, known) for n, t in self.buckets]
        forms = [feature.form for feature in features]
        frames = [snapshot(forms, events, bucket) for bucket in self.seen[as_of]]
        # Each bucket has words of its own.
        plain = [frame.with_columns(cs.enum().cast(pl.String)) for frame in frames]
        return pl.concat(plain) if plain else None


@dataclass(frozen=True)
class MemoryMoment:
    facts: Arranged
    features: Mapping[str, Feature]
    as_of: date

    @property
    def key(self) -> Hashable:
        return self.as_of

    @property
    def size(self) -> int:
        return len(self.facts.ids)

    def known(self) -> Words:
        found = self.facts.snapshot([], [], self.as_of)
        return bitmaps.nobody(0) if found is None else bitmaps.packed(found[KNOWN])

    def need(self, names: Iterable[str]) -> "MemoryMoment":
        return self

    def column(self, name: str) -> Column:
        found = self.facts.snapshot([self.features[name]], [], self.as_of)
        values = found["f0"] if found is not None else pl.Series(dtype=pl.Int64)
        if values.dtype == pl.String:
            values = values.cast(pl.Enum(values.drop_nulls().unique().sort()))
        return Column.of(values, self.features[name].kind)

    def number(self, events: Events) -> Column:
        asked = question(events)
        if asked is not None:
            return Column(self._posted(asked), self.features["orders_total"].kind)
        found = self.facts.snapshot([], [events], self.as_of)
        values = found["e0"] if found is not None else pl.Series(dtype=pl.Int64)
        return Column(values, self.features["orders_total"].kind)

    def _posted(self, asked: Question) -> pl.Series:
        known = self.facts.history.has_customers
        buckets = [Bucket(t, pl.DataFrame(), n, date.max, known) for n, t in self.facts.buckets]
        postings = [posted(one, asked.table, asked.column) for one in buckets]
        wanted = satisfying(asked.leaf, postings)
        counts = [
            counted(one, asked, wanted, self.as_of, bucket.guests)
            for one, bucket in zip(postings, buckets, strict=True)
        ]
        return pl.Series(np.concatenate(counts) if counts else [], dtype=pl.Int64)

    def among(self, customers: Sequence[str]) -> Words:
        held = self.facts.ids.cast(pl.String).is_in(list(customers))
        return bitmaps.packed(held) if len(held) else bitmaps.nobody(0)

    def ranks(self):
        return np.argsort(self.facts.ids.arg_sort().to_numpy())

    def before(self, days: int) -> "MemoryMoment":
        return replace(self, as_of=earlier(self.as_of, days))


class ArrangedEngine:
    """What `engines.ENGINES` runs: the production engine over a history."""

    def __init__(self, history: History, features: Mapping[str, Feature]) -> None:
        self._facts = Arranged.of(history)
        self._features = features
        self._as_of = history.as_of

    def members(self, predicate: Predicate):
        moment = MemoryMoment(self._facts, self._features, self._as_of)
        held = SetEngine(moment, Cache(2**20)).members(predicate)
        return self._facts.ids.gather(bitmaps.codes(held)).sort().to_list()

    def features(self, names: Sequence[str]) -> pl.DataFrame:
        chosen = [self._features[name] for name in names]
        found = self._facts.snapshot(chosen, [], self._as_of)
        if found is None:
            return pl.DataFrame(schema=["customer_id", *names])
        found = found.rename({f"f{i}": name for i, name in enumerate(names)})
        found = found.insert_column(0, self._facts.ids.alias("customer_id"))
        return found.filter(pl.col(KNOWN)).drop(KNOWN).sort("customer_id")


assert set(SORTED) <= set(TABLE)
