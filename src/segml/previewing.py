"""A rule counted while it is written: how many it keeps, how many each condition, and who."""

from typing import Final

from segml.answers import Kept, Preview
from segml.core.predicates import EVERYONE
from segml.engine import bitmaps
from segml.engine.sets import SetEngine
from segml.people import People
from segml.rules.criteria import Rule
from segml.rules.describe import sentence, words
from segml.segments.audience import reachable
from segml.storage.moment import StoredMoment

SAMPLE: Final = 50


def counted(rule: Rule, moment: StoredMoment, engine: SetEngine, people: People) -> Preview:
    """Return the exact count of a rule at a moment, what each condition keeps, and some members."""
    day = moment.as_of
    lowered = rule.lower(day)
    held = engine.members(lowered)
    universe = engine.count(EVERYONE)
    kept = [engine.count(leaf.lower(day)) for leaf in rule.leaves()]
    return Preview(
        bitmaps.count(held),
        universe,
        day,
        sentence(rule),
        tuple(people.rows(moment, moment.sorted(held, SAMPLE), rule.fields())),
        tuple(
            Kept(leaf.path, words(leaf), one, universe - one)
            for leaf, one in zip(rule.leaves(), kept, strict=True)
        ),
        reachable=reachable(engine, held),
    )
