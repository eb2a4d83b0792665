"""What segments say about each other, over HTTP."""

from datetime import date

from pydantic import Field

from segml.wire.shapes import Told


class Counted(Told):
    """A segment and how many members it has."""

    id: str
    name: str
    count: int


class Combination(Told):
    """How many customers are in just these segments, and in none of the others asked for."""

    segments: list[str]
    count: int


class Overlap(Told):
    """How segments overlap."""

    as_of: date
    segments: list[Counted]
    shared: list[list[int]] = Field(description="By row and column as in `segments`.")
    combinations: list[Combination] = Field(description="The largest first.")


class RevenueRow(Told):
    """A segment's part of the customers, and of the last 365 days' spend."""

    segment: str
    name: str
    members: int
    customer_share: float | None
    spend: float
    revenue_share: float | None


class Revenue(Told):
    """Whose money it is."""

    as_of: date
    rows: list[RevenueRow]


class MeasureOf(Told):
    """A field's mean among members and the others."""

    name: str
    label: str
    unit: str
    segment: float | None
    against: float | None


class DistributionOf(Told):
    """A field in parts: their edges, and the share of members and others in each."""

    field: str
    label: str
    unit: str
    edges: list[float]
    segment: list[float]
    against: list[float]


class Apart(Told):
    """One thing that sets members apart; `size` in standard deviations."""

    field: str
    words: str
    size: float


class ProfileOf(Told):
    """What the members of a segment are like beside others."""

    segment: str
    against: str
    as_of: date
    count: int
    against_count: int
    customer_share: float | None
    revenue_share: float | None
    measures: list[MeasureOf]
    distributions: list[DistributionOf]
    differences: list[Apart]
