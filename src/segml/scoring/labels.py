"""A label is a function from an outcome to one value per customer; nothing else looks past `as_of`.

An outcome is what happened in ``[start, start + horizon)``, as far as it was known before the day
that looks back. Law kept: a window that is not over on that day, or that the record does not reach
the end of, has no label.

To add a label: one function below and its line in `LABELS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from segml.core.errors import WorkspaceError
from segml.core.tables import MONEY_SCALE, TIERS
from segml.engine.history import History

_YEAR: Final = 365  # service days of spend that a tier by spend looks at


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened on the `horizon` service days from `start` on.

    Attributes
    ----------
    history
        Everything known on the day that looks back.
    start, horizon
        The window; `WorkspaceError` when it is not over on that day, or the record ends in it.
    recorded
        The day after the last order that was ever recorded.
    """

    history: History
    start: date
    horizon: int
    recorded: date

    def __post_init__(self) -> None:
        if self.end > self.history.as_of:
            raise WorkspaceError(
                f"What happens in the {self.horizon} days from {self.start} on is not known before "
                f"{self.end}; at the start of {self.history.as_of} it would be cut short."
            )
        if self.end > self.recorded:
            raise WorkspaceError(
                f"What happens in the {self.horizon} days from {self.start} on is not all in the "
                f"record, which has no order from {self.recorded} on, so silence would mean "
                "nothing. Import later orders, or name an earlier day."
            )

    @property
    def end(self) -> date:
        """Return the first day after the window."""
        return self.start + timedelta(days=self.horizon)

    def rows(self, table: str) -> pl.LazyFrame:
        """Return a table's rows of the window."""
        inside = pl.col("day").is_between(self.start, self.end, closed="left")
        return self.history.rows(table).filter(inside)


Settings = Mapping[str, Any]
Label = Callable[[Outcome, pl.DataFrame, Settings], pl.Series]


def no_order(outcome: Outcome, guests: pl.DataFrame, settings: Settings) -> pl.Series:
    """Return who did not order at all."""
    del settings
    came = outcome.rows("orders").select("customer_id").unique().collect()
    return ~guests["customer_id"].is_in(came["customer_id"].implode())


def higher_tier(outcome: Outcome, guests: pl.DataFrame, settings: Settings) -> pl.Series:
    """Return who reached a higher tier at any time; null for those who stand at the top.

    Tiers are those of ``loyalty``. Where nobody has any, a tier is the spend of the trailing 365
    days, cut at ``settings["spend_tiers"]`` (whole currency).
    """
    loyalty = outcome.history.rows("loyalty").select("customer_id", "tier", "day").collect()
    if loyalty.height:
        return _by_card(outcome, guests, loyalty)
    return _by_spend(outcome, guests, settings.get("spend_tiers", ()))


LABELS: Final[Mapping[str, Label]] = {"no_order": no_order, "higher_tier": higher_tier}


def _by_card(outcome: Outcome, guests: pl.DataFrame, loyalty: pl.DataFrame) -> pl.Series:
    rank = pl.col("tier").replace_strict(TIERS, range(len(TIERS)), return_dtype=pl.Int8)
    inside = pl.col("day").is_between(outcome.start, outcome.end, closed="left")
    best = loyalty.filter(inside).group_by("customer_id").agg(best=rank.max())
    now = pl.col("loyalty_tier").fill_null("none")
    now = now.replace_strict(TIERS, range(len(TIERS)), return_dtype=pl.Int8)
    found = guests.select("customer_id", now=now).join(
        best, on="customer_id", how="left", maintain_order="left"
    )
    reached = pl.col("best").fill_null(0) > pl.col("now")
    return found.select(pl.when(pl.col("now") < len(TIERS) - 1).then(reached)).to_series()


def _by_spend(outcome: Outcome, guests: pl.DataFrame, cuts: tuple[float, ...]) -> pl.Series:
    if not cuts:
        raise WorkspaceError(
            "Nobody has a loyalty tier here, so a higher one cannot be foretold. Import loyalty, "
            "or say under [label_settings] from which spend_tiers on a tier begins."
        )
    minor = sorted(round(cut * 10**MONEY_SCALE) for cut in cuts)
    early = outcome.start - timedelta(days=_YEAR)
    paid = pl.col("day").is_between(early, outcome.end, closed="left")
    trailing = (
        outcome.history.rows("payments")
        .filter(paid)
        .select("customer_id", "day", pl.col("amount").cast(pl.Int64))
        .sort("customer_id", "day")
        .rolling("day", period=f"{_YEAR}d", group_by="customer_id")
        .agg(pl.col("amount").sum())
    )
    tier = pl.sum_horizontal(pl.col("amount") >= cut for cut in minor)
    inside = pl.col("day") >= outcome.start
    best = trailing.filter(inside).group_by("customer_id").agg(best=tier.max()).collect()
    spent = pl.col("spend_365d").cast(pl.Float64)
    now = pl.sum_horizontal(spent >= cut for cut in sorted(cuts))
    found = guests.select("customer_id", now=now).join(
        best, on="customer_id", how="left", maintain_order="left"
    )
    reached = pl.col("best").fill_null(0) > pl.col("now")
    return found.select(pl.when(pl.col("now") < len(cuts)).then(reached)).to_series()
