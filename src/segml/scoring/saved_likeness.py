"""A likeness that was saved under a name: a score, with whom it speaks of.

It is plain data, written as one JSON document; the digest of that document names the version
wherever its scores are stored. Law kept: the same document gives the same scores for the same rows.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.errors import WorkspaceError
from segml.core.features import Feature, Score
from segml.core.tables import CustomerId, Kind
from segml.rules.pins import without
from segml.scoring.likeness import Likeness
from segml.scoring.mixtures import Counts

FORMAT: Final = 1


@dataclass(frozen=True)
class SavedLikeness:
    """One version of a saved likeness.

    Attributes
    ----------
    name
        Of the segment that it was saved for.
    as_of
        It was learned from what was known before this day, so it may score this day and later ones.
    likeness
        What was learned.
    inputs
        By field that it looks at, the digest of how that field is computed.
    counts
        Columns of order lines whose words it counts, by the name of the mixture.
    population
        Of whom it speaks: a rule in wire form. The seeds' own rule, if they had one, is left out.
    segments
        The wire rule of every segment that `population` refers to, as of the saving.
    seeds
        The seeds where they were a list, of whom it does not speak; empty where they had a rule.
    """

    name: str
    as_of: date
    likeness: Likeness
    inputs: Mapping[str, str]
    counts: Mapping[str, str]
    population: Mapping[str, Any]
    segments: Mapping[str, Any]
    seeds: tuple[CustomerId, ...]

    def scores(
        self, frame: pl.DataFrame, lines: Callable[[str], pl.DataFrame]
    ) -> NDArray[np.float64]:
        """Return how alike the seeds each customer is; see `likeness.Likeness.similarity`.

        Parameters
        ----------
        frame
            One row per customer with `inputs` in wire units.
        lines
            Gives ``row, thing, lines`` of the frame's rows by a column of order lines.
        """
        mixtures = self.likeness.axes.mixtures
        counts = {
            name: Counts.of_lines(lines(self.counts[name]), mixture.things, frame.height)
            for name, mixture in mixtures.items()
        }
        return self.likeness.similarity(frame, counts)

    def without(self, customers: frozenset[str]) -> "SavedLikeness":
        """Return the same likeness, in which nobody of `customers`, ids as texts, is named.

        What was learned stays: it says what the seeds had in common, not who they were.
        """
        return replace(
            self,
            population=without(self.population, customers),
            segments={name: without(rule, customers) for name, rule in self.segments.items()},
            seeds=tuple(one for one in self.seeds if str(one) not in customers),
        )

    @cached_property
    def document(self) -> str:
        """Return the JSON document that a version is kept as."""
        plain = {
            "format": FORMAT,
            "name": self.name,
            "as_of": self.as_of.isoformat(),
            "likeness": self.likeness.as_json(),
            "inputs": dict(self.inputs),
            "counts": dict(self.counts),
            "population": self.population,
            "segments": dict(self.segments),
            "seeds": list(self.seeds),
        }
        return json.dumps(plain, sort_keys=True)

    @cached_property
    def digest(self) -> str:
        """Return 16 hexadecimal digits that name what was saved."""
        return hashlib.sha256(self.document.encode()).hexdigest()[:16]

    @classmethod
    def from_document(cls, document: str) -> "SavedLikeness":
        """Return the likeness in a document; `WorkspaceError` when it is none that can be read."""
        try:
            plain = json.loads(document)
            if plain.pop("format") != FORMAT:
                raise ValueError(f"its format is not {FORMAT}")
            plain["as_of"] = date.fromisoformat(plain["as_of"])
            plain["likeness"] = Likeness.from_json(plain["likeness"])
            plain["seeds"] = tuple(plain["seeds"])
            return cls(**plain)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WorkspaceError(f"This is no likeness that can be read ({error!r}).") from None


def field_of(name: str) -> str:
    """Return the field that a likeness saved for a segment fills."""
    return f"similar_to_{name.replace('-', '_')}"


def feature_of(name: str) -> Feature:
    """Return that field as rules name it."""
    return Feature(
        field_of(name),
        Kind.NUMBER,
        Score(name),
        "Predictive",
        f"similarity to {name}",
        "How much a guest resembles the seeds of this lookalike, in standard deviations above the "
        "average guest; unknown for the seeds and for who may not be found.",
    )
