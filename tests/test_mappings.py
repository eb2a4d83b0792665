"""Mappings: what they may say, and how their problems are told."""
# ruff: noqa: DTZ001 (wall-clock times of a restaurant have no zone)

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from import_house import House
from segml.core.errors import ImportRefused
from segml.datasets.mapping import mapping_sources, mapping_time_zone
from segml.datasets.sources import file_source
from segml.storage.counts import ImportCount

SALES = """no,guest,when,what,pieces,each
1,7,31/12/2023 19:05,Tea,2,1.50
2,8,01/01/2024 08:00,Cake,1,4
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.file(SALES, "sales.csv")
    return house


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


def refusal(house: House, text: str) -> str:
    with pytest.raises(ImportRefused) as refused:
        use(house, text)
    return str(refused.value)


COLUMNS = """
[tables.order_items.columns]
order_id = "no"
item = "what"
"""


@pytest.mark.parametrize(
    ("origin", "named"),
    [
        ('from = "sales"\nfile = "sales.csv"', "from, file"),
        ('file = "sales.csv"\nquery = "SELECT * FROM sales"', "file, query"),
        (
            'from = "sales"\ndatabase = "sqlite:///x.db"\nquery = "SELECT 1"',
            "from, database, query",
        ),
        ('database = "sqlite:///x.db"', "database"),
        ("", "none"),
    ],
)
def test_an_entry_has_exactly_one_origin(house: House, origin: str, named: str) -> None:
    head = '[sources.sales]\nfile = "sales.csv"\n[[tables.order_items]]\n'
    assert use(house, f'{head}from = "sales"\n{COLUMNS}')["order_items"].accepted == 2
    text = refusal(house, f"{head}{origin}\n{COLUMNS}")
    assert text.count("\n") == 1
    assert (
        f"exactly one of from, or file, or database with query, or query; this names {named}."
        in text
    )


def test_a_source_has_exactly_one_origin(house: House) -> None:
    text = refusal(
        house,
        f"""
        [sources.both]
        file = "sales.csv"
        database = "sqlite:///x.db"
        query = "SELECT 1"
        [sources.alone]
        query = "SELECT 1"
        [[tables.order_items]]
        file = "sales.csv"
        {COLUMNS}
        """,
    )
    assert "sources.both: Say where" in text
    assert "file, or database with query; this names file, database, query." in text
    assert "sources.alone: Say where" in text
    assert text.count("\n") == 2


def test_values_of_the_wrong_type_are_problems_told_at_once(house: House) -> None:
    text = refusal(
        house,
        """
        time_zone = ["Europe/Berlin"]
        sources = 3
        [[tables.orders]]
        from = ["sales"]
        [[tables.orders]]
        file = 7
        [[tables.orders]]
        file = "sales.csv"
        columns = "all"
        [[tables.orders]]
        file = "sales.csv"
        where = 1
        keep_first = "yes"
        [tables.orders.columns]
        order_id = "no"
        customer_id = { column = ["guest"] }
        ordered_at = { column = "when", format = 5 }
        amount = { expression = 5 }
        channel = 5
        """,
    )
    for words in (
        "the top: “time_zone” wants a text in quotation marks, not ['Europe/Berlin'].",
        "the top: “sources” wants a TOML table, not 3.",
        "tables.orders, entry 1: “from” wants a text",
        "tables.orders, entry 2: “file” wants a text in quotation marks, not 7.",
        "tables.orders, entry 3: “columns” wants a TOML table, not 'all'.",
        "tables.orders, entry 4: “where” wants a text",
        "tables.orders, entry 4: “keep_first” wants true or false, not 'yes'.",
        "entry 4, column customer_id: “column” wants a text",
        "entry 4, column ordered_at: “format” wants a text",
        "entry 4, column amount: “expression” wants a text",
        "entry 4: Column channel wants the name of a column or a TOML table, not 5.",
    ):
        assert words in text
    assert text.count("\n") == 11


@pytest.mark.parametrize("where", ["", "where = \"Colour <> 'red'\""])
def test_an_entry_without_columns_is_read_as_a_plain_file(house: House, where: str) -> None:
    header, row = "Order_ID, ITEM ,Quantity,Colour", "1,Tea,2,blue"
    path = house.file(f"{header}\n{row}\n", "items.csv")
    mapped = use(house, f'[[tables.order_items]]\nfile = "items.csv"\n{where}')
    (source,) = mapping_sources(house.folder / "map.toml")
    plain = file_source("order_items", path)
    assert replace(source, open=plain.open) == plain
    assert mapped["order_items"].ignored == ("Colour",)
    assert house.column("quantity", "order_items") == [2000]


def test_an_entry_without_columns_tells_what_a_plain_file_lacks(house: House) -> None:
    house.file("Order_ID,Itme\n1,Tea\n", "items.csv")
    with pytest.raises(ImportRefused) as plain:
        file_source("order_items", house.folder / "items.csv")
    assert str(plain.value) in refusal(house, '[[tables.order_items]]\nfile = "items.csv"')


@pytest.mark.parametrize("zone", ['"Moon"', "3", '["Europe/Berlin"]'])
def test_a_zone_that_does_not_exist_is_refused(house: House, zone: str) -> None:
    path = house.file(f"time_zone = {zone}", "moon.toml")
    with pytest.raises(ImportRefused, match=r"moon\.toml .*is no time zone, such as"):
        mapping_time_zone(path)
