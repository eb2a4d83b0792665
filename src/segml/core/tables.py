"""A table is an append-only list of facts: when it happened, when we learned it.

This file names the eight tables of facts that come in, their columns as a source may give them,
and what the warehouse adds to each row at the door. Law kept: an absent optional column or table
is legal and only makes what needs it unknown or zero.

To add a source of facts: one `Table` in `TABLES` (and, for a new domain of ids, its owner in
`storage.appending`). With ``event`` set, it becomes a criterion of the rules by itself, its columns
being the sub-fields.

Stored form of a row (what `History` hands to the engines):

* ids are integers where every id of the domain ever seen is one, else text;
* money and other decimals are integers scaled by ``10**Column.scale`` (minor units), so that sums
  are the same on every engine;
* times are restaurant-local and naive, microseconds;
* text is in Unicode normal form C, trimmed, never empty (empty is missing); a list is never empty;
* ``day`` is the service day of the row's own time and ``known_day`` the service day on which it
  became known; a row is visible at ``as_of`` when both are before it (missing counts as always);
* orders also carry ``hour`` (0 to 23, local clock) and ``weekday`` (1 Monday … 7 Sunday, of the
  service day), customers ``known_at``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a value is, which decides the operators that a field has."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    LIST = "list"


class Form(StrEnum):
    """How a column is read at the door and stored."""

    ID = "id"
    TEXT = "text"
    DECIMAL = "decimal"  # integer, scaled by 10**scale
    DEGREES = "degrees"  # float64, a coordinate
    BOOLEAN = "boolean"
    TIME = "time"  # restaurant-local timestamp
    DATE = "date"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical column of a table.

    Attributes
    ----------
    name, form
        Its public name, and how it is read and stored.
    required
        Whether a row without it is rejected.
    choices
        The only texts allowed (compared without regard to case, stored in lower case).
    scale
        Decimal digits kept, for `Form.DECIMAL`.
    least, most
        Bounds of the value in the source's own unit, both included.
    domain
        For `Form.ID`: the ids that are compared with each other ("customer", "order", …).
    unit
        "money" where the number is an amount of the workspace's currency.
    """

    name: str
    form: Form
    required: bool = False
    choices: tuple[str, ...] = ()
    scale: int = 0
    least: float | None = None
    most: float | None = None
    domain: str = ""
    unit: str = ""

    @property
    def kind(self) -> Kind:
        """Return the kind of value that rules see."""
        match self.form:
            case Form.ID | Form.TEXT:
                return Kind.TEXT
            case Form.DECIMAL | Form.DEGREES:
                return Kind.NUMBER
            case Form.BOOLEAN:
                return Kind.BOOLEAN
            case Form.TIME | Form.DATE:
                return Kind.DATE
            case Form.LIST:
                return Kind.LIST


@dataclass(frozen=True, slots=True)
class Table:
    """One table of facts.

    Attributes
    ----------
    name, columns
        Its public name and canonical columns (``known_at`` is understood on every table).
    key
        Columns that no two rows may share; empty where a row has no name of its own. Rows of such a
        table are told apart by their whole content and how often it occurs.
    time
        The column that says when the fact happened; empty where the table has none of its own.
    parent
        ``(column, table)``: rows whose column names nothing in that table are set aside.
    event
        The word for several rows, where rules may count the rows; empty otherwise.
    verb
        What the customer did, for the sentence: "ordered", "got messages".
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    time: str = ""
    parent: tuple[str, str] | None = None
    event: str = ""
    verb: str = ""

    def column(self, name: str) -> Column:
        """Return the column called `name`; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


TIERS: Final = ("none", "bronze", "silver", "gold", "platinum")
ORDER_CHANNELS: Final = ("dine_in", "takeaway", "delivery")
CONTACT_CHANNELS: Final = ("email", "sms", "none")
MESSAGE_KINDS: Final = (
    "sent",
    "delivered",
    "opened",
    "clicked",
    "bounced",
    "complained",
    "unsubscribed",
)
MONEY_SCALE: Final = 2

_CUSTOMER: Final = Column("customer_id", Form.ID, required=True, domain="customer")
_KNOWN_CUSTOMER: Final = ("customer_id", "customers")


def _money(name: str, *, required: bool = False) -> Column:
    return Column(name, Form.DECIMAL, required=required, scale=MONEY_SCALE, unit="money")


def _latitude() -> Column:
    return Column("latitude", Form.DEGREES, least=-90, most=90)


def _longitude() -> Column:
    return Column("longitude", Form.DEGREES, least=-180, most=180)


KNOWN_AT: Final = Column("known_at", Form.TIME)

