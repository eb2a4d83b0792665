"""The rule that fits a list best: a beam search over conjunctions of a few conditions.

A rule is worth its F1, the harmonic mean of precision and coverage (van Rijsbergen, Information
Retrieval, 1979), and every condition has to earn its place. After a first conjunction others are
looked for that find whom it leaves out; then thresholds move to where they fit best, as far as
that is worth an odd number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segml.engine.bitmaps import Words
from segml.scoring.conditions import FieldFrame, Mask, Wire, candidates, round_threshold

Conjunction = tuple[Wire, ...]

_BEAM: Final = 12
_MOST_CONDITIONS: Final = 4
_MOST_WAYS: Final = 3  # conjunctions joined by "or"
_EARNED: Final = 0.01  # of F1, by every condition
_EARNED_BY_WAY: Final = 0.03  # of F1, by every conjunction after the first
_ROUNDING: Final = 0.003  # of F1, given up for a rounder number


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Customers that rules are fitted to, each standing for `weights` of them.

    Attributes
    ----------
    customers
        Their fields.
    listed
        Who is on the list.
    weights
        More than 1 where only a part was drawn.
    """

    customers: FieldFrame
    listed: Mask
    weights: NDArray[np.float64]

    def worth(self, selected: Mask) -> float:
        """Return the F1 of a selection."""
        found = self.weights[selected & self.listed].sum()
        return float(2 * found / (self.weights[selected].sum() + self.weights[self.listed].sum()))

    def selected(self, ways: Sequence[Conjunction]) -> Mask:
        """Return whom at least one conjunction selects."""
        found = np.zeros(len(self.listed), dtype=bool)
        for way in ways:
            found |= self.customers.holds(list(way)).all(axis=0)
        return found


def best_ways(evidence: Evidence) -> list[Conjunction]:
    """Return up to three conjunctions that together fit the list best; none if nothing does."""
    board = _Board.of(evidence)
    ways: list[Conjunction] = []
    selected = evidence.selected(ways)
    while len(ways) < _MOST_WAYS and (evidence.listed & ~selected).any():
        least = evidence.worth(selected) + (_EARNED_BY_WAY if ways else 0)
        more = [*ways, board.best(selected)]
        if evidence.worth(evidence.selected(more)) <= least:
            break
        ways = _adjusted(evidence, more)
        selected = evidence.selected(ways)
    return ways


@dataclass(frozen=True, slots=True, eq=False)
class _Partial:
    """A conjunction on its way, and whom it selects of those who are still free."""

    conditions: tuple[int, ...]
    inside: Words
    outside: Words


@dataclass(frozen=True, slots=True, eq=False)
class _Board:
    """All candidates as bitmaps: over the listed customers and over the others.

    Customers of a side all have the same weight.
    """

    wires: list[Wire]
    listed: Mask
    inside: NDArray[np.uint64]
    outside: NDArray[np.uint64]
    weight_inside: float
    weight_outside: float

    @classmethod
    def of(cls, evidence: Evidence) -> "_Board":
        listed, weights = evidence.listed, evidence.weights
        wires, held = candidates(evidence.customers, listed)
        return cls(
            wires,
            listed,
            _packed(held[:, listed]),
            _packed(held[:, ~listed]),
            float(weights[listed].max(initial=1)),
            float(weights[~listed].max(initial=1)),
        )

    def best(self, taken: Mask) -> Conjunction:
        """Return the conjunction that is worth the most among the customers not `taken` yet."""
        whole = self.weight_inside * float((self.listed & ~taken).sum())
        free = (_packed(~taken[mask][None])[0] for mask in (self.listed, ~self.listed))
        beam = [_Partial((), *free)]
        best, most = beam[0], -np.inf
        for many in range(1, _MOST_CONDITIONS + 1):
            grown: dict[tuple[float, float], tuple[float, _Partial, int]] = {}
            for partial in beam:
                hits = self.weight_inside * _sizes(self.inside & partial.inside)
                misses = self.weight_outside * _sizes(self.outside & partial.outside)
                worth = 2 * hits / (hits + misses + whole)
                for place in np.argsort(-worth, kind="stable")[:_BEAM].tolist():
                    # The same numbers are the same customers, as good as always.
                    key = (float(hits[place]), float(misses[place]))
                    grown.setdefault(key, (float(worth[place]), partial, place))
            ordered = sorted(grown.values(), key=lambda one: -one[0])[:_BEAM]
            beam = [self._with(partial, place) for _, partial, place in ordered]
            if ordered and ordered[0][0] - _EARNED * many > most:
                best, most = beam[0], ordered[0][0] - _EARNED * many
        return tuple(self.wires[place] for place in best.conditions)

    def _with(self, partial: _Partial, place: int) -> _Partial:
        return _Partial(
            (*partial.conditions, place),
            partial.inside & self.inside[place],
            partial.outside & self.outside[place],
        )


