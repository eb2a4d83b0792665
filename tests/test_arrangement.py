"""The arrangement: the same facts by customer, however they came in, and nothing lost by damage."""

import json
from collections.abc import Mapping
from datetime import date, time
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segml import Workspace
from segml import fields as f
from segml.core.errors import WorkspaceError
from segml.core.tables import TABLES
from segml.datasets.restaurant import write_restaurant
from segml.datasets.sources import file_source
from segml.engine.arranged import OWNER, SORTED, arranged
from segml.engine.stored import schema
from segml.storage import arranging, manifest, shuffle
from segml.storage.arrangement import Arrangement
from segml.storage.arranging import as_rows
from segml.storage.buckets import NAMES, State
from segml.storage.parts import integer_domains
from segml.storage.shuffle import Codes, Owners
from segml.storage.warehouse import Warehouse
from small_town import PLAN

SIZE = 64
ONE_ORDER = "order_id,customer_id,ordered_at,amount\n1,7,2024-03-01 12:00,10.50\n"
ONE_LINE = "order_id,item,quantity,price\n1,soup,1,10.50\n"


class Place:
    """A warehouse with its arrangement."""

    def __init__(self, folder: Path, bucket: int = SIZE) -> None:
        self.root = folder / "house"
        self.folder = folder
        self.warehouse = Warehouse(self.root, time_zone="UTC", service_day_start=time(4))
        self.arrangement = Arrangement(self.root, bucket)

    @property
    def manifest(self) -> manifest.Manifest:
        found = manifest.read(self.root)
        return found or manifest.Manifest("UTC", "04:00:00")

    def take(self, **tables: str | pl.DataFrame) -> State:
        """Import tables together, then refresh."""
        sources = []
        for name, content in tables.items():
            path = self.folder / f"{name}.{'csv' if isinstance(content, str) else 'parquet'}"
            if isinstance(content, str):
                path.write_text(content)
            else:
                content.write_parquet(path)
            sources.append(file_source(name, path))
        self.warehouse.append(sources)
        return self.refresh()

    def refresh(self) -> State:
        return self.arrangement.refresh(self.manifest)

    def anew(self) -> State:
        """Arrange everything once more, codes kept."""
        path = self.root / "arranged" / "arrangement.json"
        document = json.loads(path.read_text())
        document["taken"].append(["gone", 1, 1])
        path.write_text(json.dumps(document))
        return self.refresh()

    def frames(self, state: State) -> list[dict[str, pl.DataFrame]]:
        return [self.arrangement.tables(state, one) for one in range(len(state.buckets))]

    def rows(self, state: State) -> dict[str, pl.DataFrame]:
        """Return what is arranged as stored rows."""
        integers = integer_domains(state.text_domains)
        ids = self.arrangement.ids(state)
        found: dict[str, list[pl.DataFrame]] = {name: [] for name in NAMES}
        for number, tables in enumerate(self.frames(state)):
            for name, frame in as_rows(tables, integers).items():
                codes = frame[OWNER].cast(pl.UInt32) + number * state.bucket
                found[name].append(frame.drop(OWNER).with_columns(customer_id=ids.gather(codes)))
        return {name: pl.concat(frames) for name, frames in found.items()}

    def holds_the_facts(self, state: State) -> bool:
        facts = {name: lazy.collect() for name, lazy in self.warehouse.tables().items()}
        facts["order_items"] = facts["order_items"].join(
            facts["orders"].select("order_id", "customer_id"), on="order_id"
        )
        return all(
            ordered(frame).equals(ordered(facts[name].select(frame.columns)))
            for name, frame in self.rows(state).items()
        )


def ordered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(pl.all().exclude(pl.List(pl.String)), pl.col(pl.List(pl.String)).hash())


