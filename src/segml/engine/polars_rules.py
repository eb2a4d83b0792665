"""Predicates as Polars expressions: two-valued, one expression per leaf."""

from collections.abc import Callable
from functools import reduce
from operator import and_, or_
from typing import Final, assert_never

import polars as pl

from segml.core.predicates import (
    FINAL_SIGMA,
    SIGMA,
    Among,
    And,
    Before,
    Compare,
    Events,
    Field,
    In,
    IsNull,
    Leaf,
    Match,
    MonthDay,
    Not,
    Operand,
    Or,
    Order,
    Predicate,
    Scalar,
    Text,
    Top,
)
from segml.core.tables import TABLE, Column, Form, Kind, stored_table

# The columns a predicate over rows may name that the canonical table does not have.
_ADDED: Final = {"hour": Kind.NUMBER, "weekday": Kind.NUMBER, "day": Kind.DATE}


class Columns:
    """Where the operands of a predicate stand: an expression and a kind for each of them.

    Parameters
    ----------
    field
        Gives the expression and the kind of a named field.
    computed
        Gives the expression of an operand or a past predicate that was computed beforehand.
    """

    def __init__(
        self,
        field: Callable[[str], tuple[pl.Expr, Kind]],
        computed: Callable[[Events | Before], pl.Expr] | None = None,
    ) -> None:
        self._field = field
        self._computed = computed

    def operand(self, operand: Operand) -> tuple[pl.Expr, Kind]:
        """Return the expression of `operand` in its frame, and its kind."""
        match operand:
            case Field(name):
                return self._field(name)
            case MonthDay(Field(name)):
                day = self._field(name)[0]
                code = day.dt.month().cast(pl.Int32) * 100 + day.dt.day().cast(pl.Int32)
                return code, Kind.NUMBER
            case Events():
                return self.computed(operand), Kind.NUMBER
        assert_never(operand)

    def computed(self, part: Events | Before) -> pl.Expr:
        """Return the column that holds a part computed beforehand."""
        assert self._computed is not None, "rows hold neither events nor pasts"
        return self._computed(part)


def row_columns(table: str) -> Columns:
    """Return the operands of predicates over the rows of `table`, as a history shows them."""

    def field(name: str) -> tuple[pl.Expr, Kind]:
        if name in _ADDED:
            return pl.col(name), _ADDED[name]
        column = column_of(table, name)
        if column.form is Form.TIME:
            return pl.col("day"), Kind.DATE
        expression = pl.col(name)
        return (expression.cast(pl.String) if column.form is Form.ID else expression), column.kind

    return Columns(field)


def column_of(table: str, name: str) -> Column:
    """Return the canonical column behind a field of the rows of `table`."""
    columns = {column.name: column for column in stored_table(table).columns}
    if table == "order_items":
        columns = {column.name: column for column in TABLE["orders"].columns} | columns
    return columns[name]


def expression(predicate: Predicate, columns: Columns) -> pl.Expr:
    """Return `predicate` as an expression that is true or false in every row, never null."""
    match predicate:
        case And(()):
            return pl.lit(value=True)
        case And(items):
            return reduce(and_, (expression(item, columns) for item in items))
        case Or(()):
            return pl.lit(value=False)
        case Or(items):
            return reduce(or_, (expression(item, columns) for item in items))
        case Not(item):
            return ~expression(item, columns)
        case Among(customers):
            return pl.col("customer_id").cast(pl.String).is_in(list(customers))
        case Before():
            return columns.computed(predicate)
        case _:
            return _leaf(predicate, *columns.operand(predicate.operand))


def _leaf(leaf: Leaf, operand: pl.Expr, kind: Kind) -> pl.Expr:
    match leaf:
        case IsNull():
            return operand.is_null()
        case In(_, values):
            held = _in_list(operand, values) if kind is Kind.LIST else _in(operand, values, kind)
        case Compare(_, order, value):
            held = _compare(_lowered(operand, kind), order, value)
        case Text(_, how, part):
            held = _text(_lowered(operand, kind), how, part)
        case Top():
            held = _top(operand, leaf)
        case _:
            assert_never(leaf)
    return held.fill_null(value=False)


def _lowered(operand: pl.Expr, kind: Kind) -> pl.Expr:
    return _folded(operand) if kind is Kind.TEXT else operand


def _folded(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.replace_all(FINAL_SIGMA, SIGMA, literal=True)


def _in(operand: pl.Expr, values: tuple[Scalar, ...], kind: Kind) -> pl.Expr:
    if not values:
        return operand.is_null() & pl.lit(value=False)
    if kind is Kind.NUMBER:
        numbers = [float(value) for value in values if isinstance(value, int | float)]
        return operand.cast(pl.Float64).is_in(numbers)
    return _lowered(operand, kind).is_in(list(values))


def _in_list(operand: pl.Expr, values: tuple[Scalar, ...]) -> pl.Expr:
    if not values:
        return operand.is_null() & pl.lit(value=False)
    element = _folded(pl.element()).is_in(list(values))
    return operand.list.eval(element).list.any()


def _compare(operand: pl.Expr, order: Order, value: Scalar) -> pl.Expr:
    match order:
        case "eq":
            return operand == value
        case "lt":
            return operand < value
        case "le":
            return operand <= value
        case "gt":
            return operand > value
        case "ge":
            return operand >= value
    assert_never(order)


def _text(operand: pl.Expr, match: Match, part: str) -> pl.Expr:
    match match:
        case "contains":
            return operand.str.contains(part, literal=True)
        case "starts_with":
            return operand.str.starts_with(part)
        case "ends_with":
            return operand.str.ends_with(part)
    assert_never(match)


def _top(operand: pl.Expr, top: Top) -> pl.Expr:
    # Equal values rank by appearance, and frames are sorted by customer_id.
    rank = operand.rank("ordinal", descending=top.largest)
    if top.n:
        return rank <= top.n
    # The first ceil(share * known), in whole numbers only; a share may have many digits.
    known = operand.count().cast(pl.Int128)
    return (rank.cast(pl.Int128) - 1) * top.denominator < known * top.numerator
