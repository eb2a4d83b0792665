"""Every seed judged by scores that were learned without it.

Seeds are dealt into folds, again and again; each fold is hidden among the candidates, and a score
learned from the others has to find it. What a hidden seed's place is worth is `lift.worth`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segml.scoring.lift import Places, places, places_within, worth
from segml.scoring.likeness import grown, linear
from segml.scoring.normal_scores import Points

PENALTIES: Final = (30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03)
_FOLDS: Final = 5
_JUDGEMENTS: Final = 500  # of hidden seeds, over which repetitions are spread
_MOST_REPEATS: Final = 3


@dataclass(frozen=True, slots=True)
class Way:
    """One way to learn a likeness: with so much penalty, with or without trees."""

    penalty: float
    trees: bool


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """How every way found the seeds that were hidden from it.

    Attributes
    ----------
    ways
        From the steadiest to the most flexible; those with trees first, where there are some.
    places, within
        By way, repetition and seed: a seed's place among all candidates, and among those who are
        as active as it.
    folds
        By repetition and seed: which fold it was in.
    """

    ways: tuple[Way, ...]
    places: Places
    within: Places
    folds: NDArray[np.int64]

    @property
    def best(self) -> Way:
        """Return the way to learn from all seeds."""
        return self.ways[_steadiest(worth(self.places).mean(axis=1))]

    def judged(self, found: Places) -> Places:
        """Return the seeds' places, each under the way that the other folds would choose.

        So the choice of the way is part of what is judged, and no seed has a say in its own.
        """
        value = worth(self.places)
        chosen = np.empty(found.shape[1:])
        for repeat, fold in product(range(len(self.folds)), range(_FOLDS)):
            hidden = self.folds[repeat] == fold
            if hidden.any():
                way = _steadiest(value[:, repeat, ~hidden])
                chosen[repeat, hidden] = found[way, repeat, hidden]
        return chosen


def _steadiest(value: NDArray[np.float64]) -> int:
    """Return the first way whose value (by way and seed) is not clearly below the best's.

    Clearly: by more than half a standard error of the difference, seed by seed; the whole one of
    Breiman et al. (Classification and Regression Trees, 1984, 3.4.3) is too timid for 10 seeds.
    """
    best = int(value.mean(axis=1).argmax())
    short = value[best] - value
    error = short.std(axis=1, ddof=1) / np.sqrt(value.shape[1])
    return int((short.mean(axis=1) <= error / 2).argmax())


def trial(
    points: Points,
    seeds: NDArray[np.bool_],
    tenths: NDArray[np.int64],
    *,
    trees: bool,
    seed: int,
) -> Trial:
    """Return how well each way finds hidden seeds.

    Parameters
    ----------
    points
        Where seeds and candidates stand.
    seeds
        Which of them are seeds.
    tenths
        The tenth by activity of each.
    trees
        Whether ways with trees are tried.
    seed
        Of the folds and the trees.
    """
    random = np.random.default_rng(seed)
    own = np.flatnonzero(seeds)
    many = len(own)
    repeats = min(max(_JUDGEMENTS // many, 1), _MOST_REPEATS)
    folds = np.array([random.permutation(many) % _FOLDS for _ in range(repeats)])
    # A mean of two scores that see differently is steadier than either, so trees stay unless the
    # hidden seeds speak against them.
    ways = tuple(Way(p, t) for t in ((True, False) if trees else (False,)) for p in PENALTIES)
    found = np.empty((2, len(ways), repeats, many))
    for repeat, fold in product(range(repeats), range(_FOLDS)):
        hidden = folds[repeat] == fold
        learned = seeds.copy()
        learned[own[hidden]] = False
        for way, scores in enumerate(_scores(points, learned, ways, seed)):
            held, others = scores[own[hidden]], scores[~seeds]
            found[0, way, repeat, hidden] = places(held, others)
            found[1, way, repeat, hidden] = places_within(
                held, others, tenths[own[hidden]], tenths[~seeds]
            )
    return Trial(ways, found[0], found[1], folds)


def _scores(
    points: Points, learned: NDArray[np.bool_], ways: Sequence[Way], seed: int
) -> list[NDArray[np.float64]]:
    """Return the scores of all points under each way, learned from `learned`."""
    flat = {}
    for penalty in dict.fromkeys(way.penalty for way in ways):
        weights, centre = linear(points, learned, penalty)
        flat[penalty] = (points @ weights).astype(np.float64) - centre
    if not any(way.trees for way in ways):
        return [flat[way.penalty] for way in ways]
    branched = grown(points, learned, seed=seed).scores(points)
    return [(flat[w.penalty] + branched) / 2 if w.trees else flat[w.penalty] for w in ways]
