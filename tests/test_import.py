"""What comes in through the door: damage of every kind, importing twice, orphans."""
# ruff: noqa: DTZ001 (wall-clock times of a restaurant have no zone)

import gc
import gzip
import json
import random
from collections.abc import Generator
from datetime import date, datetime
from pathlib import Path
from threading import get_ident

import polars as pl
import pytest

from import_house import HEADER, ORDERS, House
from segml.core.errors import ImportRefused
from segml.storage.ahead import ahead
from segml.storage.counts import ImportCount


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_good_rows_come_in_with_their_days(house: House) -> None:
    assert house.take(ORDERS) == ImportCount(read=2, accepted=2, rejected=0, new=2)
    first, second = house.rows()
    assert first["order_id"] == 1
    assert first["amount"] == 1050
    assert (first["day"], first["known_day"]) == (date(2024, 3, 1), date(2024, 3, 1))
    assert (first["hour"], first["weekday"]) == (12, 5)
    assert second["ordered_at"] == datetime(2024, 3, 2, 19, 30, 15)
    assert second["day"] == date(2024, 3, 2)


def test_an_empty_warehouse_has_eight_typed_tables(house: House) -> None:
    tables = house.warehouse.tables()
    assert len(tables) == 8
    assert all(table.collect().is_empty() for table in tables.values())
    assert house.warehouse.generation == 0
    assert not house.warehouse.has_customers()


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("3,7,yesterday,5", "ordered_at", "is no time"),
        ("3,7,2024-02-30,5", "ordered_at", "is no time"),
        ("3,7,1899-12-31,5", "ordered_at", "implausible"),
        ("3,7,2200-01-01,5", "ordered_at", "implausible"),
        ("3,7,,5", "ordered_at", "is missing"),
        ("3,,2024-03-01,5", "customer_id", "is missing"),
        ("3,7,2024-03-01,", "amount", "is missing"),
        ("3,7,2024-03-01,five", "amount", "is no number"),
        ("3,7,2024-03-01,nan", "amount", "is no number"),
        ("3,7,2024-03-01,inf", "amount", "is no number"),
        ("1,7,2024-03-01,5", "order_id", "more than once"),
        ("3,7,2024-03-01", None, "3 fields where the header has 4"),
        ("3,7,2024-03-01,5,6", None, "5 fields where the header has 4"),
    ],
)
def test_a_bad_row_is_rejected_with_its_place_and_reason(
    house: House, row: str, column: str | None, reason: str
) -> None:
    count = house.take(f"{ORDERS}{row}\n9,9,2024-03-05,1\n")
    assert (count.read, count.accepted, count.rejected) == (4, 3, 1)
    (reject,) = house.rejects()
    assert (reject["table"], reject["source"], reject["row"]) == ("orders", "orders.csv", 3)
    assert reject["column"] == column
    assert reason in str(reject["reason"])
    record = json.loads(str(reject["record"]))
    assert row in {",".join(record.values()), record.get("line")}
    assert house.column("order_id") == [1, 2, 9]


def test_all_problems_of_a_row_are_told_and_it_counts_once(house: House) -> None:
    count = house.take(f"{HEADER}\n,,never,much\n")
    assert count == ImportCount(read=1, accepted=0, rejected=1, new=0)
    assert [r["column"] for r in house.rejects()] == [
        "order_id",
        "customer_id",
        "ordered_at",
        "amount",
    ]


