"""SILENCE: how likely a customer is to stay away, by a model of how customers buy.

No outcome is needed for it, so it stands for itself where there is little to learn from; where
there is more, its log-odds are one of the numbers that learners look at.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl

from segml.scoring.buying.beta_geometric import BetaGeometric
from segml.scoring.buying.likelihood import chance_of_order
from segml.scoring.buying.statistics import BuyingStatistics
from segml.scoring.log_odds import Floats, logit

BUYING: Final = ("order_days_total", "days_since_first_order", "days_since_last_order")


def bought(frame: pl.DataFrame) -> BuyingStatistics:
    """Return the order days of rows as models of buying look at them."""
    days, first, last = (frame[name].to_numpy() for name in BUYING)
    return BuyingStatistics.of(days - 1, first - last, first)


@dataclass(frozen=True, slots=True)
class Buying:
    """A model of how customers buy, which no outcome is needed for.

    Attributes
    ----------
    horizon
        Days to foretell.
    model
        MBG/CNBD-k: customers have their own pace and regularity, and stop unseen.
    """

    horizon: int
    model: BetaGeometric

    def logits(self, frame: pl.DataFrame) -> Floats:
        """Return the log-odds of no order within the horizon, one per row."""
        return logit(1 - chance_of_order(self.model, bought(frame), self.horizon))

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"horizon": self.horizon, "model": asdict(self.model)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Buying":
        """Return what `as_json` wrote."""
        return cls(plain["horizon"], BetaGeometric(**plain["model"]))
