"""The works as DuckDB does them, on segml's Parquet parts and on a table of its own."""

import json
from functools import partial
from pathlib import Path

import duckdb

from benchmarks.child import Answer, Work, main
from benchmarks.questions import CONDITIONS, SAMPLE, SIZES

WINE = """
WITH guests AS (
    SELECT customer_id FROM customers
    WHERE (day < $night) IS NOT FALSE AND (known_day < $night) IS NOT FALSE
    GROUP BY customer_id HAVING NOT coalesce(last(staff ORDER BY known_at NULLS FIRST), false)
), members AS (
    SELECT customer_id FROM order_items i JOIN orders o USING (order_id)
    WHERE lower(category) = 'wine' AND o.day >= $night - 90 AND o.day < $night
      AND (o.known_day < $night) IS NOT FALSE AND (i.known_day < $night) IS NOT FALSE
      AND NOT coalesce(refund, false)
    GROUP BY customer_id HAVING count(*) >= 2
)
SELECT count(*) FROM members SEMI JOIN guests USING (customer_id)
"""


def features(data: Path) -> Work:
    """Run segml's own SQL for every field into Arrow."""
    connection, sql = _parts(data), (data / "features.sql").read_text(encoding="utf-8")

    def work() -> Answer:
        table = connection.sql(sql).to_arrow_table()
        known = [len(column) - column.null_count for column in table.columns]
        sums = [sum(table[name].to_pylist()) for name in ("orders_total", "lifetime_spend")]
        return [table.num_rows, *known, *sums]

    return work


def event(data: Path) -> Work:
    """Count who had wine twice in 90 days."""
    connection, night = _parts(data), (data / "night.txt").read_text(encoding="utf-8")
    sql = WINE.replace("$night", f"DATE '{night}'")
    # The rule has one condition, which keeps as many as the rule.
    return lambda: [connection.sql(sql).fetchall()[0][0]] * 2


def fields(size: int, data: Path) -> Work:
    """Count a rule and each of its conditions, and show 50 members."""
    connection = duckdb.connect(data / "features.duckdb", read_only=True)
    tests = [f"coalesce({name} {op} {value!r}, false)" for name, op, _, value in CONDITIONS[:size]]
    rule = " AND ".join(tests)
    kept = ", ".join(f"count(*) FILTER ({test})" for test in (rule, *tests))
    names = ", ".join(name for name, *_ in CONDITIONS[:size])
    shown = f"SELECT customer_id, {names} FROM features WHERE {rule} ORDER BY 1 LIMIT {SAMPLE}"  # noqa: S608

    def work() -> Answer:
        connection.sql(shown).fetchall()
        return list(connection.sql(f"SELECT {kept} FROM features").fetchall()[0])  # noqa: S608

    return work


def _parts(data: Path) -> duckdb.DuckDBPyConnection:
    warehouse, connection = data / "workspace" / "warehouse", duckdb.connect()
    manifest = json.loads((warehouse / "manifest.json").read_text(encoding="utf-8"))
    files: dict[str, list[str]] = {}
    for part in manifest["parts"]:
        if not part["aside"]:
            files.setdefault(part["table"], []).append(str(warehouse / part["file"]))
    for table, paths in files.items():
        connection.read_parquet(paths).create_view(table)
    return connection


if __name__ == "__main__":
    rules = {f"fields-{size}": partial(fields, size) for size in SIZES}
    main({"features": features, "event": event, **rules})
