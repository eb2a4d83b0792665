"""Rows of a table in one bucket, grouped by customer: every aggregate is a reduction over them.

The rows stand in the order of `arranged`; what is not visible is left out first. A mask chooses
among the rows (None: all of them). Missing values take no part.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import and_, or_
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.predicates import And, Field, Leaf, MonthDay, Not, Or, Predicate
from segml.core.tables import Form, Kind
from segml.engine.columns import Column, day_numbers
from segml.engine.polars_rules import column_of

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_NARROW: Final = 2**16  # from the least to the largest of whole numbers that are looked up
DENSE: Final = 2**23  # cells of a table of customers by values
_ADDED: Final = {"hour": Kind.NUMBER, "weekday": Kind.NUMBER, "day": Kind.DATE}


@dataclass(frozen=True, slots=True)
class Runs:
    """Rows alike in customer and one column.

    Attributes
    ----------
    run
        Of each row: the number of its run; of a row without a value: how many runs there are.
    owner
        Whose each run is.
    """

    run: Ints
    owner: NDArray[Any]

    def some(self, mask: Bools) -> Bools:
        """Return whether any row of each run is chosen."""
        found = np.zeros(len(self.owner) + 1, dtype=bool)
        found[self.run.take(np.flatnonzero(mask))] = True
        return found[:-1]


class Choices:
    """The different values of a column, and which of them each row has.

    Attributes
    ----------
    owner, code, known
        Of each row: its customer, its value's place among `values`, and whether it has one (None:
        all have).
    values
        Ascending.
    few
        Whether a table of all customers by all values is small enough to count in.
    """

    def __init__(
        self,
        owner: NDArray[Any],
        code: NDArray[Any],
        known: Bools | None,
        values: pl.Series,
        guests: int,
    ) -> None:
        self.owner, self.code, self.known, self.values = owner, code, known, values
        self.guests = guests
        self.few = guests * len(values) <= DENSE

    def masked(self, mask: Bools | None) -> Bools | None:
        """Return a mask without the rows that have no value."""
        if self.known is None:
            return mask
        return self.known if mask is None else mask & self.known

    @cached_property
    def cell(self) -> NDArray[np.intp]:
        """Return of each row its place in a table of customers by values, row by row."""
        cell = self.owner.astype(np.intp)  # which indexing and counting take as it is
        cell *= len(self.values)
        cell += self.code
        return cell

    def table(self, dtype: Any) -> NDArray[Any]:
        """Return an empty table of customers by values, as one row after the other."""
        return np.zeros(self.guests * len(self.values), dtype=dtype)

    def present(self, mask: Bools | None) -> Bools:
        """Return a table of customers by values: whether any chosen row has the value."""
        mask = self.masked(mask)
        found = self.table(bool)
        found[self.cell if mask is None else self.cell.take(np.flatnonzero(mask))] = True
        return found.reshape(self.guests, -1) if len(self.values) else found.reshape(self.guests, 0)


class Grouped:
    """The visible rows of a reading of a history, in one bucket.

    Parameters
    ----------
    reading
        The table, or ``payments``.
    guests
        How many customers the bucket has.
    owner
        The customer of each row by place in the bucket, ascending.
    series
        Gives a column of the rows by name.
    """

    def __init__(
        self,
        reading: str,
        guests: int,
        owner: NDArray[Any],
        series: Callable[[str], pl.Series],
    ) -> None:
        self.reading = reading
        self.guests = guests
        self.owner = owner
        self._series = series
        self._columns: dict[str, Column] = {}
        self._masks: dict[Predicate, Bools] = {}
        self._runs: dict[str, Runs] = {}
        self._raw: dict[str, pl.Series] = {}
        self._choices: dict[str, Choices] = {}

    def column(self, name: str) -> Column:
        """Return a column of the rows as rules see it: a time as its service day."""
        if name not in self._columns:
            if name in _ADDED:
                self._columns[name] = Column.of(self._series(name), _ADDED[name])
            else:
                canonical = column_of(self.reading, name)
                values = self._series("day" if canonical.form is Form.TIME else name)
                if canonical.form is Form.ID and not isinstance(values.dtype, pl.Enum):
                    values = values.cast(pl.String)
                self._columns[name] = Column.of(values, canonical.kind)
        return self._columns[name]

    def raw(self, name: str) -> pl.Series:
        """Return a column as it is stored."""
        if name not in self._raw:
            self._raw[name] = self._series(name)
        return self._raw[name]

    def where(self, predicate: Predicate) -> Bools:
        """Return for which rows a predicate over them holds."""
        if predicate not in self._masks:
            self._masks[predicate] = self._where(predicate)
        return self._masks[predicate]

    def _where(self, predicate: Predicate) -> Bools:
        match predicate:
            case And(()) | Or(()):
                return np.full(len(self.owner), predicate == And(()))
            case And(items) | Or(items):
                join = and_ if isinstance(predicate, And) else or_
                return reduce(join, map(self.where, items))
            case Not(item):
                return ~self.where(item)
            case _:
                assert isinstance(predicate, Leaf), "rows hold no pasts"
                operand = predicate.operand
                field = operand.field if isinstance(operand, MonthDay) else operand
                assert isinstance(field, Field), "rows hold no events"
                holds: Bools = self.column(field.name).holds(predicate).to_numpy()
                return holds

    def owners(self, mask: Bools | None) -> NDArray[Any]:
        """Return the customers of the chosen rows, ascending."""
        return self.owner if mask is None else self.owner[mask]

    def runs(self, by: str) -> Runs:
        """Return the rows alike in customer and in the column `by`, missing ones left out."""
        if by not in self._runs:
            self._runs[by] = self._alike(by)
        return self._runs[by]

    def choices(self, column: str) -> Choices:
        """Return which of the column's different values each row has."""
        if column not in self._choices:
            codes, known, values = factored(self.column(column))
            self._choices[column] = Choices(self.owner, codes, known, values, self.guests)
        return self._choices[column]

    def visits(self, mask: Bools | None) -> Ints:
        """Return customer · 2^32 + day + 2^31 of each different day of the rows, ascending."""
        return self._visits if mask is None else self._days(mask)

    def count(self, mask: Bools | None) -> Ints:
        """Return the number of chosen rows per customer."""
        if mask is None:
            return self._placed(np.diff(self._starts, append=len(self.owner)), np.int64)
        return self._reduced(np.add, mask.view(np.uint8), np.int64)

    def total(self, values: NDArray[Any], mask: Bools | None) -> Ints:
        """Return the sum of whole numbers over the chosen rows per customer, exactly."""
        chosen = values if mask is None else values * mask  # twice as fast as to choose
        return self._reduced(np.add, chosen, np.int64)

    def largest(self, values: NDArray[Any], mask: Bools | None) -> NDArray[Any]:
        """Return the largest value over the chosen rows per customer; anything without any."""
        chosen = values if mask is None else np.where(mask, values, _lowest(values))
        return self._reduced(np.maximum, chosen, values.dtype)

    def smallest(self, values: NDArray[Any], mask: Bools | None) -> NDArray[Any]:
        """Return the smallest value over the chosen rows per customer; anything without any."""
        chosen = values if mask is None else np.where(mask, values, _highest(values))
        return self._reduced(np.minimum, chosen, values.dtype)

    @cached_property
    def _starts(self) -> Ints:
        return firsts(self.owner)

    @cached_property
    def _present(self) -> NDArray[Any]:
        return self.owner[self._starts]

    @cached_property
    def _visits(self) -> Ints:
        return self._days(None)

    def _days(self, mask: Bools | None) -> Ints:
        chosen = slice(None) if mask is None else mask
        days = filled(day_numbers(self.raw("day")), 0).to_numpy()[chosen]
        return different((self.owner[chosen].astype(np.int64) << 32) + days + 2**31)

    def _reduced(self, ufunc: np.ufunc, values: NDArray[Any], dtype: Any) -> NDArray[Any]:
        if not len(self.owner):
            return np.zeros(self.guests, dtype=dtype)
        return self._placed(ufunc.reduceat(values, self._starts, dtype=dtype), dtype)

    def _placed(self, values: NDArray[Any], dtype: Any) -> NDArray[Any]:
        found = np.zeros(self.guests, dtype=dtype)
        found[self._present] = values
        return found

    def _alike(self, by: str) -> Runs:
        if (self.reading, by) == ("messages", "message_id"):  # they stand so
            ids = self.raw(by)
            keys = ids.to_numpy() if ids.dtype == pl.Int64 else factored(self.column(by))[0]
            begun = changed(self.owner, keys)
            return Runs(np.cumsum(begun) - 1, self.owner[begun])
        codes, known, _ = factored(self.column(by))
        order = np.argsort((self.owner.astype(np.int64) << 32) | codes, kind="stable")
        if known is not None:
            order = order[known[order]]
        owner = self.owner[order]
        begun = changed(owner, codes[order])
        run = np.full(len(self.owner), np.count_nonzero(begun))
        run[order] = np.cumsum(begun) - 1
        return Runs(run, owner[begun])


