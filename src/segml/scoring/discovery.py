"""Any list of customers as an editable rule, or the honest answer that there is none.

Half of the customers suggest a rule. Law kept: the other half, on which nothing was chosen, decides
whether it holds and says how well; a list drawn by lot gets a rule once in a hundred times at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import beta, hypergeom

from segml.core.markup import Html, joined, paragraph, strong, table
from segml.rules.catalog import Catalog, Named
from segml.rules.describe import sentence
from segml.rules.parse import parse
from segml.scoring.conditions import FieldFrame, Mask
from segml.scoring.rule_search import Conjunction, Evidence, best_ways

FEWEST_LISTED: Final = 20
RISK: Final = 0.01  # that any part of a rule is found in a list that has none
_MOST_LISTED: Final = 20_000
_MOST_OTHERS: Final = 40_000


@dataclass(frozen=True, slots=True)
class Share:
    """A share of customers, and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FoundRule:
    """A rule that describes a list.

    Attributes
    ----------
    wire
        A react-querybuilder group, as the builder opens it.
    sentence
        The rule in words.
    coverage
        Of the list, who has the rule; on the half that it was not learned from.
    precision
        Of those who have the rule, who is on the list; on the same half.
    base
        The share of all customers that is on the list.
    p_value
        Of the least certain of its parts, after Holm (1979).
    selected, missed, extra
        Customers who have the rule; who are on the list without it; who have it and are not.
    """

    wire: dict[str, Any]
    sentence: str
    coverage: Share
    precision: Share
    base: float
    p_value: float
    selected: int
    missed: int
    extra: int

    def _repr_html_(self) -> Html:
        shares = (
            ("of the list, have the rule", self.coverage),
            ("with the rule, on the list", self.precision),
        )
        return joined(
            paragraph(strong(self.sentence)),
            table(
                ("on the half it was not learned from", "share", "95 % interval"),
                (
                    (words, f"{one.value:.1%}", f"{one.low:.1%} to {one.high:.1%}")
                    for words, one in shares
                ),
            ),
        )


@dataclass(frozen=True, slots=True)
class NothingFound:
    """There is no rule that would hold; `reason` is a sentence for the person who asked."""

    reason: str

    def _repr_html_(self) -> Html:
        return paragraph(self.reason)


def rule_of_list(
    frame: pl.DataFrame, listed: Mask, fields: Mapping[str, Named], *, seed: int = 0
) -> FoundRule | NothingFound:
    """Return a short rule over fields that tells the customers of a list from the others.

    Parameters
    ----------
    frame
        One row per customer, fields in wire units; columns that are no available field are not
        looked at.
    listed
        Which rows are on the list.
    fields
        The catalog's fields.
    seed
        Of the halves.
    """
    for side, where in ((listed, "on the list"), (~listed, "beside the list")):
        if side.sum() < FEWEST_LISTED:
            return NothingFound(
                f"There are {side.sum()} customers {where}, too few to learn and confirm a rule: "
                f"it takes at least {FEWEST_LISTED}."
            )
    random = np.random.default_rng(seed)
    customers = FieldFrame.of(frame, fields)
    learned = _half(listed, random)
    ways = best_ways(_evidence(customers, listed, np.flatnonzero(learned), random))
    other = ~learned
    certain = _confirmed(customers.rows(other), listed[other], ways)
    if not certain:
        return NothingFound(
            "No rule over these fields tells the list from the other customers: what half of them "
            "suggests, the other half does not confirm."
        )
    wire = _joined([way for way, _ in certain])
    held = customers.holds([wire])[0]
    inside = int((held & listed & other).sum())
    return FoundRule(
        wire=wire,
        sentence=sentence(parse(wire, Catalog(fields, {}))),
        coverage=_share(inside, int((listed & other).sum())),
        precision=_share(inside, int((held & other).sum())),
        base=float(listed.mean()),
        p_value=max(p for _, p in certain),
        selected=int(held.sum()),
        missed=int((listed & ~held).sum()),
        extra=int((held & ~listed).sum()),
    )


def _half(listed: Mask, random: np.random.Generator) -> Mask:
    """Return a half of the list and of the others."""
    chosen = np.zeros(len(listed), dtype=bool)
    for side in (listed, ~listed):
        rows = random.permutation(np.flatnonzero(side))
        chosen[rows[: (len(rows) + 1) // 2]] = True
    return chosen


def _evidence(
    customers: FieldFrame, listed: Mask, rows: NDArray[np.int64], random: np.random.Generator
) -> Evidence:
    """Return what a rule is learned from; where customers abound, a part that stands for them."""
    sides = []
    for side, most in ((rows[listed[rows]], _MOST_LISTED), (rows[~listed[rows]], _MOST_OTHERS)):
        drawn = side if len(side) <= most else np.sort(random.choice(side, most, replace=False))
        sides.append((drawn, np.full(len(drawn), len(side) / len(drawn))))
    drawn, weights = (np.concatenate(parts) for parts in zip(*sides, strict=True))
    return Evidence(customers.rows(drawn), listed[drawn], weights)


def _confirmed(
    customers: FieldFrame, listed: Mask, ways: Sequence[Conjunction]
) -> list[tuple[Conjunction, float]]:
    """Return the conjunctions that hold on customers they were not learned from, with p-values.

    Each is tested by Fisher's exact test among those whom the ones before it do not select, and
    all of them together after Holm.
    """
    rest = np.ones(len(listed), dtype=bool)
    raw = []
    for way in ways:
        held = customers.holds(list(way)).all(axis=0) & rest
        hits = int((held & listed).sum())
        raw.append(float(hypergeom.sf(hits - 1, rest.sum(), (listed & rest).sum(), held.sum())))
        rest &= ~held
    adjusted = holm(raw)
    return [(way, p) for way, p in zip(ways, adjusted, strict=True) if p <= RISK]


def holm(raw: Sequence[float]) -> list[float]:
    """Return p-values that hold for all together (S. Holm, Scand. J. Stat. 6, 1979)."""
    adjusted = [0.0] * len(raw)
    reached = 0.0
    for place, index in enumerate(sorted(range(len(raw)), key=raw.__getitem__)):
        reached = max(reached, min((len(raw) - place) * raw[index], 1.0))
        adjusted[index] = reached
    return adjusted


def _joined(ways: Sequence[Conjunction]) -> dict[str, Any]:
    """Return the conjunctions as one group of the wire form."""
    groups: list[dict[str, Any]] = [
        {"combinator": "and", "rules": [dict(wire) for wire in way]} for way in ways
    ]
    if len(groups) == 1:
        return groups[0]
    plain = [group["rules"][0] if len(group["rules"]) == 1 else group for group in groups]
    return {"combinator": "or", "rules": plain}


def _share(part: int, whole: int) -> Share:
    """Return a share with the interval of Clopper and Pearson (1934)."""
    low = float(beta.ppf(0.025, part, whole - part + 1)) if part else 0.0
    high = float(beta.ppf(0.975, part + 1, whole - part)) if part < whole else 1.0
    return Share(part / whole if whole else 0.0, low, high)
