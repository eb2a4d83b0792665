"""Facts arranged by customer: buckets of consecutive customers, each table sorted within.

Every customer has a dense code; `BUCKET` consecutive codes make a bucket. In a bucket a row knows
its customer by ``owner``, the place in the bucket, and a line of an order by ``order``, the row of
its order. Texts are words of a sorted dictionary, whole numbers as small as they fit. So a feature
is a reduction over neighbouring rows, and memory does not grow with the number of customers.

Law kept: arranging loses nothing and adds nothing; the rows are those of the history.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from segml.core.tables import TABLE, Form, Table

BUCKET: Final = 65_536
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


def _small(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
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
