"""Segments: saved, changed, copied, compared, deleted; those that come with segml stay."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path

from segml.answers import difference_as_json
from segml.core.errors import UnknownName
from segml.core.identity import Identity
from segml.rules.pins import pins as pins_of
from segml.service.office import Here, Marketer, Office, Viewer
from segml.service.problems import Refused
from segml.service.shelf import Shelf
from segml.wire.rules import AskedDifference, DifferenceOf, Named
from segml.wire.segments import (
    ChangedSegment,
    Copied,
    Dependents,
    NewSegment,
    Pinned,
    Pins,
    Restored,
    SegmentOf,
    Segments,
    VersionOf,
    Versions,
)
from segml.wire.shapes import Customer, SegmentId

router = APIRouter(tags=["segments"])
Id = Annotated[SegmentId, Path()]


@router.get("/segments")
def segments(who: Viewer, here: Here, as_of: date | None = None) -> Segments:
    """Return every segment with its size on a night, and who came and went."""
    del who
    return Shelf.of(here.workspace, as_of).all()


@router.get("/segments/{segment}", operation_id="segment")
def one(segment: Id, who: Viewer, here: Here, as_of: date | None = None) -> SegmentOf:
    """Return a segment."""
    del who
    return Shelf.of(here.workspace, as_of).one(segment)


@router.post("/segments", status_code=201, operation_id="save_segment")
def save(asked: NewSegment, who: Marketer, here: Here) -> SegmentOf:
    """Save a segment under an id that nothing has."""
    name = asked.id or _free_id(here, asked.name)
    return _added(name, asked.rule, asked.name, asked.description, asked.tags, who, here)


@router.put("/segments/{segment}", operation_id="change_segment")
def change(segment: Id, asked: ChangedSegment, who: Marketer, here: Here) -> SegmentOf:
    """Change a segment: its next version; refused when somebody changed it meanwhile."""
    current = here.workspace.segments.get(segment)
    here.workspace.segments.save(
        segment,
        current.rule if asked.rule is None else asked.rule,
        owner=who.name,
        at=here.moment(),
        title=asked.name or current.name,
        description=current.description if asked.description is None else asked.description,
        tags=current.tags if asked.tags is None else asked.tags,
        replacing=asked.version,
    )
    return _saved(here, who, "segment.change", segment)


@router.delete("/segments/{segment}", status_code=204, operation_id="delete_segment")
def delete(segment: Id, who: Marketer, here: Here) -> None:
    """Delete a segment that no other refers to; its versions stay and can be restored."""
    here.workspace.segments.delete(segment, owner=who.name, at=here.moment())
    here.note(who, "segment.delete", segment)


@router.post("/segments/{segment}/duplicate", status_code=201, operation_id="duplicate_segment")
def duplicate(segment: Id, asked: Copied, who: Marketer, here: Here) -> SegmentOf:
    """Save a copy of a segment under another id."""
    original = here.workspace.segments.get(segment)
    title = (asked.name or f"Copy of {original.name}")[:200]
    name = asked.id or _free_id(here, title)
    return _added(name, original.rule, title, original.description, original.tags, who, here)


@router.get("/segments/{segment}/versions", operation_id="versions")
def versions(segment: Id, who: Viewer, here: Here) -> Versions:
    """Return every version of a segment, of a deleted one too."""
    del who
    return Versions(
        versions=[
            VersionOf(
                version=one.version,
                name=one.name,
                description=one.description,
                tags=[*one.tags],
                owner=one.owner,
                saved_at=one.saved_at,
                rule=one.rule,
            )
            for one in here.workspace.segments.versions(segment)
        ]
    )


@router.post("/segments/{segment}/restore", operation_id="restore_segment")
def restore(segment: Id, asked: Restored, who: Marketer, here: Here) -> SegmentOf:
    """Make an older version the current one again, or bring a deleted segment back."""
    here.workspace.segments.restore(segment, asked.version, owner=who.name, at=here.moment())
    return _saved(here, who, "segment.restore", segment)


@router.get("/segments/{segment}/dependents", operation_id="dependents")
def dependents(segment: Id, who: Viewer, here: Here) -> Dependents:
    """Return the segments that refer to one, which cannot be deleted before them."""
    del who
    users = here.workspace.segments.dependents(segment)
    known = here.workspace.segments.all()
    told = [Named(id=name, name=known[name].name) for name in users if name in known]
    return Dependents(dependents=told)


@router.post("/segments/{segment}/diff", operation_id="difference")
def difference(segment: Id, asked: AskedDifference, who: Viewer, here: Here) -> DifferenceOf:
    """Return who would come and go if the segment had another rule."""
    del who
    day = here.workspace.latest.day()
    found = here.workspace.diff(segment, asked.rule, as_of=day)
    told = difference_as_json(segment, day, found)
    moved = {"entered": len(found.entered), "left": len(found.left)}
    return DifferenceOf(**told | moved)


@router.get("/segments/{segment}/pins", operation_id="pins")
def pins(segment: Id, who: Viewer, here: Here) -> Pins:
    """Return who is always in a segment, and who never."""
    del who
    found = pins_of(here.workspace.segments.get(segment).rule)
    return Pins(included=[*found.include], excluded=[*found.exclude])


@router.put("/segments/{segment}/pins/{customer}", operation_id="pin")
def pin(segment: Id, customer: Customer, asked: Pinned, who: Marketer, here: Here) -> SegmentOf:
    """Keep a customer in a segment, or out of it, whatever the rule says."""
    if not all(here.workspace.people.known([customer], here.workspace.latest.day())):
        raise UnknownName("customer", f"{customer}", ())
    return _pinned(segment, customer, asked.included, who, here)


@router.delete("/segments/{segment}/pins/{customer}", operation_id="unpin")
def unpin(segment: Id, customer: Customer, who: Marketer, here: Here) -> SegmentOf:
    """Let the rule decide about a customer again."""
    return _pinned(segment, customer, None, who, here)


def _pinned(
    segment: str, customer: Customer, included: bool | None, who: Identity, here: Office
) -> SegmentOf:
    here.workspace.segments.pin(
        segment, customer, included=included, owner=who.name, at=here.moment()
    )
    return _saved(here, who, "segment.pin", segment)


def _added(
    name: str,
    rule: Any,
    title: str,
    description: str,
    tags: Sequence[str],
    who: Identity,
    here: Office,
) -> SegmentOf:
    if name in here.workspace.segments.all():
        raise Refused(409, "taken", f"There is a segment “{name}” already; choose another id.")
    here.workspace.segments.save(
        name,
        rule,
        owner=who.name,
        at=here.moment(),
        title=title,
        description=description,
        tags=tags,
        replacing=0,
    )
    return _saved(here, who, "segment.save", name)


def _saved(here: Office, who: Identity, action: str, name: str) -> SegmentOf:
    here.note(who, action, name)
    return Shelf.of(here.workspace, None).one(name)


def _free_id(here: Office, title: str) -> str:
    """Return an id made of a name that nothing has yet."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:55] or "segment"
    known = here.workspace.segments.all()
    tried = (words if number == 1 else f"{words}-{number}" for number in range(1, 10_000))
    return next(name for name in tried if name not in known)
