"""A guest who is in every store of a workspace, and a search for any trace of one."""

import gzip
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from sqlalchemy import insert

from segml import Workspace
from segml import fields as f
from segml.core.tables import TABLES
from segml.storage.records.schema import DELIVERIES
from small_town import LAST, filled

GUEST = "Quillon-7781x"
OTHER = "Brunhild-4x"  # who referred the guest
TRACES = (GUEST, "Zebedaeus", "Vantrappe", "zv@zzxq.example", "+4917177817781", "Zzxqville")
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
LUNCHERS = (f.orders_total >= 3) & (f.lunch_share > 0.3)
PAST = LAST - timedelta(days=7)

CUSTOMERS = f"""customer_id,created_at,first_name,last_name,email,phone,city,email_opt_in,tags
{GUEST},2025-02-01 10:00,Zebedaeus,Vantrappe,zv@zzxq.example,+4917177817781,Zzxqville,true,Zebedaeus
{OTHER},2025-02-01 10:00,Brun,Hild,bh@example.org,,Berlin,true,
"""
PROFILE_AGAIN = f"""customer_id,created_at,first_name,email
{GUEST},2025-02-01 10:00,Zebedaeus,zv@zzxq.example
"""
BROKEN = f"""order_id,customer_id,ordered_at,amount
q-900,{GUEST},yesterday,12
q-901,{GUEST},2025-03-01 12:00,12,too,many
q-902,somebody-else,2025-03-01 12:00,12
"""
REFERRALS = f"""customer_id,referred_customer_id,referred_at
{GUEST},{OTHER},2025-04-01 12:00
{OTHER},{GUEST},2025-04-02 12:00
"""


def orders() -> Iterator[str]:
    yield "order_id,customer_id,ordered_at,amount,channel,coupon"
    for n in range(40):
        day = date(2025, 2, 10) + timedelta(days=8 * n)
        yield f"q-{n},{GUEST},{day} 12:30,{30 + n},dine_in,"
    yield f"b-1,{OTHER},2025-06-01 12:00,20,dine_in,"


def files() -> dict[str, str]:
    """Return the files that bring the guest, by table."""
    items = [f"q-{n},Zzxq soup,soup,1,12.00" for n in range(40)]
    messages = [f"q-m{n},{GUEST},email,sent,2025-12-{1 + n} 10:00" for n in range(3)]
    return {
        "customers": CUSTOMERS,
        "orders": "\n".join(orders()) + "\n",
        "order_items": "\n".join(["order_id,item,category,quantity,price", *items]) + "\n",
        "messages": "\n".join(["message_id,customer_id,channel,kind,occurred_at", *messages])
        + "\n",
        "reviews": f"review_id,customer_id,rating,reviewed_at\nq-r,{GUEST},5,2025-05-05 12:00\n",
        "referrals": REFERRALS,
        "loyalty": f"customer_id,tier,changed_at\n{GUEST},gold,2025-05-05 12:00\n",
    }


def bring(workspace: Workspace, folder: Path) -> dict[str, Any]:
    """Import the guest's files and some broken rows; return what became of them."""
    folder.mkdir(exist_ok=True)
    counts: dict[str, Any] = {}
    for name, text in files().items():
        (folder / f"{name}.csv").write_text(text)
    pairs = [(table.name, folder / f"{table.name}.csv") for table in TABLES]
    counts |= workspace.import_files([(t, path) for t, path in pairs if path.exists()])
    for n, (table, text) in enumerate([("customers", PROFILE_AGAIN), ("orders", BROKEN)]):
        (folder / f"again{n}.csv").write_text(text)
        counts[f"again {table}"] = workspace.import_files([(table, folder / f"again{n}.csv")])[
            table
        ]
    return counts


def lived_in(folder: Path, data: Path) -> Workspace:
    """Return a workspace in which the guest is in every store."""
    workspace = filled(folder / "w", data)
    bring(workspace, folder / "sources")
    workspace.nightly(PAST)
    workspace.nightly(LAST)
    segments = workspace.segments
    segments.save("mine", f.lifetime_spend > 100, owner="kim")
    segments.pin("mine", GUEST, included=True, owner="kim")
    segments.pin("mine", OTHER, included=False, owner="kim")
    seeds = workspace.members(LUNCHERS, as_of=LAST)["customer_id"].to_list()
    assert GUEST in seeds
    found = workspace.lookalikes.find(seeds)
    workspace.lookalikes.save(found, "like-lunchers", owner="kim", size=10)
    workspace.nightly(LAST)
    _records(workspace)
    return workspace


def _records(workspace: Workspace) -> None:
    records = workspace.records
    records.audit.add(MOMENT, "kim", None, "customers.see", GUEST, 1)
    rule = workspace.segments.get("mine").rule
    records.plans.add(MOMENT, "kim", "d" * 16, {"campaign": "spring", "rule": rule})
    hook = records.webhooks.add("mine", ("entered",), "http://127.0.0.1:9/", MOMENT)
    with records.database.writing() as connection:
        connection.execute(
            insert(DELIVERIES).values(
                webhook=hook.id,
                key="k",
                night=LAST,
                event="entered",
                count=2,
                page=1,
                pages=1,
                customers=[GUEST, OTHER],
                state="dead",
                attempts=9,
                error="",
                created_at=MOMENT,
            )
        )


def traces(folder: Path, wanted: tuple[str, ...] = TRACES) -> list[str]:
    """Return where any of some texts stands in the files of a folder, packed or plain."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = b"".join(_contents(path))
            found += [f"{path}: {text}" for text in wanted if text.encode() in content]
    return found


def _contents(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes, and what is packed in them."""
    raw = path.read_bytes()
    yield str(path.name).encode()
    yield raw
    if raw[:4] == b"PAR1":
        for batch in pq.ParquetFile(path).iter_batches():
            yield str(batch.to_pylist()).encode()
    elif raw[:6] == b"ARROW1":
        for column in pl.read_ipc(path):
            yield str(column.to_list()).encode()
    elif raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)


def outcome(workspace: Workspace) -> dict[str, Any]:
    """Return what anybody can see of a workspace."""
    tables = {
        name: sorted(map(str, rows.collect().rows()))
        for name, rows in workspace.history(LAST).tables.items()
    }
    nights = workspace.nights.all()
    return {
        "facts": tables,
        "rejects": sorted(map(str, workspace.rejects().collect().rows())),
        "nights": {
            str(day): (night.universe, night.segments, workspace.nights.members(day).rows())
            for day, night in nights.items()
        },
        "changes": {str(day): workspace.nights.changes(day).rows() for day in nights},
        "fields": {str(day): workspace.features(as_of=day).rows() for day in nights},
        "segments": {n: one.rule for n, one in workspace.segments.all().items()},
        "audit": workspace.records.audit.entries(),
    }
