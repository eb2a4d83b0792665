"""Judging: what was foretold beside what came of it, by slice, held to baselines.

The active slice comes first: of customers who were just here, who will stay away? Of all customers
any count of days since the last order tells most of it, which says little.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from segml.scoring.bootstrap import Interval, intervals, log_loss_gap
from segml.scoring.log_odds import chance
from segml.scoring.measures import Measures, measures

SLICES: Final = ("active", "all")
BEST: Final = "best_possible"
MEASURED: Final = ("auc", "log_loss", "brier", "ece", "ap", "lift_10", "recall")
NAMES: Final = {
    "score": "the model",
    "recency": "recency",
    "frequency": "frequency",
    "rfm_logistic": "RFM logistic",
    "bg_nbd": "BG/NBD",
    "pareto_nbd": "Pareto/NBD",
    "distance": "distance to the next tier",
    "pace": "pace of spending",
    BEST: "the best possible",
}
_PLAIN: Final = {"code", "customer_id", "night", "active", "outcome"}
_CHANCE: Final = 0.5  # AUC
_SEED: Final = 5


@dataclass(frozen=True, slots=True)
class Slice:
    """How well a score and the baselines do for some customers.

    Attributes
    ----------
    name
        One of `SLICES`.
    rows, positives
        How many there are, and how many of them have the label.
    of
        Measures by name of the score: ``score`` and the baselines.
    intervals
        Of the score's measures, 95 %, by measure.
    against
        By baseline, the score's log-loss less the baseline's: negative is better.
    """

    name: str
    rows: int
    positives: int
    of: dict[str, Measures]
    intervals: dict[str, Interval]
    against: dict[str, Interval]

    def as_json(self) -> dict[str, Any]:
        """Return the public figures of the score; nulls where they say nothing."""
        told = {"n": self.rows, "positives": self.positives} | figures(self.of["score"])
        return told | self.against_best()

    def against_best(self) -> dict[str, float]:
        """Return the score as a ratio to the best possible, where that is known.

        ``gain_ratio`` is AUC above 1/2, over that of the best; ``regret`` what log-loss exceeds it.
        """
        if BEST not in self.of:
            return {}
        own, best = self.of["score"], self.of[BEST]
        gained = (own.auc - _CHANCE) / (best.auc - _CHANCE)
        return {"gain_ratio": gained, "regret": own.log_loss - best.log_loss}


def figures(found: Measures) -> dict[str, float | None]:
    """Return measures under their public names; null where there is none."""
    names = {"average_precision": "ap"}
    return {
        names.get(name, name): None if np.isnan(value) else value
        for name, value in asdict(found).items()
    }


def by_slice(found: Sequence[Slice]) -> dict[str, Any]:
    """Return ``slices`` of the model and ``baselines`` by name, in the wire form."""
    beside: dict[str, dict[str, Any]] = {}
    for one in found:
        counts = {"n": one.rows, "positives": one.positives}
        for name, measured in one.of.items():
            if name != "score":
                beside.setdefault(name, {})[one.name] = counts | figures(measured)
    return {"slices": {one.name: one.as_json() for one in found}, "baselines": beside}


def slices(judged: pl.DataFrame, threshold: float | None = None) -> tuple[Slice, ...]:
    """Return every slice that has both outcomes.

    Parameters
    ----------
    judged
        ``code``, ``active``, ``outcome``, and log-odds as ``score`` and one column per baseline.
    threshold
        From which on the score's segment begins.
    """
    return tuple(_slices(judged, threshold))


def _slices(judged: pl.DataFrame, threshold: float | None) -> Iterator[Slice]:
    names = scores_of(judged)
    for name in SLICES:
        rows = judged.filter("active") if name == "active" else judged
        outcome = rows["outcome"].to_numpy()
        if rows.is_empty() or outcome.all() or not outcome.any():
            continue
        scores = {one: chance(rows[one].to_numpy()) for one in names}
        who = rows["code"].to_numpy()
        yield Slice(
            name,
            rows.height,
            int(outcome.sum()),
            {one: measures(outcome, score, threshold) for one, score in scores.items()},
            intervals(outcome, scores["score"], who, seed=_SEED, threshold=threshold),
            {
                one: log_loss_gap(outcome, scores["score"], score, who, seed=_SEED)
                for one, score in scores.items()
                if one != "score"
            },
        )


def scores_of(judged: pl.DataFrame) -> Sequence[str]:
    """Return the columns that are scores, the model's own first."""
    others = [name for name in judged.columns if name not in _PLAIN and name != "score"]
    return ("score", *others)