def same(one: Mapping[str, pl.DataFrame], other: Mapping[str, pl.DataFrame]) -> bool:
    """Return whether frames are equal, but for the order of rows that nothing sorts."""
    return all(
        one[name].schema == other[name].schema
        and ordered(one[name]).equals(ordered(other[name]))
        and one[name].select(by).equals(other[name].select(by))
        for name in one
        for by in [[OWNER, *SORTED[name]] if name in SORTED else ["order", "category", "item"]]
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    folder = tmp_path_factory.mktemp("town")
    write_restaurant(folder, PLAN)
    return {t.name: pl.read_parquet(folder / f"{t.name}.parquet") for t in TABLES}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def pieces(town: Mapping[str, pl.DataFrame], seed: int) -> list[dict[str, pl.DataFrame]]:
    """Return the town in three imports, every row in any of them, customers mostly early."""
    draw = np.random.default_rng(seed)
    found: list[dict[str, pl.DataFrame]] = [{}, {}, {}]
    for name, frame in town.items():
        weights = [0.7, 0.2, 0.1] if name == "customers" else [0.4, 0.3, 0.3]
        piece = draw.choice(3, frame.height, p=weights)
        for number in range(3):
            found[number][name] = frame.filter(pl.Series(piece == number))
    return found


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
@pytest.mark.parametrize("small", [True, False])
def test_pieces_make_the_same_arrangement_as_the_whole(
    place: Place,
    town: dict[str, pl.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    small: bool,
) -> None:
    if not small:
        monkeypatch.setattr(arranging, "_SMALL", 0)
        monkeypatch.setattr(arranging, "_BATCH", 200)
        monkeypatch.setattr(shuffle, "_RUN", 300)
    ids = pl.Series(dtype=pl.Int64)
    for piece in pieces(town, seed):
        state = place.take(**piece)
        assert place.holds_the_facts(state)
        now = place.arrangement.ids(state)
        assert now.head(len(ids)).equals(ids, check_names=False)
        ids = now
    frames = place.frames(state)
    again = place.anew()
    assert again.buckets != state.buckets
    assert place.arrangement.ids(again).equals(ids)
    assert len(frames) == -(-state.customers // SIZE)
    assert all(same(*both) for both in zip(frames, place.frames(again), strict=True))
    assert not (place.root / "arranged" / "scratch").exists()


def test_lines_and_orders_of_old_customers_are_added_to_their_bucket_only(
    place: Place, town: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = pl.col("order_id") % 7 == 0
    recent = (pl.col("customer_id") < 20) & (pl.col("order_id") % 2 == 0)
    first = town | {
        "order_items": town["order_items"].filter(~late),
        "orders": town["orders"].filter(~recent),
    }
    place.take(**first)
    before = place.take(order_items=town["order_items"])
    read: list[str] = []
    stored = arranging.as_stored

    def watched(root: Path, table: object, parts: object, integers: object) -> pl.LazyFrame:
        parts = list(parts)  # type: ignore[call-overload]
        read.extend(part.file for part in parts)
        return stored(root, table, parts, integers)  # type: ignore[arg-type]

    monkeypatch.setattr(arranging, "as_stored", watched)
    state = place.take(orders=town["orders"])
    assert not {file for file, _, _ in before.taken} & set(read)
    assert place.holds_the_facts(state)
    assert before.ascending
    assert state.buckets[0].generation == state.generation > before.generation
    assert state.buckets[1:] == before.buckets[1:]
    assert state.ids == before.ids


def test_nothing_new_writes_nothing(place: Place) -> None:
    state = place.take(orders=ONE_ORDER)
    files = {path: path.stat().st_mtime_ns for path in place.root.rglob("*")}
    assert place.refresh() == state == place.arrangement.state()
    assert {path: path.stat().st_mtime_ns for path in place.root.rglob("*")} == files


def test_an_empty_warehouse_has_one_bucket_of_typed_tables(place: Place) -> None:
    state = place.refresh()
    assert (state.customers, len(state.buckets)) == (0, 1)
    tables = place.arrangement.tables(state, 0)
    stored = {name: pl.DataFrame(schema=schema(t)) for name, t in _tables().items()}
    expected = arranged(
        {n: f if n == "order_items" else _owned(f.clear()) for n, f in stored.items()}
    )
    assert {n: set(f.columns) for n, f in tables.items()} == {
        n: set(f.columns) for n, f in expected.items()
    }
    assert all(frame.is_empty() for frame in tables.values())


def _tables() -> dict[str, object]:
    return {table.name: table for table in TABLES if table.name in NAMES}


def _owned(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.lit(0, pl.UInt16).alias(OWNER))


def test_a_domain_that_becomes_text_keeps_its_codes(place: Place) -> None:
    header, row = ONE_ORDER.splitlines()
    before = place.take(orders=f"{ONE_ORDER}2,10,2024-03-02 12:00,5\n", order_items=ONE_LINE)
    state = place.take(orders=f"{header}\n{row}\n3,a-longer-name,2024-03-03 12:00,5\n")
    assert place.arrangement.ids(before).to_list() == [7, 10]
    assert place.arrangement.ids(state).to_list() == ["7", "10", "a-longer-name"]
    assert state.lineage == before.lineage
    assert not state.ascending
    assert place.holds_the_facts(state)


def test_text_ids_of_orders_find_their_lines(place: Place) -> None:
    place.take(orders="order_id,customer_id,ordered_at,amount\nx,7,2024-03-01 12:00,10\n")
    state = place.take(order_items="order_id,item\nx,soup\n")
    assert place.holds_the_facts(state)
    assert place.rows(state)["order_items"]["order_id"].to_list() == ["x"]


def test_lines_before_any_order_come_with_it(place: Place) -> None:
    state = place.take(order_items=ONE_LINE)
    assert (state.customers, state.strays) == (0, 1)
    state = place.take(orders=ONE_ORDER)
    assert state.strays == 0
    assert place.rows(state)["order_items"].height == 1


@pytest.mark.parametrize("damage", ["shorter", "gone", "ids", "document", "format"])
def test_what_is_damaged_is_told_and_made_anew(place: Place, damage: str) -> None:
    place.take(orders=ONE_ORDER, order_items=ONE_LINE)
    header = ONE_ORDER.splitlines()[0]
    state = place.take(orders=f"{header}\n2,7,2024-03-02 12:00,5\n")
    folder = place.root / "arranged"
    rows = place.rows(state)
    match damage:
        case "shorter" | "gone":
            path = folder / state.buckets[0].file("orders")
            if damage == "gone":
                path.unlink()
            else:
                path.write_bytes(path.read_bytes()[:-1])
            with pytest.raises(WorkspaceError, match=r"orders\.arrow is .*Remove the folder"):
                place.arrangement.tables(state, 0)
            with pytest.raises(WorkspaceError, match=r"orders\.arrow is .*Remove the folder"):
                place.arrangement.columns(state, 0, "orders")
            assert not len(place.arrangement.columns(state, 0, "customers")["owner"])
        case "ids":
            (folder / state.ids).unlink()
            with pytest.raises(WorkspaceError, match="is missing"):
                place.arrangement.ids(state)
        case _:
            text = "{" if damage == "document" else '{"format": 0}'
            (folder / "arrangement.json").write_text(text)
            assert place.arrangement.state() is None
    again = place.refresh()
    assert all(frame.equals(rows[name]) for name, frame in place.rows(again).items())
    assert (again.lineage == state.lineage) == (damage in ("shorter", "gone"))


def test_readers_have_one_refresh_more(place: Place) -> None:
    first = place.take(orders=ONE_ORDER)
    held = place.arrangement.tables(first, 0)["orders"]
    header = ONE_ORDER.splitlines()[0]
    place.take(orders=f"{header}\n2,7,2024-03-02 12:00,5\n")
    assert place.arrangement.tables(first, 0)["orders"].height == 1
    place.take(orders=f"{header}\n3,8,2024-03-02 12:00,5\n")
    with pytest.raises(WorkspaceError):
        place.arrangement.tables(first, 0)
    assert held["order_id"].to_list() == [1]


def test_another_size_of_bucket_arranges_anew(place: Place, town: dict[str, pl.DataFrame]) -> None:
    state = place.take(**town)
    other = Arrangement(place.root, 50).refresh(place.manifest)
    assert (other.bucket, len(other.buckets)) == (50, -(-state.customers // 50))
    assert other.ids == state.ids
    assert place.holds_the_facts(other)


def test_codes_and_owners_look_up_any_ids() -> None:
    codes = Codes(pl.Series([5, 9, 2]))
    assert codes.of(pl.Series([2, None, 5, 0, 100])).tolist() == [2, -1, 0, -1, -1]
    assert Codes(pl.Series([], dtype=pl.Int64)).of(pl.Series([1])).tolist() == [-1]
    assert Codes(pl.Series(["b", "a"])).of(pl.Series(["a", None, "c"])).tolist() == [1, -1, -1]
    owners = Owners()
    owners.add(pl.Series([3, 1, 1]), np.array([30, 10, 11]))  # as two texts of one hash would be
    places, whose = owners.of(pl.Series([3, 2, 1]))
    assert (places.tolist(), whose.tolist()) == ([0, 2, 2], [30, 10, 11])


def test_codes_that_do_not_ascend_change_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Customers who come later with smaller ids are listed, named and ranked by their ids."""
    monkeypatch.setattr("segml.storage.warehouse.Arrangement", partial(Arrangement, bucket=16))
    workspace = Workspace.create(tmp_path / "w")
    for ids in (range(50, 80), range(20, 50), [1, 99, 2]):
        people, orders = tmp_path / "people.csv", tmp_path / "orders.csv"
        people.write_text(
            "customer_id,first_name,created_at\n"
            + "".join(f"{n},Guest {n},2025-01-01\n" for n in ids)
        )
        orders.write_text(
            "order_id,customer_id,ordered_at,amount\n"
            + "".join(f"{n},{n},2025-01-0{n % 9 + 1},{n % 4}\n" for n in ids)
        )
        workspace.import_files([("customers", people), ("orders", orders)])
        workspace.nightly(date(2025, 2, 1))
    everyone = sorted([*range(20, 80), 1, 2, 99])
    spent = f.lifetime_spend >= 0
    found = workspace.preview(spent, as_of=date(2025, 2, 1))
    assert [row["customer_id"] for row in found.sample] == everyone[:50]
    assert all(row["first_name"] == f"Guest {row['customer_id']}" for row in found.sample)
    assert workspace.members(spent)["customer_id"].to_list() == everyone
    top = {
        "combinator": "and",
        "rules": [{"field": "lifetime_spend", "operator": "topN", "value": 5}],
    }
    most = sorted(everyone, key=lambda n: (-(n % 4), n))[:5]
    assert workspace.members(top)["customer_id"].to_list() == sorted(most)
