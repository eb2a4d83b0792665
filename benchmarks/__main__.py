"""The terminal: ``python -m benchmarks [CUSTOMERS] [--runs N] [--data FOLDER] [--only WORDS]``."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

from benchmarks.child import peak_mb
from benchmarks.questions import SIZES

PEERS: Final = {"duck": "DuckDB", "frames": "Polars by hand"}
# What, segml's work, a peer's, and the ratio of the times to stay below. A work is who does what
# how often; "cold" is once with the start of Python counted, "x4" four clients at once, "segml"
# the command line. Where a peer has two ways, the faster counts.
COMPARISONS: Final = (
    ("import orders from CSV", "ours import 1", "frames import 1", 2.0),
    ("features, all fields", "ours features 1", "duck features 1|duck features-whole 1", 0.45),
    ("features, all fields", "ours features 1", "frames features 1", 0.65),
    ("whole night", "ours nightly 1", "", None),
    ("terminal preview, 3 fields", "segml preview-3 cold", "frames preview-3 cold", None),
    ("terminal preview, event", "segml event cold", "duck event cold", None),
    *(
        row
        for what, work, beside in (
            ("preview", "preview", (0.25, 1.15)),
            ("edit", "edit", (0.08, 0.5)),
        )
        for size in SIZES
        for name, ours in [(f"{what}, {size} fields", f"{work}-{size}")]
        for row in (
            (name, f"ours {ours} 25", f"duck {ours} 25", beside[0]),
            (name, f"ours {ours} 25", f"frames {ours} 25|frames {ours}-lazy 25", beside[1]),
        )
    ),
    ("edit, 8 fields, 4 clients", "ours edit-8 25x4", "duck edit-8 25x4", 0.05),
    (
        "edit, 8 fields, 4 clients",
        "ours edit-8 25x4",
        "frames edit-8 25x4|frames edit-8-lazy 25x4",
        None,
    ),
    ("event, first", "ours event 25", "duck event 25", 0.33),
    ("event, changed threshold", "ours event-edit 25", "duck event-edit 25", 0.02),
    ("event, never", "ours event-never 10", "duck event-never 10", 0.33),
    ("overlap of 50 sets", "ours overlap 5", "duck overlap 5", 0.1),
    ("overlap of 50 sets", "ours overlap 5", "frames overlap 5", 0.8),
    ("entered and left", "ours changes 25", "duck changes 25", 0.05),
    ("entered and left", "ours changes 25", "frames changes 25", None),
    ("top 10 %", "ours top 25", "duck top 25", 0.2),
    ("top 10 %", "ours top 25", "frames top 25", 0.9),
)
Comparison = tuple[str, str, str, float | None]
Measured = dict[str, Any]


def measured(task: str, data: Path) -> Measured:
    """Return seconds, peak resident megabytes and the answer; SystemExit when the work fails."""
    module, work, times = task.split()
    words = [f"benchmarks.{module}", work, str(data), times.replace("cold", "1")]
    if module == "segml":
        home = str(data / "workspace")
        words = ["segml", "preview", str(data / f"{work}.json"), "--json", "-w", home]
    start = perf_counter()
    with subprocess.Popen([sys.executable, "-m", *words], stdout=subprocess.PIPE) as child:  # noqa: S603
        assert child.stdout is not None
        printed = child.stdout.read()
        # A child's peak starts at its parent's size, so nothing large is imported in this process.
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = perf_counter() - start
    if child.returncode:
        sys.exit(f"python -m {' '.join(words)} failed with status {child.returncode}.")
    told: Measured = json.loads(printed)
    if module == "segml":
        kept = (one["kept"] for one in told["conditions"])
        members = (row["customer_id"] for row in told["sample"])
        told["answer"] = [[told["count"], *kept, *members]]
    if times == "cold":
        told["seconds"] = wall
    told.setdefault("peak_mb", peak_mb(usage))
    return told


def rows(data: Path, runs: int, comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Return a row per comparison; SystemExit when two answers differ."""
    tasks = dict.fromkeys(
        task for _, ours, peer, _ in comparisons for task in (ours, *peer.split("|")) if task
    )
    taken: dict[str, list[Measured]] = {task: [] for task in tasks}
    for _ in range(runs):  # in turns, so that a busy minute falls on both sides
        for task in tasks:
            print(f"measuring {task}", file=sys.stderr)
            taken[task].append(measured(task, data))
    found = []
    for name, ours, peer, target in comparisons:
        row: dict[str, Any] = {"name": name, "peer": None, "ratio": None, "target": target}
        row |= {"peer_seconds": None, "peer_peak_mb": None} | medians(taken[ours])
        if peer:
            ways = peer.split("|")
            check(name, [one["answer"] for task in (ours, *ways) for one in taken[task]])
            best = min((medians(taken[way]) for way in ways), key=lambda way: way["seconds"])
            row["peer"] = PEERS[peer.split()[0]]
            row |= {f"peer_{key}": value for key, value in best.items()}
            row["ratio"] = row["seconds"] / row["peer_seconds"]
        found.append(row)
    return found


