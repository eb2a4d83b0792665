"""Tokens, the audit, runs, the schedule and webhooks over HTTP."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, field_validator

from segml.wire.shapes import Asked, Dated, SegmentId, Title, Told

RoleName = Literal["viewer", "marketer", "admin"]


class NewToken(Asked):
    """Whom a token shall be for."""

    name: Title
    role: RoleName
    expires_at: AwareDatetime | None = Field(default=None, description="It never ends without.")

    @field_validator("expires_at")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise ValueError("a moment is from the year 1 to 9999, in UTC too") from None


class TokenOf(Told):
    """A token, without its secret."""

    id: str
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    holds: bool


class Tokens(Told):
    """Every token, the oldest first."""

    tokens: list[TokenOf]


class MadeToken(Told):
    """A new token; its secret is told this once."""

    id: str
    token: str


class EntryOf(Told):
    """What somebody did, or how many customers they saw."""

    id: int
    at: datetime
    who: str
    role: str | None
    action: str
    what: str
    rows: int | None


class Audit(Told):
    """What was done, the newest first."""

    entries: list[EntryOf]


class RunOf(Told):
    """What a night or a training did."""

    id: int
    kind: str
    what: str = Field(description="Which model was trained; empty for a night.")
    as_of: date
    state: Literal["running", "done", "failed", "interrupted"]
    who: str
    started_at: datetime
    finished_at: datetime | None
    seconds: float | None
    steps: list[dict[str, Any]]
    counts: dict[str, int]
    rejects: dict[str, int]
    drift: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    error: str


class Runs(Told):
    """Runs, the newest first."""

    runs: list[RunOf]


class AskedRun(Dated):
    """Which night is to be run; today's unless given."""


class Started(Told):
    """That a night was started; it appears among the runs."""

    as_of: date


class Timetable(Asked):
    """When nights are run by themselves."""

    cron: Annotated[str, Field(max_length=100)] | None = Field(
        description="Five fields as cron has them, in the restaurant's time zone; null for never."
    )
    mapping: Annotated[str, Field(max_length=1_000)] | None = Field(
        default=None, description="Where new facts come from; null to import nothing."
    )


class NewWebhook(Asked):
    """Who wants to be told when customers enter or leave a segment."""

    segment: SegmentId
    on: Annotated[list[Literal["entered", "left"]], Field(min_length=1, max_length=2)]
    url: Annotated[str, Field(min_length=1, max_length=2_000)]


class WebhookOf(Told):
    """A webhook; its secret is told once, when it is made."""

    id: int
    segment: str
    on: list[str]
    url: str
    created_at: datetime
    secret: str | None = None


class Webhooks(Told):
    """Every webhook, the oldest first."""

    webhooks: list[WebhookOf]


class DeliveryOf(Told):
    """What was, or is to be, sent to a webhook."""

    id: int
    night: date
    event: str
    count: int
    page: int
    pages: int
    state: Literal["pending", "delivered", "dead"]
    attempts: int
    next_at: datetime | None
    status: int | None
    error: str
    created_at: datetime


class Deliveries(Told):
    """Deliveries, the newest first."""

    deliveries: list[DeliveryOf]
