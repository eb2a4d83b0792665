"""The synthetic restaurant is a made-up town of guests whose true habits are known.

`write_restaurant` writes the eight tables of the contract as Parquet files and, under ``truth/``,
what no real restaurant knows, so that a model can be measured against the best that is possible.

Laws kept: the same plan gives the same bytes (under the same numpy and pyarrow); a customer is the
same person in a restaurant of any size with the same seed, ids included; memory does not grow with
the number of customers.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from segml.datasets.synthetic import books, messages, truth
from segml.datasets.synthetic.calendar import Calendar, calendar
from segml.datasets.synthetic.plan import BLOCK, BLOCKS_PER_CHUNK, RestaurantPlan

__all__ = ["RestaurantPlan", "write_restaurant"]

_EXACT: Final = "exact_duplicates"
_CONFLICTING: Final = "conflicting_duplicates"


def write_restaurant(
    folder: Path, plan: RestaurantPlan, progress: Callable[[int, int], None] | None = None
) -> dict[str, int]:
    """Write a restaurant into a folder, overwriting an earlier one there.

    Parameters
    ----------
    folder
        Made where it is missing. It receives ``customers.parquet``, ``orders.parquet``,
        ``order_items.parquet``, ``messages.parquet``, ``reviews.parquet``, ``referrals.parquet``,
        ``loyalty.parquet`` and ``restaurants.parquet``, and in ``truth``: ``guests.parquet`` (one
        row per person), ``sends.parquet`` (one row per coin tossed), ``adjustments.parquet``
        (what coupons and refunds on the spot took off an order) and ``process.json`` (what holds
        for all guests, with the formulas in words).
    plan
        Size, period, seed and parameters.
    progress
        Called after each block of 2,500 with the customers done and their total.

    Returns
    -------
    dict
        Rows per file, the rows written twice included; how many those are stands in
        ``process.json`` under ``dirt``.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    days = calendar(plan)
    mail = messages.campaigns(plan, days)
    dirt: dict[str, dict[str, int]] = {}
    rows = _written(folder, _chunks(plan, days, mail, dirt, progress))
    process = truth.process(plan, days, mail, dict(sorted(rows.items())), dirt)
    text = json.dumps(process, indent=1, ensure_ascii=False) + "\n"
    (folder / "truth" / "process.json").write_text(text, encoding="utf-8")
    return dict(sorted(rows.items()))


def _written(folder: Path, chunks: Iterable[books.Tables]) -> Counter[str]:
    """Write the chunks, one row group each, as they come; return the rows per file."""
    rows: Counter[str] = Counter()
    with ExitStack() as stack:
        writers: dict[str, pq.ParquetWriter] = {}
        for chunk in chunks:
            for name, table in chunk.items():
                if name not in writers:
                    path = folder / f"{name}.parquet"
                    writer = pq.ParquetWriter(path, table.schema, compression="zstd")
                    writers[name] = stack.enter_context(writer)
                writers[name].write_table(table)
                rows[name] += table.num_rows
    return rows


def _chunks(
    plan: RestaurantPlan,
    days: Calendar,
    mail: messages.Campaigns,
    dirt: dict[str, dict[str, int]],
    progress: Callable[[int, int], None] | None,
) -> Iterable[books.Tables]:
    """Yield the tables of so many blocks at a time, rows written twice at their ends."""
    yield {"restaurants": books.restaurant_table(plan)}
    for start in range(0, plan.blocks, BLOCKS_PER_CHUNK):
        parts: dict[str, list[pa.Table]] = {}
        again: dict[str, list[pa.Table]] = {}
        for block in range(start, min(start + BLOCKS_PER_CHUNK, plan.blocks)):
            tables, twice = books.block_tables(plan, days, mail, block)
            for name, table in tables.items():
                parts.setdefault(name, []).append(table)
            for name, table in twice.items():
                again.setdefault(name, []).append(table)
                _count(dirt, name, table, tables[name])
            if progress is not None:
                progress(min((block + 1) * BLOCK, plan.customers), plan.customers)
        yield {
            name: pa.concat_tables([*tables, *again.get(name, [])])
            for name, tables in parts.items()
        }


def _count(
    dirt: dict[str, dict[str, int]], name: str, twice: pa.Table, originals: pa.Table
) -> None:
    """Count the rows written twice: those with another amount conflict."""
    counts = dirt.setdefault(name, {_EXACT: 0, _CONFLICTING: 0})
    conflicting = 0
    if "amount" in twice.column_names and twice.num_rows:
        place = pc.index_in(twice["order_id"], value_set=originals["order_id"])
        original = originals["amount"].take(place)
        conflicting = pc.sum(pc.not_equal(twice["amount"], original)).as_py()
    counts[_CONFLICTING] += conflicting
    counts[_EXACT] += twice.num_rows - conflicting
