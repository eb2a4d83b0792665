"""The catalogue of segments, as it was before there were other records."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table of segments' versions."""
    op.create_table(
        "segment_versions",
        sa.Column("id", sa.String(63), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("description", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("saved_at", sa.String, nullable=False),
        sa.Column("rule", sa.JSON),
    )
