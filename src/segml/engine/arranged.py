"""Facts arranged by customer: buckets of consecutive customers, each table sorted within.

Every customer has a dense code; `BUCKET` consecutive codes make a bucket. In a bucket a row knows
its customer by ``owner``, the place in the bucket, and a line of an order by ``order``, the row of
its order. Texts are words of a sorted dictionary, whole numbers as small as they fit. So a feature
is a reduction over neighbouring rows, and memory does not grow with the number of customers.

Law kept: arranging loses nothing and adds nothing; the rows are those of the history.
"""

from collections.abc import Mapping
from typing import Final, Protocol

import polars as pl

from segml.core.tables import TABLE, CustomerId, Form
from segml.core.tables import Table as CanonicalTable

# Few enough that what is worked out of one fits into a core's cache, and two into little memory.
BUCKET: Final = 32_768
OWNER: Final = "owner"
ORDER: Final = "order"
# What rows stand by, after their owner. Rows of one message lie together, whenever they occurred.
SORTED: Final[Mapping[str, tuple[str, ...]]] = {
    "customers": ("known_at",),
    "orders": ("ordered_at", "order_id"),
    "messages": ("message_id", "occurred_at"),
    "reviews": ("reviewed_at", "review_id"),
    "referrals": ("referred_at", "referred_customer_id"),
    "loyalty": ("changed_at", "tier"),
}
_LINES: Final = (ORDER, "category", "item")
# Ids of few things are words like any text; the others stay as they are.
_WORDS: Final = frozenset({"restaurant", "campaign"})
_WHOLE: Final = (pl.Int32, pl.Int64)


class Table(Protocol):
    """A table in arranged form: its columns by name."""

    def __getitem__(self, name: str) -> pl.Series:
        """Return a column."""


def arranged(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the tables of one bucket in arranged form.

    Parameters
    ----------
    tables
        By name, rows in stored form with ``owner`` (uint16) beside their ``customer_id``;
        ``order_items`` without, since they belong to whom their order belongs to. All tables but
        ``restaurants``.

    Returns
    -------
    dict[str, pl.DataFrame]
        The same rows but for item lines without an order: ``customer_id`` left out, and in item
        lines ``order`` (uint32) in place of ``order_id``.
    """
    found = {}
    for name, by in SORTED.items():
        rows = tables[name].sort(OWNER, *by, nulls_last=False, maintain_order=True)
        found[name] = _small(rows.drop("customer_id"), TABLE[name])
    places = found["orders"].select(
        "order_id", pl.int_range(pl.len(), dtype=pl.UInt32).alias(ORDER)
    )
    lines = tables["order_items"].join(places, on="order_id", how="inner", maintain_order="left")
    lines = _small(lines.drop("order_id"), TABLE["order_items"])
    found["order_items"] = lines.sort(_LINES, maintain_order=True).select(ORDER, pl.exclude(ORDER))
    return found


def facts_of(
    tables: Mapping[str, Table], place: int, customer: CustomerId, schemas: Mapping[str, pl.Schema]
) -> dict[str, pl.DataFrame]:
    """Return the rows of one customer of a bucket in stored form: `arranged` the other way round.

    Parameters
    ----------
    tables
        Of the bucket, in arranged form.
    place, customer
        The customer's place in the bucket, and its id.
    schemas
        The stored form of each table.
    """
    found, orders = {}, (0, 0)
    for name in SORTED:
        start, stop = _between(tables[name][OWNER], place, place + 1)
        rows = {"customer_id": pl.repeat(customer, stop - start, eager=True)}
        rows |= {
            column: tables[name][column][start:stop]
            for column in schemas[name]
            if column != "customer_id"
        }
        found[name] = _as_stored(rows, schemas[name])
        if name == "orders":
            orders = start, stop
    lines = tables["order_items"]
    start, stop = _between(lines[ORDER], *orders)
    rows = {"order_id": tables["orders"]["order_id"][lines[ORDER][start:stop]]}
    rows |= {c: lines[c][start:stop] for c in schemas["order_items"] if c != "order_id"}
    found["order_items"] = _as_stored(rows, schemas["order_items"])
    return found


def _between(ascending: pl.Series, low: int, high: int) -> tuple[int, int]:
    """Return where values from `low` until below `high` start and stop."""
    if low >= high:
        return 0, 0
    return ascending.search_sorted(low, "left"), ascending.search_sorted(high - 1, "right")


def _as_stored(rows: Mapping[str, pl.Series], schema: pl.Schema) -> pl.DataFrame:
    """Return columns in the types and the order of a stored table; words become texts first."""
    return pl.DataFrame(
        {
            name: (v.cast(pl.String) if isinstance(v.dtype, pl.Enum) else v).cast(dtype)
            for name, dtype in schema.items()
            for v in (rows[name],)
        }
    )


def _small(rows: pl.DataFrame, table: CanonicalTable) -> pl.DataFrame:
    """Return `rows` with texts as words and whole numbers as small as they fit."""
    small = {}
    for column in table.columns:
        if column.name not in rows.columns:
            continue
        values = rows[column.name]
        match column.form:
            case Form.TEXT:
                small[column.name] = words(values)
            case Form.ID if column.domain in _WORDS:
                small[column.name] = words(values.cast(pl.String))
            case Form.DECIMAL:
                small[column.name] = fitting(values)
            case _:
                pass
    return rows.with_columns(**small).rechunk()


def words(texts: pl.Series) -> pl.Series:
    """Return texts as an enumeration of the texts there are, in order of their code points."""
    return texts.cast(pl.Enum(texts.drop_nulls().unique().sort()))


def fitting(numbers: pl.Series) -> pl.Series:
    """Return whole numbers in the smaller of two types that holds them all."""
    least, most = numbers.min(), numbers.max()
    small = least is None or (least >= -(2**31) and most < 2**31)  # type: ignore[operator]
    return numbers.cast(_WHOLE[not small])
