"""Who is in a segment, who came and who went: differences of sets of customers."""

from collections.abc import Mapping

import polars as pl

ENTERED = "entered"
LEFT = "left"


def members(held: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    """Return ``segment, customer_id``, one row per membership, sorted by both.

    Parameters
    ----------
    held
        ``customer_id`` and one true-or-false column per segment, as an engine evaluates them.
    columns
        The column of each segment, by segment id.
    """
    ids = held.schema["customer_id"]
    frames = [
        held.filter(pl.col(columns[segment])).select(
            pl.lit(segment, pl.String).alias("segment"), "customer_id"
        )
        for segment in sorted(columns)
    ]
    empty = pl.DataFrame(schema={"segment": pl.String, "customer_id": ids})
    return pl.concat([empty, *frames])


def changes(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Return ``segment, customer_id, change`` from one night's memberships to another's, sorted.

    Sorted by segment, change and customer. While a rule stays, a customer's membership is that of
    the first night plus what entered (+1) and left (-1) since: always 0 or 1.
    """
    keys = ["segment", "customer_id"]
    came = after.join(before, on=keys, how="anti").with_columns(change=pl.lit(ENTERED))
    went = before.join(after, on=keys, how="anti").with_columns(change=pl.lit(LEFT))
    return pl.concat([came, went]).sort("segment", "change", "customer_id")
