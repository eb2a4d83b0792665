"""What every measurement reads: a restaurant with a stored night, and the same for the peers."""

import json
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.questions import RULES
from segml.datasets.restaurant import RestaurantPlan
from segml.demo import make
from segml.engine.sql import features_sql
from segml.library.features import FEATURES
from segml.workspace import Workspace, available_features


def prepare(folder: Path, customers: int) -> None:
    """Write workspace, CSV, rules and the peers' inputs; a restaurant that stands is kept."""
    home, done = folder / "workspace", folder / "done"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        make(home, customers, 0, lambda _step, _share: None)
        pl.scan_parquet(home / "data" / "orders.parquet").sink_csv(folder / "orders.csv")
        done.touch()
    # segml may have changed since: the night and what the peers read follow it.
    workspace = Workspace(home)
    night = workspace.nightly(RestaurantPlan().last_day + timedelta(days=1)).as_of
    names = tuple(available_features())
    files = {
        "night.txt": night.isoformat(),
        "features.sql": features_sql(names, night, features=FEATURES, has_customers=True),
        **{f"{name}.json": json.dumps(rule) for name, rule in RULES.items()},
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    features = workspace.nights.features(night).collect()
    # The same frame on both sides: a table of DuckDB's own, and the night's file under one name.
    (folder / "features.duckdb").unlink(missing_ok=True)
    with duckdb.connect(folder / "features.duckdb") as connection:
        connection.register("night", features.to_arrow())
        connection.execute("CREATE TABLE features AS SELECT * FROM night")
    features.write_ipc(folder / "features.arrow", compression="uncompressed")


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), int(sys.argv[2]))
