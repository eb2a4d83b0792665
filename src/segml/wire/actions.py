"""Exports and campaigns over HTTP."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from segml.wire.rules import OneSet
from segml.wire.shapes import Asked, Told

Channel = Literal["email", "sms"]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Names = Annotated[list[Name], Field(max_length=100)]


class First(Asked):
    """Only the first so many by a field, the largest value first."""

    n: Annotated[int, Field(ge=1, lt=2**31)]
    by: Name


class AskedExport(OneSet):
    """Whose rows, and which columns."""

    fields: Names = Field([])
    channel: Channel | None = Field(
        default=None, description="Only whom we may contact there; everybody without one."
    )
    top: First | None = None
    split: bool = Field(default=False, description="Into numbered files, above the most of one.")


class FileOf(Told):
    """One file of an export."""

    name: str
    rows: int
    url: str | None = Field(description="Where it is, for an hour; null once it is gone.")


class ExportOf(Told):
    """An export."""

    id: int
    at: datetime
    who: str
    what: str
    as_of: date
    fields: list[str]
    channel: str | None
    rows: int
    files: list[FileOf]


class MadeExport(ExportOf):
    """A new export, and of how many members it leaves out who did not agree to be contacted."""

    members: int
    without_consent: int


class Exports(Told):
    """Exports, the newest first."""

    exports: list[ExportOf]


class AskedPlan(OneSet):
    """A campaign to be planned."""

    channel: Channel
    holdout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    suppress_days: Annotated[int, Field(ge=0, le=365)] = 14
    campaign: Annotated[str, Field(max_length=100)] = ""


class Effect(Told):
    """The smallest rise of the share who order within 30 days that would be noticed."""

    baseline: float
    absolute: float | None
    relative: float | None
    power: float


class PlanOf(Told):
    """A campaign's arithmetic: who would get it, and who not."""

    campaign: str
    digest: str
    channel: Channel
    as_of: date
    holdout_share: float
    suppress_days: int
    members: int
    without_consent: int
    suppressed: int
    holdout: int
    recipients: int
    smallest_effect: Effect
    sentence: str


class SavedPlan(Told):
    """A plan that was saved, with what it was made for."""

    id: int
    at: datetime
    who: str
    digest: str
    plan: PlanOf
    segment: str | None
    rule: dict[str, Any] | None


class Plans(Told):
    """Saved plans, the newest first."""

    plans: list[SavedPlan]