@pytest.mark.parametrize(
    ("table", "header", "row", "column"),
    [
        ("orders", f"{HEADER},channel", "1,7,2024-03-01,5,drone", "channel"),
        ("reviews", "review_id,customer_id,rating,reviewed_at", "1,7,5.01,2024-03-01", "rating"),
        ("reviews", "review_id,customer_id,rating,reviewed_at", "1,7,0.99,2024-03-01", "rating"),
        ("customers", "customer_id,latitude", "1,90.1", "latitude"),
        ("customers", "customer_id,latitude", "1,nan", "latitude"),
        ("customers", "customer_id,vip", "1,perhaps", "vip"),
        ("customers", "customer_id,birthday", "1,31.12.1990", "birthday"),
        ("restaurants", "restaurant_id,time_zone", "1,Mars/Olympus", "time_zone"),
        ("order_items", "order_id,item,quantity,price", "1,Tea,-1,3", "quantity"),
        ("order_items", "order_id,item,quantity,price", "1,Tea,-1,", "quantity"),
        ("loyalty", "customer_id,tier,changed_at", "1,diamond,2024-03-01", "tier"),
    ],
)
def test_a_value_outside_its_bounds_is_rejected(
    house: House, table: str, header: str, row: str, column: str
) -> None:
    assert house.take(f"{header}\n{row}\n", table).rejected == 1
    assert [reject["column"] for reject in house.rejects()] == [column]


def test_money_given_back_is_legal(house: House) -> None:
    house.take(f"{HEADER},refund\n1,7,2024-03-01,-5,yes\n")
    assert house.take("order_id,item,quantity,price\n1,Tea,-1,-3\n", "order_items").accepted == 1
    assert house.column("amount") == [-500]
    assert house.column("refund") == [True]
    assert house.column("quantity", "order_items") == [-1000]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "orders.csv", "is empty"),
        (b"\n \n", "orders.csv", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "orders.csv", "binary"),
        (random.Random(1).randbytes(5000), "orders.csv", "binary"),
        (b"PAR1 and nothing more", "orders.parquet", "cannot be read as Parquet"),
        (b"no such thing", "orders.parquet", "no Parquet file"),
        (b"no such thing", "orders.csv.gz", "no gzip file"),
        (ORDERS.encode("utf-16"), "orders.csv", "UTF-16"),
        (b"order,customer_id,ordered_at,amount\n", "orders.csv", "Did you mean order"),
        (f"{HEADER},amount\n".encode(), "orders.csv", "more than one column"),
    ],
)
def test_a_file_that_is_no_source_is_refused_and_changes_nothing(
    house: House, content: bytes, name: str, words: str
) -> None:
    house.take(ORDERS)
    before = house.state()
    with pytest.raises(ImportRefused, match=words):
        house.take(content, name=name)
    assert house.state() == before


@pytest.mark.parametrize("rows", [3, 60_000])
def test_a_gzip_cut_short_is_refused_and_changes_nothing(house: House, rows: int) -> None:
    house.take(ORDERS)
    before = house.state()
    lines = "".join(f"{n},7,2024-03-01,{n}\n" for n in range(10, 10 + rows))
    whole = gzip.compress(f"{HEADER}\n{lines}".encode())
    with pytest.raises(ImportRefused, match="cut short"):
        house.take(whole[:-20], name="more.csv.gz")
    assert house.state() == before
    assert house.take(whole, name="more.csv.gz").new == rows


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n"])
def test_a_header_alone_is_no_rows(house: House, end: str) -> None:
    assert house.take(HEADER + end) == ImportCount()


def test_csv_as_the_world_writes_it(house: House) -> None:
    text = (
        '\ufeff"Order_ID"; customer_id ;ordered_at;amount;note\r\n'
        '1;7;2024-03-01;5;"two\nlines; and ""quotes"""\r\n\r\n2;7;2024-03-01;6;\r\n'
    )
    count = house.take(text)
    assert (count.accepted, count.ignored) == (2, ("note",))
    assert house.column("amount") == [500, 600]


