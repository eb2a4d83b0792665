"""A likeness is a score: how much a customer resembles some others, the seeds.

It is learned from seeds against everybody else, who are not known *not* to belong (positive and
unlabelled; Elkan and Noto, KDD 2008: the order of the scores needs no more). A logistic model on
normal scores, with a ridge, tends to the plain difference of means as the penalty grows, and to
Fisher's discriminant as it falls. Where the evidence carries them, trees are averaged in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from segml.scoring.mixtures import Counts
from segml.scoring.normal_scores import NormalScores, Points

_CHUNK: Final = 262_144  # customers scored at a time
_DIGITS: Final = 6  # of a similarity: beyond them processors differ
_ROUNDS: Final = 100
_TREES: Final = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 7,
    "min_data_in_leaf": 10,
    "lambda_l2": 10.0,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trees:
    """Boosted trees over points; `centre` and `spread` are those of their scores of everybody."""

    booster: str
    centre: float
    spread: float

    def scores(self, points: Points) -> Scores:
        """Return the standardised score of each point."""
        raw = lgb.Booster(model_str=self.booster).predict(points, raw_score=True, num_threads=1)
        return (np.asarray(raw, dtype=np.float64) - self.centre) / self.spread


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """A fitted likeness, which scores any later frame with the same columns.

    Attributes
    ----------
    axes
        What it looks at.
    weights
        One per axis, of standardised points; the scores of everybody else have variance 1.
    centre
        The mean of the weighted points of everybody else, taken off.
    penalty
        Of the ridge; scikit-learn's ``C`` is 1 / (penalty * seeds).
    trees
        Averaged with the linear score, where there are some.
    """

    axes: NormalScores
    weights: NDArray[np.float32]
    centre: float
    penalty: float
    trees: Trees | None = None

    def similarity(self, frame: pl.DataFrame, counts: Mapping[str, Counts] | None = None) -> Scores:
        """Return how alike the seeds each customer is.

        In standard deviations above the average of the customers who were not seeds when it was
        learned; where trees take part, of the mean of the two scores.

        Parameters
        ----------
        frame
            One row per customer, with the columns ``axes.fields``.
        counts
            Those it was learned from, rows as in `frame`.
        """
        found = np.empty(frame.height)
        for start in range(0, frame.height, _CHUNK):
            rows = slice(start, start + _CHUNK)
            some = {name: table.of(rows) for name, table in (counts or {}).items()}
            found[rows] = self.scores(self.axes.points(frame[rows], some))
        return found.round(_DIGITS)

    def scores(self, points: Points) -> Scores:
        """Return the similarity of customers at `points`."""
        # Not `@`: its last digits depend on how many customers are asked of at a time.
        weighted: Scores = np.einsum("ij,j->i", points, self.weights).astype(np.float64)
        linear = weighted - self.centre
        return linear if self.trees is None else (linear + self.trees.scores(points)) / 2

    def as_json(self) -> dict[str, Any]:
        """Return the likeness as plain data."""
        trees = self.trees
        return {
            "axes": self.axes.as_json(),
            "weights": self.weights.tolist(),
            "centre": self.centre,
            "penalty": self.penalty,
            "trees": trees and {name: getattr(trees, name) for name in Trees.__slots__},
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Likeness":
        """Return the likeness that `as_json` wrote; it gives the same scores."""
        return cls(
            NormalScores.from_json(plain["axes"]),
            np.array(plain["weights"], dtype=np.float32),
            plain["centre"],
            plain["penalty"],
            plain["trees"] and Trees(**plain["trees"]),
        )


def linear(points: Points, seeds: NDArray[np.bool_], penalty: float) -> tuple[Points, float]:
    """Return the weights and the centre of the linear score.

    Parameters
    ----------
    points
        Where seeds and everybody else stand.
    seeds
        Which of them are seeds.
    penalty
        Of the ridge, for each seed: so one penalty means the same for few seeds and many, and the
        number of the others does not matter.
    """
    model = LogisticRegression(C=1 / (penalty * seeds.sum()), solver="newton-cholesky")
    weights = model.fit(points, seeds).coef_[0].astype(np.float32)
    others = points[~seeds] @ weights
    spread = others.std() or 1.0
    return weights / spread, float(others.mean() / spread)


def grown(points: Points, seeds: NDArray[np.bool_], *, seed: int) -> Trees:
    """Return boosted trees that tell seeds from everybody else; the same for the same `seed`."""
    data = lgb.Dataset(points, seeds.astype(np.int8), params={"verbose": -1, "max_bin": 63})
    booster = lgb.train(_TREES | {"seed": seed}, data, _ROUNDS)
    others = np.asarray(booster.predict(points[~seeds], raw_score=True, num_threads=1))
    return Trees(booster.model_to_string(), float(others.mean()), float(others.std()) or 1.0)
