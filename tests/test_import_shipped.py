"""The mappings that come with segml: what they bring in, against the raw data."""

import tomllib
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import polars as pl
import pytest

from segml.datasets.mapping import mapping_sources, shipped_mappings
from segml.storage.counts import ImportCount
from segml.storage.warehouse import Warehouse

DATA = Path(__file__).parents[1].parent / "shared" / "data"
Shipped = Callable[[str], tuple[dict[str, ImportCount], Warehouse]]


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


@pytest.mark.slow
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
