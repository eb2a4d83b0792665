"""The forms that rank or pair rows, as relations with the columns ``customer_id`` and ``value``.

Standard constructs only (windows, grouped subqueries), so that DuckDB, PostgreSQL and Spark read
the same statement. A customer without a row here has no value; `engine.sql_features` says whether
that means 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from sqlglot import exp

from segml.core.calendar import earlier
from segml.core.features import (
    EARTH_RADIUS_KM,
    Favourite,
    First,
    Followed,
    GapSpread,
    Last,
    Listed,
    Nearest,
    Rows,
    Trailing,
    UsualGap,
)
from segml.core.predicates import Scalar
from segml.core.tables import stored_table
from segml.engine.sql_rules import (
    RowScope,
    Type,
    Value,
    as_float,
    as_text,
    both,
    condition,
    day,
    integer,
    is_null,
    lower,
    number,
    ordering,
    time_of,
)


@dataclass(frozen=True, slots=True)
class HasAny:
    """How many elements of a list in the profile are among `values`."""

    column: str
    values: tuple[Scalar, ...]


Related = (
    First
    | Last
    | Listed
    | Favourite
    | UsualGap
    | GapSpread
    | Trailing
    | Followed
    | Nearest
    | HasAny
)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a relation is built.

    Attributes
    ----------
    as_of
        The service day at whose start we stand.
    dialect
        The dialect the statement will be printed in.
    source
        Gives the name under which the statement holds the visible rows of a table, ``profiles``
        standing for the customers.
    """

    as_of: date
    dialect: str
    source: Callable[[str], str]

    def known(self, rows: Rows, column: str) -> exp.Select:
        """Return a selection, of nothing yet, from those of `rows` whose `column` is known."""
        known = exp.not_(is_null(RowScope(rows.table).column(column)), copy=False)
        where = both(kept(rows, self.as_of), known)
        return exp.select().from_(self.source(rows.table)).where(where, copy=False)


def kept(rows: Rows, as_of: date) -> exp.Expr:
    """Return the condition that a visible row of the table is among `rows`."""
    where = condition(rows.where, RowScope(rows.table))
    if not rows.within:
        return where
    recent = exp.GTE(this=exp.column("day"), expression=day(earlier(as_of, rows.within)))
    return both(where, recent)


def quotient(dividend: exp.Expr, divisor: exp.Expr) -> exp.Expr:
    """Return a quotient as float64, NULL where the divisor is 0."""
    below = as_float(divisor)
    if not isinstance(divisor, exp.Literal) or divisor.to_py() == 0:
        below = exp.Nullif(this=below, expression=number(0))
    return exp.Div(this=as_float(dividend), expression=below)


def times(count: exp.Expr, factor: int) -> exp.Expr:
    """Return a whole number times a constant, as float64, so that it cannot overflow."""
    return count if factor == 1 else exp.Mul(this=as_float(count), expression=number(factor))


def days_between(start: exp.Expr, end: exp.Expr) -> exp.Expr:
    """Return the number of days from one date to another."""
    return exp.DateDiff(this=end, expression=start, unit=exp.var("DAY"), date_part_boundary=True)


def relation(form: Related, setting: Setting) -> exp.Select:
    """Return the relation ``customer_id, value`` of a form."""
    match form:
        case First(rows, column):
            return _edge(rows, column, setting, latest=False)
        case Last(rows, column):
            return _edge(rows, column, setting, latest=True)
        case Favourite(rows, column):
            return _favourite(rows, column, setting)
        case Listed(rows, column):
            return _listed(rows, column, setting)
        case UsualGap(rows):
            return _usual_gap(rows, setting)
        case GapSpread(rows):
            return _gap_spread(rows, setting)
        case Trailing(rows, days):
            return _trailing(rows, days, setting)
        case Followed(first, then, by):
            return _followed(setting.known(first, by), setting.known(then, by), by)
        case Nearest():
            return _nearest(setting)
        case HasAny(column, values):
            return _has_any(column, values, setting)
    assert_never(form)


