"""The facts laid out for the peers: buckets of consecutive customers, sorted, in small types.

``facts/<table>/<bucket>.parquet`` holds what a history shows of the guests of one bucket, by
customer and time; a line of an order carries the customer and the day. Texts that recur are codes
of a sorted vocabulary (``words.json``), money is whole cents, a day counts from 1970. Facts only,
none of the answers, but the peers need not ask two clocks or leave staff out: an advantage.

Memory does not grow with the restaurant: rows stream into the buckets, then one bucket at a time
is put in order.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.prepared import BUCKET, TABLES
from segml.engine.history import History

CHUNK: Final = 2**22  # orders that are joined with their lines at a time
# Texts kept as codes, by table.
CODED: Final = {
    "orders": ("channel", "restaurant_id", "coupon"),
    "order_items": ("item", "category"),
    "messages": ("channel", "kind"),
    "loyalty": ("tier",),
}
# The times that are kept, to the second; elsewhere the day is enough.
_TIMES: Final = {"orders": "ordered_at", "order_items": "ordered_at", "loyalty": "changed_at"}
# What the rows of a customer stand by.
_SORTED: Final = {
    "messages": ("occurred_at", "message_id"),
    "reviews": ("reviewed_at", "review_id"),
    "referrals": ("referred_at",),
    "loyalty": ("changed_at", "tier"),
}
_COLUMNS: Final = {
    "orders": ("order_id", "ordered_at", "amount", "refund", "hour", "weekday"),
    "order_items": ("order_id", "ordered_at", "healthy"),
    "messages": ("message_id", "occurred_at"),
    "reviews": ("review_id", "reviewed_at", "rating"),
    "referrals": ("referred_at",),
    "loyalty": ("changed_at",),
}
_SMALL: Final = {
    "orders": {"amount": pl.Int32, "hour": pl.UInt8, "weekday": pl.UInt8},
    "messages": {"message_id": pl.UInt32},
    "reviews": {"rating": pl.UInt16},
}
PROFILE: Final = (
    "birthday",
    "anniversary",
    "city",
    "postcode",
    "latitude",
    "longitude",
    "preferred_channel",
    "email_opt_in",
    "sms_opt_in",
    "instagram_follower",
    "tags",
    "vip",
    "dietary",
)


def lay_out(history: History, folder: Path) -> None:
    """Write ``facts`` and ``words.json`` into `folder`."""
    raw, facts = folder / "raw", folder / "facts"
    for old in (raw, facts):
        shutil.rmtree(old, ignore_errors=True)
    for name, rows in _streams(history):
        spread = rows.with_columns(bucket=pl.col("customer_id") // BUCKET)
        target = pl.PartitionBy(raw / name, key="bucket", include_key=False)
        spread.sink_parquet(target, mkdir=True, compression_level=1)
    words = {name: _words(raw, name) for name in CODED}
    (folder / "words.json").write_text(json.dumps(words, indent=1), encoding="utf-8")
    history.rows("restaurants").select("latitude", "longitude").sink_parquet(
        facts / "restaurants.parquet", mkdir=True
    )
    for bucket in sorted(int(part.name[7:]) for part in raw.glob("customers/*/bucket=*")):
        for name, table in _arranged(raw, bucket, words).items():
            path = facts / name / f"{bucket:04}.parquet"
            path.parent.mkdir(exist_ok=True)
            table.write_parquet(path, compression_level=1)
    shutil.rmtree(raw)


def _streams(history: History) -> Iterator[tuple[str, pl.LazyFrame]]:
    """Yield the name and the rows of each table, in parts where a part needs memory."""
    last = history.universe().select(pl.col("customer_id").max()).collect().item()
    for start in range(0, last + 1, BUCKET * 16):
        here = pl.col("customer_id").is_between(start, start + BUCKET * 16, closed="left")
        profiles = history.profiles().filter(here).select("customer_id", *PROFILE)
        guests = history.universe().filter(here)
        yield f"customers/{start}", profiles.join(guests, on="customer_id", how="semi")
    last = history.rows("payments").select(pl.col("order_id").max()).collect().item() or 0
    for name in TABLES:
        columns = ("customer_id", "day", *_COLUMNS[name], *CODED.get(name, ()))
        if name == "order_items":
            for start in range(0, last + 1, CHUNK):
                here = pl.col("order_id").is_between(start, start + CHUNK, closed="left")
                yield f"{name}/{start}", history.rows(name).filter(here).select(columns)
        else:
            rows = history.rows("payments" if name == "orders" else name)
            yield f"{name}/0", rows.select(columns)


def _words(raw: Path, name: str) -> dict[str, list[str]]:
    """Return the sorted vocabulary of each coded column."""
    rows = pl.scan_parquet(raw / name / "**" / "*.parquet", hive_partitioning=False)
    found = {}
    for column in CODED[name]:
        texts = rows.select(pl.col(column).cast(pl.String)).unique().collect(engine="streaming")
        found[column] = texts[column].drop_nulls().sort().to_list()
    return found


def _arranged(raw: Path, bucket: int, words: dict[str, Any]) -> dict[str, pl.DataFrame]:
    """Return the tables of one bucket, guests only, in order."""
    guests = _rows(raw, "customers", bucket).sort("customer_id")
    found = {"customers": guests.with_columns(pl.col("customer_id").cast(pl.UInt32))}
    places = pl.DataFrame()
    for name in TABLES:
        rows = _rows(raw, name, bucket).join(guests, on="customer_id", how="semi")
        if name == "orders":
            rows = rows.sort("customer_id", "ordered_at", "order_id").with_row_index("order")
            places = rows.select("order_id", "order")
        elif name == "order_items":
            rows = rows.join(places, on="order_id").sort("order", "category", "item")
        else:
            rows = rows.sort("customer_id", *_SORTED[name])
        found[name] = _small(rows, name, words.get(name, {}))
    return found


def _rows(raw: Path, name: str, bucket: int) -> pl.DataFrame:
    files = list(raw.glob(f"{name}/*/bucket={bucket}/*.parquet"))
    if files:
        return pl.read_parquet(files, hive_partitioning=False)
    whole = pl.scan_parquet(raw / name / "**" / "*.parquet", hive_partitioning=False)
    return whole.head(0).collect()


def _small(rows: pl.DataFrame, name: str, words: dict[str, list[str]]) -> pl.DataFrame:
    """Return the rows with texts as codes, times as seconds and numbers as small as they fit."""
    columns: dict[str, pl.Expr] = {
        "customer_id": pl.col("customer_id").cast(pl.UInt32),
        "day": pl.col("day").to_physical().cast(pl.UInt16),
    }
    if time := _TIMES.get(name):
        assert not rows[time].dt.microsecond().sum(), "times are kept to the second"
        columns["at"] = pl.col(time).dt.epoch("s").cast(pl.UInt32)
    if "order" in rows.columns:
        columns["order"] = pl.col("order")
    for column in ("refund", "healthy"):
        if column in rows.columns:
            columns[column] = pl.col(column).fill_null(value=False)
    for column, small in _SMALL.get(name, {}).items():
        columns[column] = pl.col(column).cast(small)
    for column, texts in words.items():
        small = pl.UInt8 if len(texts) <= 2**8 else pl.UInt32
        word = pl.col(column).cast(pl.String).cast(pl.Enum(texts))
        columns[column] = word.to_physical().cast(small)
    return rows.select(**columns)
