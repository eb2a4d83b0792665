"""Why a customer is in, why not: each condition of a rule with the value it looked at.

The reference engine answers from the customer's own facts; only what ranks customers against each
other has to be asked of everybody, and is passed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from segml.core.features import Unit
from segml.core.predicates import And, Before, Not, Or, Predicate, Top
from segml.core.tables import CustomerId
from segml.engine.reference import Reference
from segml.rules.criteria import Condition, EventCondition, Group, Leaf, Path, Rule
from segml.rules.describe import words
from segml.rules.values import unscaled


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition of a rule, as it stands for one customer.

    Attributes
    ----------
    path
        Where it stands in the rule.
    words
        The condition in words.
    value
        What the customer has there, in the wire's unit; None where missing, or where the
        condition looks at another segment.
    holds
        Whether the condition holds.
    wanted
        Whether the rule asks that it holds (False inside an odd number of NOTs).
    """

    path: Path
    words: str
    value: Any
    holds: bool
    wanted: bool


def ranks(predicate: Predicate) -> bool:
    """Return whether `predicate` compares customers with each other anywhere in it."""
    match predicate:
        case Top():
            return True
        case And(items) | Or(items):
            return any(ranks(item) for item in items)
        case Not(item) | Before(_, item):
            return ranks(item)
        case _:
            return False


def polarities(group: Group, *, wanted: bool = True) -> dict[Path, bool]:
    """Return for every condition, by path, whether the rule asks that it holds."""
    wanted = wanted != group.negated
    found: dict[Path, bool] = {}
    for item in group.items:
        if isinstance(item, Group):
            found |= polarities(item, wanted=wanted)
        else:
            found[item.path] = wanted
    return found


def reasons(
    rule: Rule,
    customer: CustomerId,
    as_of: date,
    reference: Reference,
    ranked: Mapping[Path, bool],
    scores: Mapping[str, float | None],
) -> tuple[Reason, ...]:
    """Return every condition of `rule` for one customer, in reading order.

    Parameters
    ----------
    rule, customer, as_of
        What is asked.
    reference
        The reference engine over a history that holds the customer's facts.
    ranked
        Whether the conditions hold, by path, that rank customers or look at a score.
    scores
        The customer's scores by field, which no history has.
    """
    wanted = polarities(rule.root)
    found = []
    for leaf in rule.leaves():
        holds = ranked.get(leaf.path)
        if holds is None:
            holds = reference.holds(leaf.lower(as_of), customer)
        value = _value(leaf, as_of, reference, customer, scores)
        found.append(Reason(leaf.path, words(leaf), value, holds, wanted[leaf.path]))
    return tuple(found)


def _value(
    leaf: Leaf,
    as_of: date,
    reference: Reference,
    customer: CustomerId,
    scores: Mapping[str, float | None],
) -> Any:
    match leaf:
        case Condition(named) if named.name in scores:
            return scores[named.name]
        case Condition(named):
            return shown(reference.feature(named.name, customer), named.scale, named.unit)
        case EventCondition():
            lowered = leaf.lower(as_of)
            events = lowered.operand  # type: ignore[union-attr]
            minor = leaf.of is not None and leaf.how in ("sum", "min", "max")
            scale = leaf.of.scale if leaf.of and minor else 0
            return shown(reference.operand(events, customer), scale, "")
        case _:
            return None


def shown(stored: Any, scale: int, unit: Unit | str) -> Any:
    """Return a stored value in the wire's unit: money in whole currency, dates as text."""
    match stored:
        case bool() | None | str():
            return stored
        case date():
            return stored.isoformat()
        case int() | float():
            number = unscaled(stored, scale)
            return round(number, 6) if unit and isinstance(number, float) else number
        case _:
            return list(stored)
