"""Customers as points: every field on axes where the average customer stands at 0.

An axis reads one number of a customer (a field's value, whether it is known, whether it holds a
word, a part of a mixture) and gives its normal score: the standard normal quantile of the number's
mid-rank among the customers it was learned from, centred and scaled to variance 1 (B. L. van der
Waerden, Proc. Kon. Ned. Akad. Wet. 55, 1952). So no unit, no outlier and no skew decides who is
alike. A missing value stands at 0, neither one side nor the other. The ranks are kept as knots,
between which new customers are interpolated; beyond the last knot nothing lies further.

To add a reading: one name in `Reads`, who has it in `_readings`, its number in `_read`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, assert_never

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from segml.core.predicates import folded
from segml.scoring.mixtures import Counts, Mixture

Points = NDArray[np.float32]

_MOST_KNOTS: Final = 128
_MOST_WORDS: Final = 20
_RAREST: Final = 0.01  # a share of customers; what fewer have says little about all the others


class Reads(StrEnum):
    """What an axis reads of a customer."""

    VALUE = "value"  # a number, the days of a date, 1 for yes
    KNOWN = "known"
    WORD = "word"  # the text is, or the list has
    PART = "part"  # of a mixture


@dataclass(frozen=True, slots=True)
class Axis:
    """One reading, and the normal scores of its values.

    Attributes
    ----------
    field, reads, word
        A field, or a mixture for a part; the word, or the number of the part.
    knots, scores
        Ascending values and their normal scores.
    """

    field: str
    reads: Reads
    word: str
    knots: tuple[float, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class NormalScores:
    """The axes that customers stand on.

    Attributes
    ----------
    axes
        In the order of the columns of `points`.
    mixtures
        By the name of the counts they are of.
    """

    axes: tuple[Axis, ...]
    mixtures: Mapping[str, Mixture]

    @classmethod
    def learned(
        cls, frame: pl.DataFrame, counts: Mapping[str, Counts], *, seed: int
    ) -> "NormalScores":
        """Return the axes on which the customers of `frame` differ.

        Parameters
        ----------
        frame
            One row per customer; numbers, dates, yes or no, texts, lists of texts.
        counts
            By name; rows as in `frame`.
        seed
            Of the singular vectors' start.
        """
        mixtures = {name: Mixture.learned(table, seed) for name, table in counts.items()}
        bare = [Axis(name, reads, word, (), ()) for name, reads, word in _readings(frame, mixtures)]
        read = cls(tuple(bare), mixtures)._read(frame, counts)
        axes, seen = [], set()
        for axis, values in zip(bare, read, strict=True):
            scored = _scored(axis, values)
            # What is unknown together is said once.
            same = values.tobytes() if axis.reads is Reads.KNOWN else None
            if scored is not None and (same is None or same not in seen):
                axes.append(scored)
            seen.add(same)
        return cls(tuple(axes), mixtures)

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the columns that a frame must have."""
        read = (axis.field for axis in self.axes if axis.reads is not Reads.PART)
        return tuple(dict.fromkeys(read))

    def points(self, frame: pl.DataFrame, counts: Mapping[str, Counts]) -> Points:
        """Return where customers stand: one row per customer, one column per axis."""
        found = np.zeros((frame.height, len(self.axes)), dtype=np.float32)
        for place, (axis, values) in enumerate(
            zip(self.axes, self._read(frame, counts), strict=True)
        ):
            scores = np.interp(values, axis.knots, axis.scores)
            found[:, place] = np.nan_to_num(scores, copy=False, nan=0.0)
        return found

    def _read(
        self, frame: pl.DataFrame, counts: Mapping[str, Counts]
    ) -> Iterator[NDArray[np.float64]]:
        """Yield each axis's number of every customer, NaN where missing."""
        parts = {name: mixture.parts(counts[name]) for name, mixture in self.mixtures.items()}
        words: dict[str, list[str]] = {}
        for axis in self.axes:
            if axis.reads is Reads.WORD:
                words.setdefault(axis.field, []).append(axis.word)
        held = {field: words_held(frame[field], asked) for field, asked in words.items()}
        for axis in self.axes:
            match axis.reads:
                case Reads.VALUE:
                    yield _numbers(frame[axis.field])
                case Reads.KNOWN:
                    yield _known(frame[axis.field]).astype(np.float64)
                case Reads.WORD:
                    place = words[axis.field].index(axis.word)
                    yield held[axis.field][:, place].astype(np.float64)
                case Reads.PART:
                    yield parts[axis.field][:, int(axis.word)]
                case _:
                    assert_never(axis.reads)

    def as_json(self) -> dict[str, Any]:
        """Return the axes as plain data."""
        return {
            "axes": [
                {
                    "field": axis.field,
                    "reads": axis.reads.value,
                    "word": axis.word,
                    "knots": list(axis.knots),
                    "scores": list(axis.scores),
                }
                for axis in self.axes
            ],
            "mixtures": {name: mixture.as_json() for name, mixture in self.mixtures.items()},
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "NormalScores":
        """Return the axes that `as_json` wrote."""
        axes = [
            Axis(a["field"], Reads(a["reads"]), a["word"], tuple(a["knots"]), tuple(a["scores"]))
            for a in plain["axes"]
        ]
        mixtures = {name: Mixture.from_json(one) for name, one in plain["mixtures"].items()}
        return cls(tuple(axes), mixtures)


def _readings(
    frame: pl.DataFrame, mixtures: Mapping[str, Mixture]
) -> Iterator[tuple[str, Reads, str]]:
    """Yield what there is to read: a field or mixture, how, and the word or number of the part."""
    for name, kind in frame.schema.items():
        yield name, Reads.KNOWN, ""
        if kind in (pl.List, pl.String):
            for word in common_words(frame[name]):
                yield name, Reads.WORD, word
        else:
            yield name, Reads.VALUE, ""
    for name, mixture in mixtures.items():
        for part in range(len(mixture.directions)):
            yield name, Reads.PART, str(part)


def common_words(texts: pl.Series) -> list[str]:
    """Return the up to 20 most common texts, or words of lists, as rules compare them.

    Those that fewer than 1 % of the rows have are left out; of equals the alphabetically first
    comes first.
    """
    # A list may hold a word twice.
    words = texts.list.unique().explode(empty_as_null=False) if texts.dtype == pl.List else texts
    distinct = words.drop_nulls().value_counts(name="rows")
    many: dict[str, int] = {}
    for word, rows in distinct.iter_rows():
        many[folded(word)] = many.get(folded(word), 0) + rows
    least = max(_RAREST * len(texts), 1)
    common = sorted((-rows, word) for word, rows in many.items() if rows >= least)
    return [word for _, word in common[:_MOST_WORDS]]


def words_held(texts: pl.Series, words: Sequence[str]) -> NDArray[np.bool_]:
    """Return a row per text or list and a column per word: whether it is the word, or has it.

    Words are folded, and compared with folded texts, as rules compare them.
    """
    held = np.zeros((len(texts), len(words)), dtype=bool)
    rows, elements = np.arange(len(texts)), texts
    if texts.dtype == pl.List:
        rows = np.repeat(rows, texts.list.len().fill_null(0).to_numpy())
        elements = texts.explode(empty_as_null=False, keep_nulls=False)
    places = {word: place for place, word in enumerate(words)}
    distinct = elements.drop_nulls().unique()
    wanted = [places.get(folded(text), -1) for text in distinct]
    found = elements.replace_strict(distinct, wanted, default=-1, return_dtype=pl.Int64).to_numpy()
    held[rows[found >= 0], found[found >= 0]] = True
    return held


def _numbers(values: pl.Series) -> NDArray[np.float64]:
    return values.to_physical().cast(pl.Float64).to_numpy()


def _known(values: pl.Series) -> NDArray[np.bool_]:
    known = values.is_not_null()
    return (known & values.is_not_nan() if values.dtype.is_float() else known).to_numpy()


def _scored(axis: Axis, values: NDArray[np.float64]) -> Axis | None:
    """Return the axis with its knots, or None where the customers do not differ."""
    known = values[~np.isnan(values)]
    distinct, many = np.unique(known, return_counts=True)
    if len(distinct) < 2 or len(known) - many.max() < _RAREST * len(values):
        return None
    normal = ndtri((np.cumsum(many) - many / 2) / len(known))
    normal -= np.average(normal, weights=many)
    normal /= np.sqrt(np.sum(many * normal**2) / len(values))
    if len(distinct) > _MOST_KNOTS:
        even = np.linspace(normal[0], normal[-1], _MOST_KNOTS)
        kept = np.unique(np.searchsorted(normal, even).clip(max=len(normal) - 1))
        distinct, normal = distinct[kept], normal[kept]
    return Axis(axis.field, axis.reads, axis.word, tuple(distinct.tolist()), tuple(normal.tolist()))
