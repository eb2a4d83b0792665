"""The works as DuckDB does them, on files and a database laid out for it."""

# ruff: noqa: S608 (names and numbers in the SQL are ours)

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb

from benchmarks.child import CLIENTS, Answer, Work, main
from benchmarks.duck_features import features_sql
from benchmarks.prepared import DATABASE, night_of
from benchmarks.questions import (
    SAMPLE,
    SETS,
    SIZES,
    TOP_FIELD,
    TOP_PERCENT,
    Call,
    Condition,
    Lines,
    edited,
    event_edited,
    event_fresh,
    event_never,
    fresh,
)

_EPOCH: Final = date(1970, 1, 1)
Rule = list[Condition]
_ROWS: Final = tuple(range(len(SETS)))


def features(data: Path, *, whole: bool = False) -> Work:
    """Compute every field into Parquet: a bucket at a time, two at once, or all in one query."""
    peers, night = data / "peers", night_of(data)
    buckets = ["*"] if whole else sorted(p.stem for p in (peers / "facts" / "customers").iterdir())
    connection = duckdb.connect(config={"threads": os.cpu_count()})

    def work(_: Call) -> Callable[[], Answer]:
        folder = tempfile.TemporaryDirectory(dir=data)

        def copy(bucket: str) -> None:
            target = f"{folder.name}/{bucket.replace('*', 'all')}.parquet"
            connection.cursor().execute(
                f"COPY ({features_sql(peers, night, bucket)}) TO '{target}'"
            )

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(copy, buckets))

        def answer() -> Answer:
            import polars as pl  # noqa: PLC0415 (DuckDB does not need it)

            from benchmarks.digest import digest  # noqa: PLC0415

            with folder:
                return digest(pl.read_parquet(file) for file in Path(folder.name).iterdir())

        return answer

    return work


def previewed(rule: Callable[[Call], Rule], data: Path) -> Work:
    """Count a rule and each of its conditions, and show the first members."""
    cursors = _cursors(data)

    def work(call: Call) -> Answer:
        conditions = rule(call)
        tests = [_test(one) for one in conditions]
        every, cursor = " AND ".join(tests), cursors[call[1]]
        kept = ", ".join(f"count(CASE WHEN {one} THEN 1 END)" for one in (every, *tests))
        names = ", ".join(one.field for one in conditions)
        # The table is stored by customer, and a LIMIT keeps that order.
        shown = f"SELECT customer_id, {names} FROM features WHERE {every} LIMIT {SAMPLE}"
        members = cursor.execute(shown).fetchall()
        counts = cursor.execute(f"SELECT {kept} FROM features").fetchall()[0]
        return [*counts, *(row[0] for row in members)]

    return work


def event(lines: Callable[[Call], Lines], data: Path) -> Work:
    """Count who had so many lines, or never one, and name the first of them."""
    cursors, night = _cursors(data), (night_of(data) - _EPOCH).days

    def work(call: Call) -> Answer:
        asked = lines(call)
        where = f"FROM lines WHERE category = '{asked.category}'"
        if asked.days:
            where += f" AND day >= {night - asked.days}"
        members = (
            f"SELECT customer_id {where} GROUP BY customer_id HAVING count(*) >= {asked.times}"
        )
        if not asked.times:
            members = f"SELECT customer_id FROM features ANTI JOIN ({where}) USING (customer_id)"
        sql = f"SELECT count(*), min(customer_id, {SAMPLE}) FROM ({members})"
        ((count, first),) = cursors[call[1]].execute(sql).fetchall()
        # The rule has one condition, which keeps as many as the rule.
        return [count, count, *(first or ())]

    return work


def overlap(data: Path) -> Work:
    """Count the members of every two of the fifty sets, by the bits that guests have in common."""
    cursor = _cursors(data)[0]
    counts = ", ".join(f"sum(CASE WHEN bits & {1 << place} <> 0 THEN n END)" for place in _ROWS)
    sql = (
        "WITH alike AS MATERIALIZED (SELECT bits, count(*) AS n FROM sets GROUP BY bits) "
        f"SELECT s, {counts} FROM (SELECT unnest(range({len(SETS)})) AS s, * FROM alike) "
        "WHERE (bits >> s) & 1 = 1 GROUP BY s"
    )

    def work(_: Call) -> Answer:
        rows: dict[int, Any] = {row[0]: row[1:] for row in cursor.execute(sql).fetchall()}
        return [int((rows[a][b] or 0) if a in rows else 0) for a in _ROWS for b in _ROWS[a:]]

    return work


def changes(data: Path) -> Work:
    """Return how many entered and left a set between two nights, and the sums of their ids."""
    cursor = _cursors(data)[0]

    def work(_: Call) -> Answer:
        sql = "SELECT customer_id, later FROM members WHERE earlier <> later"
        found = cursor.execute(sql).fetchnumpy()
        ids, later = found["customer_id"], found["later"]
        entered, left = ids[later], ids[~later]
        return [len(entered), int(entered.sum()), len(left), int(left.sum())]

    return work


def top(data: Path) -> Work:
    """Return how many are the top ten percent, and the least of their values."""
    cursor = _cursors(data)[0]
    share = TOP_PERCENT / 100  # of a negative quantile the largest come first
    sql = (
        f"SELECT ceil(count({TOP_FIELD}) * {TOP_PERCENT} / 100)::BIGINT, "
        f"quantile_disc({TOP_FIELD}, -{share}) FROM features"
    )
    return lambda _: list(cursor.execute(sql).fetchall()[0])


def _cursors(data: Path) -> list[duckdb.DuckDBPyConnection]:
    """Return a cursor for each client."""
    database = data / "peers" / DATABASE
    connection = duckdb.connect(database, read_only=True, config={"threads": os.cpu_count()})
    return [connection.cursor() for _ in range(CLIENTS)]


def _test(condition: Condition) -> str:
    value = condition.value
    literal = f"'{value}'" if isinstance(value, str) else repr(value)
    return f"{condition.field} {condition.operator} {literal}"


if __name__ == "__main__":
    main(
        {
            "features": features,
            "features-whole": partial(features, whole=True),
            **{f"preview-{size}": partial(previewed, partial(fresh, size)) for size in SIZES},
            **{f"edit-{size}": partial(previewed, partial(edited, size)) for size in SIZES},
            "event": partial(event, event_fresh),
            "event-edit": partial(event, event_edited),
            "event-never": partial(event, event_never),
            "overlap": overlap,
            "changes": changes,
            "top": top,
        }
    )