def _foremost(selection: exp.Select, order: list[exp.Expr]) -> exp.Select:
    """Return the first row of each customer in the given order."""
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=[exp.column("customer_id")],
        order=exp.Order(expressions=order),
    )
    ranked = selection.select(exp.alias_(place, "place")).subquery("ranked")
    return exp.select("customer_id", "value").from_(ranked).where("place = 1")


def _edge(rows: Rows, column: str, setting: Setting, *, latest: bool) -> exp.Select:
    scope = RowScope(rows.table)
    key = stored_table(rows.table).key or (column,)
    order = [
        term
        for name in dict.fromkeys((time_of(rows.table), *key))
        for term in ordering(scope.column(name), setting.dialect, descending=latest)
    ]
    named = exp.alias_(exp.column(column), "value")
    return _foremost(setting.known(rows, column).select("customer_id", named), order)


def _favourite(rows: Rows, column: str, setting: Setting) -> exp.Select:
    stored = RowScope(rows.table).column(column)
    value = Value(as_text(stored), Type.TEXT if stored.type is Type.ID else stored.type)
    # An order stands once in its own table, once for each of its lines among the items.
    times = "COUNT(DISTINCT order_id)" if rows.table == "order_items" else "COUNT(*)"
    counted = (
        setting.known(rows, column)
        .select("customer_id", exp.alias_(value.sql, "value"), f"{times} AS times")
        .select(f"MAX({time_of(rows.table)}) AS latest")
        .group_by("customer_id", value.sql.copy())
    )
    by_times = Value(exp.column("times"), Type.INTEGER)
    by_time = Value(exp.column("latest"), Type.TIME)
    order = [
        *ordering(by_times, setting.dialect, descending=True),
        *ordering(by_time, setting.dialect, descending=True),
        *ordering(Value(exp.column("value"), value.type), setting.dialect),
    ]
    return _foremost(exp.select("customer_id", "value").from_(counted.subquery("counted")), order)


def _listed(rows: Rows, column: str, setting: Setting) -> exp.Select:
    text = as_text(RowScope(rows.table).column(column))
    different = setting.known(rows, column).select("customer_id", exp.alias_(text, "value"))
    item = Value(exp.column("value"), Type.TEXT)
    if setting.dialect == "spark":
        # collect_list takes no order of its own
        items: exp.Expr = exp.func("SORT_ARRAY", exp.ArrayAgg(this=item.sql))
    else:
        in_order = exp.Order(this=item.sql.copy(), expressions=ordering(item, setting.dialect))
        items = exp.ArrayAgg(this=in_order)
    return (
        exp.select("customer_id", exp.alias_(items, "value"))
        .from_(different.distinct().subquery("listed"))
        .group_by("customer_id")
    )


def _gaps(rows: Rows, setting: Setting) -> exp.Select:
    """Return ``customer_id, gap``: the days between consecutive distinct days."""
    days = setting.known(rows, "day").select("customer_id", "day").distinct()
    paired = exp.select(
        "customer_id", "day", "LAG(day) OVER (PARTITION BY customer_id ORDER BY day) AS previous"
    ).from_(days.subquery("days"))
    gap = days_between(exp.column("previous"), exp.column("day"))
    return (
        exp.select("customer_id", exp.alias_(gap, "gap"))
        .from_(paired.subquery("paired"))
        .where("NOT previous IS NULL")
    )


def _gap_spread(rows: Rows, setting: Setting) -> exp.Select:
    many, total, squares = (
        as_float(one)
        for one in (
            exp.Count(this=exp.Star()),
            exp.Sum(this=exp.column("gap")),
            exp.Sum(this=exp.Mul(this=exp.column("gap"), expression=exp.column("gap"))),
        )
    )
    under = exp.Sub(
        this=exp.Mul(this=many, expression=squares),
        expression=exp.Mul(this=total, expression=total.copy()),
    )
    spread = exp.Div(this=exp.Sqrt(this=exp.Paren(this=under)), expression=many.copy())
    return (
        exp.select("customer_id", exp.alias_(spread, "value"))
        .from_(_gaps(rows, setting).subquery("gaps"))
        .group_by("customer_id")
        .having("COUNT(*) > 1")
    )


