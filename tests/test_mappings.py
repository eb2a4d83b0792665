"""Mappings: what they may say, how their problems are told, the shipped ones against raw data."""
# ruff: noqa: DTZ001 (wall-clock times of a restaurant have no zone)

import tomllib
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

import polars as pl
import pytest

from import_house import House
from segml.core.errors import ImportRefused
from segml.datasets.mapping import mapping_sources, mapping_time_zone, shipped_mappings
from segml.storage.counts import ImportCount
from segml.storage.warehouse import Warehouse

DATA = Path(__file__).parents[1].parent / "shared" / "data"
SALES = """no,guest,when,what,pieces,each
1,7,31/12/2023 19:05,Tea,2,1.50
2,8,01/01/2024 08:00,Cake,1,4
"""
Shipped = Callable[[str], tuple[dict[str, ImportCount], Warehouse]]


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.file(SALES, "sales.csv")
    return house


@pytest.fixture
def shipped(tmp_path: Path) -> Shipped:
    if not DATA.is_dir():
        pytest.skip("the folder of public data is not here")

    def load(name: str) -> tuple[dict[str, ImportCount], Warehouse]:
        path = shipped_mappings()[name]
        warehouse = Warehouse(tmp_path / name, time_zone="UTC", service_day_start=time(0))
        counts = warehouse.append(mapping_sources(path, DATA))
        again = warehouse.append(mapping_sources(path, DATA))
        assert warehouse.generation == 1
        assert {t: (c.accepted, c.new) for t, c in again.items()} == {
            t: (c.accepted, 0) for t, c in counts.items()
        }
        return counts, warehouse

    return load


def use(house: House, text: str) -> dict[str, ImportCount]:
    return house.warehouse.append(mapping_sources(house.file(text, "map.toml")))


def test_columns_constants_expressions_formats_and_conditions(house: House) -> None:
    counts = use(
        house,
        """
        [sources.sales]
        file = "sales.csv"
        [[tables.orders]]
        from = "sales"
        where = "what <> 'Cake'"
        [tables.orders.columns]
        order_id = { expression = "no || '-' || _row" }
        customer_id = "guest"
        ordered_at = { column = "when", format = "%d/%m/%Y %H:%M" }
        amount = { expression = "pieces::INT * each::DECIMAL(9, 3)" }
        channel = { constant = "takeaway" }
        coupon = { constant = "it's \\"free\\"" }
        """,
    )
    assert counts["orders"] == ImportCount(read=1, accepted=1, rejected=0, new=1)
    (row,) = house.rows()
    assert (row["order_id"], row["customer_id"], row["amount"]) == ("1-1", 7, 300)
    assert row["ordered_at"] == datetime(2023, 12, 31, 19, 5)
    assert (row["channel"], row["coupon"]) == ("takeaway", 'it\'s "free"')


def test_rejects_of_a_mapping_hold_the_raw_row_and_its_number(house: House) -> None:
    house.file(SALES + "3,9,01/01/2024 09:00,Tea,x,1\n4,9\n", "sales.csv")
    counts = use(
        house,
        """
        [[tables.order_items]]
        file = "sales.csv"
        where = "no <> '1'"
        [tables.order_items.columns]
        order_id = "no"
        item = "what"
        quantity = { expression = "pieces || ''" }
        """,
    )
    assert counts["order_items"] == ImportCount(read=3, accepted=1, rejected=2, new=1)
    told = {r["row"]: (r["column"], r["record"]) for r in house.rejects()}
    assert told[4] == (None, '{"line":"4,9"}')
    assert told[3][0] == "quantity"
    assert '"when":"01/01/2024 09:00"' in str(told[3][1])
    assert "=" not in str(told[3][1])


