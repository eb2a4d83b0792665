"""The catalogue: every saved segment with all its versions.

Versions are rows that are only ever added; deleting a segment adds a last, empty one, so that its
past stays readable.
"""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import RowMapping, func, insert, select

from segml.core.errors import ChangedMeanwhile, WorkspaceError
from segml.segments.segment import Segment
from segml.storage.records.database import Database
from segml.storage.records.schema import SEGMENT_VERSIONS as _VERSIONS
from segml.storage.shipped import shipped

_MEANT: Final = ("name", "description", "rule", "tags")  # a new value of one is a new version


class Catalogue:
    """The segments of one workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return dict(shipped()) | {row["id"]: _segment(row) for row in rows}

    def versions(self, name: str) -> list[Segment]:
        """Return every version of a segment that has a rule, the oldest first."""
        query = (
            select(_VERSIONS)
            .where(_VERSIONS.c.id == name, _VERSIONS.c.rule.is_not(None))
            .order_by(_VERSIONS.c.version)
        )
        with self._database.reading() as connection:
            return [_segment(row) for row in connection.execute(query).mappings()]

    def save(self, segment: Segment, replacing: int | None = None) -> Segment:
        """Add `segment` as the next version of its id and return it.

        Saving what is there already adds nothing. A segment that comes with segml is refused, and
        one whose current version is another than it is to be `replacing`, 0 being none
        (`ChangedMeanwhile`).
        """
        if segment.id in shipped():
            raise WorkspaceError(
                f"“{segment.id}” comes with segml and stays as it is. "
                f"Save your copy under another id, such as my-{segment.id}."
            )
        current = self.segments().get(segment.id)
        if current is not None and _same(current, segment):
            return current
        return self._add(segment, segment.rule, replacing)

    def delete(self, name: str, owner: str, at: str) -> None:
        """Delete a saved segment; its versions stay on record."""
        segment = self.segments()[name]
        self._add(
            Segment(name, segment.name, None, segment.description, "", owner, saved_at=at), None
        )

    def _add(self, segment: Segment, rule: Any, replacing: int | None = None) -> Segment:
        with self._database.writing() as connection:
            query = select(_VERSIONS.c.version, _VERSIONS.c.rule)
            newest = query.where(_VERSIONS.c.id == segment.id).order_by(_VERSIONS.c.version.desc())
            version, held = connection.execute(newest.limit(1)).first() or (0, None)
            current = version if held is not None else 0
            if replacing not in (None, current):
                raise ChangedMeanwhile(
                    f"“{segment.id}” has version {current or 'none'} by now; you changed version "
                    f"{replacing or 'none'}. Look at what others changed, and change that."
                )
            version += 1
            connection.execute(
                insert(_VERSIONS).values(
                    id=segment.id,
                    version=version,
                    name=segment.name,
                    description=segment.description,
                    owner=segment.owner,
                    saved_at=segment.saved_at,
                    rule=rule,
                    tags=list(segment.tags),
                )
            )
        return replace(segment, rule=rule, version=version)


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
        tuple(row["tags"]),
    )


def _same(one: Segment, other: Segment) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _MEANT)
