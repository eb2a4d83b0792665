"""The catalog: every name a rule may use, with its kind, its operators and its words.

It is built from the features, the tables of facts and the segments there are; the parser checks
against it, the page draws its palette from it.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from segml.core.features import Favourite, Feature, Score, Unit
from segml.core.operators import operators_of
from segml.core.tables import TABLE, TABLES, Column, Form, Kind, Table

MODES: Final = ("atLeast", "atMost", "exactly", "none", "some")
AGGREGATES: Final = ("sum", "avg", "min", "max", "distinct")
CHANGES: Final = ("entered", "left")
LONGEST_MEMBERSHIP_WINDOW: Final = 92  # days; each is a night to look at


@dataclass(frozen=True, slots=True)
class Named:
    """One field of a customer or of an event row.

    Attributes
    ----------
    name, kind, label, group, description, unit, choices
        As in `core.features.Feature`.
    scale
        Decimal digits between the wire's unit and the stored integer.
    ranks
        Whether customers can be ranked by it (rows of an event cannot).
    ids
        Whether its texts are ids, which a rule may write as numbers.
    unavailable
        Why a rule cannot use it yet, and what to do; empty when it can.
    only
        The operators it has, where these are fewer than its kind has.
    """

    name: str
    kind: Kind
    label: str
    group: str = ""
    description: str = ""
    unit: Unit | str = ""
    scale: int = 0
    choices: tuple[str, ...] = ()
    ranks: bool = True
    ids: bool = False
    unavailable: str = ""
    only: tuple[str, ...] = ()

    @property
    def operators(self) -> tuple[str, ...]:
        """Return the names of the operators this field has."""
        return self.only or operators_of(self.kind, of_rows=not self.ranks)


CUSTOMER: Final = Named(
    "customer_id",
    Kind.TEXT,
    "customer",
    "Demographic",
    "The guest's own id, as it stands: for naming a few guests beside what a rule says.",
    ids=True,
    only=("=", "!=", "in", "notIn"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """One table whose rows a rule may count, with its sub-fields."""

    table: str
    many: str
    verb: str
    fields: Mapping[str, Named]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything a rule may name.

    Attributes
    ----------
    fields, events
        By name.
    segments
        The wire rule of every segment, by id.
    """

    fields: Mapping[str, Named]
    events: Mapping[str, Event]
    segments: Mapping[str, Any] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """Return every name that may stand as the field of a rule."""
        return (*self.fields, *self.events, "memberships", "segment")


def build(
    features: Mapping[str, Feature],
    segments: Mapping[str, Any] | None = None,
    trained: Container[str] = (),
) -> Catalog:
    """Return the catalog of `features`, the tables and `segments`; of scores, those `trained`."""
    fields = {name: _of_feature(feature, trained) for name, feature in features.items()}
    fields[CUSTOMER.name] = CUSTOMER
    events = {table.name: _event(table) for table in TABLES if table.event}
    return Catalog(fields, events, segments or {})


def _of_feature(feature: Feature, trained: Container[str]) -> Named:
    unavailable = ""
    if isinstance(feature.form, Score) and feature.name not in trained:
        unavailable = f"needs a trained “{feature.form.model}” model, and there is none yet"
    return Named(
        feature.name,
        feature.kind,
        feature.label,
        feature.group,
        feature.description,
        feature.unit,
        feature.scale,
        feature.choices,
        ids=_holds_ids(feature),
        unavailable=unavailable,
    )


def _holds_ids(feature: Feature) -> bool:
    form = feature.form
    if not isinstance(form, Favourite):
        return False
    columns = {column.name: column.form for column in TABLE[form.rows.table].columns}
    return columns.get(form.column) is Form.ID


def _event(table: Table) -> Event:
    assert table.event is not None
    columns = {column.name: column for column in table.columns}
    if table.name == "order_items":
        orders = next(other for other in TABLES if other.name == "orders")
        for name in ("ordered_at", "channel", "restaurant_id", "coupon"):
            columns[name] = orders.column(name)
    # The customer is who the rule is about; a refund is no visit, so no row has the mark.
    hidden = {"customer_id", "refund"}
    fields = {name: _of_column(column) for name, column in columns.items() if name not in hidden}
    return Event(table.name, table.event, table.verb, fields)


def _of_column(column: Column) -> Named:
    label = "date" if column.form is Form.TIME else column.name.replace("_", " ")
    return Named(
        column.name,
        column.kind,
        label,
        unit=column.unit,
        scale=column.scale,
        choices=column.choices,
        ranks=False,
        ids=column.form is Form.ID,
    )
