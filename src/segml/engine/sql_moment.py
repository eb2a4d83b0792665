"""What one SQL statement reads of the history at one `as_of`: rows, universe, guests.

Law kept: `engine.history` in SQL, row for row. Every table is read through its visible rows, so no
part of a statement can see the future.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from sqlglot import exp

from segml.core.errors import UnknownName
from segml.core.features import Attribute, Count, Feature, Listed, Nearest, Rows
from segml.core.predicates import And, Events, Field, In, MonthDay, Operand, Scalar
from segml.core.tables import CUSTOMER_FACTS, TABLE
from segml.engine.history import ITEM_COLUMNS_OF_ORDER
from segml.engine.sql_features import (
    Basic,
    Total,
    derived,
    is_zero_without_rows,
    table_of,
    total,
    type_of,
)
from segml.engine.sql_relations import HasAny, Related, Setting, relation
from segml.engine.sql_rules import (
    Type,
    Value,
    as_text,
    both,
    column_types,
    day,
    integer,
    month_day,
    null,
)

Cte = tuple[str, exp.Query]

# In the order in which they are written: items read orders, the universe reads the rest.
_OTHERS: Final = tuple(name for name in CUSTOMER_FACTS if name != "orders")
_ROWS: Final = ("restaurants", "payments", "orders", "order_items", *_OTHERS)
_ACTIVITY: Final = ("payments", *_OTHERS)


class Moment:
    """The guests at `as_of`, and of each the basic forms that were asked for so far.

    Parameters
    ----------
    as_of
        The service day at whose start we stand.
    features
        The fields that may be asked for.
    has_customers
        Whether there is a customers table; if not, those who ordered are the customers.
    dialect
        The dialect the statement will be printed in.
    """

    def __init__(
        self, as_of: date, features: Mapping[str, Feature], *, has_customers: bool, dialect: str
    ) -> None:
        self.as_of = as_of
        self.guests = self._named("guests")
        self._features = features
        self._has_customers = has_customers
        self._setting = Setting(as_of, dialect, self._source)
        self._columns: dict[Basic, str] = {}
        self._read: set[str] = set()

    def feature(self, name: str) -> Value:
        """Return a field as an expression over the guests; UnknownName when there is none."""
        return derived(self._feature(name).form, self._basic, self.as_of)

    def value(self, operand: Operand) -> Value:
        """Return an operand as an expression over the guests."""
        match operand:
            case Field(name):
                return self.feature(name)
            case MonthDay(field):
                return month_day(self.value(field))
            case Events():
                return self._basic(operand)

    def named(self, customers: tuple[str, ...]) -> exp.Expr:
        """Return the condition that a guest is one of `customers`, ids as texts."""
        if not customers:
            return exp.false()
        own = as_text(Value(exp.column("customer_id", table=self.guests), Type.ID))
        return exp.In(this=own, expressions=[exp.Literal.string(one) for one in customers])

    def has_any(self, operand: Operand, values: tuple[Scalar, ...]) -> exp.Expr | None:
        """Return the condition that a list has one of `values`; None of what is no list.

        Some row or element is one of them: so no list is built to be searched, which every dialect
        does in its own way.
        """
        if not isinstance(operand, Field):
            return None
        match self._feature(operand.name).form:
            case Listed(rows, column):
                among = In(Field(column), values)
                found: Basic = Count(Rows(rows.table, And((rows.where, among)), rows.within))
            case Attribute(column) if column_types("customers")[column] is Type.LIST:
                if not self._has_customers or not values:
                    return exp.false()
                found = HasAny(column, values)
            case _:
                return None
        return exp.GT(this=self._basic(found).sql, expression=integer(0))

    def ctes(self) -> Iterator[Cte]:
        """Yield the named relations, each after those it reads; the guests come last."""
        relations = list(self._relations())
        universe = list(self._universe())
        guests = self._joined_guests()
        for table in _ROWS:
            if table in self._read:
                yield self._named(table), self._rows(table)
        yield from universe
        yield from relations
        yield self.guests, guests

    def _named(self, name: str) -> str:
        return f"{name}_{self.as_of.isoformat().replace('-', '')}"

    def _feature(self, name: str) -> Feature:
        if name not in self._features:
            raise UnknownName("field", name, self._features)
        return self._features[name]

    def _source(self, table: str) -> str:
        self._read |= {table, "orders"} if table == "order_items" else {table}
        return self._named(table)

    def _basic(self, basic: Basic) -> Value:
        type_ = type_of(basic)
        if isinstance(basic, Attribute | Nearest) and not self._has_customers:
            return Value(null(type_), type_)
        name = f"{type(basic).__name__.lower()}_{len(self._columns) + 1}"
        name = self._columns.setdefault(basic, name)
        return Value(exp.column(name, table=self.guests), type_)

    def _visible(self, table: str) -> exp.Expr:
        clocks = ("day", "known_day") if TABLE[table].time else ("known_day",)
        columns = [exp.column(clock) for clock in clocks]
        return exp.and_(
            *(column.is_(exp.null()).or_(column < day(self.as_of)) for column in columns)
        )

    def _rows(self, table: str) -> exp.Select:
        stored = "orders" if table == "payments" else table
        where = self._visible(stored)
        if table == "order_items":
            return self._items(where)
        if table == "orders":
            where = both(where, exp.condition("NOT COALESCE(refund, FALSE)"))
        return exp.select("*").from_(stored).where(where, copy=False)

    def _items(self, where: exp.Expr) -> exp.Select:
        orders = self._source("orders")
        own = [f"items.{column.name}" for column in TABLE["order_items"].columns]
        lent = [f"{orders}.{name}" for name in ITEM_COLUMNS_OF_ORDER]
        items = exp.select("*").from_("order_items").where(where, copy=False)
        return (
            exp.select(*own, *lent)
            .from_(items.subquery("items"))
            .join(orders, on=f"{orders}.order_id = items.order_id")
        )

    def _universe(self) -> Iterator[Cte]:
        if not self._has_customers:
            buyers = exp.select("customer_id").distinct().from_(self._source("orders"))
            yield self._named("universe"), buyers
            return
        self._source("profiles")
        yield self._named("profiles"), self._profiles()
        facts = [exp.select("customer_id").from_(self._source(name)) for name in _ACTIVITY]
        yield self._named("active"), exp.union(*facts, distinct=True)
        profiles, active = self._named("profiles"), self._named("active")
        guests = (
            exp.select(f"{profiles}.customer_id")
            .from_(profiles)
            .join(active, on=f"{active}.customer_id = {profiles}.customer_id", join_type="left")
            .where(f"NOT COALESCE({profiles}.staff, FALSE)")
            .where(f"NOT {profiles}.day IS NULL OR NOT {active}.customer_id IS NULL")
        )
        yield self._named("universe"), guests

    def _profiles(self) -> exp.Select:
        latest = exp.Window(
            this=exp.RowNumber(),
            partition_by=[exp.column("customer_id")],
            order=exp.Order(
                expressions=[exp.Ordered(this=exp.column("known_at"), desc=True, nulls_first=False)]
            ),
        )
        states = (
            exp.select("*", exp.alias_(latest, "place"))
            .from_("customers")
            .where(self._visible("customers"), copy=False)
        )
        return exp.select("*").from_(states.subquery("states")).where("place = 1")

    def _totals(self) -> dict[str, list[Total]]:
        """Return the totals asked for by the table whose rows they read."""
        totals: dict[str, list[Total]] = {}
        for basic in self._columns:
            if isinstance(basic, Total):
                totals.setdefault(table_of(basic), []).append(basic)
        return totals

    def _relations(self) -> Iterator[Cte]:
        for table, totals in self._totals().items():
            columns = [
                exp.alias_(total(basic, self.as_of), self._columns[basic]) for basic in totals
            ]
            grouped = exp.select("customer_id", *columns).from_(self._source(table))
            yield self._named(f"{table}_totals"), grouped.group_by("customer_id")
        for basic, name in self._columns.items():
            if isinstance(basic, Related):
                yield self._named(name), relation(basic, self._setting)

    def _joined_guests(self) -> exp.Select:
        universe = self._named("universe")
        guests = exp.select(f"{universe}.customer_id").from_(universe)
        joined: dict[str, None] = {}
        for basic, name in self._columns.items():
            match basic:
                case Attribute(column):
                    found, table = column, self._source("profiles")
                case _ if isinstance(basic, Total):
                    found, table = name, self._named(f"{table_of(basic)}_totals")
                case _:
                    found, table = "value", self._named(name)
            value: exp.Expr = exp.column(found, table=table)
            if is_zero_without_rows(basic):
                value = exp.Coalesce(this=value, expressions=[integer(0)])
            guests = guests.select(exp.alias_(value, name), copy=False)
            joined[table] = None
        for table in joined:
            on = f"{table}.customer_id = {universe}.customer_id"
            guests = guests.join(table, on=on, join_type="left", copy=False)
        return guests
