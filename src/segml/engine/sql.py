"""A rule as one SQL statement, and an engine that runs it on DuckDB.

The statement is a chain of common table expressions, only those that the rule needs:

1. the visible rows of each table at an `as_of` (``orders_20250228``), the profiles, the universe;
2. one relation for each group of features;
3. ``guests_20250228``: one row per customer of the universe, one column per distinct basic form;
4. the customers chosen by a ranking (``top_1``) or by a past (``past_1``);
5. the customers for whom the rule holds, by ascending customer_id.

It reads tables in segml's stored form (see `core.tables`) and prints through sqlglot for DuckDB,
PostgreSQL from 16 and Spark from 3.5 on. A PostgreSQL database is in UTF-8, with a locale that
knows the case of its letters (any but ``C``).

To add a dialect: its name in `DIALECTS`, and what differs in `sql_rules.ordering` and in
`sql_relations`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Final

import duckdb
import polars as pl
from sqlglot import exp

from segml.core.calendar import earlier
from segml.core.errors import UnknownName
from segml.core.features import Feature
from segml.core.predicates import Among, Before, Operand, Predicate, Scalar, Top
from segml.engine.history import History
from segml.engine.sql_moment import Moment
from segml.engine.sql_rules import (
    Type,
    Value,
    condition,
    is_null,
    is_true,
    ordering,
    place_within,
)

DIALECTS: Final = ("duckdb", "postgres", "spark")


def members_sql(
    predicate: Predicate,
    as_of: date,
    *,
    features: Mapping[str, Feature],
    has_customers: bool,
    dialect: str = "duckdb",
    pretty: bool = True,
) -> str:
    """Return the statement that selects the customers for whom `predicate` holds.

    Parameters
    ----------
    predicate
        A rule in primitives.
    as_of
        The service day at whose start we stand.
    features
        The fields that the rule may name.
    has_customers
        Whether there is a customers table; if not, those who ordered are the customers.
    dialect
        One of `DIALECTS`.
    pretty
        Whether to lay the statement out over several lines.

    Returns
    -------
    str
        ``customer_id``, one row per member, ascending.

    Raises
    ------
    UnknownName
        If the rule names no field or column that exists, or there is no such dialect.
    """
    statement = _Statement(features, has_customers=has_customers, dialect=dialect)
    return statement.completed(statement.members(as_of, predicate)).sql(dialect, pretty=pretty)


def features_sql(
    names: Sequence[str],
    as_of: date,
    *,
    features: Mapping[str, Feature],
    has_customers: bool,
    dialect: str = "duckdb",
    pretty: bool = True,
) -> str:
    """Return the statement that selects the values of fields for every customer.

    Parameters
    ----------
    names
        The fields, each a column of the result.
    as_of, features, has_customers, dialect, pretty
        As in `members_sql`.

    Returns
    -------
    str
        ``customer_id`` and one column per name in stored units, one row per customer of the
        universe, by ascending customer_id.

    Raises
    ------
    UnknownName
        If a field or the dialect does not exist.
    """
    statement = _Statement(features, has_customers=has_customers, dialect=dialect)
    return statement.completed(statement.values(as_of, names)).sql(dialect, pretty=pretty)


class SqlEngine:
    """The meaning of rules and features in SQL, run on DuckDB over the tables of a history.

    Parameters
    ----------
    history
        The facts, and the day from which they are seen.
    features
        The fields that rules may name.
    """

    def __init__(self, history: History, features: Mapping[str, Feature]) -> None:
        self._history = history
        self._features = features
        self._connection = _database().cursor()
        self._registered: set[str] = set()

    def members(self, predicate: Predicate) -> list[int | str]:
        """Return the customers of the universe for whom `predicate` holds, ascending.

        Raises
        ------
        UnknownName
            If it names no field or column that exists.
        """
        statement = self._statement()
        members = statement.completed(statement.members(self._history.as_of, predicate))
        return [row[0] for row in self._connection.execute(self._ready(members)).fetchall()]

    def features(self, names: Sequence[str]) -> pl.DataFrame:
        """Return the values of fields, one row per customer of the universe, ascending.

        Returns
        -------
        pl.DataFrame
            ``customer_id`` and one column per name, in stored units.

        Raises
        ------
        UnknownName
            If a field does not exist.
        """
        statement = self._statement()
        values = statement.completed(statement.values(self._history.as_of, names))
        frame: pl.DataFrame = self._connection.sql(self._ready(values)).pl()
        return frame

    def _statement(self) -> "_Statement":
        has_customers = self._history.has_customers
        return _Statement(self._features, has_customers=has_customers, dialect="duckdb")

    def _ready(self, select: exp.Select) -> str:
        """Return a statement in words, when the tables that it reads are there."""
        read = {table.name for table in select.find_all(exp.Table)} & self._history.tables.keys()
        for name in read - self._registered:
            self._connection.register(name, self._history.tables[name].collect().to_arrow())
            self._registered.add(name)
        return select.sql("duckdb")


@cache
def _database() -> duckdb.DuckDBPyConnection:
    # Opening one takes longer than most statements. A connection to it has names of its own.
    return duckdb.connect(":memory:")


class _Statement:
    """One statement in the making: the moments it looks from and the customers it chooses."""

    def __init__(
        self, features: Mapping[str, Feature], *, has_customers: bool, dialect: str
    ) -> None:
        if dialect not in DIALECTS:
            raise UnknownName("SQL dialect", dialect, DIALECTS)
        self._features = features
        self._has_customers = has_customers
        self._dialect = dialect
        self._moments: dict[date, Moment] = {}
        self._names: dict[tuple[date, Top | Before], str] = {}
        self._chosen: dict[str, exp.Select] = {}

    def members(self, as_of: date, predicate: Predicate) -> exp.Select:
        """Return the selection of the members of `predicate` at `as_of`."""
        return self._ordered(self._held(self._moment(as_of), predicate), as_of)

    def values(self, as_of: date, names: Iterable[str]) -> exp.Select:
        """Return the selection of the values of fields at `as_of`."""
        moment = self._moment(as_of)
        columns = [exp.alias_(moment.feature(name).sql, name) for name in dict.fromkeys(names)]
        customer = exp.column("customer_id", table=moment.guests)
        return self._ordered(exp.select(customer, *columns).from_(moment.guests), as_of)

    def completed(self, select: exp.Select) -> exp.Select:
        """Return a selection with all the relations it reads, each after those it reads itself."""
        moments = [self._moments[as_of] for as_of in sorted(self._moments)]
        ctes = [cte for moment in moments for cte in moment.ctes()]
        for name, relation in (*ctes, *self._chosen.items()):
            select = select.with_(name, as_=relation, copy=False)
        return select

    def choose(self, moment: Moment, part: Top | Before) -> str:
        """Return the name of the relation that holds the customers whom `part` chooses."""
        key = moment.as_of, part
        if key not in self._names:
            match part:
                case Top():
                    name, chosen = "top", self._top(moment, part)
                case Before(days, item):
                    past = self._moment(earlier(moment.as_of, days))
                    name, chosen = "past", self._held(past, item)
            self._names[key] = f"{name}_{len(self._chosen) + 1}"
            self._chosen[self._names[key]] = chosen
        return self._names[key]

    def _moment(self, as_of: date) -> Moment:
        if as_of not in self._moments:
            self._moments[as_of] = Moment(
                as_of, self._features, has_customers=self._has_customers, dialect=self._dialect
            )
        return self._moments[as_of]

    def _ordered(self, select: exp.Select, as_of: date) -> exp.Select:
        customer = exp.column("customer_id", table=self._moment(as_of).guests)
        return select.order_by(*ordering(Value(customer, Type.ID), self._dialect))

    def _held(self, moment: Moment, predicate: Predicate) -> exp.Select:
        question = _Question(self, moment)
        where = condition(predicate, question)
        held = exp.select(f"{moment.guests}.customer_id").from_(moment.guests)
        for name in question.joined:
            on = f"{name}.customer_id = {moment.guests}.customer_id"
            held = held.join(name, on=on, join_type="left", copy=False)
        return held if is_true(where) else held.where(where, copy=False)

    def _top(self, moment: Moment, top: Top) -> exp.Select:
        value = moment.value(top.operand)
        customer = Value(exp.column("customer_id", table=moment.guests), Type.ID)
        order = [
            *ordering(value, self._dialect, descending=top.largest),
            *ordering(customer, self._dialect),
        ]
        place = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=order))
        known = exp.Window(this=exp.Count(this=exp.Star()))
        ranked = (
            exp.select(customer.sql.copy(), exp.alias_(place, "place"), exp.alias_(known, "known"))
            .from_(moment.guests)
            .where(exp.not_(is_null(moment.value(top.operand))), copy=False)
        )
        kept = place_within("place", "known", top)
        return exp.select("customer_id").from_(ranked.subquery("ranked")).where(kept, copy=False)


@dataclass(slots=True)
class _Question:
    """A predicate asked of the guests of one moment, and whom it needs chosen before."""

    statement: _Statement
    moment: Moment
    joined: dict[str, None] = field(default_factory=dict)

    def value(self, operand: Operand) -> Value:
        return self.moment.value(operand)

    def has_any(self, operand: Operand, values: tuple[Scalar, ...]) -> exp.Expr | None:
        return self.moment.has_any(operand, values)

    def chosen(self, part: Among | Top | Before) -> exp.Expr:
        if isinstance(part, Among):
            return self.moment.named(part.customers)
        name = self.statement.choose(self.moment, part)
        self.joined[name] = None
        return exp.not_(is_null(Value(exp.column("customer_id", table=name), Type.ID)))
