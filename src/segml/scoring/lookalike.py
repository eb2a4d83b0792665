"""A lookalike is the customers most like a segment, with proof that it finds seeds it never saw.

Law kept: beside every lift stand the lifts of chance and of the biggest spenders, and the lift
among equally active customers, without which a lookalike may be no more than a list of good ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from segml.core.errors import TooFewCustomers
from segml.core.markup import Html, bullets, joined, paragraph, strong, table
from segml.rules.catalog import Named
from segml.scoring.differences import Difference, differences
from segml.scoring.held_out import trial
from segml.scoring.lift import LiftCurve, chance_curve, deciles, lift_curve, places
from segml.scoring.likeness import Likeness, Scores, grown, linear
from segml.scoring.mixtures import Counts
from segml.scoring.normal_scores import NormalScores

FEWEST_SEEDS: Final = 10
FEW_SEEDS: Final = 30
FEWEST_CANDIDATES: Final = 100  # 1 % of them is one customer
# Fewer seeds cannot tell whether trees help. Above, they join unless hidden seeds speak against it:
# of the iFood campaigns' responders the mean of both finds more than either alone.
TREES_FROM: Final = 30
_MOST_SEEDS: Final = 5_000
_MOST_OTHERS: Final = 20_000
_USUAL: Final = 0.05  # the size that warnings speak of

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Lookalike:
    """How alike every customer is to some seeds, and how far that can be trusted.

    Attributes
    ----------
    likeness
        The fitted score, for later frames.
    similarity
        Its score of each row of the frame.
    candidates
        Which rows may be in the list.
    seeds
        How many seeds there were.
    curve
        How well seeds that were held out are found, by the size of the list.
    random, spenders
        The same for a random list, and for the candidates who spend the most.
    within_activity
        The same when each seed is compared only with candidates of its tenth by activity.
    differences
        What sets the seeds apart, the most telling first.
    warnings
        What to know before using the list, in sentences.
    """

    likeness: Likeness
    similarity: Scores
    candidates: Mask
    seeds: int
    curve: LiftCurve
    random: LiftCurve
    spenders: LiftCurve
    within_activity: LiftCurve
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...]

    def most_similar(self, size: float) -> NDArray[np.int64]:
        """Return the rows of the `size` (0 to 1) of the candidates who are most alike.

        The most alike first, equals in the order of the frame; as many as ``topPercent`` keeps.
        """
        rows = np.flatnonzero(self.candidates)
        order = np.argsort(-self.similarity[rows], kind="stable")
        return rows[order[: int(np.ceil(round(size * len(rows), 6)))]]

    def _repr_html_(self) -> Html:
        many = f" beside {int(self.candidates.sum()):,} customers who may be found"
        curve, others = self.curve, (self.within_activity, self.spenders, self.random)
        columns = ("lift of", "lookalike", "95 %", "equally active", "big spenders", "random")
        rows = (
            (
                f"{size:.0%}",
                f"{curve.lift[place]:.1f}",
                f"{curve.low[place]:.1f} to {curve.high[place]:.1f}",
                *(f"{one.lift[place]:.1f}" for one in others),
            )
            for place, size in enumerate(curve.sizes)
        )
        return joined(
            paragraph(strong(f"{self.seeds:,} seeds"), many),
            bullets(one.words for one in self.differences),
            table(columns, rows, numbers=columns[1:]),
            bullets(self.warnings),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What is looked at of some customers, a row each; see `lookalike`."""

    frame: pl.DataFrame
    spend: NDArray[Any]
    activity: NDArray[Any]
    counts: Mapping[str, Counts]


class Crowd(Protocol):
    """Customers who may be too many to be looked at all at once."""

    def some(self, rows: NDArray[np.int64]) -> Sample:
        """Return what is looked at of some of them."""

    def similarity(self, likeness: Likeness) -> Scores:
        """Return how alike the seeds everybody is."""


def lookalike(
    frame: pl.DataFrame,
    seeds: Mask,
    candidates: Mask | None = None,
    *,
    spend: NDArray[Any],
    activity: NDArray[Any],
    counts: Mapping[str, Counts] | None = None,
    fields: Mapping[str, Named] | None = None,
    seed: int = 0,
) -> Lookalike:
    """Return who is most like the seeds.

    Parameters
    ----------
    frame
        One row per customer, a column per field in wire units; ``customer_id`` is not looked at.
    seeds
        The rows to find more of.
    candidates
        The rows that may be found; everybody without it. Seeds are never candidates.
    spend
        What each customer spent: the list of the biggest spenders is the one to beat.
    activity
        How active each customer is, such as the orders of the last year.
    counts
        What customers bought, by what is counted ("categories"); rows as in `frame`.
    fields
        The catalog's fields, for their words.
    seed
        Of every choice by lot.

    Raises
    ------
    TooFewCustomers
        With fewer than 10 seeds or 100 candidates, or where customers differ in nothing.
    """
    frame = frame.drop("customer_id", strict=False)
    crowd = _Together(frame, spend, activity, counts or {})
    return likened(crowd, seeds, candidates, fields=fields, seed=seed)


