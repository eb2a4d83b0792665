"""The catalogue: every saved segment with all its versions, in a database through SQLAlchemy.

Versions are rows that are only ever added; deleting a segment adds a last, empty one, so that its
past stays readable.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Engine,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    create_engine,
    func,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from segml.core.errors import WorkspaceError
from segml.segments.segment import Segment
from segml.storage.shipped import shipped

_METADATA = MetaData()
_VERSIONS = Table(
    "segment_versions",
    _METADATA,
    Column("id", String(63), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("saved_at", String, nullable=False),
    Column("rule", JSON(none_as_null=True)),  # missing: deleted with this version
)


class Catalogue:
    """The segments of one workspace.

    Parameters
    ----------
    url
        An SQLAlchemy URL; the tables are made when they are missing.
    """

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url)
        with self._told():
            _METADATA.create_all(self._engine)

    def segments(self) -> dict[str, Segment]:
        """Return the current version of every segment by id, the shipped ones first."""
        newest = select(func.max(_VERSIONS.c.version)).where(
            _VERSIONS.c.id == (own := _VERSIONS.alias("own")).c.id
        )
        query = (
            select(own)
            .where(own.c.version == newest.scalar_subquery(), own.c.rule.is_not(None))
            .order_by(own.c.id)
        )
        with self._told(), self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return dict(shipped()) | {row["id"]: _segment(row) for row in rows}

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the database says into a sentence that names it."""
        try:
            yield
        except SQLAlchemyError as error:
            where = self._engine.url.render_as_string(hide_password=True)
            cause = getattr(error, "orig", None) or error
            raise WorkspaceError(
                f"The catalogue of segments, {where}, cannot be used ({cause}). Restore it from a "
                "backup, or see that the database runs."
            ) from None

    def versions(self, name: str) -> list[Segment]:
        """Return every version of a segment that has a rule, the oldest first."""
        query = (
            select(_VERSIONS)
            .where(_VERSIONS.c.id == name, _VERSIONS.c.rule.is_not(None))
            .order_by(_VERSIONS.c.version)
        )
        with self._told(), self._engine.connect() as connection:
            return [_segment(row) for row in connection.execute(query).mappings()]

    def save(self, segment: Segment) -> Segment:
        """Add `segment` as the next version of its id and return it.

        Saving what is there already adds nothing. A segment that comes with segml is refused.
        """
        if segment.id in shipped():
            raise WorkspaceError(
                f"“{segment.id}” comes with segml and stays as it is. "
                f"Save your copy under another id, such as my-{segment.id}."
            )
        current = self.segments().get(segment.id)
        if current is not None and _same(current, segment):
            return current
        return self._add(segment, segment.rule)

    def delete(self, name: str, owner: str, at: str) -> None:
        """Delete a saved segment; its versions stay on record."""
        segment = self.segments()[name]
        self._add(
            Segment(name, segment.name, None, segment.description, "", owner, saved_at=at), None
        )

    def _add(self, segment: Segment, rule: Any) -> Segment:
        with self._told(), self._engine.begin() as connection:
            newest = select(func.max(_VERSIONS.c.version)).where(_VERSIONS.c.id == segment.id)
            version = (connection.execute(newest).scalar() or 0) + 1
            connection.execute(
                insert(_VERSIONS).values(
                    id=segment.id,
                    version=version,
                    name=segment.name,
                    description=segment.description,
                    owner=segment.owner,
                    saved_at=segment.saved_at,
                    rule=rule,
                )
            )
        return Segment(
            segment.id,
            segment.name,
            rule,
            segment.description,
            "",
            segment.owner,
            version,
            segment.saved_at,
        )


def _segment(row: RowMapping) -> Segment:
    return Segment(
        row["id"],
        row["name"],
        row["rule"],
        row["description"],
        "",
        row["owner"],
        row["version"],
        row["saved_at"],
    )


def _same(one: Segment, other: Segment) -> bool:
    return (one.name, one.description, one.rule) == (other.name, other.description, other.rule)
