"""The learners: each turns the rows of past nights into a logit for any row.

`LEARNERS` holds them by the name a declaration uses; a model averages the logits of several, which
was the steadiest of what was tried. Everything learned is plain data: no pickles.

* ``rfm_logistic``: a logistic regression on recency, frequency and money with all their squares and
  products. Very hard to beat, and the one to hold others to.
* ``trees``: LightGBM on every field of the declaration.
* ``anchored_trees``: LightGBM on what the logistic regression leaves over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from segml.scoring.arrays import Numbers
from segml.scoring.design import Design

Floats = NDArray[np.float64]
_TREES: Final = {
    "objective": "binary",
    "learning_rate": 0.04,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # the same bytes on every machine, and as fast where cores are shared
    "verbose": -1,
}
# What the logistic regression is made of, so a declaration has to name them.
NEEDED: Final = (
    "order_days_total",
    "days_since_first_order",
    "days_since_last_order",
    "lifetime_spend",
    "orders_90d",
)
_ROUNDS: Final = 150
_ANCHORED_ROUNDS: Final = 80
_FEWEST_IN_LEAF: Final = 40
_SMALLEST: Final = 1e-9  # chance


def chance(logits: Floats) -> Floats:
    """Return log-odds as probabilities."""
    return np.asarray(expit(logits), dtype=np.float64)


def logit(chances: Numbers) -> Floats:
    """Return probabilities as log-odds; 0 and 1 as very small and very large ones."""
    inside = np.clip(chances, _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(inside) - np.log1p(-inside))


class Learned(Protocol):
    """What a learner has learned."""

    def logits(self, frame: pl.DataFrame) -> Floats:
        """Return the log-odds of the label, one per row."""

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""


@dataclass(frozen=True)
class Lesson:
    """What there is to learn from.

    Attributes
    ----------
    frame
        One row per customer and snapshot, with the fields of the declaration.
    label
        One truth value per row.
    design
        How rows become numbers.
    seed
        Of everything random.
    """

    frame: pl.DataFrame
    label: NDArray[np.bool_]
    design: Design
    seed: int

    @cached_property
    def rfm_logistic(self) -> "RfmLogistic":
        """Return the logistic regression, which is a learner, an anchor and a baseline."""
        return RfmLogistic.fit(self)


@dataclass(frozen=True, slots=True)
class RfmLogistic:
    """A quadratic logistic regression on recency, frequency and money.

    Attributes
    ----------
    design
        For the distance to the next tier, where the model is about tiers.
    mean, scale, weights
        One per term: by what it is centred and divided, and what it then weighs.
    bias
        Of the whole.
    """

    design: Design
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    @classmethod
    def fit(cls, lesson: Lesson) -> "RfmLogistic":
        """Return the maximum of the penalised likelihood (ridge, C = 1 on standardised terms)."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (loads slowly)

        terms = products(basics(lesson.frame, lesson.design))
        mean, scale = terms.mean(axis=0), terms.std(axis=0)
        scale[scale == 0] = 1.0
        model = LogisticRegression(solver="newton-cholesky")  # few terms, many rows
        model.fit((terms - mean) / scale, lesson.label)
        return cls(
            lesson.design,
            tuple(mean.tolist()),
            tuple(scale.tolist()),
            tuple(model.coef_[0].tolist()),
            float(model.intercept_[0]),
        )

    def logits(self, frame: pl.DataFrame) -> Floats:
        """Return the log-odds of the label, one per row."""
        terms = products(basics(frame, self.design))
        weights = np.array(self.weights) / np.array(self.scale)
        return np.asarray(terms @ weights + (self.bias - np.array(self.mean) @ weights))

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "design": self.design.as_json(),
            "mean": list(self.mean),
            "scale": list(self.scale),
            "weights": list(self.weights),
            "bias": self.bias,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "RfmLogistic":
        """Return what `as_json` wrote."""
        mean, scale, weights = (tuple(plain[name]) for name in ("mean", "scale", "weights"))
        return cls(Design.from_json(plain["design"]), mean, scale, weights, plain["bias"])


