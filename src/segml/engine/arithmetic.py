"""Quotients that are the same to the last bit on every engine."""

import polars as pl


def quotient(dividend: pl.Expr, divisor: pl.Expr | int, minor: int = 1) -> pl.Expr:
    """Return dividend ÷ (divisor · minor) as float64, correctly rounded; null where it is ÷ 0.

    Polars multiplies by the reciprocal when it divides by a constant (5 / 3 becomes
    1.6666666666666665), so a constant is spread over the rows first.
    """
    above = dividend.cast(pl.Float64)
    if isinstance(divisor, int):
        return above / (above * 0 + divisor * minor)
    below = divisor.cast(pl.Float64) * minor
    return pl.when(below != 0).then(above / below)
