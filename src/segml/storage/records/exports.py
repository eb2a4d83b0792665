"""The log of exports: which files with customers were made, for whom."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import RowMapping, insert, select

from segml.core.errors import UnknownName
from segml.storage.records.database import Database
from segml.storage.records.schema import EXPORTS


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of an export, by its name, and how many rows it has."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Export:
    """One export.

    Attributes
    ----------
    id
        Grows from export to export.
    at, who
        When, and for whom it was made.
    what
        A segment's id, or the digest of a rule.
    as_of
        The day at whose start its members were asked for.
    fields
        The columns.
    channel
        Only customers who may be contacted there are in it; None for all.
    rows, files
        How many customers, in which files.
    """

    id: int
    at: datetime
    who: str
    what: str
    as_of: date
    fields: tuple[str, ...]
    channel: str | None
    rows: int
    files: tuple[ExportFile, ...]


class Exports:
    """The exports of a workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        at: datetime,
        who: str,
        what: str,
        as_of: date,
        fields: tuple[str, ...],
        channel: str | None,
        files: tuple[ExportFile, ...],
    ) -> Export:
        """Write down an export and return it; see `Export`."""
        rows = sum(file.rows for file in files)
        values = {
            "at": at,
            "who": who,
            "what": what,
            "as_of": as_of,
            "fields": list(fields),
            "channel": channel,
            "rows": rows,
            "files": [[file.name, file.rows] for file in files],
        }
        with self._database.writing() as connection:
            (number,) = connection.execute(
                insert(EXPORTS).values(values).returning(EXPORTS.c.id)
            ).one()
        return Export(number, at, who, what, as_of, fields, channel, rows, files)

    def get(self, number: int) -> Export:
        """Return an export; `UnknownName` when there is none."""
        with self._database.reading() as connection:
            query = select(EXPORTS).where(EXPORTS.c.id == number)
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise UnknownName("export", str(number), ())
        return _export(row)

    def all(self, limit: int = 100, before: int | None = None) -> list[Export]:
        """Return exports, the newest first; those before the one with an id where it is given."""
        query = select(EXPORTS).order_by(EXPORTS.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(EXPORTS.c.id < before)
        with self._database.reading() as connection:
            return [_export(row) for row in connection.execute(query).mappings()]


def _export(row: RowMapping) -> Export:
    files = tuple(ExportFile(*file) for file in row["files"])
    return Export(**{**row, "fields": tuple(row["fields"]), "files": files})
