"""A trained model: what was learned, from what, until when, and what may be claimed of it.

It is plain data, written as one JSON document; the digest of that document is the version's name
wherever scores are stored. Law kept: the same document gives the same scores for the same rows.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl

from segml.core.errors import WorkspaceError
from segml.scoring.design import Design
from segml.scoring.ladder import OwnRhythm
from segml.scoring.learners import LEARNERS, Learned
from segml.scoring.log_odds import Floats, chance
from segml.scoring.silence import Buying

FORMAT: Final = 1
_READERS: Final = {
    **{name: read for name, (_, read) in LEARNERS.items()},
    "buying": Buying.from_json,
    "rhythm": OwnRhythm.from_json,
}
_DIGITS: Final = 6  # of a score: beyond them processors differ


@dataclass(frozen=True)
class Model:
    """One version of a model.

    Attributes
    ----------
    name, title, field, label, horizon, population
        As declared; see `spec.ModelSpec`.
    as_of
        It was taught by what was known before this day, so it may score this day and later ones.
    rung
        How much there was to learn from: a key of `ladder.RUNGS`.
    inputs
        By field that it looks at, the digest of how that field is computed.
    left_out
        Declared fields that told nobody apart.
    snapshots
        The past nights that it was taught on.
    learned
        By learner, what it learned.
    weights
        By learner, its share in the mean of their log-odds; they add up to 1.
    shift
        What is added to that mean.
    threshold
        Where its segment begins.
    certificate
        What may be promised of that segment, as `certify` says it; empty when nothing may.
    """

    name: str
    title: str
    field: str
    label: str
    horizon: int
    population: Mapping[str, Any]
    as_of: date
    rung: str
    inputs: Mapping[str, str]
    left_out: tuple[str, ...]
    snapshots: tuple[date, ...]
    learned: Mapping[str, Learned]
    weights: Mapping[str, float]
    shift: float
    threshold: float
    certificate: Mapping[str, Any]

    def logits(self, frame: pl.DataFrame) -> Floats:
        """Return the calibrated log-odds of the label, one per row."""
        found = np.full(frame.height, self.shift)
        if self._design is not None:
            frame = self._design.foretold(frame)
        for name, one in self.learned.items():
            found += self.weights[name] * one.logits(frame)
        return found

    def scores(self, frame: pl.DataFrame) -> Floats:
        """Return the calibrated probability of the label, one per row with `inputs`."""
        return np.round(chance(self.logits(frame)), _DIGITS)

    @cached_property
    def _design(self) -> Design | None:
        """Return the design that the learners share; None where nothing was learned."""
        return next((one.design for one in self.learned.values() if hasattr(one, "design")), None)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "format": FORMAT,
            "name": self.name,
            "title": self.title,
            "field": self.field,
            "label": self.label,
            "horizon": self.horizon,
            "population": self.population,
            "as_of": self.as_of.isoformat(),
            "rung": self.rung,
            "inputs": dict(self.inputs),
            "left_out": list(self.left_out),
            "snapshots": [day.isoformat() for day in self.snapshots],
            "learned": {name: one.as_json() for name, one in self.learned.items()},
            "weights": dict(self.weights),
            "shift": self.shift,
            "threshold": self.threshold,
            "certificate": dict(self.certificate),
        }

    @cached_property
    def document(self) -> str:
        """Return the JSON document that a version is kept as."""
        return json.dumps(self.as_json(), sort_keys=True)

    @cached_property
    def digest(self) -> str:
        """Return 16 hexadecimal digits that name what was learned."""
        return hashlib.sha256(self.document.encode()).hexdigest()[:16]

    @classmethod
    def from_document(cls, document: str) -> "Model":
        """Return the model in a document; `WorkspaceError` when it is none that can be read."""
        try:
            plain = json.loads(document)
            if plain["format"] != FORMAT:
                raise ValueError(f"its format is {plain['format']}, not {FORMAT}")
            return cls._from_json(plain)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise WorkspaceError(
                f"This is no model that can be read ({error!r}). Train it again."
            ) from None

    @classmethod
    def _from_json(cls, plain: dict[str, Any]) -> "Model":
        learned = {name: _READERS[name](one) for name, one in plain.pop("learned").items()}
        del plain["format"]
        plain["as_of"] = date.fromisoformat(plain["as_of"])
        plain["snapshots"] = tuple(date.fromisoformat(day) for day in plain["snapshots"])
        plain["left_out"] = tuple(plain["left_out"])
        return cls(learned=learned, **plain)
