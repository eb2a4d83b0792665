"""What a change of rule does before it is saved: who enters, who leaves, and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from segml.core.markup import Html, joined, paragraph, strong, table
from segml.core.predicates import Predicate
from segml.engine import bitmaps
from segml.engine.bitmaps import Words
from segml.engine.explain import polarities
from segml.rules.criteria import Path, Rule
from segml.rules.describe import words


@dataclass(frozen=True, slots=True)
class Cause:
    """A condition, and how many of those who move it decides.

    Attributes
    ----------
    path, words
        The condition: of the new rule for those who leave, of the old for those who enter.
    customers
        How many of them it keeps out; one customer may be kept out by several conditions.
    """

    path: Path
    words: str
    customers: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Who moves when one rule takes another's place.

    Attributes
    ----------
    before, after
        Members under the old and the new rule.
    entered, left
        ``customer_id`` of those who would come and go, ascending.
    why_entered, why_left
        The conditions of the old rule that kept out those who enter, and of the new rule that
        keep out those who leave, the most telling first.
    """

    before: int
    after: int
    entered: pl.Series
    left: pl.Series
    why_entered: tuple[Cause, ...]
    why_left: tuple[Cause, ...]

    def _repr_html_(self) -> Html:
        entered, left = f"{len(self.entered):,} would enter", f"{len(self.left):,} would leave"
        causes = [("enters", cause) for cause in self.why_entered]
        causes += [("leaves", cause) for cause in self.why_left]
        return joined(
            paragraph(strong(f"{self.before:,} → {self.after:,}"), f" guests: {entered}, {left}."),
            table(
                ("who", "because of", "guests"),
                ((who, cause.words, cause.customers) for who, cause in causes),
                numbers=("guests",),
            ),
        )


def difference(
    old: Rule,
    new: Rule,
    as_of: date,
    members: Callable[[Predicate], Words],
    ids: Callable[[Words], pl.Series],
) -> Difference:
    """Return the difference between two rules.

    Parameters
    ----------
    old, new
        The rules.
    as_of
        When they are asked.
    members, ids
        Give the set that a predicate means, and the customers in a set.
    """
    was, now = members(old.lower(as_of)), members(new.lower(as_of))
    entered, left = now & ~was, was & ~now

    def causes(rule: Rule, movers: Words) -> tuple[Cause, ...]:
        wanted = polarities(rule.root)
        found: Sequence[Cause] = [
            Cause(leaf.path, words(leaf), _against(members(leaf.lower(as_of)), movers, wanted=wish))
            for leaf in rule.leaves()
            for wish in (wanted[leaf.path],)
        ]
        return tuple(sorted((c for c in found if c.customers), key=lambda cause: -cause.customers))

    return Difference(
        bitmaps.count(was),
        bitmaps.count(now),
        ids(entered),
        ids(left),
        causes(old, entered),
        causes(new, left),
    )


def _against(held: Words, movers: Words, *, wanted: bool) -> int:
    """Return for how many of `movers` a condition is not as it is wanted."""
    return bitmaps.count(movers & ~held if wanted else movers & held)