def test_a_query_over_sources_and_keys_that_repeat(house: House) -> None:
    house.file(SALES + "3,8,02/01/2024 08:00,Soup,1,4\n", "sales.csv")
    text = """
        [sources.sales]
        file = "sales.csv"
        [[tables.customers]]
        from = "sales"
        keep_first = true
        [tables.customers.columns]
        customer_id = "guest"
        tags = { expression = "[what]" }
        [[tables.orders]]
        query = '''
            SELECT max(no) AS order_id, guest AS customer_id, DATE '2024-02-01' AS ordered_at,
                   sum(pieces::INT * each::DECIMAL(9, 2)) AS amount
            FROM sales GROUP BY guest ORDER BY guest'''
        """
    counts = use(house, text)
    assert counts["customers"] == ImportCount(read=2, accepted=2, rejected=0, new=2)
    assert house.column("tags", "customers") == [["Tea"], ["Cake"]]
    assert house.column("amount") == [300, 800]
    assert house.column("order_id") == [1, 3]
    assert use(house, text)["customers"] == ImportCount(read=2, accepted=2, rejected=0, new=0)


def test_all_problems_are_told_at_once(house: House) -> None:
    with pytest.raises(ImportRefused) as refused:
        use(
            house,
            """
            time_zone = "Moon"
            colour = 1
            [sources.sales]
            file = "sales.csv"
            [sources.gone]
            file = "gone.csv"
            [[tables.orderz]]
            from = "sales"
            [[tables.orders]]
            from = "sales"
            [tables.orders.columns]
            order_id = "nos"
            amuont = "each"
            ordered_at = { column = "when", format = "%Q" }
            amount = { expression = "pices + 1" }
            channel = { column = "what", constant = "x" }
            [[tables.reviews]]
            from = "sale"
            [[tables.loyalty]]
            where = "1"
            """,
        )
    text = str(refused.value)
    for words in (
        "'Moon' is no time zone",
        "“colour” means nothing here",
        "There is no file gone.csv",
        "There is no such table. Did you mean order",
        "no column “nos”. Did you mean no?",
        "no column “amuont”. Did you mean amount?",
        "required column customer_id is given nothing",
        "pices",
        "“%Q” is no format of a date",
        "one of column, expression and constant",
        "There is no source “sale”. Did you mean sales?",
        "Say where the rows are",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tables = [", "no TOML file"),
        ("", "fills no table"),
        ("[tables]\norders = 3", "TOML table"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(house: House, text: str, words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        use(house, text)


def test_sql_that_fails_at_a_row_refuses_and_changes_nothing(house: House) -> None:
    with pytest.raises(ImportRefused, match="TRY_CAST"):
        use(
            house,
            """
            [[tables.order_items]]
            file = "sales.csv"
            columns = { order_id = "no", item = "what", price = { expression = "what::INT" } }
            """,
        )
    assert house.rows("order_items") == []


def test_sql_reaches_no_other_file(house: House) -> None:
    secret = house.file("a\n1\n", "secret.csv")
    with pytest.raises(ImportRefused, match="disabled"):
        use(house, f"[[tables.order_items]]\nquery = \"SELECT * FROM '{secret}'\"")


def test_a_mapping_says_its_zone(house: House) -> None:
    assert mapping_time_zone(house.file('time_zone = "Europe/London"', "a.toml")) == "Europe/London"
    assert mapping_time_zone(house.file("", "b.toml")) is None


def test_shipped_mappings_explain_themselves() -> None:
    for name in ("coffee_vending", "online_retail", "cdnow", "completejourney"):
        path = shipped_mappings()[name]
        text = path.read_text(encoding="utf-8")
        assert text.count("\n# - ") >= 3
        assert tomllib.loads(text)["description"]


def cents(column: str) -> pl.Expr:
    return (pl.col(column) * 100).round(0).cast(pl.Int64)


def test_cdnow(shipped: Shipped) -> None:
    counts, warehouse = shipped("cdnow")
    raw = pl.read_csv(DATA / "cdnow_sample_2357.csv.gz", try_parse_dates=True)
    orders = warehouse.tables()["orders"].collect()
    assert counts["orders"].accepted == raw.height == 6919
    assert orders["customer_id"].n_unique() == 2357
    by = ["customer_id", "day", "amount"]
    direct = raw.select("customer_id", day="date", amount=cents("amount"))
    assert orders.select(by).sort(by).equals(direct.sort(by))
    items = warehouse.tables()["order_items"].collect()
    assert items["quantity"].sum() == raw["n_cds"].sum() * 1000


def test_coffee_vending(shipped: Shipped) -> None:
    counts, warehouse = shipped("coffee_vending")
    raw = pl.read_csv(DATA / "coffee_vending.csv.gz")
    carded = raw.filter(pl.col("card").is_not_null())
    assert counts["orders"].rejected == raw.height - carded.height == 89
    orders = warehouse.tables()["orders"].collect()
    assert orders["customer_id"].n_unique() == carded["card"].n_unique()
    assert orders["amount"].sum() == carded.select(cents("money")).sum().item()
    assert orders["day"].min() == date(2024, 3, 1)
    items = warehouse.tables()["order_items"].collect()
    drinks = carded.select(pl.col("coffee_name").str.strip_chars().str.to_lowercase())
    assert (
        dict(items.select(pl.col("item").str.to_lowercase()).to_series().value_counts().iter_rows())
        == dict(drinks.to_series().value_counts().iter_rows())
    )  # fmt: skip
    reasons = warehouse.rejects().select("column").unique().collect()
    assert reasons.to_series().to_list() == ["customer_id"]


def test_online_retail(shipped: Shipped) -> None:
    counts, warehouse = shipped("online_retail")
    raw = pl.read_parquet(DATA / "online_retail_to_2011-06-12.parquet")
    lines = raw.filter(pl.col("CustomerID").is_not_null())
    exact = pl.col("Quantity") * (pl.col("UnitPrice") * 10_000).round(0).cast(pl.Int64)
    direct = (
        lines.group_by(order_id="Invoice")
        .agg(
            customer_id=pl.col("CustomerID").first(),
            ordered_at=pl.col("InvoiceDate").min(),
            amount=(exact.sum() / 100).round(0, mode="half_away_from_zero").cast(pl.Int64),
        )
        .with_columns(refund=pl.col("order_id").str.starts_with("C"))
        .sort("order_id")
    )
    orders = warehouse.tables()["orders"].collect()
    assert counts["orders"].accepted == direct.height
    assert orders.select(direct.columns).sort("order_id").equals(direct)
    assert (orders.filter("refund")["amount"] <= 0).all()
    goods = lines.filter(pl.col("StockCode").str.contains(r"^\d{5}"))
    items = warehouse.tables()["order_items"].collect()
    assert items.height == goods.height == counts["order_items"].new
    assert items["quantity"].sum() == goods["Quantity"].sum() * 1000
    assert counts["customers"].accepted == lines["CustomerID"].n_unique()
    country = warehouse.tables()["customers"].select(pl.col("tags").list.first()).collect()
    first = lines.unique("CustomerID", keep="first", maintain_order=True)["Country"]
    assert country.to_series().to_list() == first.to_list()


def test_completejourney(shipped: Shipped) -> None:
    counts, warehouse = shipped("completejourney")
    tables = {name: table.collect() for name, table in warehouse.tables().items()}
    raw = pl.read_parquet(DATA / "cj_transactions_sample.parquet")
    baskets = raw.group_by(order_id="basket_id").agg(
        amount=cents("sales_value").sum(), coupon=(pl.col("coupon_disc") > 0).any()
    )
    orders = tables["orders"].select("order_id", "amount", coupon=pl.col("coupon").is_not_null())
    assert orders.sort("order_id").equals(baskets.sort("order_id"))
    products = pl.read_parquet(DATA / "cj_products.parquet")
    categories = raw.join(products, on="product_id", how="left")["product_category"].value_counts()
    stored = tables["order_items"]["category"].value_counts()
    assert dict(stored.iter_rows()) == dict(categories.iter_rows())
    read = {
        name: pl.read_csv(DATA / f"cj_{name}.csv.gz", schema_overrides={"household_id": pl.String})
        for name in ("demographics", "campaigns", "coupon_redemptions")
    }
    households = pl.concat([raw["household_id"], *(one["household_id"] for one in read.values())])
    assert counts["customers"].accepted == households.n_unique()
    known = tables["customers"].filter(pl.col("tags").is_not_null())
    assert set(known["customer_id"]) == set(read["demographics"]["household_id"])
    kinds = dict(tables["messages"]["kind"].value_counts().iter_rows())
    assert kinds == {
        "sent": read["campaigns"].height,
        "clicked": read["coupon_redemptions"].height,
    }
    assert counts["messages"].rejected == 0
