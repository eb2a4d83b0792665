"""Postings answer "how often, of this word, in these days" without looking at other rows.

For one column of a table the customers of a bucket's rows are listed word by word and, within a
word, day by day; so a question about a word and a window is one slice of a list. Rows learned after
their day stand in such a list of their own, since they also depend on when one asks. What a word
must satisfy is asked of the words themselves, once for all buckets, in the meaning of `columns`.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.predicates import And, Compare, Events, Field, In, Leaf, Predicate, Text
from segml.core.tables import Form, Kind, stored_table
from segml.engine.bucket import Bucket
from segml.engine.columns import Column
from segml.engine.grouped import Ints, firsts
from segml.engine.polars_rules import column_of

_DAY: Final = {"orders": "ordered_at", "order_items": "ordered_at"}
_EPOCH: Final = date(1970, 1, 1).toordinal()
_ENDLESS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Question:
    """How many rows of `table` have a word in `column` for which `leaf` holds, in some days.

    Attributes
    ----------
    start, end
        Service days since 1970, half-open.
    """

    table: str
    column: str
    leaf: Leaf
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Postings:
    """The customers of a bucket's rows by word and day.

    Attributes
    ----------
    owner
        One entry per row, in runs of one word and day.
    words
        The words, by code.
    word, day, begin
        Of each run: its word, its day, and where it begins; runs ascend by word, then day.
    late
        ``word, day, known, owner`` of the rows learned after their day, as rows of a matrix; its
        columns ascend by word, then day.
    """

    owner: NDArray[np.uint16]
    words: tuple[str, ...]
    word: Ints
    day: Ints
    begin: Ints
    late: NDArray[np.int64]


def question(events: Events) -> Question | None:
    """Return an event operand as a question that postings answer, or None where they cannot."""
    if events.how != "count":
        return None
    leaf: Leaf | None = None
    start, end = -_ENDLESS, _ENDLESS
    for part in _parts(events.where):
        match part:
            case Compare(Field(name), order, date() as day) if name == _time(events.table):
                ordinal = day.toordinal() - _EPOCH
                if order in ("ge", "gt", "eq"):
                    start = max(start, ordinal + (order == "gt"))
                if order in ("le", "lt", "eq"):
                    end = min(end, ordinal + (order != "lt"))
            case Compare(Field(name)) | In(Field(name)) | Text(Field(name)):
                if leaf is not None or column_of(events.table, name).form is not Form.TEXT:
                    return None
                leaf = part
            case _:
                return None
    if leaf is None or not isinstance(leaf.operand, Field):
        return None
    return Question(events.table, leaf.operand.name, leaf, start, end)


def posted(bucket: Bucket, table: str, column: str) -> Postings:
    """Return the postings of all rows of a bucket that is seen at the end of time."""
    rows = bucket.rows(table)
    values = rows.raw(column)
    chosen = values.is_not_null()
    day = rows.raw("day").to_physical().filter(chosen).to_numpy().astype(np.int64)
    learned = rows.raw("known_day").to_physical().fill_null(-_ENDLESS)
    known = learned.filter(chosen).to_numpy().astype(np.int64)
    word = values.to_physical().filter(chosen).to_numpy().astype(np.int64)
    owner = rows.owner[chosen.to_numpy()]
    order = np.argsort(word << 32 | (day + 2**31), kind="stable")
    late = (known > day)[order]
    order, behind = order[~late], order[late]
    word_of, day_of = word[order], day[order]
    begin = firsts(word_of, day_of)
    assert isinstance(values.dtype, pl.Enum)
    return Postings(
        owner[order].astype(np.uint16),
        tuple(values.dtype.categories),
        word_of[begin],
        day_of[begin],
        np.append(begin, len(order)),
        np.stack([word, day, known, owner.astype(np.int64)])[:, behind],
    )


def satisfying(leaf: Leaf, postings: Iterable[Postings]) -> frozenset[str]:
    """Return which of the words that there are anywhere `leaf` holds for."""
    words = pl.Series(sorted({word for one in postings for word in one.words}), dtype=pl.String)
    return frozenset(words.filter(Column(words, Kind.TEXT).holds(leaf)))


def counted(
    postings: Postings, asked: Question, wanted: Container[str], as_of: date, guests: int
) -> Ints:
    """Return how many visible rows with a `wanted` word each customer of the bucket has."""
    before = as_of.toordinal() - _EPOCH
    window = asked.start, min(asked.end, before)
    found = np.zeros(guests, dtype=np.int64)
    late_word, late_day, known, late_owner = postings.late
    for code, word in enumerate(postings.words):
        if word not in wanted:
            continue
        start, stop = _within(postings.word, postings.day, code, window)
        if start < stop:
            rows = postings.owner[postings.begin[start] : postings.begin[stop]]
            found += np.bincount(rows, minlength=guests)
        start, stop = _within(late_word, late_day, code, window)
        if start < stop:
            rows = late_owner[start:stop][known[start:stop] < before]
            found += np.bincount(rows, minlength=guests)
    return found


def _within(words: Ints, days: Ints, code: int, window: tuple[int, int]) -> tuple[int, int]:
    """Return where the entries of a word in a half-open window of days start and stop."""
    first, last = np.searchsorted(words, (code, code + 1))
    start, stop = first + np.searchsorted(days[first:last], window)
    return int(start), int(stop)


def _parts(predicate: Predicate) -> Iterator[Predicate]:
    if isinstance(predicate, And):
        for item in predicate.items:
            yield from _parts(item)
    else:
        yield predicate


def _time(table: str) -> str:
    return _DAY.get(table) or stored_table(table).time
