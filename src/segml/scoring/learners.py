"""The learners: each turns the rows of past nights into a logit for any row.

`LEARNERS` holds them by the name a declaration uses; a model averages the logits of several, which
was the steadiest of what was tried. Everything learned is plain data: no pickles.

* ``rfm_logistic``: a logistic regression on recency, frequency and money with all their squares and
  products. Very hard to beat, and the one to hold others to.
* ``rhythm_logistic``: the same with how regular a customer is, how late by that measure, and what a
  model of how customers buy foretells.
* ``trees``: LightGBM on every field of the declaration.
* ``anchored_trees``: LightGBM on what the rhythm logistic leaves over.
* ``buying_mixture``: what a model of how customers buy foretells (`buying.mixture`), as it is. It
  learns from order days instead of outcomes, so it errs otherwise than the rest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.scoring.basis import numbers, products
from segml.scoring.design import Design
from segml.scoring.log_odds import Floats

FORETOLD: Final = "buying_mixture"
_TREES: Final = {
    "objective": "binary",
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # the same bytes on every machine, and as fast where cores are shared
    "verbose": -1,
}
# Small trees: a customer is few numbers, and each night asks every tree of everybody. On top
# of an anchor there is less to find, so they dare less.
_GROWN: Final = {"num_leaves": 7, "learning_rate": 0.08, "lambda_l2": 10.0}
_ROUNDS: Final = 75
_ANCHORED: Final = {"num_leaves": 7, "learning_rate": 0.06, "lambda_l2": 100.0}
_ANCHORED_ROUNDS: Final = 40
_FEWEST_IN_LEAF: Final = 40
# Straight lines are believed before curves and interactions: their penalty is a ninth.
_RIDGE: Final = 0.3
_STRAIGHT: Final = 3.0


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
    def rfm_logistic(self) -> "Logistic":
        """Return the logistic regression on recency, frequency and money, every model's bar."""
        return Logistic.fit("rfm", self)

    @cached_property
    def rhythm_logistic(self) -> "Logistic":
        """Return the one that knows each customer's rhythm, too: a learner, and an anchor."""
        return Logistic.fit("rhythm", self)


@dataclass(frozen=True, slots=True)
class Logistic:
    """A quadratic logistic regression.

    Attributes
    ----------
    basis
        What it is quadratic in: a key of `basis.BASES`.
    design
        For the distance to the next tier, where the model is about tiers.
    mean, scale, weights
        One per term: by what it is centred and divided (its spread; a third of it for what is no
        product), and what it then weighs.
    bias
        Of the whole.
    """

    basis: str
    design: Design
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    @classmethod
    def fit(cls, basis: str, lesson: Lesson) -> "Logistic":
        """Return the maximum of the penalised likelihood: a ridge on standardised terms."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (loads slowly)

        columns = numbers(basis, lesson.frame, lesson.design)
        terms = products(columns)
        mean, scale = terms.mean(axis=0), terms.std(axis=0)
        scale[scale == 0] = 1.0
        scale[: columns.shape[1]] /= _STRAIGHT
        # Few terms, many rows.
        model = LogisticRegression(C=_RIDGE, solver="newton-cholesky")
        model.fit((terms - mean) / scale, lesson.label)
        return cls(
            basis,
            lesson.design,
            tuple(mean.tolist()),
            tuple(scale.tolist()),
            tuple(model.coef_[0].tolist()),
            float(model.intercept_[0]),
        )

    def logits(self, frame: pl.DataFrame) -> Floats:
        """Return the log-odds of the label, one per row."""
        terms = products(numbers(self.basis, frame, self.design))
        weights = np.array(self.weights) / np.array(self.scale)
        return np.asarray(terms @ weights + (self.bias - np.array(self.mean) @ weights))

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "basis": self.basis,
            "design": self.design.as_json(),
            "mean": list(self.mean),
            "scale": list(self.scale),
            "weights": list(self.weights),
            "bias": self.bias,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Logistic":
        """Return what `as_json` wrote."""
        mean, scale, weights = (tuple(plain[name]) for name in ("mean", "scale", "weights"))
        design = Design.from_json(plain["design"])
        return cls(plain["basis"], design, mean, scale, weights, plain["bias"])


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
    anchor: Logistic | None = None

    @classmethod
    def fit(cls, lesson: Lesson, anchor: Logistic | None = None) -> "Trees":
        """Return trees grown on the lesson; with an anchor, on what that leaves over."""
        import lightgbm  # noqa: PLC0415 (loads slowly)

        rows = lesson.design.matrix(lesson.frame)
        data = lightgbm.Dataset(
            rows,
            lesson.label.astype(np.float32),
            feature_name=list(lesson.design.names),
            init_score=None if anchor is None else anchor.logits(lesson.frame),
        )
        how, rounds = (_GROWN, _ROUNDS) if anchor is None else (_ANCHORED, _ANCHORED_ROUNDS)
        own = {"min_data_in_leaf": max(_FEWEST_IN_LEAF, len(rows) // 400), "seed": lesson.seed}
        booster = lightgbm.train(_TREES | how | own, data, rounds)
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
        anchor = None if plain["anchor"] is None else Logistic.from_json(plain["anchor"])
        return cls(Design.from_json(plain["design"]), plain["trees"], anchor)


@dataclass(frozen=True)
class Foretold:
    """What the design's model of buying foretells.

    Attributes
    ----------
    design
        With such a model.
    """

    design: Design

    def logits(self, frame: pl.DataFrame) -> Floats:
        """Return the log-odds of silence, one per row."""
        return self.design.silence(frame)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"design": self.design.as_json()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Foretold":
        """Return what `as_json` wrote."""
        return cls(Design.from_json(plain["design"]))


def _anchored(lesson: Lesson) -> Trees:
    return Trees.fit(lesson, lesson.rhythm_logistic)


LEARNERS: Final[Mapping[str, tuple[Callable[[Lesson], Learned], Callable[[Any], Learned]]]] = {
    "rfm_logistic": (lambda lesson: lesson.rfm_logistic, Logistic.from_json),
    "rhythm_logistic": (lambda lesson: lesson.rhythm_logistic, Logistic.from_json),
    "trees": (Trees.fit, Trees.from_json),
    "anchored_trees": (_anchored, Trees.from_json),
    FORETOLD: (lambda lesson: Foretold(lesson.design), Foretold.from_json),
}
"""By name: how to learn from a lesson, and how to read what was learned."""
