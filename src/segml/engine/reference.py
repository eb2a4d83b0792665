"""The reference engine: what every rule means, in plain Python over lists of rows.

Law kept: obviously right rather than fast. It is the judge of the other engines, which must find
the same customers and the same values, and it explains to a person why a customer is in or out.
Polars opens the tables at the door and computes nothing here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Self, assert_never

from segml.core.calendar import earlier
from segml.core.errors import UnknownName
from segml.core.features import Feature
from segml.core.predicates import (
    Among,
    And,
    Before,
    Compare,
    Events,
    Field,
    In,
    IsNull,
    MonthDay,
    Not,
    Operand,
    Or,
    Predicate,
    Text,
    Top,
)
from segml.core.tables import CUSTOMER_FACTS, CustomerId
from segml.engine.history import ITEM_COLUMNS_OF_ORDER, History
from segml.engine.reference_features import (
    Facts,
    Row,
    Value,
    leaf_holds,
    month_day_of,
    number,
    value,
)

_OWN_FACTS = tuple(name for name in CUSTOMER_FACTS if name != "orders")


class Reference:
    """The customers, values and members of one history.

    Parameters
    ----------
    tables
        The rows of each table in stored form, visible or not; a table left out is empty.
    as_of
        The service day at whose start we stand.
    has_customers
        Whether a customers table was imported.
    features
        The fields that predicates may name.
    """

    def __init__(
        self,
        tables: Mapping[str, Sequence[Mapping[str, Any]]],
        as_of: date,
        *,
        has_customers: bool,
        features: Mapping[str, Feature],
    ) -> None:
        self._tables = tables
        self._as_of = as_of
        self._has_customers = has_customers
        self._features = features
        self._restaurants = self._visible("restaurants")
        self._profiles = _latest_states(self._visible("customers"))
        self._rows = {name: _by_customer(rows) for name, rows in self._readings().items()}
        self._universe = sorted(self._known_customers())
        self._kept: dict[Top, frozenset[CustomerId]] = {}
        self._past: dict[int, Self] = {}

    @classmethod
    def of(cls, history: History, features: Mapping[str, Feature]) -> Self:
        """Return the reference engine over the tables of `history`, read once."""
        tables = {name: table.collect().to_dicts() for name, table in history.tables.items()}
        return cls(tables, history.as_of, has_customers=history.has_customers, features=features)

    def universe(self) -> list[CustomerId]:
        """Return every customer known before `as_of`, staff excluded, ascending."""
        return list(self._universe)

    def feature(self, name: str, customer_id: CustomerId) -> Value:
        """Return the value of a field for one customer, in stored units; None where missing.

        Raises
        ------
        UnknownName
            If no field has that name.
        """
        if name not in self._features:
            raise UnknownName("field", name, self._features)
        return value(self._features[name].form, self._facts(customer_id))

    def operand(self, operand: Operand, customer_id: CustomerId) -> Value:
        """Return the value that a leaf looks at: a field's, its month and day, or of events.

        Raises
        ------
        UnknownName
            If the operand names a field that does not exist.
        """
        match operand:
            case Field(name):
                return self.feature(name, customer_id)
            case MonthDay(Field(name)):
                return month_day_of(self.feature(name, customer_id))
            case Events(table):
                return number(operand, self._facts(customer_id).rows[table])
            case _:
                assert_never(operand)

    def members(self, predicate: Predicate) -> list[CustomerId]:
        """Return the customers of the universe for whom `predicate` holds, ascending."""
        return [customer for customer in self._universe if self._holds(predicate, customer)]

    def holds(self, predicate: Predicate, customer_id: CustomerId) -> bool:
        """Return whether `predicate` holds; of a customer outside the universe nothing does."""
        return customer_id in self._universe and self._holds(predicate, customer_id)

    def before(self, days: int) -> Self:
        """Return the reference engine on the history of `days` days earlier."""
        if days not in self._past:
            self._past[days] = type(self)(
                self._tables,
                earlier(self._as_of, days),
                has_customers=self._has_customers,
                features=self._features,
            )
        return self._past[days]

    def _holds(self, predicate: Predicate, customer: CustomerId) -> bool:
        match predicate:
            case And(items):
                return all(self._holds(item, customer) for item in items)
            case Or(items):
                return any(self._holds(item, customer) for item in items)
            case Not(item):
                return not self._holds(item, customer)
            case Among(customers):
                return str(customer) in customers
            case Before(days, item):
                return self.before(days).holds(item, customer)
            case Top():
                return customer in self._ranked(predicate)
            case Compare() | In() | IsNull() | Text():
                return leaf_holds(predicate, self.operand(predicate.operand, customer))
            case _:
                assert_never(predicate)

    def _ranked(self, top: Top) -> frozenset[CustomerId]:
        if top not in self._kept:
            known: list[tuple[Any, CustomerId]] = [
                (seen, customer)
                for customer in self._universe
                if (seen := self.operand(top.operand, customer)) is not None
            ]
            # The universe is ascending and sorting is stable, also in reverse: ties stay by id.
            known.sort(key=lambda pair: pair[0], reverse=top.largest)
            self._kept[top] = frozenset(
                customer
                for rank, (_, customer) in enumerate(known, start=1)
                if rank <= top.n or (rank - 1) * top.denominator < len(known) * top.numerator
            )
        return self._kept[top]

    def _visible(self, table: str) -> list[Row]:
        return [row for row in self._tables.get(table, ()) if _is_visible(row, self._as_of)]

    def _readings(self) -> dict[str, list[Row]]:
        payments = self._visible("orders")
        orders = [row for row in payments if row["refund"] is not True]
        order_of = {row["order_id"]: row for row in orders}
        items = [
            {**item, **{name: order_of[item["order_id"]][name] for name in ITEM_COLUMNS_OF_ORDER}}
            for item in self._visible("order_items")
            if item["order_id"] in order_of
        ]
        readings: dict[str, list[Row]] = {name: self._visible(name) for name in _OWN_FACTS}
        return readings | {"payments": payments, "orders": orders, "order_items": list(items)}

    def _known_customers(self) -> set[CustomerId]:
        if not self._has_customers:
            return set(self._rows["orders"])
        active = {customer for name in ("payments", *_OWN_FACTS) for customer in self._rows[name]}
        return {
            customer
            for customer, profile in self._profiles.items()
            if profile["staff"] is not True and (profile["day"] is not None or customer in active)
        }

    def _facts(self, customer: CustomerId) -> Facts:
        rows = {name: found.get(customer, ()) for name, found in self._rows.items()}
        profile = self._profiles.get(customer) if self._has_customers else None
        return Facts(self._as_of, rows, profile, self._restaurants)


def _is_visible(row: Row, as_of: date) -> bool:
    clocks = (row.get("day"), row["known_day"])
    return all(clock is None or clock < as_of for clock in clocks)


def _latest_states(states: Iterable[Row]) -> dict[CustomerId, Row]:
    """Return the state with the latest known_at of each customer; one without is the oldest."""
    latest: dict[CustomerId, Row] = {}
    for row in states:
        known = latest.get(row["customer_id"])
        if known is None or _is_later(row["known_at"], known["known_at"]):
            latest[row["customer_id"]] = row
    return latest


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)


def _by_customer(rows: Iterable[Row]) -> dict[CustomerId, list[Row]]:
    found: defaultdict[CustomerId, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["customer_id"]].append(row)
    return dict(found)
