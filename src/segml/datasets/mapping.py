"""A mapping says, for each table, which source gives its rows and what stands behind each column.

It is a TOML file::

    time_zone = "Europe/London"          # optional: the zone the times are meant in
    [sources.lines]
    file = "lines.parquet"               # beside the mapping, or in the folder the caller names
    [[tables.orders]]                    # one or several for each table
    from = "lines"                       # or file = …, or database = … with query = …,
                                         # or query = "SELECT … FROM lines …" over the sources
    where = "Quantity > 0"               # optional SQL condition
    keep_first = true                    # the source repeats keys on purpose
    [tables.orders.columns]
    order_id = "Invoice"                 # a column by name
    amount = { expression = "Quantity * UnitPrice" }
    channel = { constant = "delivery" }
    ordered_at = { column = "InvoiceDate", format = "%d/%m/%Y %H:%M" }

Expressions and conditions are DuckDB's SQL and may use ``_row``, the row's number in its file.
Without ``columns``, the columns of the source that have canonical names are taken. All problems of
a mapping are told at once.

To ship a mapping: one file in ``mappings/``; its comments explain what it decides.
"""

import datetime
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

import polars as pl

from segml.core.errors import ImportRefused, near
from segml.core.tables import TABLE, Form, Table
from segml.datasets.databases import database_source
from segml.datasets.queries import BadSql, queried, shaped
from segml.datasets.sources import Source, canonical_names, file, missing_columns
from segml.engine.batches import MADE, TableSource

_SHIPPED: Final = Path(__file__).parent / "mappings"
_TOP: Final = ("description", "time_zone", "sources", "tables")
_SOURCE: Final = ("file", "database", "query")
_ENTRY: Final = ("from", "file", "database", "query", "where", "keep_first", "columns")
_COLUMN: Final = ("column", "expression", "constant", "format")


def shipped_mappings() -> dict[str, Path]:
    """Return the mappings that come with segml, such as ``cdnow``, by name."""
    return {path.stem: path for path in sorted(_SHIPPED.glob("*.toml"))}


def mapping_time_zone(path: Path) -> str | None:
    """Return the time zone a mapping was written for, None where it says none."""
    zone = _document(path).get("time_zone")
    return zone if isinstance(zone, str) else None


def mapping_sources(path: Path, data_dir: Path | None = None) -> list[TableSource]:
    """Return what a mapping file reads, one source for each of its entries.

    Parameters
    ----------
    path
        The mapping file.
    data_dir
        Where relative files are looked for first; then beside the mapping.

    Raises
    ------
    ImportRefused
        With every problem of the mapping and its sources.
    """
    reading = _Reading(path, data_dir)
    document = _document(path)
    reading.known(document, _TOP, "the top")
    zone = document.get("time_zone")
    if zone is not None and zone not in available_timezones():
        reading.problem("time_zone", f"{zone!r} is no time zone, such as Europe/Berlin.")
    for name, spec in reading.section(document, "sources").items():
        with reading.at(f"sources.{name}"):
            reading.add(name, spec)
    found = []
    for name, entries in reading.section(document, "tables").items():
        if name not in TABLE:
            reading.problem(f"tables.{name}", f"There is no such table. {near(name, TABLE)}")
            continue
        for number, spec in enumerate(entries if isinstance(entries, list) else [entries], 1):
            with reading.at(f"tables.{name}, entry {number}"):
                found.append(reading.entry(TABLE[name], spec))
    if not reading.section(document, "tables"):
        reading.problem("tables", "The mapping fills no table; it needs at least one [[tables.…]].")
    if reading.problems:
        lines = "\n".join(f"  - {problem}" for problem in reading.problems)
        raise ImportRefused(f"{path.name} cannot be used as it stands:\n{lines}")
    return found


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ImportRefused(f"{path} cannot be opened: {error.strerror or error}.") from error
    except ValueError as error:
        raise ImportRefused(f"{path.name} is no TOML file: {error}.") from error


class _Skip(Exception):
    """The rest of a section makes no sense; its problem has been noted."""


@dataclass(slots=True)
class _Columns:
    """What the ``columns`` of an entry ask for."""

    plain: dict[str, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)


