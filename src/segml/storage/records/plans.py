"""The plans of campaigns that were saved."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from segml.core.errors import UnknownName
from segml.storage.records.database import Database
from segml.storage.records.schema import PLANS


@dataclass(frozen=True, slots=True)
class Plan:
    """A saved plan.

    Attributes
    ----------
    id
        Grows from plan to plan.
    at, who
        When, and by whom it was saved.
    digest
        Of what was planned; the same plan saved twice is one.
    document
        The plan, as plain JSON.
    """

    id: int
    at: datetime
    who: str
    digest: str
    document: dict[str, Any]


class Plans:
    """The plans of a workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, at: datetime, who: str, digest: str, document: dict[str, Any]) -> Plan:
        """Save a plan and return it; one that is there already is returned as it was saved."""
        values = {"at": at, "who": who, "digest": digest, "document": document}
        with self._database.writing() as connection:
            query = select(PLANS).where(PLANS.c.digest == digest)
            row = connection.execute(query).mappings().one_or_none()
            if row is not None:
                return Plan(**row)
            made = connection.execute(insert(PLANS).values(values).returning(PLANS.c.id))
            return Plan(made.scalar_one(), at, who, digest, document)

    def get(self, number: int) -> Plan:
        """Return a plan; `UnknownName` when there is none."""
        with self._database.reading() as connection:
            query = select(PLANS).where(PLANS.c.id == number)
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise UnknownName("plan", str(number), ())
        return Plan(**row)

    def all(self, limit: int = 100) -> list[Plan]:
        """Return plans, the newest first."""
        query = select(PLANS).order_by(PLANS.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [Plan(**row) for row in connection.execute(query).mappings()]
