"""The tables of the records.

To change one, change it here and add a file to ``migrations/versions`` that does the same; a test
holds that both agree.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Date,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

from segml.core.identity import Role

METADATA = MetaData()


class Instant(TypeDecorator[datetime]):
    """A moment with a zone, kept as text in UTC, so that every database compares it alike."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Return what is stored."""
        del dialect
        if value is None:
            return None
        assert value.tzinfo is not None, "a moment has a zone"
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return what was stored."""
        del dialect
        return None if value is None else datetime.fromisoformat(value)


class RoleName(TypeDecorator[Role]):
    """A role, kept by its name."""

    impl = String(16)
    cache_ok = True

    def process_bind_param(self, value: Role | None, dialect: Dialect) -> str | None:
        """Return what is stored."""
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Role | None:
        """Return what was stored."""
        del dialect
        return None if value is None else Role.named(value)


SEGMENT_VERSIONS = Table(
    "segment_versions",
    METADATA,
    Column("id", String(63), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("saved_at", String, nullable=False),
    Column("rule", JSON(none_as_null=True)),  # missing: deleted with this version
    Column("tags", JSON, nullable=False, server_default="[]"),
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("name", String, nullable=False),
    Column("role", RoleName, nullable=False),
    Column("digest", String(64), nullable=False),  # SHA-256 of the secret, which is not kept
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", String, nullable=False),
    Column("role", RoleName),  # missing: somebody at the terminal
    Column("action", String(63), nullable=False),
    Column("what", String, nullable=False),
    Column("rows", Integer),
)

WEBHOOKS = Table(
    "webhooks",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("segment", String(63), nullable=False),
    Column("on", JSON, nullable=False),
    Column("url", String, nullable=False),
    Column("secret", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("removed_at", Instant),
)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("webhook", ForeignKey("webhooks.id"), nullable=False),
    Column("key", String(64), nullable=False, unique=True),
    Column("night", Date, nullable=False),
    Column("event", String(16), nullable=False),
    Column("count", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("customers", JSON, nullable=False),  # ids; emptied once they have arrived
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant),
    Column("status", Integer),
    Column("error", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("deliveries_due", "state", "next_at"),
    Index("deliveries_of_webhook", "webhook"),
)

RUNS = Table(
    "runs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("what", String(63), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("state", String(16), nullable=False),
    Column("who", String, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("steps", JSON, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("rejects", JSON, nullable=False),
    Column("drift", JSON, nullable=False),
    Column("alerts", JSON, nullable=False),
    Column("error", Text, nullable=False),
)

EXPORTS = Table(
    "exports",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", String, nullable=False),
    Column("what", String, nullable=False),  # a segment's id, or the digest of a rule
    Column("as_of", Date, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("channel", String(16)),
    Column("rows", Integer, nullable=False),
    Column("files", JSON, nullable=False),
)

PLANS = Table(
    "plans",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", String, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("document", JSON, nullable=False),
)

SCHEDULE = Table(
    "schedule",
    METADATA,
    Column("id", Integer, primary_key=True),  # always 1
    Column("cron", String(127)),
    Column("mapping", String),
)
