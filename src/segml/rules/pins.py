"""Pins: named customers whom a segment holds, or does not, whatever its rule says of them.

A pin is an ordinary part of the rule: ``(rule or customer_id in include) and customer_id notIn
exclude``, each part only where somebody is named. So versions, differences, sentences and every
engine know of pins without being told.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from segml.core.predicates import folded
from segml.core.tables import CustomerId
from segml.rules.catalog import CUSTOMER

_REFERRED: Final = "referred_customer_id"


@dataclass(frozen=True, slots=True)
class Pins:
    """Who is pinned.

    Attributes
    ----------
    include, exclude
        Ids as texts, ascending; nobody is in both.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def moved(self, customer: CustomerId, *, included: bool | None) -> "Pins":
        """Return the pins with a customer included, excluded or, with None, in neither."""
        one = str(customer)
        include, exclude = {*self.include} - {one}, {*self.exclude} - {one}
        if included is not None:
            (include if included else exclude).add(one)
        return Pins(tuple(sorted(include)), tuple(sorted(exclude)))


def pinned(
    rule: Any, include: Iterable[CustomerId] = (), exclude: Iterable[CustomerId] = ()
) -> Any:
    """Return a wire rule with pins in the place of those it had; who is in both is excluded."""
    found, _ = _divided(rule)
    out = sorted({str(one) for one in exclude})
    held = sorted({str(one) for one in include} - {*out})
    if held:
        found = {"combinator": "or", "rules": [found, _named("in", held)]}
    if out:
        found = {"combinator": "and", "rules": [found, _named("notIn", out)]}
    return found


def pins(rule: Any) -> Pins:
    """Return the pins of a wire rule."""
    return _divided(rule)[1]


def without(rule: Any, customers: frozenset[str]) -> Any:
    """Return a wire rule that names none of `customers` and means the same for everybody else."""
    match rule:
        case {"rules": list(parts)}:
            return {**rule, "rules": [without(part, customers) for part in parts]}
        case {"value": {"rules": list()} as group}:
            return {**rule, "value": without(group, customers)}
        case {"field": CUSTOMER.name, "value": value}:
            return {**rule, **_unnamed(rule.get("operator"), value, customers, str)}
        case {"field": str(name), "value": value} if name == _REFERRED:
            gone = frozenset(map(folded, customers))
            return {**rule, **_unnamed(rule.get("operator"), value, gone, lambda i: folded(str(i)))}
        case _:
            return rule


def _unnamed(
    operator: Any, value: Any, gone: frozenset[str], text: Callable[[Any], str]
) -> dict[str, Any]:
    """Return what takes the place of a condition's operator and value; nothing where it stays."""
    if isinstance(value, list):
        return {"value": [one for one in value if text(one) not in gone]}
    if text(value) not in gone:
        return {}
    return {"operator": "notIn" if operator in ("!=", "notIn") else "in", "value": []}


def _named(operator: str, customers: list[str]) -> dict[str, Any]:
    return {"field": CUSTOMER.name, "operator": operator, "value": customers}


def _divided(rule: Any) -> tuple[Any, Pins]:
    """Return a wire rule without its pins, and the pins."""
    rule, exclude = _peeled(rule, "and", "notIn")
    rule, include = _peeled(rule, "or", "in")
    return rule, Pins(include=tuple(sorted({*include} - {*exclude})), exclude=exclude)


def _peeled(rule: Any, combinator: str, operator: str) -> tuple[Any, tuple[str, ...]]:
    match rule:
        case {
            "combinator": joined,
            "rules": [
                {"rules": list()} as inner,
                {"field": CUSTOMER.name, "operator": asked, "value": list(ids)} as named,
            ],
        } if (joined, asked) == (combinator, operator):
            if not rule.get("not") and not named.get("muted") and not inner.get("muted"):
                return inner, tuple(sorted(map(str, ids)))
    return rule, ()
