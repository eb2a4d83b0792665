"""The terminal: ``python -m benchmarks [CUSTOMERS] [--runs 3] [--data FOLDER]``."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

PEERS: Final = {"duck": "DuckDB", "frames": "Polars by hand"}
# What, segml's work, a peer's, and the ratio of the times to stay below. A work is who does what
# how often; "cold" is once with the start of Python counted, "segml" the command line.
COMPARISONS: Final = (
    ("import orders from CSV", "ours import 1", "frames import 1", 2.0),
    ("features, all fields", "ours features 1", "duck features 1", 0.45),
    ("whole night", "ours nightly 1", "", None),
    ("terminal preview, 3 fields", "segml fields-3 cold", "frames fields-3 cold", None),
    ("terminal preview, event", "segml event cold", "duck event cold", None),
    ("preview, 3 fields", "ours fields-3 25", "duck fields-3 25", 0.25),
    ("preview, 3 fields", "ours fields-3 25", "frames fields-3 25", 1.15),
    ("preview, 5 fields", "ours fields-5 25", "duck fields-5 25", 0.25),
    ("preview, 5 fields", "ours fields-5 25", "frames fields-5 25", 1.15),
    ("preview, 8 fields", "ours fields-8 25", "duck fields-8 25", 0.25),
    ("preview, 8 fields", "ours fields-8 25", "frames fields-8 25", 1.15),
    ("preview, event", "ours event 25", "duck event 25", 0.33),
)
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
        told["answer"] = [told["count"], *(one["kept"] for one in told["conditions"])]
    if times == "cold":
        told["seconds"] = wall
    told["peak_mb"] = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return told


def rows(data: Path, runs: int) -> list[dict[str, Any]]:
    """Return a row per comparison; SystemExit when two answers differ."""
    tasks = dict.fromkeys(task for _, *both, _ in COMPARISONS for task in both)
    taken: dict[str, list[Measured]] = {task: [] for task in tasks}
    for _ in range(runs):  # in turns, so that a busy minute falls on both sides
        for task in filter(None, tasks):
            print(f"measuring {task}", file=sys.stderr)
            taken[task].append(measured(task, data))
    found = []
    for name, ours, peer, target in COMPARISONS:
        answers = [one["answer"] for one in taken[ours] + taken[peer]]
        if any(answer != answers[0] for answer in answers):
            sys.exit(f"{name}: the answers differ: {answers}.")
        row: dict[str, Any] = {"name": name, "peer": None, "ratio": None, "target": target}
        row |= {"peer_seconds": None, "peer_peak_mb": None}
        row |= {key: median(one[key] for one in taken[ours]) for key in ("seconds", "peak_mb")}
        if peer:
            row["peer"] = PEERS[peer.split()[0]]
            row["peer_seconds"] = median(one["seconds"] for one in taken[peer])
            row["peer_peak_mb"] = median(one["peak_mb"] for one in taken[peer])
            row["ratio"] = row["seconds"] / row["peer_seconds"]
        found.append(row)
    return found


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


def main() -> None:
    """Prepare the restaurant, measure, print the table and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("customers", nargs="?", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3, help="processes per work")
    parser.add_argument("--data", type=Path, help="a folder that keeps the restaurants")
    options = parser.parse_args()
    where = machine()
    with tempfile.TemporaryDirectory() as temporary:
        data = (options.data or Path(temporary)).resolve() / f"restaurant-{options.customers}"
        print(f"making a restaurant of {options.customers:,} guests", file=sys.stderr)
        command = [sys.executable, "-m", "benchmarks.prepare", str(data), str(options.customers)]
        subprocess.run(command, check=True)  # noqa: S603
        found = rows(data, options.runs)
    document = {"customers": options.customers, "runs": options.runs, "machine": where}
    text = json.dumps(document | {"rows": found}, indent=1, ensure_ascii=False)
    Path(__file__).with_name("results.json").write_text(text + "\n", encoding="utf-8")
    print(f"{options.customers:,} guests, medians of {options.runs} runs; {where}.\n")
    print(markdown(found))


if __name__ == "__main__":
    main()
