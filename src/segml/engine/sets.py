"""The production engine: a rule is an expression over bitmaps, each leaf evaluated once.

A `Moment` gives the columns of one date; a leaf is a pass over one column, its bitmap is kept, and
a rule joins bitmaps. So after an edit only the edited condition is looked at. A past (`Before`) is
the same on an earlier moment. What is false, missing and unknown is decided in `columns`.

To make anything else interactive: express it in these bitmaps.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import cache
from os import cpu_count
from typing import Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.errors import Superseded
from segml.core.predicates import (
    Among,
    And,
    Before,
    Events,
    Leaf,
    Not,
    Operand,
    Or,
    Predicate,
    Top,
    field_names,
    field_of,
    walk,
)
from segml.engine import bitmaps
from segml.engine.bitmaps import Words
from segml.engine.cache import Cache
from segml.engine.columns import Column
from segml.engine.extremes import extremes

_LARGE: Final = 500_000  # customers from which a leaf takes longer than to ask another thread


class Moment(Protocol):
    """One date: who was known, and the columns of customers by code."""

    @property
    def as_of(self) -> date:
        """Return the service day at whose start we stand."""

    @property
    def key(self) -> Hashable:
        """Return what changes whenever any value of this moment may."""

    @property
    def size(self) -> int:
        """Return the number of customer codes."""

    def known(self) -> Words:
        """Return the universe: customers known, staff excluded."""

    def need(self, names: Iterable[str]) -> "Moment":
        """Return the moment once it has these features, computed together where they are not."""

    def column(self, name: str) -> Column:
        """Return a feature; missing for customers who are not known."""

    def number(self, events: Events) -> Column:
        """Return an event operand."""

    def among(self, customers: Sequence[str]) -> Words:
        """Return the customers with these ids, written as texts."""

    def ranks(self) -> NDArray[np.int64] | None:
        """Return the place of each code in the order of customer_id; None where codes ascend."""

    def before(self, days: int) -> "Moment":
        """Return the moment so many days earlier."""


def _never() -> bool:
    return False


class SetEngine:
    """Rules as sets at one moment.

    Parameters
    ----------
    moment
        Where the columns come from.
    cache
        Keeps bitmaps and event numbers between evaluations; shared by engines and threads.
    superseded
        Asked between leaves; when it says yes, the evaluation ends with `Superseded`.
    """

    def __init__(
        self, moment: Moment, cache: Cache, superseded: Callable[[], bool] = _never
    ) -> None:
        self._moment = moment
        self._cache = cache
        self._superseded = superseded

    @property
    def moment(self) -> Moment:
        """Return where the columns come from."""
        return self._moment

    def universe(self) -> Words:
        """Return everybody known."""
        key = (self._moment.key, "known")
        return self._cache.get(key, self._moment.known, _bytes)

    def members(self, predicate: Predicate) -> Words:
        """Return the customers for whom `predicate` holds."""
        self._moment = self._moment.need(field_names(predicate))
        if self._moment.size >= _LARGE:  # new leaves first, on every core
            leaves = dict.fromkeys(part for part in walk(predicate) if isinstance(part, Leaf))
            fresh = [leaf for leaf in leaves if (self._moment.key, leaf) not in self._cache]
            if len(fresh) > 1:
                list(_pool().map(self._held, fresh))
        return self._held(predicate) & self.universe()

    def standing(self, predicate: Predicate) -> Words:
        """Return the same, kept: what is asked again with every rule."""
        key = (self._moment.key, predicate, "members")
        return self._cache.get(key, lambda: self.members(predicate), _bytes)

    def count(self, predicate: Predicate) -> int:
        """Return for how many customers `predicate` holds."""
        key = (self._moment.key, predicate, "count")
        return self._cache.get(key, lambda: bitmaps.count(self.members(predicate)), _number)

    def column(self, name: str) -> Column:
        """Return a feature of every customer, by code."""
        return self._moment.need((name,)).column(name)

    def _held(self, predicate: Predicate) -> Words:
        """Return for whom `predicate` holds; of customers who are not known it may say anything."""
        size = self._moment.size
        match predicate:
            case And(items):
                return bitmaps.intersection(map(self._held, items), size)
            case Or(items):
                return bitmaps.union(map(self._held, items), size)
            case Not(item):
                return ~self._held(item)
            case Before(days, item):
                past = SetEngine(self._moment.before(days), self._cache, self._superseded)
                return bitmaps.resized(past.members(item), size)
            case _:
                if self._superseded():
                    raise Superseded("A newer evaluation has taken this one's place.")
                key = (self._moment.key, predicate)
                return self._cache.get(key, lambda: self._leaf(predicate), _bytes)

    def _leaf(self, leaf: Leaf | Among) -> Words:
        if isinstance(leaf, Among):
            return self._moment.among(leaf.customers)
        column = self._operand(leaf.operand)
        if isinstance(leaf, Top):
            return self._top(leaf, column)
        return bitmaps.packed(column.answers(leaf))

    def _operand(self, operand: Operand) -> Column:
        if isinstance(operand, Events):
            key = (self._moment.key, operand)
            return self._cache.get(
                key, lambda: self._moment.number(operand), lambda c: int(c.values.estimated_size())
            )
        name = field_of(operand)
        assert name is not None
        return self._moment.column(name)

    def _top(self, top: Top, column: Column) -> Words:
        """Return the first so many customers by value, then by customer_id."""
        values = column.values.to_physical() if column.values.dtype == pl.Date else column.values
        known = self.universe() & bitmaps.packed(values.is_not_null())
        many = bitmaps.count(known)
        wanted = top.n or -(-many * top.numerator // top.denominator)
        if wanted >= many:
            return known
        inside, codes = extremes(values, known, wanted, largest=top.largest)
        ranks = self._moment.ranks()
        if ranks is not None:
            codes = codes[np.argsort(ranks[codes])]
        rest = codes[: wanted - bitmaps.count(inside)]
        return inside | bitmaps.among(rest, self._moment.size)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cpu_count(), thread_name_prefix="leaves")


def _bytes(words: Words) -> int:
    return words.nbytes


def _number(_: int) -> int:
    return 1_000  # its key takes more room than the number
