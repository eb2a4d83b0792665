"""Segments over HTTP: saved, listed, compared, with their members."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from segml.wire.rules import Named
from segml.wire.shapes import Asked, Customer, RuleGroup, SegmentId, Title, Told

Description = Annotated[str, Field(max_length=2_000)]
Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=20)]


class Size(Told):
    """How many members a night counted."""

    as_of: date
    count: int


class SegmentOf(Told):
    """A segment as it is now, with what the night asked for says of it."""

    id: str
    name: str
    description: str
    kind: str = Field(description='"" for a plain rule, else dynamic, example or model.')
    owner: str
    version: int
    saved_at: str
    tags: list[str]
    editable: bool
    rule: RuleGroup
    sentence: str
    count: int | None
    share: float | None
    entered: int | None
    left: int | None
    trend: list[Size] = Field(description="The last 30 nights that were run, earliest first.")
    unavailable: str = Field(description="Why nobody can be counted; empty when they can.")


class Segments(Told):
    """Every segment on a night."""

    as_of: date | None
    universe: int | None
    segments: list[SegmentOf]


class NewSegment(Asked):
    """A segment to be saved under an id that nothing has."""

    id: SegmentId | None = Field(default=None, description="Made of the name unless given.")
    name: Title
    description: Description = ""
    tags: Tags = Field([])
    rule: RuleGroup


class ChangedSegment(Asked):
    """What a segment shall be from now on; what is left out stays."""

    version: int = Field(description="Of the segment you changed; refused if it is not current.")
    name: Title | None = None
    description: Description | None = None
    tags: Tags | None = None
    rule: RuleGroup | None = None


class Copied(Asked):
    """What a copy shall be called."""

    id: SegmentId | None = None
    name: Title | None = None


class Restored(Asked):
    """Which version shall be the current one again."""

    version: int


class VersionOf(Told):
    """One version of a segment."""

    version: int
    name: str
    description: str
    tags: list[str]
    owner: str
    saved_at: str
    rule: RuleGroup


class Versions(Told):
    """Every version of a segment, the oldest first."""

    versions: list[VersionOf]


class Dependents(Told):
    """The segments that refer to one."""

    dependents: list[Named]


class Pinned(Asked):
    """Whether a customer is always in a segment, or never."""

    included: bool


class Pins(Told):
    """Who is always in a segment, and who never."""

    included: list[Customer]
    excluded: list[Customer]


class Members(Told):
    """Some members of a set; `next` asks for those after them."""

    as_of: date
    count: int
    members: list[dict[str, Any]]
    next: str | None


class NightOf(Told):
    """A segment on a night that was run."""

    as_of: date
    count: int
    entered: int
    left: int


class Trend(Told):
    """A segment over the nights, the earliest first."""

    nights: list[NightOf]


class Mover(Told):
    """A customer who came or went, and the conditions that changed for them."""

    customer_id: Customer
    first_name: str | None
    last_name: str | None
    because: list[str]


class Movers(Told):
    """How many came or went, and some of them."""

    count: int
    customers: list[Mover]


class Moves(Told):
    """Who came and went from one date to another."""

    start: date
    end: date
    entered: Movers
    left: Movers
