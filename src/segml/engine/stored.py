"""The stored form of a table as a Polars schema: what `core.tables` says, in types."""

from collections.abc import Set
from typing import Final

import polars as pl

from segml.core.tables import Column, Form, Table

_TYPES: Final[dict[Form, pl.DataType]] = {
    Form.TEXT: pl.String(),
    Form.DECIMAL: pl.Int64(),
    Form.DEGREES: pl.Float64(),
    Form.BOOLEAN: pl.Boolean(),
    Form.TIME: pl.Datetime("us"),
    Form.DATE: pl.Date(),
    Form.LIST: pl.List(pl.String()),
}


def dtype(column: Column, integer_domains: Set[str] = frozenset()) -> pl.DataType:
    """Return the stored type of `column`; an id is an integer when its domain is among them."""
    if column.form is Form.ID:
        return pl.Int64() if column.domain in integer_domains else pl.String()
    return _TYPES[column.form]


def schema(table: Table, integer_domains: Set[str] = frozenset()) -> pl.Schema:
    """Return the stored schema: the canonical columns, then what the door adds.

    Every table has ``known_day``; one with a time of its own has ``day``; orders also have
    ``hour`` and ``weekday``; customers also ``known_at``, which orders the states of a profile.
    """
    columns = {column.name: dtype(column, integer_domains) for column in table.columns}
    if table.time:
        columns["day"] = pl.Date()
    columns["known_day"] = pl.Date()
    if table.name == "orders":
        columns |= {"hour": pl.Int8(), "weekday": pl.Int8()}
    if table.name == "customers":
        columns["known_at"] = pl.Datetime("us")
    return pl.Schema(columns)
