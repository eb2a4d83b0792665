"""The works as somebody would write them in Polars by hand, on the CSV and on a stored night."""

import operator
import tempfile
from functools import partial
from pathlib import Path

import polars as pl

from benchmarks.child import Answer, Work, main
from benchmarks.questions import CONDITIONS, SAMPLE, SIZES

TESTS = {"=": operator.eq, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


def imported(data: Path) -> Work:
    """Read the CSV with its dates and write it sorted by customer and time."""

    def work() -> Answer:
        with tempfile.TemporaryDirectory(dir=data) as folder:
            path = Path(folder) / "orders.parquet"
            orders = pl.scan_csv(data / "orders.csv", try_parse_dates=True)
            orders.sort("customer_id", "ordered_at").sink_parquet(path)
            return [pl.scan_parquet(path).select(pl.len()).collect().item()]

    return work


def fields(size: int, data: Path) -> Work:
    """Count a rule and each of its conditions, and show 50 members."""
    night = pl.scan_ipc(data / "features.arrow")
    tests = [
        TESTS[op](pl.col(name), value).fill_null(value=False).alias(name)
        for name, op, _, value in CONDITIONS[:size]
    ]
    rule = pl.all_horizontal(tests)
    names = [name for name, *_ in CONDITIONS[:size]]

    def work() -> Answer:
        night.filter(rule).select("customer_id", *names).head(SAMPLE).collect().to_dicts()
        return list(
            night.select(rule.sum().alias("count"), *(t.sum() for t in tests)).collect().row(0)
        )

    return work


if __name__ == "__main__":
    main({"import": imported, **{f"fields-{size}": partial(fields, size) for size in SIZES}})
