"""The audit: who changed something, saw many customers, or took them out.

Rows are only ever added. Law kept: no personal data; a customer is named by id only.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from segml.core.identity import Role
from segml.storage.records.database import Database
from segml.storage.records.schema import AUDIT


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit.

    Attributes
    ----------
    id
        Grows from entry to entry.
    at, who, role
        When, who, and what they were; no role for somebody at the terminal.
    action
        What was done, such as ``segments.save``.
    what
        To what: a segment's id, a customer's id, a file's name.
    rows
        How many customers it showed or gave out; None where that says nothing.
    """

    id: int
    at: datetime
    who: str
    role: Role | None
    action: str
    what: str
    rows: int | None


class Audit:
    """The audit of a workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        at: datetime,
        who: str,
        role: Role | None,
        action: str,
        what: str,
        rows: int | None = None,
    ) -> None:
        """Write down what was done; see `Entry`."""
        with self._database.writing() as connection:
            connection.execute(
                insert(AUDIT).values(at=at, who=who, role=role, action=action, what=what, rows=rows)
            )

    def entries(self, limit: int = 100, before: int | None = None) -> list[Entry]:
        """Return entries, the newest first.

        Parameters
        ----------
        limit
            At most so many.
        before
            Only entries older than the one with this id.
        """
        query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AUDIT.c.id < before)
        with self._database.reading() as connection:
            return [Entry(**row) for row in connection.execute(query).mappings()]
