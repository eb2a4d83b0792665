"""What segments say about each other and about their members."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query

from segml.core.errors import UnknownName
from segml.service.office import Here, Viewer
from segml.service.problems import Refused
from segml.wire.analytics import Combination, Counted, Overlap, ProfileOf, Revenue
from segml.wire.shapes import SegmentId

router = APIRouter(tags=["analytics"])
_MOST_OVERLAPPING = 40
_REST = "rest"


@router.get("/analytics/overlap")
def overlap(
    who: Viewer,
    here: Here,
    segments: Annotated[str, Query(max_length=4_000, description="Ids, by commas.")] = "",
    as_of: date | None = None,
) -> Overlap:
    """Return how many customers each two segments share, and how many are in just which."""
    del who
    day, workspace = as_of or here.workspace.latest.day(), here.workspace
    asked = [name for name in dict.fromkeys(segments.split(",")) if name]
    _check_number(asked)
    matrix, combinations = workspace.analytics.combinations(day, asked)
    names = matrix["segment"].to_list()
    _check_number(names)
    known = workspace.segments.all()
    shared = [list(row[1:]) for row in matrix.iter_rows()]
    return Overlap(
        as_of=day,
        segments=[
            Counted(
                id=name,
                name=known[name].name if name in known else name,  # it was deleted meanwhile
                count=shared[place][place],
            )
            for place, name in enumerate(names)
        ],
        shared=shared,
        combinations=[
            Combination(segments=[*members], count=many) for members, many in combinations[:100]
        ],
    )


def _check_number(names: Sequence[str]) -> None:
    if len(names) > _MOST_OVERLAPPING:
        told = f"At most {_MOST_OVERLAPPING} segments can be compared; these are {len(names)}."
        raise Refused(422, "too-many", told)


@router.get("/analytics/revenue")
def revenue(who: Viewer, here: Here, as_of: date | None = None) -> Revenue:
    """Return each segment's share of the customers and of the last 365 days' spend."""
    del who
    day = as_of or here.workspace.latest.day()
    known = here.workspace.segments.all()
    rows = here.workspace.revenue(as_of=day).to_dicts()
    told = [(row, known.get(row["segment"])) for row in rows]  # one may be saved meanwhile
    return Revenue(as_of=day, rows=[row | {"name": one.name} for row, one in told if one])


@router.get("/segments/{segment}/profile")
def profile(
    segment: Annotated[SegmentId, Path()],
    who: Viewer,
    here: Here,
    against: Annotated[str, Query(max_length=63)] = _REST,
    as_of: date | None = None,
) -> ProfileOf:
    """Return what a segment's members are like beside the rest, or beside another's."""
    del who
    workspace = here.workspace
    workspace.segments.get(segment)
    if against != _REST and against not in workspace.segments.all():
        raise UnknownName("segment", against, workspace.segments.all())
    day = as_of or workspace.latest.day()
    other = None if against == _REST else against
    found = workspace.analytics.profile(day, segment, other)
    return ProfileOf(segment=segment, against=against, **found.as_json())
