"""What the logistic regressions are quadratic in: a few numbers of each customer.

Each is on its own scale: logarithms, since what doubles matters, not what is added.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from segml.scoring.design import SILENCE, Design
from segml.scoring.log_odds import Floats
from segml.scoring.silence import HABIT

# The fields that any basis is made of, so a declaration has to name them.
NEEDED: Final = (
    "order_days_total",
    "days_since_first_order",
    "days_since_last_order",
    "gap_spread_days",
    "lifetime_spend",
    "orders_30d",
    "orders_90d",
    "orders_365d",
)
_LATEST: Final = 8.0  # spreads beyond the mean gap, beyond which later means nothing more

_x, _first, _last = (
    pl.col(name).cast(pl.Float64)
    for name in ("order_days_total", "days_since_first_order", "days_since_last_order")
)
_gap = pl.when(_x > 1).then((_first - _last) / (_x - 1)).otherwise(_first)
_spread = pl.coalesce("gap_spread_days", _gap * HABIT)
_RFM: Final[Mapping[str, pl.Expr]] = {
    "order_days_total": _x.log(),
    "days_since_last_order": _last.log(),
    "days_since_first_order": _first.log(),
    "lifetime_spend": (pl.col("lifetime_spend") / _x).clip(lower_bound=0).log1p(),
    "orders_90d": pl.col("orders_90d").cast(pl.Float64).log1p(),
    "silence_in_gaps": (_last / pl.max_horizontal(_gap, 1.0)).log1p(),
    "came_back": (_x > 1).cast(pl.Float64),
}
_RHYTHM: Final[Mapping[str, pl.Expr]] = {
    "gap_variation": _spread / pl.max_horizontal(_gap, 1.0),
    "lateness": ((_last - _gap) / (_spread + 1)).clip(-_LATEST, _LATEST),
    "orders_30d": pl.col("orders_30d").cast(pl.Float64).log1p(),
    "orders_365d": pl.col("orders_365d").cast(pl.Float64).log1p(),
}
BASES: Final[Mapping[str, Mapping[str, pl.Expr]]] = {"rfm": _RFM, "rhythm": {**_RFM, **_RHYTHM}}
"""By name of the basis: its numbers, each named for the field or derived number it speaks of."""


def names(basis: str, design: Design) -> tuple[str, ...]:
    """Return what the numbers of a basis are called."""
    found = tuple(_expressions(basis, design))
    return (*found, SILENCE) if _foretells(basis, design) else found


def numbers(basis: str, frame: pl.DataFrame, design: Design) -> Floats:
    """Return the numbers of every row, one column each."""
    chosen = _expressions(basis, design)
    found = frame.select(one.alias(name) for name, one in chosen.items()).to_numpy()
    return np.column_stack([found, design.silence(frame)]) if _foretells(basis, design) else found


def products(columns: Floats) -> Floats:
    """Return the columns, their squares and their products."""
    wide = columns.shape[1]
    return np.column_stack([columns, *(columns[:, i] * columns[:, j] for i, j in pairs(wide))])


def pairs(wide: int) -> list[tuple[int, int]]:
    """Return which columns `products` multiplies, in its order."""
    return [(i, j) for i in range(wide) for j in range(i, wide)]


def _foretells(basis: str, design: Design) -> bool:
    """Return whether a basis has what a model of buying says: plain RFM is the bar without it."""
    return basis != "rfm" and design.buying is not None


def _expressions(basis: str, design: Design) -> dict[str, pl.Expr]:
    chosen = dict(BASES[basis])
    if design.tiers:
        lacking = design.to_next_tier().clip(lower_bound=0).log1p().fill_null(0.0)
        pace = pl.col("spend_90d").cast(pl.Float64).clip(lower_bound=0).log1p()
        chosen |= {"spend_to_next_tier": lacking, "spend_90d": pace}
    return chosen
