"""How ids, times and values are read, and how the warehouse lives through crashes and damage."""
# ruff: noqa: DTZ001 (wall-clock times of a restaurant have no zone)

import os
import zoneinfo
from datetime import date, datetime, time
from pathlib import Path
from typing import NoReturn

import polars as pl
import pytest

from import_house import HEADER, ORDERS, House
from segml.core.errors import ImportRefused, WorkspaceError
from segml.datasets.sources import file_source
from segml.storage.warehouse import Warehouse


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def orders(
    ids: list[object], customers: list[object], dtype: pl.DataType | None = None
) -> pl.DataFrame:
    when = [datetime(2024, 3, 1, 12)] * len(ids)
    return pl.DataFrame(
        {
            "order_id": pl.Series(ids),
            "customer_id": pl.Series(customers, dtype=dtype),
            "ordered_at": when,
            "amount": [1.005] * len(ids),
        }
    )


@pytest.mark.parametrize(
    ("customers", "dtype", "stored"),
    [
        ([7, 8], pl.UInt8(), [7, 8]),
        ([13085.0, 8.0], pl.Float64(), [13085, 8]),
        (["7", "8"], pl.String(), ["7", "8"]),
        (["7", "8"], pl.Categorical(), ["7", "8"]),
    ],
)
def test_a_typed_column_says_what_ids_are(
    house: House, customers: list[object], dtype: pl.DataType, stored: list[object]
) -> None:
    house.take(orders([1, 2], customers, dtype))
    assert house.column("customer_id") == stored
    assert house.column("amount") == [101, 101]


@pytest.mark.parametrize(
    ("ids", "stored"),
    [
        (["7", "8"], [7, 8]),
        (["7", "08"], ["7", "08"]),
        (["7", "+8"], ["7", "+8"]),
        (["-7", "0"], [-7, 0]),
        (["7", "99999999999999999999"], ["7", "99999999999999999999"]),
    ],
)
def test_csv_ids_are_integers_while_all_of_them_are(
    house: House, ids: list[str], stored: list[object]
) -> None:
    rows = "".join(f"{n},{one},2024-03-01,1\n" for n, one in enumerate(ids))
    house.take(f"{HEADER}\n{rows}")
    assert house.column("customer_id") == stored


def test_a_domain_widens_to_text_for_good(house: House) -> None:
    house.take(ORDERS)
    assert house.column("customer_id") == [7, 8]
    generation = house.warehouse.generation
    house.take(f"{HEADER}\n3,A9,2024-06-01,1\n", name="june.csv")
    assert house.column("customer_id") == ["7", "8", "A9"]
    assert house.warehouse.stale_since(generation, date(2000, 1, 1))
    house.take(f"{HEADER}\n4,10,2024-06-01,1\n", name="july.csv")
    assert house.column("customer_id") == ["7", "8", "A9", "10"]
    assert house.column("order_id") == [1, 2, 3, 4]


def test_text_elsewhere_in_an_integer_domain_names_nothing(house: House) -> None:
    house.take("customer_id\n7\n8\n", "customers")
    count = house.take(f"{ORDERS}3,A9,2024-03-03,1\n")
    assert (count.accepted, count.rejected) == (2, 1)
    assert house.column("customer_id") == [7, 8]
    assert [r["reason"] for r in house.rejects()] == ["unknown customer A9"]
    house.take("customer_id\nA9\n", "customers", "more.csv")
    assert house.column("customer_id") == ["7", "8", "A9"]
    assert house.rejects() == []


def test_a_rejected_row_widens_nothing(house: House) -> None:
    house.take(f"{ORDERS}3,A9,never,1\n1,A9,2024-03-01,1\n")
    assert house.column("customer_id") == [7, 8]


