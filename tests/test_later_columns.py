"""What was stored before a table got a column still reads, and new rows join it."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from segml import Workspace
from segml.storage import buckets
from small_town import LAST

COLUMN = "marketing_objection"


@pytest.fixture
def older(restaurant: Workspace, tmp_path: Path) -> Workspace:
    """Return a workspace as it was written before customers had the column."""
    folder = tmp_path / "w"
    shutil.copytree(restaurant.folder, folder)
    shutil.rmtree(folder / "snapshots")
    warehouse = folder / "warehouse"
    manifest = json.loads((warehouse / "manifest.json").read_text())
    for part in manifest["parts"]:
        if part["table"] == "customers":
            path = warehouse / part["file"]
            pl.read_parquet(path).drop(COLUMN).write_parquet(path)
            part["size"] = path.stat().st_size
    (warehouse / "manifest.json").write_text(json.dumps(manifest))
    arranged = warehouse / "arranged"
    state = json.loads((arranged / "arrangement.json").read_text())
    sizes = {part["file"]: part["size"] for part in manifest["parts"]}
    state["taken"] = [[file, number, sizes[file]] for file, number, _ in state["taken"]]
    for bucket in state["buckets"]:
        file = f"{bucket['folder']}/customers.arrow"
        rows = buckets.mapped(arranged, file, bucket["sizes"]["customers"])
        (arranged / file).unlink()  # it is mapped
        bucket["sizes"]["customers"] = buckets.write(arranged, file, rows.drop(COLUMN))
    (arranged / "arrangement.json").write_text(json.dumps(state))
    return Workspace(folder)


def test_a_column_that_came_later_has_no_values_before(
    older: Workspace, restaurant: Workspace, tmp_path: Path
) -> None:
    before = (older.folder / "warehouse" / "arranged" / "arrangement.json").read_bytes()
    assert older.features().equals(restaurant.features())
    assert older.features([COLUMN])[COLUMN].null_count() == older.features([COLUMN]).height
    assert older.history(LAST).profiles().collect()[COLUMN].null_count() > 0
    assert (older.folder / "warehouse" / "arranged" / "arrangement.json").read_bytes() == before
    one = older.features([COLUMN])["customer_id"][0]
    (tmp_path / "more.csv").write_text(
        f"customer_id,created_at,{COLUMN},known_at\n"
        f"{one},2025-03-01 10:00,true,2025-12-01 10:00\n"
        "90001,2025-03-01 10:00,,\n"
    )
    older.import_files([("customers", tmp_path / "more.csv")])
    again = Workspace(older.folder)
    again.nightly(LAST)
    found = dict(again.features([COLUMN]).iter_rows())
    assert {who for who, objects in found.items() if objects} == {one}
    assert 90001 in found