@dataclass(frozen=True, slots=True, eq=False)
class _Together(Sample):
    """A crowd that is one frame."""

    def some(self, rows: NDArray[np.int64]) -> Sample:
        few = {name: table.of(rows) for name, table in self.counts.items()}
        return Sample(self.frame[rows], self.spend[rows], self.activity[rows], few)

    def similarity(self, likeness: Likeness) -> Scores:
        return likeness.similarity(self.frame, self.counts)


def likened(
    crowd: Crowd,
    seeds: Mask,
    candidates: Mask | None = None,
    *,
    fields: Mapping[str, Named] | None = None,
    seed: int = 0,
) -> Lookalike:
    """Return who of a crowd is most like the seeds; see `lookalike`."""
    candidates = ~seeds if candidates is None else candidates & ~seeds
    _check(int(seeds.sum()), int(candidates.sum()))
    random = np.random.default_rng(seed)
    own = _some(seeds, _MOST_SEEDS, random)
    rows = np.sort(np.concatenate([own, _some(candidates, _MOST_OTHERS, random)]))
    inside, sample = seeds[rows], crowd.some(rows)
    axes = NormalScores.learned(sample.frame, sample.counts, seed=seed)
    if not axes.axes:
        raise TooFewCustomers("The customers differ in no field. Add fields in which they do.")
    points = axes.points(sample.frame, sample.counts)
    tenths = deciles(sample.activity, ~inside)
    # Many small fits: threads would wait for each other, and their number change last digits.
    with threadpool_limits(1, "blas"):
        tried = trial(points, inside, tenths, trees=len(own) >= TREES_FROM, seed=seed)
        weights, centre = linear(points, inside, tried.best.penalty)
    trees = grown(points, inside, seed=seed) if tried.best.trees else None
    likeness = Likeness(axes, weights, centre, tried.best.penalty, trees)
    curve = lift_curve(tried.judged(tried.places))
    spent = np.nan_to_num(sample.spend.astype(np.float64))
    spenders = lift_curve(places(spent[inside], spent[~inside])[None])
    within = lift_curve(tried.judged(tried.within))
    return Lookalike(
        likeness=likeness,
        similarity=crowd.similarity(likeness),
        candidates=candidates,
        seeds=int(seeds.sum()),
        curve=curve,
        random=chance_curve(len(own)),
        spenders=spenders,
        within_activity=within,
        differences=differences(axes, points, inside, sample.frame, sample.counts, fields or {}),
        warnings=_warnings(int(seeds.sum()), curve, spenders, within),
    )


def _check(seeds: int, candidates: int) -> None:
    if seeds < FEWEST_SEEDS:
        raise TooFewCustomers(
            f"A lookalike of {seeds} customers would be guesswork. Give at least {FEWEST_SEEDS}; "
            f"from {FEW_SEEDS} on it can be judged."
        )
    if candidates < FEWEST_CANDIDATES:
        raise TooFewCustomers(
            f"There are {candidates} candidates beside the seeds, too few to choose from. "
            f"Let at least {FEWEST_CANDIDATES} customers be found, or start from fewer seeds."
        )


def _some(mask: Mask, most: int, random: np.random.Generator) -> NDArray[np.int64]:
    rows = np.flatnonzero(mask)
    return rows if len(rows) <= most else random.choice(rows, most, replace=False)


def _warnings(
    seeds: int, curve: LiftCurve, spenders: LiftCurve, within: LiftCurve
) -> tuple[str, ...]:
    place = curve.sizes.index(_USUAL)
    told = []
    if seeds < FEW_SEEDS:
        told.append(
            f"Only {seeds} seeds: the list may change much with a few more. "
            f"From {FEW_SEEDS} seeds on it is steadier."
        )
    if curve.low[place] <= 1:
        told.append("The list may be no better than a random one.")
    if curve.lift[place] <= spenders.lift[place]:
        told.append("A list of the biggest spenders finds as many of the seeds.")
    if not within.low[place] > 1:
        told.append("Among equally active customers it may be no better than a random list.")
    return tuple(told)
