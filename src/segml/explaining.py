"""One customer at one date: which code is theirs, and why they are in a set, or why not."""

from collections.abc import Container

import numpy as np

from segml.answers import Explanation
from segml.core.errors import UnknownName
from segml.core.predicates import field_names
from segml.core.tables import CustomerId
from segml.engine import bitmaps
from segml.engine.explain import ranks, reasons
from segml.engine.reference import Reference
from segml.engine.sets import SetEngine
from segml.library.features import FEATURES
from segml.rules.criteria import Path, Rule
from segml.rules.describe import sentence
from segml.storage.moment import StoredMoment


def code_of(customer: CustomerId, moment: StoredMoment) -> int:
    """Return the code of a customer; `UnknownName` for one who is not known at that date."""
    code: int | None = moment.codes([customer])[0]
    if code is None:
        raise UnknownName("customer", f"{customer}", ())
    return code


def explanation(
    customer: CustomerId, rule: Rule, label: str, moment: StoredMoment, scores: Container[str]
) -> Explanation:
    """Return why a customer is in a set, or why not, condition by condition.

    Parameters
    ----------
    customer, rule, moment
        What is asked.
    label
        What the rule is called.
    scores
        The fields that models fill, which no history has.
    """
    day, facts = moment.as_of, moment.moments.facts
    engine = SetEngine(moment, moment.moments.cache)
    code = code_of(customer, moment)
    customer = facts.ids(moment.size)[code]
    ranked: dict[Path, bool] = {}
    told: dict[str, float | None] = {}
    for leaf in rule.leaves():
        lowered = leaf.lower(day)
        asked = [name for name in field_names(lowered) if name in scores]
        if asked or ranks(lowered):
            ranked[leaf.path] = bitmaps.holds(engine.members(lowered), code)
        if asked:
            values = moment.values(np.array([code]), asked)
            told |= {name: values[name][0] for name in asked}
    reference = Reference.of(facts.history(day, code), FEATURES)
    found = reasons(rule, customer, day, reference, ranked, told)
    member = bitmaps.holds(engine.members(rule.lower(day)), code)
    return Explanation(customer, label, day, member, sentence(rule), found)