# In the order in which they are imported: a table comes after the one it refers to.
TABLES: Final[tuple[Table, ...]] = (
    Table(
        "restaurants",
        (
            Column("restaurant_id", Form.ID, required=True, domain="restaurant"),
            Column("name", Form.TEXT),
            _latitude(),
            _longitude(),
            Column("time_zone", Form.TEXT),
        ),
        key=("restaurant_id",),
    ),
    Table(
        "customers",
        (
            _CUSTOMER,
            Column("created_at", Form.TIME),
            Column("first_name", Form.TEXT),
            Column("last_name", Form.TEXT),
            Column("email", Form.TEXT),
            Column("phone", Form.TEXT),
            Column("birthday", Form.DATE),
            Column("anniversary", Form.DATE),
            Column("city", Form.TEXT),
            Column("postcode", Form.TEXT),
            _latitude(),
            _longitude(),
            Column("preferred_channel", Form.TEXT, choices=CONTACT_CHANNELS),
            Column("email_opt_in", Form.BOOLEAN),
            Column("sms_opt_in", Form.BOOLEAN),
            # Ours, beyond the contract: from the day this is known the guest is neither scored nor
            # written to, whatever the opt-ins say; counts of guests and money hold them as before.
            Column("marketing_objection", Form.BOOLEAN),
            Column("vip", Form.BOOLEAN),
            Column("instagram_follower", Form.BOOLEAN),
            Column("tags", Form.LIST),
            Column("dietary", Form.LIST),
            Column("staff", Form.BOOLEAN),
        ),
        # A row with a later known_at is a newer state of the same profile.
        key=("customer_id", "known_at"),
        time="created_at",
    ),
    Table(
        "orders",
        (
            Column("order_id", Form.ID, required=True, domain="order"),
            _CUSTOMER,
            Column("ordered_at", Form.TIME, required=True),
            _money("amount", required=True),
            Column("channel", Form.TEXT, choices=ORDER_CHANNELS),
            Column("restaurant_id", Form.ID, domain="restaurant"),
            Column("coupon", Form.TEXT),
            # Ours, beyond the contract: money given back later, as a row at its own time with a
            # negative amount. It lowers spend from the day it happened and is no visit.
            Column("refund", Form.BOOLEAN),
        ),
        key=("order_id",),
        time="ordered_at",
        parent=_KNOWN_CUSTOMER,
        event="orders",
        verb="ordered",
    ),
    Table(
        "order_items",
        (
            Column("order_id", Form.ID, required=True, domain="order"),
            Column("item", Form.TEXT, required=True),
            Column("category", Form.TEXT),
            Column("quantity", Form.DECIMAL, scale=3),
            _money("price"),
            Column("healthy", Form.BOOLEAN),
        ),
        parent=("order_id", "orders"),
        event="item lines",
        verb="ordered items",
    ),
    Table(
        "messages",
        (
            Column("message_id", Form.ID, required=True, domain="message"),
            _CUSTOMER,
            Column("channel", Form.TEXT, required=True),
            Column("kind", Form.TEXT, required=True, choices=MESSAGE_KINDS),
            Column("occurred_at", Form.TIME, required=True),
            Column("campaign_id", Form.ID, domain="campaign"),
        ),
        time="occurred_at",
        parent=_KNOWN_CUSTOMER,
        event="message events",
        verb="had message events",
    ),
    Table(
        "reviews",
        (
            Column("review_id", Form.ID, required=True, domain="review"),
            _CUSTOMER,
            Column("rating", Form.DECIMAL, required=True, scale=2, least=1, most=5),
            Column("reviewed_at", Form.TIME, required=True),
        ),
        key=("review_id",),
        time="reviewed_at",
        parent=_KNOWN_CUSTOMER,
        event="reviews",
        verb="wrote reviews",
    ),
    Table(
        "referrals",
        (
            _CUSTOMER,
            Column("referred_customer_id", Form.ID, required=True, domain="customer"),
            Column("referred_at", Form.TIME, required=True),
        ),
        time="referred_at",
        parent=_KNOWN_CUSTOMER,
        event="referrals",
        verb="referred guests",
    ),
    Table(
        "loyalty",
        (
            _CUSTOMER,
            Column("tier", Form.TEXT, required=True, choices=TIERS),
            Column("changed_at", Form.TIME, required=True),
        ),
        time="changed_at",
        parent=_KNOWN_CUSTOMER,
        event="tier changes",
        verb="changed loyalty tier",
    ),
)

TABLE: Final[dict[str, Table]] = {table.name: table for table in TABLES}

# What customers did themselves: the first such fact makes an undated customer known.
CUSTOMER_FACTS: Final = tuple(t.name for t in TABLES if t.time and t.parent == _KNOWN_CUSTOMER)
CustomerId = int | str


def stored_table(reading: str) -> Table:
    """Return the table behind a reading of a history; ``payments`` are orders with refunds."""
    return TABLE["orders" if reading == "payments" else reading]
