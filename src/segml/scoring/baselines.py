"""What every model is held to: the simple scores that a good analyst would try first.

Each learns from the same nights, so what is compared is what is looked at. A single number, such as
the days since the last order, goes through a logistic curve: that keeps its ranking and makes
chances of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import polars as pl

from segml.scoring.buying.beta_geometric import fit_beta_geometric
from segml.scoring.buying.likelihood import Likelihood, chance_of_order
from segml.scoring.buying.pareto import fit_pareto_nbd
from segml.scoring.buying.statistics import BuyingStatistics
from segml.scoring.design import NEXT_TIER, Design
from segml.scoring.learners import Lesson
from segml.scoring.log_odds import Floats, logit
from segml.scoring.silence import bought

Baseline = Callable[[pl.DataFrame], Floats]
# By label, the single numbers that foretell it.
_SINGLE: Final[Mapping[str, Mapping[str, str]]] = {
    "no_order": {"recency": "days_since_last_order", "frequency": "order_days_total"},
    "higher_tier": {"distance": NEXT_TIER, "pace": "spend_90d"},
}
_BUYING: Final[Mapping[str, Callable[[BuyingStatistics], Likelihood]]] = {
    "bg_nbd": partial(fit_beta_geometric, modified=False, regularity=1),
    "pareto_nbd": fit_pareto_nbd,
}


def baselines(
    label: str, lesson: Lesson, order_days: BuyingStatistics, horizon: int
) -> dict[str, Baseline]:
    """Return the baselines of a label by name; each gives the log-odds of rows.

    Parameters
    ----------
    label
        A key of `labels.LABELS`.
    lesson
        What the model learns from, too.
    order_days
        The order days of customers up to the day of training.
    horizon
        Days that the label speaks of.
    """
    found: dict[str, Baseline] = {
        name: Curve.fit(column, lesson).logits for name, column in _SINGLE[label].items()
    }
    found["rfm_logistic"] = lesson.rfm_logistic.logits
    if label == "no_order":
        found |= {name: _silence(fit(order_days), horizon) for name, fit in _BUYING.items()}
    return found


def _silence(model: Likelihood, horizon: int) -> Baseline:
    """Return the log-odds of no order within the horizon, as a model of buying foretells them."""

    def logits(frame: pl.DataFrame) -> Floats:
        return logit(1 - chance_of_order(model, bought(frame), horizon))

    return logits


@dataclass(frozen=True, slots=True)
class Curve:
    """A logistic curve over the logarithm of one number; the mean where it is unknown."""

    column: str
    design: Design
    mean: float
    slope: float
    intercept: float

    @classmethod
    def fit(cls, column: str, lesson: Lesson) -> "Curve":
        """Return the most likely curve."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (loads slowly)

        values = _logarithm(column, lesson.design, lesson.frame)
        mean = float(np.nanmean(values))
        model = LogisticRegression().fit(np.nan_to_num(values, nan=mean)[:, None], lesson.label)
        return cls(column, lesson.design, mean, float(model.coef_[0, 0]), model.intercept_[0])

    def logits(self, frame: pl.DataFrame) -> Floats:
        """Return the log-odds of the label, one per row."""
        values = np.nan_to_num(_logarithm(self.column, self.design, frame), nan=self.mean)
        return np.asarray(self.slope * values + self.intercept)


def _logarithm(column: str, design: Design, frame: pl.DataFrame) -> Floats:
    """Return ln(1 + value), NaN where unknown; what is below 0 counts as 0."""
    value = design.to_next_tier() if column == NEXT_TIER else pl.col(column)
    found = frame.select(value.cast(pl.Float64).clip(lower_bound=0).log1p()).to_series()
    return found.to_numpy()