@pytest.mark.parametrize(
    ("text", "local", "day", "hour"),
    [
        ("2024-03-01 03:59", datetime(2024, 3, 1, 3, 59), date(2024, 2, 29), 3),
        ("2024-03-01T04:00:00", datetime(2024, 3, 1, 4), date(2024, 3, 1), 4),
        ("2024-03-01T03:30:00Z", datetime(2024, 3, 1, 4, 30), date(2024, 3, 1), 4),
        ("2024-07-01T01:30:00.25Z", datetime(2024, 7, 1, 3, 30, 0, 250000), date(2024, 6, 30), 3),
        ("2024-07-01 01:30:00+00", datetime(2024, 7, 1, 3, 30), date(2024, 6, 30), 3),
        ("2024-07-01T12:00-0500", datetime(2024, 7, 1, 19), date(2024, 7, 1), 19),
        ("2024-03-31T01:30:00Z", datetime(2024, 3, 31, 3, 30), date(2024, 3, 30), 3),
        ("2024-03-31 02:30:00", datetime(2024, 3, 31, 2, 30), date(2024, 3, 30), 2),
        ("2024-10-27T00:30:00Z", datetime(2024, 10, 27, 2, 30), date(2024, 10, 26), 2),
        ("2024-10-27T01:30:00Z", datetime(2024, 10, 27, 2, 30), date(2024, 10, 26), 2),
        ("2024-03-01", datetime(2024, 3, 1, 4), date(2024, 3, 1), 4),
    ],
)
def test_times_become_local_and_find_their_service_day(
    tmp_path: Path, text: str, local: datetime, day: date, hour: int
) -> None:
    house = House(tmp_path, "Europe/Berlin", time(4))
    house.take(f"{HEADER}\n1,7,{text},1\n")
    (row,) = house.rows()
    assert (row["ordered_at"], row["day"], row["hour"]) == (local, day, hour)
    assert row["weekday"] == day.isoweekday()


def test_times_written_in_many_ways_stand_in_one_column(tmp_path: Path) -> None:
    house = House(tmp_path, "UTC", time(4))
    cells = ("2024-03-01T12:30:00", "2024-03-01", "2024-03-01 12", "2024-03-01 12:30:00.5Z")
    rows = "".join(f"{n},7,{cell},1\n" for n, cell in enumerate(cells))
    assert house.take(f"{HEADER}\n{rows}").rejected == 1
    noon = datetime(2024, 3, 1, 12, 30)
    assert house.column("ordered_at") == [
        noon,
        datetime(2024, 3, 1, 4),
        noon.replace(microsecond=500_000),
    ]


def test_a_restaurant_has_its_own_zone(tmp_path: Path) -> None:
    house = House(tmp_path, "Europe/Berlin")
    zones = "restaurant_id,time_zone\n1,America/New_York\n2,\n3,Asia/Tokyo\n"
    house.take(zones, "restaurants")
    rows = "".join(f"{n},7,2024-03-01T00:30:00Z,1,{n}\n" for n in (1, 2, 3, 4))
    house.take(f"{HEADER},restaurant_id\n{rows}5,7,2024-03-01 00:30,1,1\n")
    assert house.column("hour") == [19, 1, 9, 1, 0]
    assert house.column("day") == [date(2024, 2, 29)] + [date(2024, 3, 1)] * 4


def test_typed_times_with_a_zone_are_converted(tmp_path: Path) -> None:
    house = House(tmp_path, "Asia/Tokyo")
    utc = datetime(2024, 3, 1, 20, tzinfo=zoneinfo.ZoneInfo("UTC"))
    house.take(orders([1], [7]).with_columns(ordered_at=pl.Series([utc])))
    assert house.column("ordered_at") == [datetime(2024, 3, 2, 5)]


def test_known_at_has_a_day_of_its_own(house: House) -> None:
    house.take(f"{HEADER},known_at\n1,7,2024-03-01,1,2024-03-05\n2,7,2024-03-02,1,\n")
    assert house.column("known_day") == [date(2024, 3, 5), date(2024, 3, 2)]
    house.take("order_id,item\n1,Tea\n", "order_items")
    assert house.column("known_day", "order_items") == [None]


def test_a_later_state_of_a_profile_is_a_row_of_its_own(house: House) -> None:
    head = "customer_id,city,known_at\n"
    house.take(f"{head}7,Rome,\n", "customers")
    assert house.take(f"{head}7,Oslo,2024-05-01\n", "customers", "b.csv").new == 1
    assert house.take(f"{head}7,Bonn,2024-05-01\n", "customers", "c.csv").rejected == 1
    assert house.column("city", "customers") == ["Rome", "Oslo"]
    assert house.column("known_at", "customers") == [None, datetime(2024, 5, 1)]
    assert house.warehouse.has_customers()


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("a|b; c", ["a", "b; c"]),
        ("a; b", ["a", "b"]),
        ('"a, b"', ["a", "b"]),
        ('"[""x, y"", ""z""]"', ["x, y", "z"]),
        ("|", None),
        ("[]", None),
        ("", None),
    ],
)
def test_lists(house: House, cell: str, stored: list[str] | None) -> None:
    assert house.take(f"customer_id,tags\n1,{cell}\n", "customers").accepted == 1
    assert house.column("tags", "customers") == [stored]


