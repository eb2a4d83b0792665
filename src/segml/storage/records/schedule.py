"""The schedule: when nights are to be run by themselves, and from where facts come."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from segml.storage.records.database import Database
from segml.storage.records.schema import SCHEDULE


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a night is run.

    Attributes
    ----------
    cron
        Five fields as cron has them, in the restaurant's time zone; None for never.
    mapping
        The mapping file of new facts, or the name of one that comes with segml; None to import
        nothing.
    """

    cron: str | None = None
    mapping: str | None = None


class Schedule:
    """The schedule of a workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> Timetable:
        """Return the timetable; an empty one where none was ever written."""
        with self._database.reading() as connection:
            query = select(SCHEDULE.c.cron, SCHEDULE.c.mapping)
            row = connection.execute(query).mappings().one_or_none()
        return Timetable(**row) if row else Timetable()

    def write(self, timetable: Timetable) -> None:
        """Replace the timetable."""
        with self._database.writing() as connection:
            connection.execute(delete(SCHEDULE))
            connection.execute(
                insert(SCHEDULE).values(id=1, cron=timetable.cron, mapping=timetable.mapping)
            )