def check(name: str, answers: list[list[list[int]]]) -> None:
    """Refuse answers that differ: SystemExit with the first call that does."""
    for other in answers:
        for place, (one, two) in enumerate(zip(answers[0], other, strict=True)):
            if one != two:
                sys.exit(f"{name}: call {place} is answered by {one} and by {two}.")


def medians(measured: list[Measured]) -> dict[str, float]:
    """Return seconds and peak memory over the runs."""
    return {key: median(one[key] for one in measured) for key in ("seconds", "peak_mb")}


def machine() -> str:
    """Return where this is measured, and how busy it was at the start."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = [f"{name} {version(name)}" for name in ("polars", "duckdb", "pyarrow", "numpy")]
    python = f"Python {platform.python_version()}, {', '.join(libraries)}"
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {python}, load average {load:.1f}"


def markdown(found: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    lines = ["| what | peer | segml s | peer s | ratio | target ≤ | segml MB | peer MB |"]
    lines.append("| --- | --- " + "| --: " * 6 + "|")
    formats = {"name": "", "peer": "", "seconds": ".3g", "peer_seconds": ".3g", "ratio": ".2f"}
    formats |= {"target": "", "peak_mb": ".0f", "peer_peak_mb": ".0f"}
    for row in found:
        cells = ("" if row[key] is None else format(row[key], how) for key, how in formats.items())
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def size(text: str) -> int:
    """Return a number of customers: 100000, 100k or 10M."""
    factors = {"k": 10**3, "m": 10**6}
    return int(text.rstrip("kKmM")) * factors.get(text[-1].lower(), 1)


def main() -> None:
    """Prepare the restaurant, measure, print the table and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("customers", nargs="?", type=size, default=100_000, help="100000, 10k, 1M")
    parser.add_argument("--runs", type=int, default=3, help="processes per work")
    parser.add_argument("--data", type=Path, help="a folder that keeps the restaurants")
    parser.add_argument("--only", nargs="+", default=[""], help="words of the comparisons wanted")
    options = parser.parse_args()
    chosen = [one for one in COMPARISONS if any(word in one[0] for word in options.only)]
    if not chosen:
        parser.error(f"no comparison has {' or '.join(options.only)} in its name")
    where = machine()
    with tempfile.TemporaryDirectory() as temporary:
        data = (options.data or Path(temporary)).resolve() / f"restaurant-{options.customers}"
        print(f"preparing a restaurant of {options.customers:,} guests", file=sys.stderr)
        command = [sys.executable, "-m", "benchmarks.prepare", str(data), str(options.customers)]
        subprocess.run(command, check=True)  # noqa: S603
        found = rows(data, options.runs, chosen)
    document = {"customers": options.customers, "runs": options.runs, "machine": where}
    text = json.dumps(document | {"rows": found}, indent=1, ensure_ascii=False)
    Path(__file__).with_name("results.json").write_text(text + "\n", encoding="utf-8")
    print(f"{options.customers:,} guests, medians of {options.runs} runs; {where}.\n")
    print(markdown(found))


if __name__ == "__main__":
    main()
