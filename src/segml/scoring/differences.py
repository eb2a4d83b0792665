"""What sets some customers apart from the others, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, assert_never

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.tables import Kind
from segml.rules.catalog import Named
from segml.rules.describe import value_words
from segml.scoring.mixtures import Counts
from segml.scoring.normal_scores import Axis, NormalScores, Points, Reads, words_held

_MOST: Final = 6
_CERTAIN: Final = 3.0  # standard errors
_SAME: Final = 0.8  # correlation from which two axes tell the same


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the seeds differ from the others.

    Attributes
    ----------
    field
        The field, or the name of the counts.
    words
        "share of lunch orders is higher: 70 % against 20 %".
    size
        The difference of the means in standard deviations; negative where seeds have less.
    """

    field: str
    words: str
    size: float


def differences(
    axes: NormalScores,
    points: Points,
    seeds: NDArray[np.bool_],
    frame: pl.DataFrame,
    counts: Mapping[str, Counts],
    fields: Mapping[str, Named],
) -> tuple[Difference, ...]:
    """Return up to six differences between seeds and the others, the largest first.

    Those that chance explains are left out (below three standard errors), and of those that tell
    the same (correlated by 0.8 or more, or of one field) all but the largest.

    Parameters
    ----------
    axes, points
        Where customers stand.
    seeds
        Which of them are seeds.
    frame, counts
        What the points were made of, rows alike.
    fields
        The catalog's fields, for their words.
    """
    apart = points[seeds].mean(axis=0, dtype=np.float64) - points[~seeds].mean(axis=0)
    told: list[Difference] = []
    for place in _distinct(axes.axes, points, apart):
        if abs(apart[place]) * np.sqrt(seeds.sum()) < _CERTAIN or len(told) == _MOST:
            break
        axis = axes.axes[place]
        if axis.reads is Reads.PART:
            words = _thing(axis.field, counts[axis.field], seeds)
        else:
            named = fields.get(axis.field) or _unlisted(axis.field, frame[axis.field])
            words = _words(axis, named, frame[axis.field], seeds, float(apart[place]))
        told.append(Difference(axis.field, words, float(apart[place])))
    return tuple(told)


def _distinct(axes: tuple[Axis, ...], points: Points, apart: NDArray[np.float64]) -> Iterator[int]:
    """Yield axes by the size of the difference, passing over those that tell what was told."""
    alike = np.abs(np.corrcoef(points, rowvar=False).reshape(len(axes), len(axes)))
    told: list[int] = []
    for place in np.argsort(-np.abs(apart), kind="stable").tolist():
        fields = {axes[other].field for other in told}
        if axes[place].field not in fields and not (alike[place, told] >= _SAME).any():
            told.append(place)
            yield place


def _unlisted(name: str, values: pl.Series) -> Named:
    """Return words for a column that the catalog does not know."""
    match values.dtype:
        case pl.Boolean:
            kind = Kind.BOOLEAN
        case pl.Date:
            kind = Kind.DATE
        case _:
            kind = Kind.NUMBER
    return Named(name, kind, name.replace("_", " "))


def _words(
    axis: Axis, named: Named, values: pl.Series, seeds: NDArray[np.bool_], apart: float
) -> str:
    match axis.reads:
        case Reads.KNOWN:
            return f"{named.label} is known: {_shares(values.is_not_null(), seeds)}"
        case Reads.WORD:
            held = pl.Series(words_held(values, [axis.word])[:, 0])
            verb = "has" if values.dtype == pl.List else "is"
            return f"{named.label} {verb} “{axis.word}”: {_shares(held, seeds)}"
        case Reads.VALUE if named.kind is Kind.BOOLEAN:
            return f"{named.label} is yes: {_shares(values.fill_null(value=False), seeds)}"
        case Reads.VALUE:
            later = ("later", "earlier") if named.kind is Kind.DATE else ("higher", "lower")
            middle = [_middle(named, values.filter(mask)) for mask in (seeds, ~seeds)]
            return f"{named.label} is {later[apart < 0]}: {middle[0]} against {middle[1]}"
        case Reads.PART:
            raise AssertionError("a part is told by its things")
    assert_never(axis.reads)


def _middle(named: Named, values: pl.Series) -> str:
    """Return the median in words; `values` are in wire units."""
    middle: Any = values.median() if named.kind is Kind.DATE else values.cast(pl.Float64).median()
    if middle is None:
        return "unknown"
    if isinstance(middle, float):
        middle = round(middle, 2)
        return value_words(
            replace(named, scale=0), int(middle) if middle == int(middle) else middle
        )
    return value_words(named, middle)


def _shares(held: pl.Series, seeds: NDArray[np.bool_]) -> str:
    inside, others = (float(held.filter(mask).cast(pl.Float64).mean()) for mask in (seeds, ~seeds))  # type: ignore[arg-type]
    return f"{inside:.0%} against {others:.0%}".replace("%", " %")


def _thing(name: str, counts: Counts, seeds: NDArray[np.bool_]) -> str:
    """Return the thing whose share differs the most, in words."""
    totals = counts.rows.sum(axis=1)
    shares = counts.rows.toarray() / np.where(totals > 0, totals, 1)[:, None]
    means = [shares[mask & (totals > 0)].mean(axis=0) for mask in (seeds, ~seeds)]
    spread = shares.std(axis=0)
    apart = (means[0] - means[1]) / np.where(spread > 0, spread, 1)
    most = int(np.abs(apart).argmax())
    inside, others = (f"{mean[most]:.0%}".replace("%", " %") for mean in means)
    more = "more" if apart[most] > 0 else "less"
    return f"{name}: {more} “{counts.things[most]}”, {inside} of all against {others}"
