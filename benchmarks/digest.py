"""A night's fields as a few whole numbers, the same for every side that computed the same."""

from collections.abc import Iterable
from typing import Final

import polars as pl

from benchmarks.child import Answer

_WAYS: Final = 2**20


def digest(parts: Iterable[pl.DataFrame]) -> Answer:
    """Return the rows, then for each field how many values are known and a sum that tells them.

    Parameters
    ----------
    parts
        Frames with ``customer_id`` and the fields in stored units, in any types and any order.
    """
    rows, found = 0, pl.DataFrame()
    for part in parts:
        rows += part.height
        names = [name for name in part.columns if name != "customer_id"]
        place = pl.col("customer_id").cast(pl.Int64) % 65_521 + 1
        sums = part.select(
            expression
            for name in names
            for value in [_plain(part[name])]
            for expression in (
                value.is_not_null().sum().cast(pl.Int64).alias(f"{name} known"),
                ((value.hash(0) % _WAYS).cast(pl.Int64) * place)
                .filter(value.is_not_null())
                .sum()
                .alias(f"{name} values"),
            )
        )
        found = pl.concat([found, sums])
    return [rows, *found.sum().row(0)]


def _plain(series: pl.Series) -> pl.Expr:
    """Return a column in the one type that its values are compared in."""
    value, kind = pl.col(series.name), series.dtype
    if isinstance(kind, pl.List):
        return value.cast(pl.List(pl.String)).list.join(",")
    if isinstance(kind, pl.Enum | pl.Categorical) or kind == pl.String:
        return value.cast(pl.String)
    if kind.is_float() or kind == pl.Boolean:
        return value.cast(pl.Float64)
    return (
        value.cast(pl.Date).to_physical().cast(pl.Int64)
        if kind == pl.Date
        else value.cast(pl.Int64)
    )
