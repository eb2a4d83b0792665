"""Made-up customers with fields of every kind, and columns that say nothing of each other."""

import numpy as np
import polars as pl

CATEGORIES = np.array(["pizza", "pasta", "Wine", "beer", "salad", "coffee", "curry", "steak"])


def customers(many: int, seed: int) -> pl.DataFrame:
    """Return one row per customer with fields of the library, in wire units."""
    random = np.random.default_rng(seed)
    orders = random.geometric(0.15, many) - 1
    each = np.exp(random.normal(3.3, 0.5, many))
    lately = np.where(random.random(many) < 0.6, random.poisson(orders * 0.4), 0)
    lunches = random.binomial(np.maximum(orders, 1), random.beta(0.8, 1.5, many))
    asked = random.random(many)
    had = [CATEGORIES[random.random(8) < 0.3].tolist() or None for _ in range(many)]
    born = np.datetime64("1950-01-01") + random.integers(0, 18_000, many)
    frame = pl.DataFrame(
        {
            "customer_id": np.arange(many),
            "orders_total": orders,
            "lifetime_spend": (orders * each).round(2),
            "spend_90d": (lately * each).round(2),
            "average_order_value": np.where(orders > 0, each.round(2), np.nan),
            "lunch_share": np.where(orders > 0, lunches / np.maximum(orders, 1), np.nan),
            "days_since_last_order": np.where(orders > 0, random.geometric(0.02, many), np.nan),
            "age": random.integers(18, 80, many),
            "birthday": born.astype("datetime64[D]"),
            "favorite_category": [str(random.choice(one)) if one else None for one in had],
            "categories_ordered": had,
            "email_opt_in": [True if x < 0.4 else False if x < 0.8 else None for x in asked],
            "city": random.choice(["Berlin", "Potsdam", "Leipzig", "Hamburg"], many),
            "vip": random.random(many) < 0.05,
        },
        strict=False,
    )
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None), pl.col("birthday").cast(pl.Date))


def held(frame: pl.DataFrame, condition: pl.Expr) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return for which rows a condition holds; not where it is unknown."""
    return frame.select(condition.fill_null(value=False)).to_series().to_numpy()
