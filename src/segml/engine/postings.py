"""Postings answer "how often, of this word, in these days" without looking at other rows.

For one column of a table the customers of a bucket's rows are listed word by word and, within a
word, day by day; so a question about a word and a window is one slice of a list. Rows learned after
their day are kept apart, since they also depend on when one asks. What a word must satisfy is asked
of the words themselves, in the meaning of `columns`.
"""

from collections.abc import Iterator
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
        ``word, day, known, owner`` of the rows learned after their day, as columns of a matrix.
    """

    owner: NDArray[np.uint16]
    words: pl.Series
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
    late = known > day
    order = np.argsort(word[~late] << 32 | (day[~late] + 2**31), kind="stable")
    word_of, day_of = word[~late][order], day[~late][order]
    begin = firsts(word_of, day_of)
    assert isinstance(values.dtype, pl.Enum)
    return Postings(
        owner[~late][order].astype(np.uint16),
        values.dtype.categories,
        word_of[begin],
        day_of[begin],
        np.append(begin, len(order)),
        np.stack([word[late], day[late], known[late], owner[late].astype(np.int64)]),
    )


def counted(postings: Postings, asked: Question, as_of: date, guests: int) -> Ints:
    """Return how many visible rows each customer of the bucket has."""
    before = as_of.toordinal() - _EPOCH
    end = min(asked.end, before)
    held = Column(postings.words, Kind.TEXT).holds(asked.leaf)
    found = np.zeros(guests, dtype=np.int64)
    for word in held.arg_true().to_list():
        first, last = np.searchsorted(postings.word, (word, word + 1))
        days = postings.day[first:last]
        start, stop = first + np.searchsorted(days, (asked.start, end))
        if start < stop:
            rows = postings.owner[postings.begin[start] : postings.begin[stop]]
            found += np.bincount(rows, minlength=guests)
        late, day, known, owner = postings.late
        seen = (late == word) & (day >= asked.start) & (day < end) & (known < before)
        if seen.any():
            found += np.bincount(owner[seen], minlength=guests)
    return found


def _parts(predicate: Predicate) -> Iterator[Predicate]:
    if isinstance(predicate, And):
        for item in predicate.items:
            yield from _parts(item)
    else:
        yield predicate


def _time(table: str) -> str:
    return _DAY.get(table) or stored_table(table).time