def _usual_gap(rows: Rows, setting: Setting) -> exp.Select:
    gaps = _gaps(rows, setting)
    ranked = exp.select(
        "customer_id",
        "gap",
        "ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY gap) AS place",
        "COUNT(*) OVER (PARTITION BY customer_id) AS gaps",
    ).from_(gaps.subquery("gaps"))
    # The middle gap, or the middle two: twice their places is gaps, gaps + 1 or gaps + 2.
    ends = (form(this=exp.column("gap")) for form in (exp.Min, exp.Max))
    middle = quotient(exp.Add(this=next(ends), expression=next(ends)), integer(2))
    return (
        exp.select("customer_id", exp.alias_(middle, "value"))
        .from_(ranked.subquery("ranked"))
        .where("2 * place >= gaps", "2 * place <= gaps + 2")
        .group_by("customer_id")
    )


def _trailing(rows: Rows, days: int, setting: Setting) -> exp.Select:
    dated = setting.known(rows, "day").select(
        "customer_id", "day", "MAX(day) OVER (PARTITION BY customer_id) AS last_day"
    )
    behind = days_between(exp.column("day"), exp.column("last_day"))
    return (
        exp.select("customer_id", "COUNT(*) AS value")
        .from_(dated.subquery("dated"))
        .where(exp.LT(this=behind, expression=integer(days)))
        .group_by("customer_id")
    )


def _followed(first: exp.Select, then: exp.Select, by: str) -> exp.Select:
    started, ended = (
        rows.select("customer_id", by).distinct().subquery(name)
        for rows, name in ((first, "started"), (then, "ended"))
    )
    share = quotient(exp.Count(this=exp.column(by, table="ended")), exp.Count(this=exp.Star()))
    same = f"ended.customer_id = started.customer_id AND ended.{by} = started.{by}"
    return (
        exp.select("started.customer_id", exp.alias_(share, "value"))
        .from_(started)
        .join(ended, on=same, join_type="left")
        .group_by("started.customer_id")
    )


def _nearest(setting: Setting) -> exp.Select:
    half_chord_squared = (
        "POWER(SIN(RADIANS(r.latitude - p.latitude) / 2), 2)"
        " + COS(RADIANS(p.latitude)) * COS(RADIANS(r.latitude))"
        " * POWER(SIN(RADIANS(r.longitude - p.longitude) / 2), 2)"
    )
    half_angle = f"ASIN(LEAST(CAST(1 AS DOUBLE), SQRT({half_chord_squared})))"
    metres = f"FLOOR(MIN(2 * {EARTH_RADIUS_KM} * {half_angle}) * 1000 + 0.5)"
    placed = " AND ".join(
        f"NOT {table}.{part} IS NULL" for table in "pr" for part in ("latitude", "longitude")
    )
    return (
        exp.select("p.customer_id", f"{metres} / 1000 AS value")
        .from_(f"{setting.source('profiles')} AS p")
        .join(f"{setting.source('restaurants')} AS r", on=placed)
        .group_by("p.customer_id")
    )


def _has_any(column: str, values: tuple[Scalar, ...], setting: Setting) -> exp.Select:
    elements = exp.select("customer_id", f"UNNEST({column}) AS element", dialect="duckdb").from_(
        setting.source("profiles")
    )
    among = exp.In(
        this=lower(Value(exp.column("element"), Type.TEXT)),
        expressions=[exp.Literal.string(str(value)) for value in values],
    )
    return (
        exp.select("customer_id", "COUNT(*) AS value")
        .from_(elements.subquery("elements"))
        .where(among)
        .group_by("customer_id")
    )
