"""What a change of rule does before it is saved: who enters, who leaves, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

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


def difference(old: Rule, new: Rule, held: pl.DataFrame) -> Difference:
    """Return the difference between two rules.

    Parameters
    ----------
    old, new
        The rules.
    held
        ``customer_id``, then true-or-false columns ``p0``, ``p1``, … : the old rule, the new rule,
        the old rule's leaves, the new rule's leaves.
    """
    was, now = pl.col("p0"), pl.col("p1")
    entered, left = held.filter(~was & now), held.filter(was & ~now)
    old_leaves = tuple(old.leaves())
    return Difference(
        int(held["p0"].sum()),
        int(held["p1"].sum()),
        entered["customer_id"],
        left["customer_id"],
        _causes(old, entered, 2),
        _causes(new, left, 2 + len(old_leaves)),
    )


def _causes(rule: Rule, movers: pl.DataFrame, first: int) -> tuple[Cause, ...]:
    wanted = polarities(rule.root)
    causes: Sequence[Cause] = [
        Cause(leaf.path, words(leaf), int((movers[f"p{first + i}"] != wanted[leaf.path]).sum()))
        for i, leaf in enumerate(rule.leaves())
    ]
    telling = (cause for cause in causes if cause.customers)
    return tuple(sorted(telling, key=lambda cause: -cause.customers))
