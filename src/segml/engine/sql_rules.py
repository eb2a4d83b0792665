"""The SQL meaning of a predicate: conditions that are true or false, never NULL.

Conditions are sqlglot trees, printed per dialect by `engine.sql`. Law kept: every leaf is closed
with ``COALESCE(…, FALSE)``, so ``NOT`` is the exact complement.

Constants are brought to the column, never the column to the constant: an integer column meets
integers only (``x > 1.5`` is written ``x >= 2``), a float column meets the float nearest to the
constant. So no dialect's rules for mixed numbers can change an answer.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final, Protocol, assert_never

from sqlglot import exp

from segml.core.errors import UnknownName
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
from segml.core.tables import TABLE, Form, stored_table
from segml.engine.history import ITEM_COLUMNS_OF_ORDER

_LARGEST_INTEGER: Final = 2**63 - 1
# Ranks and counts below this are told apart from a share of them by products within 64 bits.
_MOST_CUSTOMERS: Final = 10**9

_COMPARISONS: Final[dict[Order, type[exp.Binary]]] = {
    "eq": exp.EQ,
    "lt": exp.LT,
    "le": exp.LTE,
    "gt": exp.GT,
    "ge": exp.GTE,
}


class Type(StrEnum):
    """What an SQL expression holds; the text is its SQL type."""

    INTEGER = "BIGINT"
    FLOAT = "DOUBLE"
    TEXT = "TEXT"
    ID = "ID"  # integer or text, which the statement need not know
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    TIME = "TIMESTAMP"
    LIST = "TEXT[]"


@dataclass(frozen=True, slots=True)
class Value:
    """An SQL expression and what it holds."""

    sql: exp.Expr
    type: Type


class Scope(Protocol):
    """What the operands of a predicate are, and what only customers can be asked."""

    def value(self, operand: Operand) -> Value:
        """Return the SQL of an operand."""
        ...

    def has_any(self, operand: Operand, values: tuple[Scalar, ...]) -> exp.Expr | None:
        """Return the condition that a list has one of `values`; None of what is no list."""
        ...

    def chosen(self, part: Among | Top | Before) -> exp.Expr:
        """Return the condition that a customer is among those that `part` chooses."""
        ...


_TYPES: Final = {
    Form.ID: Type.ID,
    Form.TEXT: Type.TEXT,
    Form.DECIMAL: Type.INTEGER,
    Form.DEGREES: Type.FLOAT,
    Form.BOOLEAN: Type.BOOLEAN,
    Form.TIME: Type.TIME,
    Form.DATE: Type.DATE,
    Form.LIST: Type.LIST,
}


def column_types(table: str) -> dict[str, Type]:
    """Return the columns that visible rows of `table` (or of ``payments``) carry, with types."""
    stored = stored_table(table)
    types = {column.name: _TYPES[column.form] for column in stored.columns}
    types["known_day"] = Type.DATE
    if stored.time:
        types["day"] = Type.DATE
    if stored.name == "orders":
        types |= {"hour": Type.INTEGER, "weekday": Type.INTEGER}
    if stored.name == "customers":
        types["known_at"] = Type.TIME
    if stored.name == "order_items":
        orders = column_types("orders")
        types |= {name: orders[name] for name in ITEM_COLUMNS_OF_ORDER}
    return types


def time_of(table: str) -> str:
    """Return the column that says when a row of `table` happened."""
    return TABLE[table].time if table in TABLE and TABLE[table].time else "ordered_at"


@dataclass(frozen=True, slots=True)
class RowScope:
    """The rows of one table: a field is a column, the table's time is its service day."""

    table: str

    def value(self, operand: Operand) -> Value:
        """Return the column that `operand` names; UnknownName when there is none."""
        match operand:
            case Field(name):
                return self.column("day" if name == time_of(self.table) else name)
            case MonthDay(field):
                return month_day(self.value(field))
            case Events():
                raise TypeError("a row has no events of its own")
        assert_never(operand)

    def column(self, name: str) -> Value:
        """Return the column called `name` as it stands; UnknownName when there is none."""
        types = column_types(self.table)
        if name not in types:
            raise UnknownName(f"column of {self.table}", name, types)
        return Value(exp.column(name), types[name])

    def has_any(self, operand: Operand, values: tuple[Scalar, ...]) -> None:
        """Return None: rows carry no lists."""

    def chosen(self, part: Among | Top | Before) -> exp.Expr:
        """Refuse: rows are not named, not ranked and have no past."""
        raise TypeError(f"{type(part).__name__} asks about customers, not rows of {self.table}")