def _lowest(values: NDArray[Any]) -> Any:
    return np.iinfo(values.dtype).min if values.dtype.kind in "iu" else -np.inf


def _highest(values: NDArray[Any]) -> Any:
    return np.iinfo(values.dtype).max if values.dtype.kind in "iu" else np.inf


def different(keys: Ints) -> Ints:
    """Return the different keys, ascending; sorting is faster than hashing them."""
    if (keys[1:] < keys[:-1]).any():
        keys = np.sort(keys)
    return keys[changed(keys)]


def changed(*keys: NDArray[Any]) -> Bools:
    """Return where one of the keys is another than before."""
    found = np.zeros(len(keys[0]), dtype=bool)
    found[:1] = True
    for key in keys:
        found[1:] |= key[1:] != key[:-1]
    return found


def firsts(*keys: NDArray[Any]) -> Ints:
    """Return the places where one of the keys is another than before: starts of runs."""
    return np.flatnonzero(changed(*keys))


def filled(values: pl.Series, value: Any) -> pl.Series:
    """Return values with `value` where they are missing; mostly none is, which is seen at once."""
    return values.fill_null(value) if values.null_count() else values


def factored(column: Column) -> tuple[NDArray[Any], Bools | None, pl.Series]:
    """Return codes that ascend as the values do, which are known, and the values by code."""
    values = column.values
    known = values.is_not_null().to_numpy() if values.null_count() else None
    if column.words is not None:
        return filled(values, 0).to_numpy(), known, column.words
    choices = values.drop_nulls().unique().sort()
    if values.dtype == pl.String:
        codes = values.cast(pl.Enum(choices)).to_physical()
    elif values.dtype.is_integer() and len(choices) and choices[-1] - choices[0] < _NARROW:
        return _looked_up(values, choices), known, choices
    elif len(choices):
        codes = choices.search_sorted(filled(values, choices[0]))
    else:
        codes = pl.repeat(0, len(values), dtype=pl.Int64, eager=True)
    return filled(codes, 0).to_numpy(), known, choices


def _looked_up(values: pl.Series, choices: pl.Series) -> NDArray[Any]:
    """Return the place of whole numbers among the `choices`, which are near each other."""
    near = choices.to_numpy().astype(np.int64) - choices[0]
    code = np.zeros(near[-1] + 1, dtype=np.int32)
    code[near] = np.arange(len(near))
    found: NDArray[Any] = code[filled(values, choices[0]).to_numpy().astype(np.int64) - choices[0]]
    return found
