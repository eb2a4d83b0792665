"""Lookalikes: who is most like some customers, and saved as a segment."""

from fastapi import APIRouter

from segml.service.lookalikes import found, told
from segml.service.office import Here, Marketer, Viewer, masked
from segml.service.shelf import Shelf
from segml.wire.models import AskedLookalike, LookalikeOf, SavedLookalike
from segml.wire.segments import SegmentOf

router = APIRouter(tags=["lookalikes"])


@router.post("/lookalike", operation_id="find_lookalike")
def lookalike(asked: AskedLookalike, who: Viewer, here: Here) -> LookalikeOf:
    """Return who is most like some customers, and how far that can be trusted."""
    answer = told(here.workspace, found(here.workspace, asked), asked)
    here.seen(who, "a lookalike", len(answer.sample))
    return answer.model_copy(update={"sample": masked(answer.sample, who)})


@router.post("/lookalike/save", status_code=201, operation_id="save_lookalike")
def save(asked: SavedLookalike, who: Marketer, here: Here) -> SegmentOf:
    """Save the most alike as a segment that every night finds anew."""
    here.workspace.lookalikes.save(
        found(here.workspace, asked),
        asked.id,
        size=asked.size,
        owner=who.name,
        at=here.moment(),
        title=asked.name,
        description=asked.description or None,
    )
    here.note(who, "lookalike.save", asked.id)
    return Shelf.of(here.workspace, None).one(asked.id)
