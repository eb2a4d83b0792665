"""SILENCE: how likely a customer is to stay away, by a model of how customers buy.

No outcome is needed for it, so it stands for itself where there is little to learn from; where
there is more, its log-odds are one of the numbers that learners look at.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import digamma

from segml.scoring.buying.beta_geometric import BetaGeometric
from segml.scoring.buying.likelihood import chance_of_order
from segml.scoring.buying.mixture import BuyingMixture
from segml.scoring.buying.statistics import BuyingStatistics
from segml.scoring.log_odds import Floats, logit

BUYING: Final = ("order_days_total", "days_since_first_order", "days_since_last_order")
HABIT: Final = 3**-0.5  # spread of gaps over their mean, where unknown: gamma gaps of shape 3
_SHAPES: Final = (0.3, 100.0)  # between pure bursts and a clock


def bought(frame: pl.DataFrame) -> BuyingStatistics:
    """Return the order days of rows as models of buying look at them.

    How even the gaps are is read from ``gap_spread_days``; where that is unknown, a habit is taken
    for granted.
    """
    days, first, last = (frame[name].to_numpy() for name in BUYING)
    known = frame.get_column("gap_spread_days", default=pl.Series([None] * frame.height))
    spread = known.cast(pl.Float64).fill_null(np.nan).to_numpy()
    repeats, ordering = days.astype(np.int64) - 1, (first - last).astype(np.float64)
    log_gaps = _log_gaps(repeats, ordering, spread)
    return BuyingStatistics(repeats, ordering, first.astype(np.float64), log_gaps)


def _log_gaps(repeats: NDArray[np.int64], ordering: Floats, spread: Floats) -> Floats:
    """Return the sum of the logarithms of gaps, by their number, sum and standard deviation.

    One gap and two are known by these; more are taken for gamma gaps of that spread, whose mean
    logarithm is ln(mean) + digamma(k) - ln(k).
    """
    mean = np.where(repeats > 0, ordering, 1.0) / np.maximum(repeats, 1)
    spread = np.where(np.isnan(spread), mean * HABIT, spread)
    k = np.clip((mean / np.maximum(spread, 1e-9)) ** 2, *_SHAPES)
    two = np.log(np.maximum(mean - spread, 0.5)) + np.log(mean + spread)
    more = repeats * (np.log(mean) + digamma(k) - np.log(k))
    return np.asarray(np.select([repeats < 2, repeats == 2], [np.log(mean), two], more))


@dataclass(frozen=True, slots=True)
class Buying:
    """A model of how customers buy, which no outcome is needed for.

    Attributes
    ----------
    horizon
        Days to foretell.
    model
        Customers have their own pace and stop unseen: by MBG/CNBD-k or BG/NBD, or a mixture.
    """

    horizon: int
    model: BetaGeometric | BuyingMixture

    def logits(self, frame: pl.DataFrame) -> Floats:
        """Return the log-odds of no order within the horizon, one per row."""
        order_days = bought(frame)
        if isinstance(self.model, BuyingMixture):
            return logit(self.model.silence(order_days, self.horizon))
        return logit(1 - chance_of_order(self.model, order_days, self.horizon))

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"horizon": self.horizon, "model": asdict(self.model)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Buying":
        """Return what `as_json` wrote."""
        model = plain["model"]
        if "weights" in model:
            return cls(plain["horizon"], BuyingMixture(tuple(model["weights"])))
        return cls(plain["horizon"], BetaGeometric(**model))