class _Reading:
    """A mapping being read: its sources so far, and its problems."""

    def __init__(self, path: Path, data_dir: Path | None) -> None:
        self._path = path
        self._folders = [folder for folder in (data_dir, path.parent) if folder is not None]
        self._sources: dict[str, Source] = {}
        self._named: set[str] = set()
        self._place = ""
        self.problems: list[str] = []

    def problem(self, place: str, text: str) -> None:
        self.problems.append(f"{place}: {text.strip()}")

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Note what goes wrong inside as problems of `place`."""
        self._place = place
        try:
            yield
        except _Skip:
            pass
        except (ImportRefused, BadSql) as error:
            self.problem(place, str(error))

    def section(self, document: dict[str, Any], name: str) -> dict[str, Any]:
        found = document.get(name, {})
        return found if isinstance(found, dict) else {}

    def known(self, spec: dict[str, Any], keys: tuple[str, ...], place: str) -> None:
        for key in spec:
            if key not in keys:
                hint = near(key, keys) or f"Known here: {', '.join(keys)}."
                self.problem(place, f"“{key}” means nothing here. {hint}")

    def add(self, name: str, spec: Any) -> None:
        """Open a named source."""
        self._named.add(name)
        self._table(spec)
        self.known(spec, _SOURCE, self._place)
        self._sources[name] = self._origin(spec)

    def entry(self, table: Table, spec: Any) -> TableSource:
        """Return one entry of a table."""
        self._table(spec)
        self.known(spec, _ENTRY, self._place)
        source = self._from(table, spec)
        columns = self._columns(table, spec, source)
        for name in missing_columns(table, columns.plain | columns.made):
            self.problem(self._place, f"The required column {name} is given nothing.")
        where = spec.get("where")
        shape = shaped(source, columns.made, where) if columns.made or where else source
        pairs = {name: MADE + name for name in columns.made} | columns.plain
        return TableSource(
            table=table.name,
            label=shape.label,
            open=shape.open,
            columns=tuple((name, pairs[name]) for name in canonical_names(table) if name in pairs),
            formats=tuple(columns.formats.items()),
            untyped=shape.untyped,
            keep_first=spec.get("keep_first", False) is True,
        )

    def _table(self, spec: Any) -> None:
        if not isinstance(spec, dict):
            self.problem(self._place, "A TOML table with keys and values is wanted here.")
            raise _Skip

    def _from(self, table: Table, spec: dict[str, Any]) -> Source:
        if "from" in spec:
            name = spec["from"]
            if name in self._named and name not in self._sources:
                raise _Skip  # its own problem is told where it is declared
            if name not in self._sources:
                hint = near(str(name), self._sources)
                self.problem(self._place, f"There is no source “{name}”. {hint}")
                raise _Skip
            return self._sources[name]
        if "query" in spec and "database" not in spec:
            if self._named - set(self._sources):
                raise _Skip
            label = f"{self._path.name}:{table.name}"
            return queried(self._sources, str(spec["query"]).strip().rstrip(";"), label)
        return self._origin(spec)

    def _origin(self, spec: dict[str, Any]) -> Source:
        if "database" in spec and "query" in spec:
            return database_source(str(spec["database"]), str(spec["query"]))
        if "file" in spec:
            return file(self._found(str(spec["file"])))
        self.problem(
            self._place, "Say where the rows are: from, file, query, or database with query."
        )
        raise _Skip

    def _found(self, name: str) -> Path:
        for folder in self._folders:
            if (folder / name).is_file():
                return folder / name
        places = " nor in ".join(str(folder) for folder in self._folders)
        self.problem(self._place, f"There is no file {name} in {places}.")
        raise _Skip

    def _columns(self, table: Table, spec: dict[str, Any], source: Source) -> _Columns:
        columns = _Columns()
        asked = spec.get("columns")
        names = canonical_names(table)
        if asked is None:
            columns.plain = {name: name for name in names if name in source.schema.names}
            return columns
        self._table(asked)
        for name, value in asked.items():
            if name not in names:
                text = f"The table {table.name} has no column “{name}”. {near(name, names)}"
                self.problem(self._place, text)
            else:
                self._column(table, name, value, source, columns)
        return columns

    def _column(
        self, table: Table, name: str, value: Any, source: Source, columns: _Columns
    ) -> None:
        spec = {"column": value} if isinstance(value, str) else value
        self._table(spec)
        self.known(spec, _COLUMN, f"{self._place}, column {name}")
        if sum(key in spec for key in ("column", "expression", "constant")) != 1:
            self.problem(
                self._place, f"Column {name} wants one of column, expression and constant."
            )
            return
        if "column" in spec:
            if spec["column"] not in source.schema.names:
                hint = near(str(spec["column"]), source.schema.names)
                has = f"it has {', '.join(source.schema.names)}."
                self.problem(
                    self._place, f"{source.label} has no column “{spec['column']}”. {hint or has}"
                )
            columns.plain[name] = spec["column"]
        elif "expression" in spec:
            columns.made[name] = str(spec["expression"])
        else:
            columns.made[name] = _literal(spec["constant"])
        if "format" in spec:
            columns.formats[name] = self._format(table, name, str(spec["format"]))

    def _format(self, table: Table, name: str, time_format: str) -> str:
        form = Form.TIME if name == "known_at" else table.column(name).form
        if form not in (Form.TIME, Form.DATE):
            self.problem(self._place, f"Column {name} is no time, so it has no format.")
        if not _readable(time_format):
            self.problem(
                self._place,
                f"Column {name}: “{time_format}” is no format of a date, such as %d/%m/%Y %H:%M.",
            )
        return time_format


def _readable(time_format: str) -> bool:
    """Return whether a date written in this format can be read back."""
    probe = pl.Series([datetime.datetime(2001, 12, 31, 23, 59, 58, tzinfo=datetime.UTC)])
    try:
        text = probe.dt.strftime(time_format)
        return text.str.to_datetime(time_format, strict=False).null_count() == 0
    except pl.exceptions.PolarsError:
        return False


def _literal(value: Any) -> str:
    """Return a TOML value as an SQL literal."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return repr(value)
        case datetime.datetime() | datetime.date():
            kind = "TIMESTAMP" if isinstance(value, datetime.datetime) else "DATE"
            return f"{kind} '{value.isoformat()}'"
        case list():
            return f"[{', '.join(_literal(one) for one in value)}]"
        case _:
            return "'" + str(value).replace("'", "''") + "'"
