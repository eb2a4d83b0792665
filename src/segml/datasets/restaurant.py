"""The synthetic restaurant is a made-up town of guests whose true habits are known.

`write_restaurant` writes the eight tables of the contract as Parquet files and, under ``truth/``,
what no real restaurant knows, so that a model can be measured against the best that is possible.
A large one can be made piece by piece: `shares` cuts it into ranges of blocks, each of which can be
written into a folder of its own, also by processes beside each other; `chunks` hands out the tables
without writing them.

Laws kept: the same plan gives the same bytes (under the same numpy and pyarrow); a customer is the
same person in a restaurant of any size with the same seed, ids included; the pieces, one after the
other, are the whole; memory does not grow with the number of customers.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from segml.datasets.synthetic import books, messages, truth
from segml.datasets.synthetic.calendar import Calendar, calendar
from segml.datasets.synthetic.plan import BLOCK, BLOCKS_PER_CHUNK, RestaurantPlan

__all__ = ["CHUNK", "RestaurantPlan", "chunks", "shares", "write_restaurant"]

CHUNK: Final = BLOCK * BLOCKS_PER_CHUNK
"""Customers whose rows make one row group of each file, and one of `chunks`."""

_EXACT: Final = "exact_duplicates"
_CONFLICTING: Final = "conflicting_duplicates"

_Dirt = dict[str, dict[str, int]]
_Progress = Callable[[int, int], None]


def shares(plan: RestaurantPlan, customers: int = 10 * CHUNK) -> list[range]:
    """Return ranges of blocks that together are the restaurant, in the order of ids.

    Parameters
    ----------
    plan
        The restaurant.
    customers
        How many each range shall hold: rounded up to a multiple of `CHUNK`; the last may hold
        fewer.
    """
    step = max(1, -(-customers // CHUNK)) * BLOCKS_PER_CHUNK
    return [range(at, min(at + step, plan.blocks)) for at in range(0, plan.blocks, step)]


def chunks(plan: RestaurantPlan, blocks: range | None = None) -> Iterator[books.Tables]:
    """Yield the tables of so many customers at a time, in the order of ids.

    Parameters
    ----------
    plan
        The restaurant.
    blocks
        One of its `shares`; without it, the whole restaurant.

    Yields
    ------
    dict
        By the name of the file without its ending (those of the truth begin with ``truth/``): the
        rows of `CHUNK` customers, fewer in the last. No row refers to a row of a later chunk, and
        rows written twice stand in the chunk of their first. The restaurants are in the chunk that
        has the first block.
    """
    days = calendar(plan)
    yield from _chunks(plan, days, messages.campaigns(plan, days), blocks, {}, None)


def write_restaurant(
    folder: Path,
    plan: RestaurantPlan,
    progress: _Progress | None = None,
    blocks: range | None = None,
) -> dict[str, int]:
    """Write a restaurant, or a share of it, into a folder, overwriting an earlier one there.

    Parameters
    ----------
    folder
        Made where it is missing. It receives ``customers.parquet``, ``orders.parquet``,
        ``order_items.parquet``, ``messages.parquet``, ``reviews.parquet``, ``referrals.parquet``,
        ``loyalty.parquet`` and ``restaurants.parquet``, and in ``truth``: ``guests.parquet`` (one
        row per person), ``sends.parquet`` (one row per coin tossed), ``adjustments.parquet``
        (what coupons and refunds on the spot took off an order), ``companions.parquet`` (the
        orders of the second person on a shared card) and ``process.json`` (what holds for all
        guests, with the formulas in words). `segml.datasets.oracle` reads them.
    plan
        Size, period, seed and parameters.
    progress
        Called after each block of 2,500 with the customers done and their total.
    blocks
        One of the `shares` of the plan; without it, the whole restaurant. Only the share with the
        first block has ``restaurants.parquet``; counts of rows are those of the share.

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
    dirt: _Dirt = {}
    rows = _written(folder, _chunks(plan, days, mail, blocks, dirt, progress))
    process = truth.process(plan, days, mail, dict(sorted(rows.items())), dirt)
    text = json.dumps(process, indent=1, ensure_ascii=False) + "\n"
    (folder / "truth" / "process.json").write_text(text, encoding="utf-8")
    return dict(sorted(rows.items()))


def _written(folder: Path, made: Iterable[books.Tables]) -> Counter[str]:
    """Write the chunks, one row group each, as they come; return the rows per file.

    A chunk is written while the next one is made.
    """
    rows: Counter[str] = Counter()
    with ExitStack() as stack, ThreadPoolExecutor(1) as aside:
        writers: dict[str, pq.ParquetWriter] = {}

        def write(chunk: books.Tables) -> None:
            for name, table in chunk.items():
                if name not in writers:
                    path = folder / f"{name}.parquet"
                    writer = pq.ParquetWriter(path, table.schema, compression="zstd")
                    writers[name] = stack.enter_context(writer)
                writers[name].write_table(table)
                rows[name] += table.num_rows

        before: Future[None] | None = None
        for chunk in made:
            if before is not None:
                before.result()
            before = aside.submit(write, chunk)
        if before is not None:
            before.result()
    return rows


def _chunks(
    plan: RestaurantPlan,
    days: Calendar,
    mail: messages.Campaigns,
    blocks: range | None,
    dirt: _Dirt,
    progress: _Progress | None,
) -> Iterator[books.Tables]:
    """Yield the tables of so many blocks at a time, rows written twice at their ends."""
    blocks = range(plan.blocks) if blocks is None else blocks
    first = blocks.start * BLOCK
    end = min(blocks.stop * BLOCK, plan.customers)
    for start in blocks[::BLOCKS_PER_CHUNK]:
        parts: dict[str, list[pa.Table]] = {}
        again: dict[str, list[pa.Table]] = {}
        for block in range(start, min(start + BLOCKS_PER_CHUNK, blocks.stop)):
            tables, twice = books.block_tables(plan, days, mail, block)
            for name, table in tables.items():
                parts.setdefault(name, []).append(table)
            for name, table in twice.items():
                again.setdefault(name, []).append(table)
                _count(dirt, name, table, tables[name])
            if progress is not None:
                progress(min((block + 1) * BLOCK, end) - first, end - first)
        town = {"restaurants": books.restaurant_table(plan)} if start == 0 else {}
        yield town | {
            name: pa.concat_tables([*tables, *again.get(name, [])])
            for name, tables in parts.items()
        }


def _count(dirt: _Dirt, name: str, twice: pa.Table, originals: pa.Table) -> None:
    """Count the rows written twice: those with another amount conflict."""
    counts = dirt.setdefault(name, {_EXACT: 0, _CONFLICTING: 0})
    conflicting = 0
    if "amount" in twice.column_names and twice.num_rows:
        # Both stand in the order of their ids.
        written = pc.is_in(originals["order_id"], value_set=twice["order_id"])
        amounts = originals["amount"].filter(written)
        conflicting = pc.sum(pc.not_equal(twice["amount"], amounts)).as_py()
    counts[_CONFLICTING] += conflicting
    counts[_EXACT] += twice.num_rows - conflicting