def test_a_quotation_mark_left_open_never_swallows_rows_silently(house: House) -> None:
    head = f"{HEADER},note,coupon\n"
    rows = [f"{n},7,2024-03-01,5,n,c\n" for n in range(1, 6)]
    with pytest.raises(ImportRefused, match="never closed"):
        house.take(head + rows[0] + '6,7,2024-03-01,5,n,"open\n' + "".join(rows[1:]))
    with pytest.raises(ImportRefused, match="never closed"):
        house.take(head + rows[0] + '6,7,2024-03-01,5,"open,c\n' + "".join(rows[1:]))
    late = rows[0] + '6,7,2024-03-01,5,n,"late\n' + rows[1] + '8,7,2024-03-01,5,n,"c"\n' + rows[2]
    count = house.take(head + late)
    assert (count.accepted, count.rejected) == (2, 1)
    (reject,) = house.rejects()
    assert "close too late" in str(reject["reason"])
    assert rows[1].strip() in str(reject["record"])


def test_a_file_of_one_column_is_read_to_its_end(house: House) -> None:
    assert house.take('customer_id\n7\n"8"\n9', "customers").new == 3
    with pytest.raises(ImportRefused, match="never closed"):
        house.take('customer_id\n10\n"11\n12\n', "customers")


def test_bytes_that_are_not_utf8_cost_their_row_only(house: House) -> None:
    text = f"{HEADER},coupon\n1,7,2024-03-01,5,caf".encode() + b"\xe9\n2,7,2024-03-01,6,ok\n3,7\n"
    count = house.take(text)
    assert (count.read, count.accepted, count.rejected) == (3, 1, 2)
    assert sorted((r["row"], r["reason"]) for r in house.rejects()) == [
        (1, "bytes that are not UTF-8 text"),
        (3, "2 fields where the header has 5"),
    ]
    assert house.column("order_id") == [2]


def test_importing_twice_changes_nothing(house: House) -> None:
    items = "order_id,item,price\n1,Tea,3\n1,Tea,3\n1,Cake,4\n5,Tea,3\n"
    content = f"{ORDERS}1,9,2024-03-09,1\n4,7,never,1\n6,7\n"
    first = [house.take(content), house.take(items, "order_items")]
    before = house.state()
    second = [house.take(content), house.take(items, "order_items")]
    assert house.state() == before
    assert [(c.read, c.accepted, c.rejected) for c in first] == [(5, 2, 3), (4, 3, 1)]
    for once, again in zip(first, second, strict=True):
        assert (once.read, once.accepted, once.rejected) == (
            again.read,
            again.accepted,
            again.rejected,
        )
        assert again.new == 0
    assert house.column("item", "order_items") == ["Tea", "Tea", "Cake"]


def test_identical_lines_are_counted_not_merged(house: House) -> None:
    house.take(ORDERS)
    head = "order_id,item\n"
    assert house.take(f"{head}1,Tea\n1,Tea\n", "order_items").new == 2
    assert house.take(f"{head}1,Tea\n1,Tea\n1,Tea\n", "order_items").new == 1
    assert house.column("item", "order_items") == ["Tea"] * 3


def test_a_key_that_stands_with_other_values_is_rejected(house: House) -> None:
    house.take(ORDERS)
    count = house.take(f"{HEADER}\n1,7,2024-03-01 12:00,10.50\n2,8,2024-03-02 19:30:15,21\n")
    assert count == ImportCount(read=2, accepted=1, rejected=1, new=0)
    assert house.column("amount") == [1050, 2000]
    assert "before with other values" in str(house.rejects()[0]["reason"])


FEEDS = {
    "customers": "customer_id,city\n7,Rome\n8,Oslo\n",
    "orders": f"{ORDERS}3,99,2024-03-03,5\n",
    "order_items": "order_id,item\n1,Tea\n3,Cake\n4,Soup\n",
}


@pytest.mark.parametrize(
    "order",
    [
        ("customers", "orders", "order_items"),
        ("order_items", "orders", "customers"),
        ("orders", "order_items", "customers"),
        ("customers", "order_items", "orders"),
    ],
)
def test_orphans_do_not_depend_on_the_order_of_imports(
    house: House, order: tuple[str, ...]
) -> None:
    for table in order:
        house.take(FEEDS[table], table)
    assert house.column("order_id") == [1, 2]
    assert house.column("item", "order_items") == ["Tea"]
    told = sorted((r["table"], r["row"], r["reason"]) for r in house.rejects())
    assert told == [
        ("order_items", 2, "unknown order 3"),
        ("order_items", 3, "unknown order 4"),
        ("orders", 3, "unknown customer 99"),
    ]
    assert house.take(FEEDS["orders"], "orders").rejected == 1


