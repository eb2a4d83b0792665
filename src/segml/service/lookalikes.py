"""Who is most like some customers, as it travels."""

from math import ceil

from segml.lookalikes import Alike
from segml.wire.models import AskedLookalike, Lift, LookalikeOf
from segml.workspace import Workspace

_SAMPLE = 50


def found(workspace: Workspace, asked: AskedLookalike) -> Alike:
    """Return who is most like what was asked for; kept, for a slider asks again and again."""
    seeds = asked.customers if asked.segment is None else asked.segment
    assert seeds is not None
    day = asked.as_of or workspace.latest.day()
    moment = workspace.engine(day).moment
    rule = workspace.segments.rule(seeds).digest if isinstance(seeds, str) else tuple(seeds)
    key = ("lookalike", moment.key, seeds if isinstance(seeds, str) else "", rule)
    return workspace.cache.get(
        key,
        lambda: workspace.lookalikes.find(seeds, as_of=day),
        lambda alike: 16 * len(alike.customers),
    )


def told(workspace: Workspace, alike: Alike, asked: AskedLookalike) -> LookalikeOf:
    """Return it with some of the most alike."""
    size = workspace.lookalikes.spec.size if asked.size is None else asked.size
    list_ = alike.most_similar(size)
    candidates = int(alike.lookalike.candidates.sum())
    some = list_.head(_SAMPLE)
    people = workspace.people.named(some["customer_id"].to_list(), alike.as_of)
    return LookalikeOf(
        as_of=alike.as_of,
        seeds=alike.lookalike.seeds,
        candidates=candidates,
        size=size,
        count=list_.height,
        curve=[
            Lift(
                size=row["size"] or 0,
                count=ceil(candidates * (row["size"] or 0) / 100),
                lift=row["lift"],
                low=row["low"],
                high=row["high"],
                spenders_lift=row["spenders_lift"],
                within_activity_lift=row["within_activity_lift"],
            )
            for row in alike.curve()
        ],
        differences=[one.words for one in alike.lookalike.differences],
        warnings=[*alike.lookalike.warnings],
        sample=[
            person | {"similarity": round(similarity, 6)}
            for person, similarity in zip(people, some["similarity"], strict=True)
        ],
    )
