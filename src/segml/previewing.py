"""A rule counted: how many it means, what each condition keeps, and some of them to look at."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from segml.answers import Kept, Preview
from segml.core.predicates import EVERYONE
from segml.engine import bitmaps
from segml.engine.bitmaps import Words
from segml.engine.sets import SetEngine
from segml.rules.criteria import Rule
from segml.rules.describe import sentence, words
from segml.segments.audience import reachable
from segml.storage.moment import StoredMoment
from segml.units import shown

SAMPLE: Final = 50


def counted(rule: Rule, moment: StoredMoment, engine: SetEngine) -> Preview:
    """Return the exact count of a rule at a moment, with `SAMPLE` of its members."""
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
        tuple(_sample(moment, held, rule.fields())),
        tuple(
            Kept(leaf.path, words(leaf), one, universe - one)
            for leaf, one in zip(rule.leaves(), kept, strict=True)
        ),
        reachable=reachable(engine, lowered),
    )


def _sample(moment: StoredMoment, held: Words, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
    facts = moment.moments.facts
    codes = moment.sorted(held, SAMPLE)
    ids, *values = moment.values(codes, fields).values()
    columns: dict[str, Sequence[Any]] = {"customer_id": ids.to_list()}
    if facts.warehouse.has_customers():
        columns |= facts.names(moment.as_of, codes)
    columns |= {name: shown(name, one) for name, one in zip(fields, values, strict=True)}
    for row in zip(*columns.values(), strict=True):
        if row[0] is not None:  # or erased since the members were found
            yield dict(zip(columns, row, strict=True))
