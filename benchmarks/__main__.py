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
from typing import Any, Final, NamedTuple

from benchmarks.questions import SIZES

WARM: Final = 25
PEERS: Final = {"duck": "DuckDB", "frames": "Polars by hand"}


class Task(NamedTuple):
    """A work in a process of its own; `cold` counts the start of Python too."""

    module: str
    work: str
    times: int = 1
    cold: bool = False


class Comparison(NamedTuple):
    """segml beside a peer (or alone), and the ratio of the times to stay below."""

    name: str
    ours: Task
    peer: Task | None = None
    target: float | None = None


class Measurement(NamedTuple):
    """What a task took and answered."""

    seconds: float
    peak_mb: float
    answer: list[int]


def _warm(name: str, work: str, peer: str, target: float) -> Comparison:
    return Comparison(name, Task("ours", work, WARM), Task(peer, work, WARM), target)


COMPARISONS: Final = (
    Comparison("import orders from CSV", Task("ours", "import"), Task("frames", "import"), 2.0),
    Comparison("features, all fields", Task("ours", "features"), Task("duck", "features"), 0.45),
    Comparison("whole night", Task("ours", "nightly")),
    *(
        Comparison(name, Task("segml", work, cold=True), Task(peer, work, cold=True))
        for name, work, peer in (
            ("terminal preview, 3 fields", "fields-3", "frames"),
            ("terminal preview, event", "event", "duck"),
        )
    ),
    *(
        _warm(f"preview, {n} fields", f"fields-{n}", peer, target)
        for n in SIZES
        for peer, target in (("duck", 0.25), ("frames", 1.15))
    ),
    _warm("preview, event", "event", "duck", 0.33),
)


def measured(task: Task, data: Path) -> Measurement:
    """Return one measurement; SystemExit when the process fails."""
    words = [f"benchmarks.{task.module}", task.work, str(data), str(task.times)]
    if task.module == "segml":
        home = str(data / "workspace")
        words = ["segml", "preview", str(data / f"{task.work}.json"), "--json", "-w", home]
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
    told = json.loads(printed)
    if task.module == "segml":
        told["answer"] = [told["count"], *(one["kept"] for one in told["conditions"])]
    unit = 1 if sys.platform == "darwin" else 1024
    seconds = wall if task.cold else told["seconds"]
    return Measurement(seconds, usage.ru_maxrss * unit / 1e6, told["answer"])


def rows(data: Path, runs: int) -> list[dict[str, Any]]:
    """Return a row per comparison; SystemExit when two answers differ."""
    tasks = dict.fromkeys(task for one in COMPARISONS for task in (one.ours, one.peer) if task)
    taken: dict[Task, list[Measurement]] = {task: [] for task in tasks}
    for _ in range(runs):  # in turns, so that a busy minute falls on both sides
        for task in tasks:
            print(f"measuring {task.module} {task.work}", file=sys.stderr)
            taken[task].append(measured(task, data))
    return [_row(one, taken[one.ours], taken[one.peer] if one.peer else []) for one in COMPARISONS]


def _row(one: Comparison, ours: list[Measurement], peer: list[Measurement]) -> dict[str, Any]:
    answers = [found.answer for found in (*ours, *peer)]
    if any(answer != answers[0] for answer in answers):
        sys.exit(f"{one.name}: the answers differ: {answers}.")
    seconds = median(found.seconds for found in ours)
    found: dict[str, Any] = {"name": one.name, "peer": None, "ratio": None, "target": one.target}
    found |= {"seconds": seconds, "peer_seconds": None}
    found |= {"peak_mb": median(found.peak_mb for found in ours), "peer_peak_mb": None}
    if one.peer:
        theirs = median(found.seconds for found in peer)
        found |= {"peer": PEERS[one.peer.module], "ratio": seconds / theirs}
        found |= {"peer_seconds": theirs, "peer_peak_mb": median(f.peak_mb for f in peer)}
    return found


def machine() -> dict[str, str]:
    """Return where this is measured, and how busy it was at the start."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = {name: version(name) for name in ("polars", "duckdb", "pyarrow", "numpy")}
    facts = {"cores": str(os.cpu_count()), "memory": f"{memory:.0f} GiB"}
    facts |= {"Python": platform.python_version(), **libraries}
    return facts | {"load average": f"{os.getloadavg()[0]:.1f}"}


def markdown(found: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    columns = {"what": "name", "peer": "peer", "segml s": "seconds", "peer s": "peer_seconds"}
    columns |= {"ratio": "ratio", "target": "target", "segml MB": "peak_mb"}
    columns |= {"peer MB": "peer_peak_mb"}

    def cell(row: dict[str, Any], key: str) -> str:
        value = row[key]
        if not isinstance(value, float):
            return value or ""
        return f"{value:.0f}" if key.endswith("mb") else f"{'≤ ' * (key == 'target')}{value:.3g}"

    lines = [list(columns), ["---", "---", *["--:"] * 6]]
    lines += [[cell(row, key) for key in columns.values()] for row in found]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


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
    facts = ", ".join(f"{name} {value}" for name, value in where.items())
    print(f"\n{options.customers:,} guests, medians of {options.runs} runs; {facts}.\n")
    print(markdown(found))


if __name__ == "__main__":
    main()
