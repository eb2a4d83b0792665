"""The SQL meaning of a feature's form: a total of a table's rows, a relation, or a combination.

Counts, sums and the like of one table share one ``GROUP BY``; forms that rank rows have a relation
of their own in `engine.sql_relations`; what is derived from them is an expression.

Law kept: rows whose column is null take no part in First, Last, Largest, Distinct, Listed,
Favourite and Sum.
"""

from collections.abc import Callable
from datetime import date
from typing import assert_never

from sqlglot import exp

from segml.core.calendar import birthday_code
from segml.core.features import (
    Attribute,
    CompletedYears,
    Count,
    DaysSince,
    Differs,
    Distinct,
    Favourite,
    First,
    Followed,
    Form,
    GapSpread,
    Largest,
    Last,
    Listed,
    Named,
    Nearest,
    Ratio,
    Rows,
    Score,
    Sum,
    Trailing,
    UsualGap,
)
from segml.core.predicates import Events, Field
from segml.engine.sql_relations import HasAny, Related, days_between, kept, quotient, times
from segml.engine.sql_rules import (
    RowScope,
    Type,
    Value,
    as_integer,
    as_text,
    column_types,
    day,
    integer,
    is_true,
    month_day,
    null,
)

Total = Count | Sum | Largest | Distinct | Events
Basic = Total | Related | Attribute


def table_of(total: Total) -> str:
    """Return the table whose rows a total reads."""
    return total.table if isinstance(total, Events) else total.rows.table


def type_of(basic: Basic) -> Type:
    """Return what the value of a basic form is; UnknownName where it names no column."""
    match basic:
        case Count() | Sum() | Distinct() | Trailing() | HasAny():
            return Type.INTEGER
        case UsualGap() | GapSpread() | Followed() | Nearest():
            return Type.FLOAT
        case Listed():
            return Type.LIST
        case Attribute(column):
            return column_types("customers")[column]
        case Favourite(rows, column):
            type_ = RowScope(rows.table).column(column).type
            return Type.TEXT if type_ is Type.ID else type_
        case Largest(rows, column) | First(rows, column) | Last(rows, column):
            return RowScope(rows.table).column(column).type
        case Events(table, _, how, of):
            if how in {"count", "sum", "distinct"}:
                return Type.INTEGER
            return Type.FLOAT if how == "avg" else RowScope(table).value(Field(of)).type
    assert_never(basic)


def is_zero_without_rows(basic: Basic) -> bool:
    """Return whether a basic form is 0, not missing, for a customer without rows."""
    if isinstance(basic, Events):
        return basic.how in {"count", "sum", "distinct"}
    return isinstance(basic, Count | Sum | Distinct | Trailing | HasAny)


def total(form: Total, as_of: date) -> exp.Expr:
    """Return the aggregate expression of a total over its table's visible rows."""
    match form:
        case Count(rows):
            return _aggregate(rows, "count", None, as_of)
        case Sum(rows, column):
            return _aggregate(rows, "sum", RowScope(rows.table).column(column), as_of)
        case Largest(rows, column):
            return _aggregate(rows, "max", RowScope(rows.table).column(column), as_of)
        case Distinct(rows, column):
            return _aggregate(rows, "distinct", RowScope(rows.table).column(column), as_of)
        case Events(table, where, how, of):
            value = RowScope(table).value(Field(of)) if of and how != "count" else None
            return _aggregate(Rows(table, where), how, value, as_of, form.minor)
    assert_never(form)


def _aggregate(rows: Rows, how: str, value: Value | None, as_of: date, minor: int = 1) -> exp.Expr:
    counted = kept(rows, as_of)
    taken = value.sql if value else integer(1)
    if not is_true(counted):
        taken = exp.Case().when(counted, taken)
    match how:
        case "count":
            return exp.Count(this=exp.Star() if is_true(counted) else taken)
        case "sum":
            return as_integer(exp.Sum(this=taken))
        case "avg":
            known = exp.Count(this=taken.copy())
            return quotient(exp.Sum(this=taken), times(known, minor))
        case "distinct":
            return exp.Count(this=exp.Distinct(expressions=[taken]))
        case "min":
            return exp.Min(this=taken)
        case "max":
            return exp.Max(this=taken)
    raise ValueError(f"an aggregate is count, sum, avg, min, max or distinct, not {how!r}")


def derived(form: Form, basic: Callable[[Basic], Value], as_of: date) -> Value:
    """Return a form as an expression over basic forms, which `basic` provides."""
    match form:
        case Score():
            # No table of scores is among the eight, so none is known here.
            return Value(null(Type.FLOAT), Type.FLOAT)
        case DaysSince(inner):
            since = derived(inner, basic, as_of).sql
            return Value(days_between(since, day(as_of)), Type.INTEGER)
        case CompletedYears(inner):
            return _completed_years(derived(inner, basic, as_of), as_of)
        case Ratio(dividend, divisor, minor):
            over = derived(dividend, basic, as_of).sql
            if isinstance(divisor, int):
                return Value(quotient(over, integer(divisor * minor)), Type.FLOAT)
            below = derived(divisor, basic, as_of).sql
            return Value(quotient(over, times(below, minor)), Type.FLOAT)
        case Named(inner, names):
            return _named(derived(inner, basic, as_of), names)
        case Differs(inner, value):
            text = as_text(derived(inner, basic, as_of))
            differs = exp.NEQ(this=text, expression=exp.Literal.string(value))
            return Value(exp.Coalesce(this=differs, expressions=[exp.false()]), Type.BOOLEAN)
        case _:
            return basic(form)


def _named(number: Value, names: tuple[str, ...]) -> Value:
    case = exp.Case(this=number.sql)
    for place, name in enumerate(names, start=1):
        case = case.when(integer(place), exp.Literal.string(name))
    return Value(case, Type.TEXT)


def _completed_years(since: Value, as_of: date) -> Value:
    year = as_integer(exp.Extract(this=exp.var("YEAR"), expression=since.sql))
    ahead = exp.GT(this=month_day(since).sql, expression=integer(birthday_code(as_of)))
    one_less = exp.Case().when(ahead, integer(1)).else_(integer(0))
    years = exp.Sub(this=integer(as_of.year), expression=year)
    return Value(exp.Sub(this=years, expression=one_less), Type.INTEGER)