def test_a_customer_who_comes_later_brings_the_orders_in(house: House) -> None:
    for table in ("customers", "orders", "order_items"):
        house.take(FEEDS[table], table)
    generation = house.warehouse.generation
    house.take("customer_id\n99\n", "customers", "late.csv")
    assert sorted(house.column("order_id")) == [1, 2, 3]
    assert sorted(house.column("item", "order_items")) == ["Cake", "Tea"]
    assert [r["reason"] for r in house.rejects()] == ["unknown order 4"]
    assert house.warehouse.stale_since(generation, date(2024, 3, 4))
    assert not house.warehouse.stale_since(house.warehouse.generation, date(2024, 3, 4))


@pytest.mark.parametrize("mark", ["", "X"])
def test_an_import_reads_no_rows_far_from_its_own(house: House, mark: str) -> None:
    def take(table: str, first: int) -> ImportCount:
        ids = [f"{mark}{number}" for number in range(first, first + 2000)]
        heads = {"customers": "customer_id", "orders": HEADER, "order_items": "order_id,item"}
        ends = {"customers": "", "orders": f",{mark}{first},2024-03-01,5", "order_items": ",Tea"}
        lines = "\n".join(one + ends[table] for one in ids)
        return house.take(f"{heads[table]}\n{lines}\n", table, f"{table}-{first}.csv")

    for table in ("customers", "orders", "order_items"):
        take(table, 10_000)
    whole = house.state()
    for path in (house.folder / "house" / "facts").rglob("*.parquet"):
        data = path.read_bytes()
        path.write_bytes(data[:4] + bytes(400) + data[404:])  # its first column chunk
    for table in ("customers", "orders", "order_items"):
        assert take(table, 50_000).new == 2000
    with pytest.raises(pl.exceptions.ComputeError):
        take("orders", 11_000)
    for name, data in whole.items():
        if name.endswith(".parquet"):
            (house.folder / "house" / name).write_bytes(data)
    assert take("orders", 11_000) == ImportCount(2000, 1000, 1000, 1000)
    assert take("order_items", 11_000) == ImportCount(2000, 2000, 0, 1000)


def test_what_is_made_ahead_is_the_same_and_ends_where_it_began() -> None:
    threads = []

    def items() -> Generator[int, None, None]:
        try:
            threads.append(get_ident())
            yield from range(3)
            raise ImportRefused("three")
        finally:
            threads.append(get_ident())

    seen = []
    with pytest.raises(ImportRefused, match="three"):
        seen.extend(ahead(items()))
    for first in ahead(items()):
        seen.append(first)
        break
    gc.collect()
    assert seen == [0, 1, 2, 0]
    assert len(threads) == 4
    assert threads[0] == threads[1] != get_ident()
    assert threads[2] == threads[3]


def test_without_customers_everybody_who_ordered_is_one(house: House) -> None:
    house.take(FEEDS["orders"])
    assert house.column("customer_id") == [7, 8, 99]


def test_stale_since_looks_at_what_is_visible(house: House) -> None:
    house.take(ORDERS)
    generation = house.warehouse.generation
    house.take(f"{HEADER}\n3,7,2024-06-01,1\n", name="june.csv")
    assert not house.warehouse.stale_since(generation, date(2024, 6, 1))
    assert house.warehouse.stale_since(generation, date(2024, 6, 2))
    generation = house.warehouse.generation
    house.take("order_id,item\n3,Tea\n", "order_items")
    assert not house.warehouse.stale_since(generation, date(2024, 6, 1))
    assert house.warehouse.stale_since(generation, date(2024, 6, 2))
