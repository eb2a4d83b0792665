"""Features as Polars plans: one lazy pass per table, one column per basic form.

Every count, sum and window of a table is a filter inside one group-by of that table; the forms
that need groups of their own (favourites, followed messages) are one small plan each.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final, assert_never

import polars as pl

from segml.core.calendar import birthday_code, earlier
from segml.core.features import (
    EARTH_RADIUS_KM,
    Aggregated,
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
    basics,
)
from segml.core.predicates import EVERYONE, Events, Field
from segml.core.tables import Form as ColumnForm
from segml.core.tables import stored_table
from segml.engine.arithmetic import quotient
from segml.engine.history import History
from segml.engine.polars_rules import column_of, expression, row_columns

_ID: Final = "customer_id"


def snapshot(forms: Sequence[Form], events: Sequence[Events], history: History) -> pl.LazyFrame:
    """Return one row per customer known before ``history.as_of``, sorted by customer_id.

    Columns: ``customer_id``, one per form named ``f0``, ``f1``, …, one per event operand named
    ``e0``, ``e1``, …. Missing is null, counts and sums without rows are 0.
    """
    needed = tuple(dict.fromkeys(basic for form in forms for basic in basics(form)))
    frame = history.universe()
    names: dict[Form | Events, str] = {part: f"b{i}" for i, part in enumerate((*needed, *events))}
    for block in _blocks(names, history):
        frame = frame.join(block, on=_ID, how="left", maintain_order="left")
    columns = {part: _filled(part, pl.col(name)) for part, name in names.items()}
    columns |= {basic: pl.lit(None, pl.Float64) for basic in needed if isinstance(basic, Score)}
    return frame.select(
        _ID,
        *(_compose(form, columns, history).alias(f"f{i}") for i, form in enumerate(forms)),
        *(columns[event].alias(f"e{i}") for i, event in enumerate(events)),
    )


def _blocks(names: dict[Form | Events, str], history: History) -> Iterable[pl.LazyFrame]:
    """Yield the frames to join onto the universe: one per source of facts."""
    grouped: dict[str, list[tuple[pl.Expr, pl.Expr | None]]] = {}
    followed: dict[tuple[str, str], list[tuple[Followed, str]]] = {}
    profile: list[pl.Expr] = []
    for part, name in names.items():
        match part:
            case Attribute(column):
                profile.append(pl.col(column).alias(name))
            case Nearest():
                yield _nearest(history, name)
            case Favourite():
                yield _favourite(part, history, name)
            case Followed(first, _, by):
                followed.setdefault((first.table, by), []).append((part, name))
            case Events(table, where):
                wanted = None if where == EVERYONE else expression(where, row_columns(table))
                grouped.setdefault(table, []).append((_events(part, wanted).alias(name), wanted))
            case (
                Count(rows)
                | Sum(rows)
                | Largest(rows)
                | First(rows)
                | Last(rows)
                | Distinct(rows)
                | Listed(rows)
                | UsualGap(rows)
                | GapSpread(rows)
                | Trailing(rows)
            ):
                aggregate = _aggregate(part, history).alias(name)
                grouped.setdefault(rows.table, []).append((aggregate, _where(rows, history)))
            case _:
                pass
    if profile:
        yield history.profiles().select(_ID, *profile)
    for table, aggregates in grouped.items():
        yield _grouped(history.rows(table), aggregates)
    for (table, by), shares in followed.items():
        yield _followed(history.rows(table), by, shares, history)


def _grouped(
    rows: pl.LazyFrame, aggregates: Sequence[tuple[pl.Expr, pl.Expr | None]]
) -> pl.LazyFrame:
    """Return the aggregates per customer; rows that none of them asks for are left out first."""
    asked = [where for _, where in aggregates if where is not None]
    if len(asked) == len(aggregates):
        rows = rows.filter(pl.any_horizontal(asked))
    return rows.group_by(_ID).agg(aggregate for aggregate, _ in aggregates)


def _where(rows: Rows, history: History) -> pl.Expr | None:
    """Return which rows of the pass are meant, or None for all of them."""
    conditions = []
    if rows.within:
        conditions.append(pl.col("day") >= earlier(history.as_of, rows.within))
    if rows.where != EVERYONE:
        conditions.append(expression(rows.where, row_columns(rows.table)))
    return pl.all_horizontal(conditions) if conditions else None


def _only(column: pl.Expr, where: pl.Expr | None) -> pl.Expr:
    return column if where is None else column.filter(where)


def _aggregate(form: Aggregated, history: History) -> pl.Expr:
    match form:
        case Count(rows):
            where = _where(rows, history)
            return pl.len() if where is None else where.sum()
        case Sum(rows, column):
            return _only(pl.col(column), _where(rows, history)).sum()
        case Largest(rows, column):
            return _only(pl.col(column), _where(rows, history)).max()
        case First(rows, column):
            return _extreme(rows, column, history, latest=False)
        case Last(rows, column):
            return _extreme(rows, column, history, latest=True)
        case Distinct(rows, column):
            return _only(pl.col(column), _where(rows, history)).drop_nulls().n_unique()
        case Listed(rows, column):
            return _only(pl.col(column), _where(rows, history)).drop_nulls().unique().sort()
        case UsualGap(rows):
            days = _only(pl.col("day"), _where(rows, history)).to_physical()
            return days.sort().unique(maintain_order=True).diff().median()
        case GapSpread(rows):
            days = _only(pl.col("day"), _where(rows, history)).to_physical().cast(pl.Int64)
            gaps = days.sort().unique(maintain_order=True).diff()
            many = gaps.count().cast(pl.Int64)
            under = many * (gaps * gaps).sum() - gaps.sum().pow(2)
            return pl.when(many > 1).then(under.cast(pl.Float64).sqrt() / many)
        case Trailing(rows, days):
            where = _where(rows, history)
            day = _only(pl.col("day"), where)
            return (day > day.max() - timedelta(days=days)).sum()
        case Favourite() | Followed():
            raise AssertionError("has a plan of its own")
    assert_never(form)


def _extreme(rows: Rows, column: str, history: History, *, latest: bool) -> pl.Expr:
    where = _where(rows, history)
    if column == "day":
        day = _only(pl.col("day"), where)
        return day.max() if latest else day.min()
    table = stored_table(rows.table)
    if not table.column(column).required:
        known = pl.col(column).is_not_null()
        where = known if where is None else where & known
    by = [_only(pl.col(name), where) for name in (table.time, *(table.key or (column,)))]
    ordered = _only(pl.col(column), where).sort_by(by)
    return ordered.last() if latest else ordered.first()


def _events(events: Events, where: pl.Expr | None) -> pl.Expr:
    if events.how == "count":
        return pl.len() if where is None else where.sum()
    column = _only(row_columns(events.table).operand(Field(events.of))[0], where)
    match events.how:
        case "sum":
            return column.sum()
        case "avg":
            return quotient(column.sum(), column.count(), events.minor)
        case "min":
            return column.min()
        case "max":
            return column.max()
        case "distinct":
            return column.drop_nulls().n_unique()
    assert_never(events.how)


def _favourite(form: Favourite, history: History, name: str) -> pl.LazyFrame:
    """Return the favourite per customer; the best row is kept by sorting once and for all."""
    rows = history.rows(form.rows.table).filter(pl.col(form.column).is_not_null())
    where = _where(form.rows, history)
    if where is not None:
        rows = rows.filter(where)
    value = pl.col(form.column)
    if form.column not in {"hour", "weekday"}:
        column = column_of(form.rows.table, form.column)
        value = value.cast(pl.String) if column.form is ColumnForm.ID else value
    keys = [_ID, "value"]
    rows = rows.select(_ID, "order_id", "ordered_at", value=value)
    items = form.rows.table == "order_items"
    orders = pl.col("order_id").n_unique() if items else pl.len()
    return (
        rows.group_by(keys)
        .agg(orders=orders, latest=pl.col("ordered_at").max())
        .group_by(_ID)
        .agg(
            pl.col("value")
            .sort_by("orders", "latest", "value", descending=[True, True, False])
            .first()
            .alias(name)
        )
    )


def _followed(
    rows: pl.LazyFrame, by: str, wanted: list[tuple[Followed, str]], history: History
) -> pl.LazyFrame:
    """Return every `Followed` of one table: a row per `by` first, then a share per customer."""
    flags, shares = [], []
    for i, (form, name) in enumerate(wanted):
        first, then = _where(form.first, history), _where(form.then, history)
        assert first is not None, "a share needs something to be a share of"
        assert then is not None, "what follows is a part of the rows"
        flags += [first.any().alias(f"first{i}"), then.any().alias(f"then{i}")]
        both = (pl.col(f"first{i}") & pl.col(f"then{i}")).sum()
        shares.append(quotient(both, pl.col(f"first{i}").sum()).alias(name))
    rows = rows.filter(pl.col(by).is_not_null())
    return rows.group_by(_ID, by).agg(flags).group_by(_ID).agg(shares)


def _nearest(history: History, name: str) -> pl.LazyFrame:
    places = history.rows("restaurants").select(
        place_lat=pl.col("latitude").radians(), place_lon=pl.col("longitude").radians()
    )
    homes = history.profiles().select(
        _ID, lat=pl.col("latitude").radians(), lon=pl.col("longitude").radians()
    )
    half_lat = ((pl.col("place_lat") - pl.col("lat")) / 2).sin()
    half_lon = ((pl.col("place_lon") - pl.col("lon")) / 2).sin()
    chord = half_lat**2 + pl.col("lat").cos() * pl.col("place_lat").cos() * half_lon**2
    kilometres = 2 * EARTH_RADIUS_KM * chord.sqrt().clip(upper_bound=1.0).arcsin()
    metres = (kilometres.min() * 1000 + 0.5).floor()
    return (homes.drop_nulls().join(places.drop_nulls(), how="cross").group_by(_ID)).agg(
        quotient(metres, 1000).alias(name)
    )


def _filled(part: Form | Events, column: pl.Expr) -> pl.Expr:
    """Return the column with 0 where counts and sums found no rows, null where nothing is known."""
    match part:
        case Count() | Sum() | Distinct() | Trailing():
            return column.fill_null(0).cast(pl.Int64)
        case Events(how="count" | "sum" | "distinct"):
            return column.fill_null(0).cast(pl.Int64)
        case Listed():
            return pl.when(column.list.len() > 0).then(column)
        case _:
            return column


def _compose(form: Form, columns: dict[Form | Events, pl.Expr], history: History) -> pl.Expr:
    match form:
        case DaysSince(inner):
            day = _compose(inner, columns, history)
            return (pl.lit(history.as_of) - day).dt.total_days()
        case CompletedYears(inner):
            day = _compose(inner, columns, history)
            code = day.dt.month().cast(pl.Int32) * 100 + day.dt.day()
            not_yet = (code > birthday_code(history.as_of)).cast(pl.Int64)
            return history.as_of.year - day.dt.year().cast(pl.Int64) - not_yet
        case Ratio(dividend, divisor, minor):
            below = divisor if isinstance(divisor, int) else _compose(divisor, columns, history)
            return quotient(_compose(dividend, columns, history), below, minor)
        case Named(inner, names):
            number = _compose(inner, columns, history).cast(pl.Int64)
            return number.replace_strict(
                dict(enumerate(names, 1)), default=None, return_dtype=pl.String
            )
        case Differs(inner, value):
            return (_compose(inner, columns, history) != value).fill_null(value=False)
        case _:
            return columns[form]