def _packed(held: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return each row as a bitmap."""
    padded = np.zeros((len(held), -(-held.shape[1] // 64) * 8), dtype=np.uint8)
    bits = np.packbits(held, axis=1, bitorder="little")
    padded[:, : bits.shape[1]] = bits
    return padded.view(np.uint64)


def _sizes(sets: NDArray[np.uint64]) -> NDArray[np.int64]:
    sizes: NDArray[np.int64] = np.bitwise_count(sets).sum(axis=1, dtype=np.int64)
    return sizes


def _adjusted(evidence: Evidence, ways: list[Conjunction]) -> list[Conjunction]:
    """Return the conjunctions with each threshold where it fits best beside all the rest."""
    for _ in range(2):  # a threshold that moved may let another move
        for place in range(len(ways)):
            way = ways[place]
            taken = evidence.selected(ways[:place] + ways[place + 1 :])
            for index, wire in enumerate(way):
                if wire["operator"] in (">=", "<"):
                    others = evidence.selected([way[:index] + way[index + 1 :]])
                    way = (*way[:index], _moved(evidence, wire, others, taken), *way[index + 1 :])
            ways = [*ways[:place], way, *ways[place + 1 :]]
    return ways


def _moved(evidence: Evidence, wire: Wire, others: Mask, taken: Mask) -> Wire:
    """Return a condition with the roundest of its best thresholds.

    Parameters
    ----------
    evidence
        Customers.
    wire
        ``>=`` or ``<`` a threshold.
    others
        For whom the other conditions of the conjunction hold.
    taken
        Whom other conjunctions select.
    """
    values = evidence.customers.numbers(wire["field"])
    rows = np.flatnonzero(others & ~taken & ~np.isnan(values))
    distinct, place = np.unique(values[rows], return_inverse=True)
    if len(distinct) < 2:
        return wire
    weights, listed = evidence.weights, evidence.listed
    right = np.bincount(place, weights[rows] * listed[rows], len(distinct))
    every = np.bincount(place, weights[rows], len(distinct))
    below = (np.cumsum(right)[:-1], np.cumsum(every)[:-1])  # under each cut between two values
    hits, size = (
        below if wire["operator"] == "<" else (right.sum() - below[0], every.sum() - below[1])
    )
    whole = weights[listed].sum() + weights[taken].sum()
    worth = 2 * (hits + weights[taken & listed].sum()) / (size + whole)
    first, last = _around(worth, int(worth.argmax()))
    kind = evidence.customers.catalog.fields[wire["field"]].kind
    threshold = round_threshold(float(distinct[first]), float(distinct[last + 1]), kind)
    return {**wire, "value": threshold}


def _around(worth: NDArray[Any], best: int) -> tuple[int, int]:
    """Return the first and last of the cuts around the best that are about as good."""
    short = np.flatnonzero(worth < worth[best] - _ROUNDING)
    before, after = short[short < best], short[short > best]
    return (
        int(before[-1]) + 1 if len(before) else 0,
        int(after[0]) - 1 if len(after) else len(worth) - 1,
    )
