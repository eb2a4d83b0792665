"""A contract says which values a row of a table may hold; pandera checks it on every value.

The contracts are made from `core.tables`, so a table has one declaration. Rows are parsed before:
a contract sees stored types and never coerces, because pandera, asked to coerce and to drop invalid
rows at once, lets unreadable text through. It is given eager frames only, because of a lazy one
pandera checks nothing but the types.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import available_timezones

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from segml.core.tables import KNOWN_AT, TABLES, Column, Form, Table
from segml.engine.stored import dtype

EARLIEST: Final = datetime(1900, 1, 1)  # noqa: DTZ001 (wall-clock time of the restaurant)
LATEST: Final = datetime(2200, 1, 1)  # noqa: DTZ001

_MISSING: Final = "is missing, and this table cannot do without it"
_NEGATIVE: Final = "is negative though the price is not; only money given back takes items back"


def _checks(column: Column) -> list[pa.Check]:
    checks = []
    if column.choices:
        words = f"must be one of {', '.join(column.choices)}"
        checks.append(pa.Check.isin(column.choices, error=words))
    if column.name == "time_zone":
        words = "is no time zone of the IANA database, such as Europe/Berlin"
        checks.append(pa.Check.isin(sorted(available_timezones()), error=words))
    if column.least is not None and column.most is not None:
        unit = 10**column.scale if column.form is Form.DECIMAL else 1
        words = f"must lie between {column.least:g} and {column.most:g}"
        checks.append(pa.Check.in_range(column.least * unit, column.most * unit, error=words))
    if column.form in (Form.TIME, Form.DATE):
        low, high = (
            (EARLIEST, LATEST) if column.form is Form.TIME else (EARLIEST.date(), LATEST.date())
        )
        words = "is implausible: before 1900 or after 2199"
        checks.append(pa.Check.in_range(low, high, include_max=False, error=words))
    return checks


def _row_checks(table: Table) -> list[pa.Check]:
    if table.name != "order_items":
        return []

    def taken_back_with_money(data: pa.PolarsData) -> pl.LazyFrame:
        wrong = (pl.col("quantity") < 0) & (pl.col("price").is_null() | (pl.col("price") >= 0))
        return data.lazyframe.select(~wrong.fill_null(value=False))

    return [pa.Check(taken_back_with_money, error=_NEGATIVE)]


def _contract(table: Table) -> pa.DataFrameSchema:
    columns = {
        column.name: pa.Column(dtype(column), _checks(column), nullable=not column.required)
        for column in (*table.columns, KNOWN_AT)
    }
    return pa.DataFrameSchema(columns, checks=_row_checks(table), strict=False, name=table.name)


CONTRACTS: Final[Mapping[str, pa.DataFrameSchema]] = {
    table.name: _contract(table) for table in TABLES
}

# Which column to name when a check looks at a row as a whole.
_COLUMN_OF_ROW_CHECK: Final = {_NEGATIVE: "quantity"}

BREACHES: Final = pl.Schema({"place": pl.Int64, "column": pl.String, "reason": pl.String})


def breaches(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return what breaks the contract of `table` in `rows`.

    Parameters
    ----------
    table
        Name of the table.
    rows
        Its canonical columns and ``known_at`` in stored types, ids as text.

    Returns
    -------
    pl.DataFrame
        ``place`` (row of `rows`, from 0), ``column``, ``reason``: one row per broken cell.
    """
    try:
        CONTRACTS[table].validate(rows, lazy=True)
    except SchemaErrors as error:
        cases: pl.DataFrame = error.failure_cases
    else:
        return pl.DataFrame(schema=BREACHES)
    if cases["index"].null_count():
        # A wrong type is our own mistake in parsing, never the source's.
        raise TypeError(f"{table}: {cases.filter(pl.col('index').is_null()).to_dicts()}")
    named = pl.when(pl.col("check") == "not_nullable").then(pl.lit(_MISSING)).otherwise("check")
    return cases.select(
        pl.col("index").cast(pl.Int64).alias("place"),
        pl.when(pl.col("schema_context") == "DataFrameSchema")
        .then(pl.col("check").replace(_COLUMN_OF_ROW_CHECK))
        .otherwise("column")
        .alias("column"),
        named.alias("reason"),
    )