@pytest.mark.parametrize(
    ("cell", "minor"),
    [("1.005", 101), ("-1.005", -101), ("1.00499999999999999999", 100), ("1e2", 10000), (".5", 50)],
)
def test_money_is_exact(house: House, cell: str, minor: int) -> None:
    house.take(f"{HEADER}\n1,7,2024-03-01,{cell}\n")
    assert house.column("amount") == [minor]


def test_text_is_composed_trimmed_and_lowered_where_it_is_a_choice(house: House) -> None:
    house.take(f"{HEADER},channel,coupon\n1,7,2024-03-01,1, Delivery ,Cafe\u0301 \n")
    house.take(f"{HEADER},coupon\n2,7,2024-03-01,1,None\n3,7,2024-03-01,1,0\n", name="b.csv")
    assert house.column("coupon") == ["Caf\u00e9", None, None]
    assert house.column("channel")[0] == "delivery"


def test_boolean_coupons(house: House) -> None:
    house.take(orders([1, 2], [7, 7]).with_columns(coupon=pl.Series([True, False])))
    assert house.column("coupon") == ["true", None]


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_a_crash_before_the_manifest_leaves_the_old_state(
    house: House, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    house.take(ORDERS)
    before, rows = house.state(), house.rows()

    def crash(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, step, crash)
        with pytest.raises(KeyboardInterrupt):
            house.take(f"{HEADER}\n3,7,2024-03-09,1\n", name="b.csv")
    assert house.rows() == rows
    (house.folder / "house" / "facts" / "orders" / "000099.parquet").write_bytes(b"left over")
    assert house.rows() == rows
    assert house.take(ORDERS).new == 0
    assert {name for name in house.state() if "manifest.json.new" not in name} == set(before)
    assert house.take(f"{HEADER}\n3,7,2024-03-09,1\n", name="b.csv").new == 1
    assert house.column("order_id") == [1, 2, 3]


def test_a_crash_right_after_the_manifest_loses_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def crash(old: Path, new: Path) -> None:
        named_facts = b"facts/" in Path(old).read_bytes()
        replace(old, new)
        if named_facts:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            house.take(ORDERS)
    assert house.column("order_id") == [1, 2]


@pytest.mark.parametrize("damage", ["missing", "short"])
def test_a_damaged_part_is_named(house: House, damage: str) -> None:
    house.take(ORDERS)
    (part,) = (house.folder / "house" / "facts").rglob("*.parquet")
    if damage == "missing":
        part.unlink()
    else:
        part.write_bytes(part.read_bytes()[:-50])
    with pytest.raises(WorkspaceError, match=part.name):
        house.warehouse.tables()


def test_facts_stay_with_the_settings_they_were_made_under(house: House) -> None:
    house.take(ORDERS)
    with pytest.raises(WorkspaceError, match="service day from 00:00:00"):
        Warehouse(house.folder / "house", time_zone="UTC", service_day_start=time(4))


def test_several_tables_are_published_together(house: House) -> None:
    good = file_source("orders", house.file(ORDERS, "orders.csv"))
    items = file_source(
        "order_items", house.file(pl.DataFrame({"order_id": [1], "item": ["Tea"]}), "i.parquet")
    )
    (house.folder / "i.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(ImportRefused, match="order_items"):
        house.warehouse.append([items, good])
    assert house.rows() == []


@pytest.mark.slow
def test_a_million_rows_with_a_few_bad_ones(house: House) -> None:
    bad = {5: "5,7,never,1", 500_000: "500000,7", 999_999: "1,7,2024-03-01,1"}
    lines = (
        bad.get(n, f"{n},{n % 5000},2024-03-01 12:00:00,{n % 90}.25") for n in range(1, 1_000_001)
    )
    content = HEADER + "\n" + "\n".join(lines) + "\n"
    seen: list[int] = []
    source = file_source("orders", house.file(content, "million.csv"))
    count = house.warehouse.append([source], lambda _, rows: seen.append(rows))["orders"]
    assert (count.read, count.accepted, count.rejected) == (1_000_000, 999_997, 3)
    assert sorted(r["row"] for r in house.rejects()) == [5, 500_000, 999_999]
    assert seen == sorted(seen)
    assert seen[-1] == 1_000_000
    assert len(seen) > 3
    again = house.warehouse.append([source])["orders"]
    assert (again.accepted, again.new) == (999_997, 0)
