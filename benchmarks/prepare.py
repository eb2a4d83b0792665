"""What every measurement reads: a restaurant with two stored nights, and the same for the peers."""

import json
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

import polars as pl

from benchmarks.facts import lay_out
from benchmarks.prepared import earlier_night_of, night_of
from benchmarks.questions import TOP, event_fresh, fresh, rule
from benchmarks.tables import store
from segml.datasets.restaurant import RestaurantPlan
from segml.demo import DAYS_BETWEEN, restaurant
from segml.workspace import Workspace

IMPORTED: Final = 1_000_000  # rows of the CSV that is imported, at most


def prepare(folder: Path, customers: int) -> None:
    """Write workspace, CSV, rules and the peers' inputs; what stands is kept."""
    home, done = folder / "workspace", folder / "done"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        restaurant(home, customers=customers)
        orders = pl.scan_parquet(sorted((home / "data").rglob("orders.parquet")))
        orders.head(IMPORTED).sink_csv(folder / "orders.csv")
        done.touch()
    night = RestaurantPlan().last_day + timedelta(days=1)
    earlier = night - timedelta(days=DAYS_BETWEEN)
    files = {
        "night.txt": night.isoformat(),
        "earlier.txt": earlier.isoformat(),
        "preview-3.json": json.dumps(rule(fresh(3, (0, 0)))),
        "event.json": json.dumps(event_fresh((0, 0)).wire()),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    # segml may have changed since the nights were stored.
    workspace = Workspace(home)
    for day in (earlier, night):
        workspace.nightly(day)
    if not (folder / "peers" / "done").exists():
        prepare_peers(workspace, folder)


def prepare_peers(workspace: Workspace, folder: Path) -> None:
    """Write ``peers``: facts in buckets, a database and Arrow files, from the workspace's facts."""
    peers = folder / "peers"
    peers.mkdir(exist_ok=True)
    night, earlier = night_of(folder), earlier_night_of(folder)
    lay_out(workspace.history(night), peers)
    asked = {"combinator": "and", "rules": [TOP]}
    nights = {"earlier": earlier, "later": night}
    members = {name: workspace.members(asked, as_of=day) for name, day in nights.items()}
    store(peers, night, members)
    (peers / "done").touch()


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), int(sys.argv[2]))
