"""Many editors at once while a night is published: counts must be right and memory must stay.

``python -m benchmarks.load [CUSTOMERS] [--seconds 60] [--threads 16] [--data FOLDER]``. All threads
ask one Workspace, each in a session of its own; a further night is run in another process. Every
count is compared with what the engine over frames says of the night that the answer names.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count as numbers
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np

from segml.core.errors import Superseded
from segml.demo import restaurant
from segml.engine.polars import PolarsEngine
from segml.library.features import FEATURES
from segml.workspace import Workspace

MARGIN_MB: Final = 400  # the evaluations under way, and what the allocator keeps
KINDS: Final = 4  # editors who ask alike
Expected = dict[date, list[list[int]]]


def edits(kind: int) -> list[dict[str, Any]]:
    """Return one editor's rules: fields, an event, a top share, a segment and a past."""
    wine = {"combinator": "and", "rules": [{"field": "category", "operator": "=", "value": "wine"}]}
    match = {"mode": "atLeast", "threshold": 1 + kind}
    event = {"field": "order_items", "operator": "=", "match": match, "value": wine}
    top = {"field": "lifetime_spend", "operator": "topPercent", "value": 5 + 5 * kind}
    name = ("at-risk", "vip-upsell")[kind % 2]
    inside = {"field": "segment", "operator": "in", "value": [name]}
    segment = {"field": "segment", "operator": "=", "value": name}
    change = {"field": "change", "operator": "=", "value": ("entered", "left")[kind // 2]}
    lately = {"field": "occurred_at", "operator": "withinLast", "value": {"n": 2, "unit": "day"}}
    past = {
        "field": "memberships",
        "operator": "=",
        "match": {"mode": "some"},
        "value": {"combinator": "and", "rules": [segment, change, lately]},
    }
    often = {"field": "orders_total", "operator": ">=", "value": 2 + kind}
    recent = {"field": "days_since_last_order", "operator": "<=", "value": 30 * (kind + 1)}
    spent = {"field": "spend_365d", "operator": ">", "value": 50 * (kind + 1)}
    return [
        {"combinator": "and", "rules": [often]},
        {"combinator": "and", "rules": [often, recent]},
        {"combinator": "and", "rules": [often, recent, spent]},
        {"combinator": "or", "rules": [event, recent]},
        {"combinator": "and", "rules": [event, top]},
        {"combinator": "and", "not": True, "rules": [inside, spent]},
        {"combinator": "or", "rules": [top, past]},
    ]


def counted(home: Path, day: date) -> list[list[int]]:
    """Return the right counts of all rules of a night, by kind of editor."""
    workspace = Workspace(home)
    engine = PolarsEngine(workspace.history(day), FEATURES)
    return [
        [len(engine.members(workspace.segments.rule(rule).lower(day))) for rule in edits(kind)]
        for kind in range(KINDS)
    ]


@dataclass(slots=True)
class Told:
    """What one editor, or all of them, met."""

    seconds: list[float] = field(default_factory=list)
    nights: Counter[date] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Told") -> None:
        """Take in what another editor met."""
        self.seconds += other.seconds
        self.nights += other.nights
        self.wrong += other.wrong
        self.errors += other.errors


def editing(workspace: Workspace, client: int, right: Expected, until: float) -> Told:
    """Preview one rule after another until a time."""
    told = Told()
    kind = client % KINDS
    rules = edits(kind)
    for number in numbers(client):
        start = perf_counter()
        if start >= until:
            return told
        which = number % len(rules)
        try:
            found = workspace.preview(rules[which], session=client)
        except Superseded as error:
            told.errors[type(error).__name__] += 1
            continue
        except Exception as error:
            told.errors[f"{type(error).__name__}: {error}"] += 1
            continue
        told.seconds.append(perf_counter() - start)
        told.nights[found.as_of] += 1
        wanted = right[found.as_of][kind][which]
        if found.count != wanted:
            told.wrong.append(f"{found.as_of}, rule {which}: {found.count}, not {wanted}")
    raise AssertionError


def own_mb() -> float:
    """Return the megabytes of this process that are not mapped from files."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("RssAnon:")[1].split()[0]) / 1_000


def loaded(home: Path, seconds: float, threads: int) -> bool:
    """Measure, print the table, and return whether all is well."""
    workspace = Workspace(home)
    latest = max(workspace.nights.all())
    following = latest + timedelta(days=1)
    print("counting by the other engine", file=sys.stderr)
    days = [latest, following]
    count = [sys.executable, "-m", "benchmarks.load", "--count", *map(str, days)]
    # In a process of its own, so that its memory is not taken for ours.
    child = subprocess.run([*count, "--data", str(home)], check=True, stdout=subprocess.PIPE)  # noqa: S603
    right: Expected = dict(zip(days, json.loads(child.stdout), strict=True))
    editing(workspace, 0, right, perf_counter() + 2)  # libraries load, threads start
    before = own_mb()
    print(f"{threads} threads for {seconds:.0f} s", file=sys.stderr)
    command = [sys.executable, "-m", "segml", "nightly", "--as-of", str(following)]
    told = Told()
    most = before
    start = perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        running = [
            pool.submit(editing, workspace, client, right, start + seconds)
            for client in range(threads)
        ]
        run = subprocess.run(  # noqa: S603
            [*command, "-w", str(home)], stdout=subprocess.DEVNULL, check=False
        )
        night = perf_counter() - start
        most = max(most, own_mb())
        for one in running:
            told.add(one.result())
    took = perf_counter() - start
    most = max(most, own_mb())
    limit = before + workspace.settings.memory_mb + MARGIN_MB
    times = np.array(told.seconds) * 1_000
    rows = {
        "previews": f"{len(times):,}",
        "previews a second": f"{len(times) / took:,.0f}",
        "median, 99 of 100, longest (ms)": ", ".join(
            f"{value:,.0f}" for value in np.percentile(times, (50, 99, 100))
        ),
        **{f"of the night {day}": f"{many:,}" for day, many in sorted(told.nights.items())},
        "the night beside them (s)": f"{night:.1f}",
        "wrong counts": str(len(told.wrong)),
        "superseded": str(told.errors.pop("Superseded", 0)),
        "errors": str(told.errors.total()),
        "own memory before, most, limit (MB)": f"{before:.0f}, {most:.0f}, {limit:.0f}",
    }
    print("| what | measured |\n| --- | --: |")
    print("\n".join(f"| {name} | {value} |" for name, value in rows.items()))
    for line in [*told.wrong[:10], *(f"{n} times {e}" for e, n in told.errors.most_common(10))]:
        print(line, file=sys.stderr)
    return not (told.wrong or told.errors or run.returncode or most > limit)


def main() -> None:
    """Prepare the restaurant and load it; exit status 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("customers", nargs="?", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--data", type=Path, help="a folder that keeps the restaurant")
    parser.add_argument("--count", nargs=2, type=date.fromisoformat, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.count:
        print(json.dumps([counted(options.data, day) for day in options.count]))
        return
    with tempfile.TemporaryDirectory() as temporary:
        home = (options.data or Path(temporary)).resolve() / f"load-{options.customers}"
        if not (home / "nights").is_dir():
            print(f"making a restaurant of {options.customers:,} guests", file=sys.stderr)
            restaurant(home, customers=options.customers)
        well = loaded(home, options.seconds, options.threads)
    sys.exit(not well)


if __name__ == "__main__":
    main()
