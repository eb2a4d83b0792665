"""A column is one value per row, as engines compare it: numbers as they are, texts as words.

Law kept: what a primitive means is the same for the rows of an event and for the features of
customers, and the same as in `polars_rules`: false on a missing value. A whole number is compared
as a whole number, so that a smaller type can never change an answer; texts and lists are compared
once per different word.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from math import ceil, floor
from typing import Any, Final

import numpy as np
import polars as pl

from segml.core.predicates import Compare, In, IsNull, Leaf, MonthDay, Order, Scalar, Text
from segml.core.tables import Kind
from segml.engine.polars_rules import Columns, expression

_SIGNED: Final = ((pl.Int8, 8), (pl.Int16, 16), (pl.Int32, 32), (pl.Int64, 64))
_UNSIGNED: Final = ((pl.UInt8, 8), (pl.UInt16, 16), (pl.UInt32, 32), (pl.UInt64, 64))
_ORDERS: Final[dict[Order, Callable[[pl.Series, int | float], Any]]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_EPOCH: Final = date(1970, 1, 1)
_FEW: Final = 4  # words that are cheaper compared one by one than looked up
# The least and the largest number that a type holds.
LIMITS: Final[dict[pl.DataType, tuple[int, int]]] = {
    **{kind(): (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for kind, bits in _SIGNED},
    **{kind(): (0, 2**bits - 1) for kind, bits in _UNSIGNED},
}


@dataclass(frozen=True, slots=True)
class Column:
    """One value per row.

    Attributes
    ----------
    values
        Numbers, booleans or dates, null where missing; codes of `words` where there are some.
    kind
        What the values are to a rule.
    words
        The different texts, or lists of texts, by code.
    """

    values: pl.Series
    kind: Kind
    words: pl.Series | None = None

    @classmethod
    def of(cls, values: pl.Series, kind: Kind) -> "Column":
        """Return a series as a column; an enumeration becomes its codes and words."""
        if isinstance(values.dtype, pl.Enum):
            return cls(values.to_physical(), kind, values.dtype.categories)
        return cls(values, kind)

    def holds(self, leaf: Leaf) -> pl.Series:
        """Return for every row whether `leaf`, asked of this column, holds; never null."""
        answers = self.answers(leaf)
        return answers.fill_null(value=False) if answers.null_count() else answers

    def answers(self, leaf: Leaf) -> pl.Series:
        """Return the same as `holds`, but null where false because the value is missing."""
        if isinstance(leaf, IsNull):
            return self.values.is_null()
        if isinstance(leaf, Compare | In) and isinstance(leaf.operand, MonthDay):
            days = self.values.cast(pl.Date)
            codes = days.dt.month().cast(pl.Int16) * 100 + days.dt.day()
            return Column(codes, Kind.NUMBER).answers(_unwrapped(leaf))
        return self._known(leaf)

    def decoded(self) -> pl.Series:
        """Return the values as people know them: texts and lists themselves, not their codes."""
        if self.words is not None:
            return self.words[self.values.cast(pl.UInt32)]
        return self.values

    def at(self, rows: pl.Series) -> "Column":
        """Return the values of some rows, by their places (uint32)."""
        return Column(self.values[rows], self.kind, self.words)

    def _known(self, leaf: Leaf) -> pl.Series:
        if self.words is not None:
            return self._among(_asked(self.words, leaf, self.kind))
        if self.values.dtype == pl.Date:
            return Column(day_numbers(self.values), self.kind)._known(leaf)
        if self.values.dtype.is_integer():
            match leaf:
                case Compare(_, order, value):
                    return _compared(self.values, order, _number(value))
                case In(_, values) if 0 < len(values) <= _FEW:
                    return _any([_compared(self.values, "eq", _number(one)) for one in values])
                case In(_, values):
                    numbers = pl.Series(map(_number, values), dtype=pl.Float64).implode()
                    return self.values.cast(pl.Float64).is_in(numbers)
                case _:
                    pass
        if isinstance(leaf, Compare):
            if self.values.dtype == pl.Boolean and leaf.order == "eq":
                return self.values if leaf.value else ~self.values
            if self.values.dtype.is_float():
                found: pl.Series = _ORDERS[leaf.order](self.values, float(_number(leaf.value)))
                return found
        return _asked(self.values, leaf, self.kind)

    def _among(self, wanted: pl.Series) -> pl.Series:
        """Return which rows have one of the words that are `wanted`; null where missing."""
        codes = wanted.arg_true()
        if len(codes) <= _FEW:
            return _any([self.values == code for code in codes]) if len(codes) else _never(self)
        lookup = np.append(wanted.to_numpy(), False)
        found = lookup[self.values.fill_null(len(wanted)).to_numpy()]  # a missing one is past them
        return pl.Series(found)


def day_numbers(dates: pl.Series) -> pl.Series:
    """Return dates as days since 1970; a cast, which unlike `to_physical` is no query."""
    return dates.cast(pl.Int32)


def _never(column: Column) -> pl.Series:
    return pl.repeat(value=False, n=len(column.values), dtype=pl.Boolean, eager=True)


def _any(found: list[pl.Series]) -> pl.Series:
    some = found[0]
    for one in found[1:]:
        some |= one
    return some


def _unwrapped(leaf: Compare | In) -> Leaf:
    assert isinstance(leaf.operand, MonthDay)
    if isinstance(leaf, Compare):
        return Compare(leaf.operand.field, leaf.order, leaf.value)
    return In(leaf.operand.field, leaf.values)


def _asked(values: pl.Series, leaf: Leaf, kind: Kind) -> pl.Series:
    """Return what the primitive means for `values`, in the words of `polars_rules`."""
    columns = Columns(lambda _: (pl.col("value"), kind), lambda _: pl.col("value"))
    assert isinstance(leaf, Compare | In | Text)
    return pl.DataFrame({"value": values}).select(held=expression(leaf, columns)).to_series()


def _number(value: Scalar) -> int | float:
    if isinstance(value, date):
        return (value - _EPOCH).days
    assert isinstance(value, int | float)
    return value


def _compared(values: pl.Series, order: Order, value: int | float) -> pl.Series:
    """Compare whole numbers with any number: exactly, and in the type that they have."""
    if isinstance(value, float) and not value.is_integer():
        match order:
            case "eq":
                return values.is_null() & values.is_not_null()
            case "lt" | "ge":
                value = ceil(value)
            case "le" | "gt":
                value = floor(value)
    value = int(value)
    least, most = LIMITS[values.dtype]
    if value > most or value < least:
        below = value > most  # every known value is below `value`, or every one above
        holds = order in (("lt", "le") if below else ("gt", "ge"))
        return values.is_not_null() if holds else values.is_null() & values.is_not_null()
    found: pl.Series = _ORDERS[order](values, value)
    return found