def condition(predicate: Predicate, scope: Scope) -> exp.Expr:
    """Return the condition that says whether `predicate` holds: true or false, never NULL."""
    match predicate:
        case And(items):
            return _joined(exp.and_, [condition(item, scope) for item in items], empty=True)
        case Or(items):
            return _joined(exp.or_, [condition(item, scope) for item in items], empty=False)
        case Not(item):
            return exp.not_(condition(item, scope), copy=False)
        case Among() | Top() | Before():
            return scope.chosen(predicate)
        case IsNull(operand):
            return is_null(scope.value(operand))
        case In(operand, values):
            of_list = scope.has_any(operand, values)
            return of_list or _closed(_is_one_of(scope.value(operand), values))
        case Compare(operand, order, constant):
            return _closed(_compared(scope.value(operand), order, constant))
        case Text(operand, match_, part):
            return _closed(_matched(lower(scope.value(operand)), match_, part))
    assert_never(predicate)


def both(first: exp.Expr, second: exp.Expr) -> exp.Expr:
    """Return the condition that both hold, without one that always does."""
    if is_true(first):
        return second
    return first if is_true(second) else exp.and_(first, second, copy=False)


def is_true(condition: exp.Expr) -> bool:
    """Return whether a condition is the constant TRUE."""
    return isinstance(condition, exp.Boolean) and bool(condition.this)


def is_null(value: Value) -> exp.Expr:
    """Return ``value IS NULL``."""
    return exp.Is(this=value.sql, expression=exp.Null())


def null(type_: Type) -> exp.Expr:
    """Return a NULL of a type."""
    return exp.cast(exp.Null(), type_.value, dialect="duckdb")


def day(value: date) -> exp.Expr:
    """Return a date as a literal."""
    return exp.cast(exp.Literal.string(value.isoformat()), "DATE")


def number(value: float) -> exp.Expr:
    """Return the float64 nearest to `value`, spelled so that no dialect reads it as a decimal."""
    return as_float(exp.Literal.string(repr(float(value))))


def integer(value: int) -> exp.Expr:
    """Return an integer, held within 64 bits."""
    return exp.Literal.number(max(-_LARGEST_INTEGER, min(value, _LARGEST_INTEGER)))


def as_float(sql: exp.Expr) -> exp.Expr:
    """Return an expression as float64."""
    return exp.cast(sql, "DOUBLE", copy=False)


def as_integer(sql: exp.Expr) -> exp.Expr:
    """Return an expression as a 64-bit integer; sums and parts of dates are wider elsewhere."""
    return exp.cast(sql, "BIGINT", copy=False)


def as_text(value: Value) -> exp.Expr:
    """Return a text, or an id as one."""
    return exp.cast(value.sql, "TEXT", copy=False) if value.type is Type.ID else value.sql


def lower(value: Value) -> exp.Expr:
    """Return a text or id `folded`.

    The one letter whose lower case is two characters is spelled out: databases map letter by
    letter and would lose its dot.
    """
    if value.type not in {Type.TEXT, Type.ID}:
        raise TypeError(f"{value.sql.sql()} is {value.type.name.lower()}, which has no lower case")
    dotted = exp.Literal.string("\u0130"), exp.Literal.string("i\u0307")
    small = exp.Lower(this=exp.func("REPLACE", as_text(value), *dotted))
    sigmas = exp.Literal.string(FINAL_SIGMA), exp.Literal.string(SIGMA)
    return exp.func("REPLACE", small, *sigmas)


def month_day(value: Value) -> Value:
    """Return month and day of a date as ``month * 100 + day``."""
    month, in_month = (
        as_integer(exp.Extract(this=exp.var(part), expression=value.sql.copy()))
        for part in ("MONTH", "DAY")
    )
    hundreds = exp.Mul(this=month, expression=integer(100))
    return Value(exp.Add(this=hundreds, expression=in_month), Type.INTEGER)


def ordering(value: Value, dialect: str, *, descending: bool = False) -> list[exp.Expr]:
    """Return the terms that order by `value`: numbers by size, texts by code point.

    DuckDB and Spark order texts by their bytes as they stand; PostgreSQL by the column's collation
    unless told. There an id column, whose type the statement does not know, is ordered as the
    number it is or else as text.
    """
    terms = [value.sql]
    if dialect == "postgres" and value.type is Type.TEXT:
        terms = [_by_code_point(value.sql)]
    elif dialect == "postgres" and value.type is Type.ID:
        kind = exp.cast(exp.func("PG_TYPEOF", value.sql.copy()), "TEXT")
        whole = [exp.Literal.string(name) for name in ("bigint", "integer", "smallint")]
        text = exp.cast(value.sql, "TEXT")
        as_number = exp.Case().when(exp.In(this=kind, expressions=whole), as_integer(text.copy()))
        terms = [as_number, _by_code_point(text)]
    return [exp.Ordered(this=t, desc=descending, nulls_first=not descending) for t in terms]


