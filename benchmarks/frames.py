"""The works as somebody writes them in Polars by hand, on files laid out for it."""

import operator
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa

from benchmarks.child import Answer, Work, main
from benchmarks.digest import digest
from benchmarks.frames_features import Bucket
from benchmarks.prepared import night_of
from benchmarks.questions import (
    SAMPLE,
    SETS,
    SIZES,
    TOP_FIELD,
    TOP_PERCENT,
    Call,
    Condition,
    edited,
    fresh,
)

TESTS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
Rule = list[Condition]


def imported(data: Path) -> Work:
    """Read the CSV with its dates and write it sorted by customer and time."""

    def work(_: Call) -> Answer:
        with tempfile.TemporaryDirectory(dir=data) as folder:
            path = Path(folder) / "orders.parquet"
            orders = pl.scan_csv(data / "orders.csv", try_parse_dates=True)
            orders.sort("customer_id", "ordered_at").sink_parquet(path)
            return [pl.scan_parquet(path).select(pl.len()).collect().item()]

    return work


def features(data: Path) -> Work:
    """Compute every field into Arrow files, one bucket at a time."""
    peers, night = data / "peers", night_of(data)
    buckets = sorted(file.stem for file in (peers / "facts" / "customers").iterdir())

    def work(_: Call) -> Callable[[], Answer]:
        folder = tempfile.TemporaryDirectory(dir=data)
        for bucket in buckets:
            frame = Bucket(peers, night, bucket).features()
            frame.sink_ipc(f"{folder.name}/{bucket}.arrow", compression="uncompressed")

        def answer() -> Answer:
            with folder:
                files = Path(folder.name).iterdir()
                return digest(pl.read_ipc(file) for file in files)

        return answer

    return work


def previewed(rule: Callable[[Call], Rule], data: Path) -> Work:
    """Count a rule and each of its conditions, and show the first members: column by column."""
    night = _mapped(data, "features")

    def work(call: Call) -> Answer:
        conditions = rule(call)
        tests = [TESTS[one.operator](night[one.field], one.value) for one in conditions]
        every = tests[0]
        for one in tests[1:]:
            every &= one
        names = [one.field for one in conditions]
        members = night.select("customer_id", *names)[every.arg_true()[:SAMPLE]].rows()
        return [every.sum(), *(one.sum() for one in tests), *(row[0] for row in members)]

    return work


def previewed_lazily(rule: Callable[[Call], Rule], data: Path) -> Work:
    """Do the same as one streaming plan, which is the faster on many customers."""
    night = _mapped(data, "features").lazy()

    def work(call: Call) -> Answer:
        conditions = rule(call)
        tests = [
            TESTS[one.operator](pl.col(one.field), one.value).alias(one.field) for one in conditions
        ]
        every = pl.all_horizontal(tests)
        counts = night.select(every.sum().alias("every"), *(one.sum() for one in tests))
        shown = night.filter(every).select("customer_id", *(one.field for one in conditions))
        members = shown.head(SAMPLE).collect(engine="streaming").rows()
        return [*counts.collect(engine="streaming").row(0), *(row[0] for row in members)]

    return work


def overlap(data: Path) -> Work:
    """Count the members of every two of the fifty sets."""
    sets = _mapped(data, "sets")

    def work(_: Call) -> Answer:
        columns = [sets[f"s{place}"] for place in range(len(SETS))]
        return [(a & b).sum() for place, a in enumerate(columns) for b in columns[place:]]

    return work


def changes(data: Path) -> Work:
    """Return how many entered and left a set between two nights, and the sums of their ids."""
    members = _mapped(data, "members")

    def work(_: Call) -> Answer:
        ids, earlier, later = members["customer_id"], members["earlier"], members["later"]
        entered, left = ids.filter(later & ~earlier), ids.filter(earlier & ~later)
        # A sum of 32-bit numbers is one itself.
        sums = [ids.cast(pl.Int64).sum() for ids in (entered, left)]
        return [len(entered), sums[0], len(left), sums[1]]

    return work


def top(data: Path) -> Work:
    """Return how many are the top ten percent, and the least of their values."""
    night = _mapped(data, "features")

    def work(_: Call) -> Answer:
        values = night[TOP_FIELD]
        known = len(values) - values.null_count()
        kept = -(-known * TOP_PERCENT // 100)
        least = values.quantile((known - kept) / (known - 1), "nearest")
        assert least is not None
        return [kept, int(least)]

    return work


def _mapped(data: Path, name: str) -> pl.DataFrame:
    """Return a file of one batch without reading it."""
    file = pa.ipc.open_file(pa.memory_map(str(data / "peers" / f"{name}.arrow")))
    assert file.num_record_batches == 1
    frame = pl.from_arrow(file.get_batch(0))
    assert isinstance(frame, pl.DataFrame)
    return frame


if __name__ == "__main__":
    works = {"import": imported, "features": features}
    works |= {"overlap": overlap, "changes": changes, "top": top}
    for ask, rules in (("preview", fresh), ("edit", edited)):
        for size in SIZES:
            works[f"{ask}-{size}"] = partial(previewed, partial(rules, size))
            works[f"{ask}-{size}-lazy"] = partial(previewed_lazily, partial(rules, size))
    main(works)
