"""Who is in a set, and who came and went."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from segml.core.errors import UnknownName
from segml.core.identity import Identity
from segml.service.cursors import Cursor
from segml.service.office import Here, Office, Viewer, masked, sees_names
from segml.service.problems import Refused
from segml.wire.rules import OneSet
from segml.wire.segments import Members, Movers, Moves, NightOf, Trend
from segml.wire.shapes import SegmentId

router = APIRouter(tags=["members"])
Id = Annotated[SegmentId, Path()]
_MOST_FIELDS = 30


class AskedMembers(OneSet):
    """Which members of a set, and what of them."""

    fields: Annotated[list[str], Field(max_length=_MOST_FIELDS)] = Field([])
    sort: Annotated[str, Field(max_length=100)] = ""
    q: Annotated[str, Field(max_length=200)] = ""
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    cursor: Annotated[str, Field(max_length=500)] | None = None


@router.get("/segments/{segment}/members")
def members(
    segment: Id,
    who: Viewer,
    here: Here,
    fields: Annotated[str, Query(max_length=2_000, description="By commas.")] = "",
    sort: Annotated[str, Query(max_length=100, description="A field, - before it: down.")] = "",
    q: Annotated[str, Query(max_length=200, description="Part of a name, start of an id.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    as_of: date | None = None,
) -> Members:
    """Return members of a segment, page by page."""
    here.workspace.segments.get(segment)
    named = [name for name in fields.split(",") if name]
    if len(named) > _MOST_FIELDS:
        told = f"At most {_MOST_FIELDS} fields are told of each; these are {len(named)}."
        raise Refused(422, "too-many", told)
    asked = AskedMembers(
        segment=segment,
        fields=named,
        sort=sort,
        q=q,
        limit=limit,
        cursor=cursor,
        as_of=as_of,
    )
    return _page(asked, who, here)


@router.post("/members", operation_id="members_of")
def members_of(asked: AskedMembers, who: Viewer, here: Here) -> Members:
    """Return members of a segment or a rule, page by page."""
    return _page(asked, who, here)


def _page(asked: AskedMembers, who: Identity, here: Office) -> Members:
    cursor = Cursor.read(asked.cursor)
    day = cursor.as_of or asked.as_of or here.workspace.latest.day()
    found = here.workspace.people.page(
        asked.asked,
        as_of=day,
        fields=asked.fields,
        sort=asked.sort.removeprefix("-"),
        descending=asked.sort.startswith("-"),
        part=asked.q,
        by_name=sees_names(who),
        start=cursor.start,
        most=asked.limit,
    )
    here.seen(who, asked.segment or "a rule", len(found.rows))
    end = cursor.start + len(found.rows)
    return Members(
        as_of=day,
        count=found.count,
        members=masked(found.rows, who),
        next=Cursor(day, end).written() if end < found.count and found.rows else None,
    )


@router.get("/segments/{segment}/trend")
def trend(
    segment: Id, who: Viewer, here: Here, since: date | None = None, until: date | None = None
) -> Trend:
    """Return how many members every night that was run counted, who came and who went."""
    del who
    found = here.workspace.trend(segment, since=since, until=until)
    return Trend(nights=[NightOf(**row) for row in found.iter_rows(named=True)])


@router.get("/segments/{segment}/moves")
def moves(
    segment: Id,
    who: Viewer,
    here: Here,
    start: date,
    end: date,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Moves:
    """Return who came into a segment and who left it between two dates, and why."""
    here.workspace.segments.get(segment)
    entered, left = here.workspace.moves(segment, start, end)

    def some(ids: Any, known_on: date) -> Movers:
        rows = here.workspace.people.named(ids.head(limit).to_list(), known_on)
        told = [
            row | {"because": _changed(here, row["customer_id"], segment, start, end)}
            for row in rows
        ]
        return Movers(count=len(ids), customers=masked(told, who))

    told = Moves(start=start, end=end, entered=some(entered, end), left=some(left, end))
    here.seen(who, segment, len(told.entered.customers) + len(told.left.customers))
    return told


def _changed(here: Office, customer: Any, segment: str, start: date, end: date) -> list[str]:
    """Return in words the conditions that hold on one of two dates only."""
    before, after = (_holding(here, customer, segment, day) for day in (start, end))
    words = dict.fromkeys((*before, *after))
    return [one for one in words if before.get(one, False) != after.get(one, False)]


def _holding(here: Office, customer: Any, segment: str, day: date) -> dict[str, bool]:
    try:
        found = here.workspace.explain(customer, segment, as_of=day)
    except UnknownName:  # not a customer yet
        return {}
    return {one.words: one.holds for one in found.reasons}