def place_within(place: str, known: str, top: Top) -> exp.Expr:
    """Return whether a 1-based `place` among `known` customers is one that `top` keeps."""
    here = exp.column(place)
    if top.n:
        return exp.LTE(this=here, expression=integer(top.n))
    if not top.numerator:
        return exp.false()
    share = _narrowed(min(Fraction(top.numerator, top.denominator), Fraction(1)))
    before = exp.paren(exp.Sub(this=here, expression=integer(1)))
    return exp.LT(
        this=exp.Mul(this=before, expression=as_integer(integer(share.denominator))),
        expression=exp.Mul(this=exp.column(known), expression=as_integer(integer(share.numerator))),
    )


def _narrowed(share: Fraction) -> Fraction:
    """Return the smallest fraction at or above `share` whose terms keep products in 64 bits.

    No fraction of at most `_MOST_CUSTOMERS` customers lies between the two (neighbours in a Farey
    sequence), so both keep the same places.
    """
    near = share.limit_denominator(_MOST_CUSTOMERS)
    if near >= share:
        return near
    a, b = near.numerator, near.denominator
    d = -pow(a, -1, b) % b
    d += (_MOST_CUSTOMERS - d) // b * b
    return Fraction((1 + a * d) // b, d)


def _joined(
    combine: Callable[..., exp.Expr], conditions: Sequence[exp.Expr], *, empty: bool
) -> exp.Expr:
    return combine(*conditions, copy=False) if conditions else exp.Boolean(this=empty)


def _closed(condition: exp.Expr) -> exp.Expr:
    if isinstance(condition, exp.Boolean):
        return condition
    return exp.Coalesce(this=condition, expressions=[exp.false()])


def _by_code_point(text: exp.Expr) -> exp.Expr:
    return exp.Collate(this=text, expression=exp.to_identifier("C", quoted=True))


def _compared(value: Value, order: Order, constant: Scalar) -> exp.Expr:
    if value.type is Type.INTEGER:
        assert isinstance(constant, int | float), f"{constant!r} is no number"
        return _compared_integer(value, order, constant)
    if value.type in {Type.TEXT, Type.ID}:
        left, right = lower(value), exp.Literal.string(str(constant))
        return _COMPARISONS[order](this=left, expression=right)
    return _COMPARISONS[order](this=value.sql, expression=_literal(value, constant))


def _compared_integer(value: Value, order: Order, constant: float) -> exp.Expr:
    """Compare an integer column with any number, by the nearest integer that says the same."""
    constant = constant if math.isfinite(constant) else math.copysign(2**70, constant)
    if order == "eq":
        inside = constant == int(constant) and abs(constant) <= _LARGEST_INTEGER
        return exp.EQ(this=value.sql, expression=integer(int(constant))) if inside else exp.false()
    if order in {"lt", "le"}:
        most = math.ceil(constant) - 1 if order == "lt" else math.floor(constant)
        return _bounded(value, exp.LTE, most, always=most >= _LARGEST_INTEGER)
    least = math.floor(constant) + 1 if order == "gt" else math.ceil(constant)
    return _bounded(value, exp.GTE, least, always=least <= -_LARGEST_INTEGER)


def _bounded(value: Value, side: type[exp.Binary], bound: int, *, always: bool) -> exp.Expr:
    if always:
        return exp.not_(is_null(value))
    if abs(bound) > _LARGEST_INTEGER:
        return exp.false()
    return side(this=value.sql, expression=integer(bound))


def _literal(value: Value, constant: Scalar) -> exp.Expr:
    match constant:
        case bool() if value.type is Type.BOOLEAN:
            return exp.Boolean(this=constant)
        case int() | float() if value.type is Type.FLOAT:
            return number(constant)
        case date() if value.type in {Type.DATE, Type.TIME}:
            return day(constant)
    raise TypeError(f"{constant!r} is not comparable with a {value.type.name.lower()}")


def _is_one_of(value: Value, values: tuple[Scalar, ...]) -> exp.Expr:
    if value.type is Type.INTEGER:
        found = [_compared_integer(value, "eq", v) for v in values if isinstance(v, int | float)]
        options = [equal.expression for equal in found if isinstance(equal, exp.EQ)]
    elif value.type in {Type.TEXT, Type.ID}:
        options = [exp.Literal.string(str(v)) for v in values]
    else:
        options = [_literal(value, v) for v in values]
    left = lower(value) if value.type in {Type.TEXT, Type.ID} else value.sql
    return exp.In(this=left, expressions=options) if options else exp.false()


def _matched(text: exp.Expr, match: Match, part: str) -> exp.Expr:
    literal = exp.Literal.string(part)
    if match == "contains":
        return exp.GT(this=exp.StrPosition(this=text, substr=literal), expression=integer(0))
    ends = exp.Left if match == "starts_with" else exp.Right
    return exp.EQ(this=ends(this=text, expression=integer(len(part))), expression=literal)