def basics(frame: pl.DataFrame, design: Design) -> Floats:
    """Return recency, frequency, age, money, pace and rhythm of every row on their own scales.

    Logarithms, since what doubles matters, not what is added.
    """
    x, first, last = (
        pl.col(name).cast(pl.Float64)
        for name in ("order_days_total", "days_since_first_order", "days_since_last_order")
    )
    gap = pl.when(x > 1).then((first - last) / (x - 1)).otherwise(first)
    columns = [
        x.log(),
        last.log(),
        first.log(),
        (pl.col("lifetime_spend") / x).clip(lower_bound=0).log1p(),
        pl.col("orders_90d").cast(pl.Float64).log1p(),
        (last / pl.max_horizontal(gap, 1.0)).log1p(),
        (x > 1).cast(pl.Float64),
    ]
    if design.tiers:
        lacking = design.to_next_tier().clip(lower_bound=0).log1p().fill_null(0.0)
        pace = pl.col("spend_90d").cast(pl.Float64).clip(lower_bound=0).log1p()
        columns += [lacking, pace]
    return frame.select(one.alias(f"{i}") for i, one in enumerate(columns)).to_numpy()


def products(columns: Floats) -> Floats:
    """Return the columns, their squares and their products."""
    wide = columns.shape[1]
    pairs = [(i, j) for i in range(wide) for j in range(i, wide)]
    return np.column_stack([columns, *(columns[:, i] * columns[:, j] for i, j in pairs)])


@dataclass(frozen=True)
class Trees:
    """Boosted trees, by themselves or on top of an anchor.

    Attributes
    ----------
    design
        How rows become numbers.
    text
        The trees as LightGBM writes them.
    anchor
        What the trees correct; LightGBM does not add it by itself.
    """

    design: Design
    text: str
    anchor: RfmLogistic | None = None

    @classmethod
    def fit(cls, lesson: Lesson, anchor: RfmLogistic | None = None) -> "Trees":
        """Return trees grown on the lesson; with an anchor, on what that leaves over."""
        import lightgbm  # noqa: PLC0415 (loads slowly)

        rows = lesson.design.matrix(lesson.frame)
        data = lightgbm.Dataset(
            rows,
            lesson.label.astype(np.float32),
            feature_name=list(lesson.design.names),
            init_score=None if anchor is None else anchor.logits(lesson.frame),
        )
        leaves = {"num_leaves": 15, "min_data_in_leaf": max(_FEWEST_IN_LEAF, len(rows) // 400)}
        rounds = _ROUNDS if anchor is None else _ANCHORED_ROUNDS
        booster = lightgbm.train(_TREES | leaves | {"seed": lesson.seed}, data, rounds)
        return cls(lesson.design, booster.model_to_string(), anchor)

    @cached_property
    def booster(self) -> Any:
        """Return the trees, ready to be asked."""
        import lightgbm  # noqa: PLC0415

        return lightgbm.Booster(model_str=self.text)

    def logits(self, frame: pl.DataFrame) -> Floats:
        """Return the log-odds of the label, one per row."""
        rows = self.design.matrix(frame)
        found: Floats = self.booster.predict(rows, raw_score=True, num_threads=1)
        return found if self.anchor is None else found + self.anchor.logits(frame)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        anchor = None if self.anchor is None else self.anchor.as_json()
        return {"design": self.design.as_json(), "trees": self.text, "anchor": anchor}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Trees":
        """Return what `as_json` wrote."""
        anchor = None if plain["anchor"] is None else RfmLogistic.from_json(plain["anchor"])
        return cls(Design.from_json(plain["design"]), plain["trees"], anchor)


def _rfm_logistic(lesson: Lesson) -> RfmLogistic:
    return lesson.rfm_logistic


def _anchored(lesson: Lesson) -> Trees:
    return Trees.fit(lesson, lesson.rfm_logistic)


LEARNERS: Final[Mapping[str, tuple[Callable[[Lesson], Learned], Callable[[Any], Learned]]]] = {
    "rfm_logistic": (_rfm_logistic, RfmLogistic.from_json),
    "trees": (Trees.fit, Trees.from_json),
    "anchored_trees": (_anchored, Trees.from_json),
}
"""By name: how to learn from a lesson, and how to read what was learned."""
