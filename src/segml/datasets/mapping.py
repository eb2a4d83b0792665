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
Without ``columns``, a source is read as a plain file is: by canonical names, whatever their case,
and the columns left over are told. All problems of a mapping are told at once.

To ship a mapping: one file in ``mappings/``; its comments explain what it decides.
"""

import datetime
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

import polars as pl

from segml.core.errors import ImportRefused, near
from segml.core.tables import TABLE, Form, Table
from segml.datasets.queries import BadSql, queried, shaped
from segml.datasets.sources import Source, canonical_names, file, missing_columns, table_source
from segml.engine.batches import MADE, TableSource

_SHIPPED: Final = Path(__file__).parent / "mappings"

_Shape = Mapping[str, type]
_TOP: Final[_Shape] = {"description": str, "time_zone": str, "sources": dict, "tables": dict}
_SOURCE: Final[_Shape] = {"file": str, "database": str, "query": str}
_ENTRY: Final[_Shape] = {
    "from": str,
    **_SOURCE,
    "where": str,
    "keep_first": bool,
    "columns": dict,
}
_COLUMN: Final[_Shape] = {"column": str, "expression": str, "constant": object, "format": str}
_WANTED: Final = {str: "a text in quotation marks", bool: "true or false", dict: "a TOML table"}
_SOURCE_ORIGINS: Final = (("file",), ("database", "query"))
_ENTRY_ORIGINS: Final = (("from",), *_SOURCE_ORIGINS, ("query",))


def shipped_mappings() -> dict[str, Path]:
    """Return the mappings that come with segml, such as ``cdnow``, by name."""
    return {path.stem: path for path in sorted(_SHIPPED.glob("*.toml"))}


def mapping_time_zone(path: Path) -> str | None:
    """Return the time zone a mapping was written for, None where it says none.

    Raises
    ------
    ImportRefused
        When the file is no TOML, or what it says is no time zone.
    """
    zone = _document(path).get("time_zone")
    if zone is None:
        return None
    if not isinstance(zone, str) or zone not in available_timezones():
        raise ImportRefused(f"{path.name} cannot be used as it stands: time_zone: {_no_zone(zone)}")
    return zone


def found_sources(
    mapping: Path | str, data_dir: Path | str | None, time_zone: str
) -> list[TableSource]:
    """Return what a mapping file, or a shipped one by its name, reads into a zone's workspace.

    Raises
    ------
    ImportRefused
        As `mapping_sources` does; and when there is no such mapping, or it is for another zone.
    """
    path = Path(mapping)
    if not path.is_file():
        shipped = shipped_mappings()
        if str(mapping) not in shipped:
            raise ImportRefused(
                f"There is no mapping file {mapping}. {near(str(mapping), shipped)} "
                f"With segml come {', '.join(shipped)}."
            )
        path = shipped[str(mapping)]
    zone = mapping_time_zone(path)
    if zone is not None and zone != time_zone:
        raise ImportRefused(
            f"{path} is written for the time zone {zone}, but this workspace counts its days in "
            f"{time_zone}. Make one by segml init --time-zone {zone}."
        )
    return mapping_sources(path, Path(data_dir) if data_dir else None)


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
    if not document.get("tables"):
        reading.problem("tables", "The mapping fills no table; it needs at least one [[tables.…]].")
    document = reading.known(document, _TOP, "the top")
    zone = document.get("time_zone")
    if zone is not None and zone not in available_timezones():
        reading.problem("time_zone", _no_zone(zone))
    for name, spec in document.get("sources", {}).items():
        with reading.at(f"sources.{name}"):
            reading.add(name, spec)
    found = []
    for name, entries in document.get("tables", {}).items():
        if name not in TABLE:
            reading.problem(f"tables.{name}", f"There is no such table. {near(name, TABLE)}")
            continue
        for number, spec in enumerate(entries if isinstance(entries, list) else [entries], 1):
            with reading.at(f"tables.{name}, entry {number}"):
                found.append(reading.entry(TABLE[name], spec))
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


def _no_zone(zone: object) -> str:
    return f"{zone!r} is no time zone, such as Europe/Berlin."


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

    def known(self, spec: dict[str, Any], shape: _Shape, place: str) -> dict[str, Any]:
        """Return what of `spec` has a known key and a value of its type; the rest is a problem."""
        kept = {}
        for key, value in spec.items():
            if key not in shape:
                hint = near(key, shape) or f"Known here: {', '.join(shape)}."
                self.problem(place, f"“{key}” means nothing here. {hint}")
            elif not isinstance(value, shape[key]):
                self.problem(place, f"“{key}” wants {_WANTED[shape[key]]}, not {value!r}.")
            else:
                kept[key] = value
        return kept

    def add(self, name: str, spec: Any) -> None:
        """Open a named source."""
        self._named.add(name)
        self._table(spec)
        fit = self.known(spec, _SOURCE, self._place)
        self._sources[name] = self._opened(fit, self._origin(spec, fit, _SOURCE_ORIGINS))

    def entry(self, table: Table, spec: Any) -> TableSource:
        """Return one entry of a table."""
        self._table(spec)
        fit = self.known(spec, _ENTRY, self._place)
        source = self._from(table, fit, self._origin(spec, fit, _ENTRY_ORIGINS))
        where, keep_first = fit.get("where"), fit.get("keep_first", False)
        if "columns" not in spec:
            kept = shaped(source, {}, where) if where else source
            return replace(table_source(table, kept), keep_first=keep_first)
        if "columns" not in fit:
            raise _Skip
        columns = self._columns(table, fit["columns"], source)
        for name in missing_columns(table, fit["columns"]):
            self.problem(self._place, f"The required column {name} is given nothing.")
        shape = shaped(source, columns.made, where) if columns.made or where else source
        pairs = {name: MADE + name for name in columns.made} | columns.plain
        return TableSource(
            table=table.name,
            label=shape.label,
            open=shape.open,
            columns=tuple((name, pairs[name]) for name in canonical_names(table) if name in pairs),
            formats=tuple(columns.formats.items()),
            untyped=shape.untyped,
            keep_first=keep_first,
        )

    def _table(self, spec: Any) -> None:
        if not isinstance(spec, dict):
            self.problem(self._place, "A TOML table with keys and values is wanted here.")
            raise _Skip

    def _origin(
        self, spec: dict[str, Any], fit: dict[str, Any], origins: tuple[tuple[str, ...], ...]
    ) -> tuple[str, ...]:
        """Return which of `origins` the spec names, if it is exactly one."""
        keys = dict.fromkeys(key for origin in origins for key in origin)
        said = tuple(key for key in keys if key in spec)
        if said not in origins:
            ways = ", or ".join(" with ".join(origin) for origin in origins)
            found = f"this names {', '.join(said)}" if said else "this names none"
            self.problem(self._place, f"Say where the rows are by exactly one of {ways}; {found}.")
            raise _Skip
        if not all(key in fit for key in said):
            raise _Skip  # that it is no text has been told
        return said

    def _from(self, table: Table, fit: dict[str, Any], origin: tuple[str, ...]) -> Source:
        if origin == ("from",):
            return self._declared(fit["from"])
        if origin == ("query",):
            if self._named - set(self._sources):
                raise _Skip  # it may read a source that has a problem of its own
            label = f"{self._path.name}:{table.name}"
            return queried(self._sources, fit["query"].strip().rstrip(";"), label)
        return self._opened(fit, origin)

    def _declared(self, name: str) -> Source:
        if name in self._named and name not in self._sources:
            raise _Skip  # its own problem is told where it is declared
        if name not in self._sources:
            self.problem(self._place, f"There is no source “{name}”. {near(name, self._sources)}")
            raise _Skip
        return self._sources[name]

    def _opened(self, fit: dict[str, Any], origin: tuple[str, ...]) -> Source:
        if origin == ("file",):
            return file(self._found(fit["file"]))
        from segml.datasets.databases import database_source  # noqa: PLC0415 (it loads slowly)

        return database_source(fit["database"], fit["query"])

    def _found(self, name: str) -> Path:
        for folder in self._folders:
            if (folder / name).is_file():
                return folder / name
        places = " nor in ".join(str(folder) for folder in self._folders)
        self.problem(self._place, f"There is no file {name} in {places}.")
        raise _Skip

    def _columns(self, table: Table, asked: dict[str, Any], source: Source) -> _Columns:
        columns = _Columns()
        names = canonical_names(table)
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
        if not isinstance(spec, dict):
            self.problem(
                self._place,
                f"Column {name} wants the name of a column or a TOML table, not {spec!r}.",
            )
            return
        fit = self.known(spec, _COLUMN, f"{self._place}, column {name}")
        if sum(key in spec for key in ("column", "expression", "constant")) != 1:
            self.problem(
                self._place, f"Column {name} wants one of column, expression and constant."
            )
            return
        if "column" in fit:
            self._has(source, fit["column"])
            columns.plain[name] = fit["column"]
        elif "expression" in fit:
            columns.made[name] = fit["expression"]
        elif "constant" in fit:
            columns.made[name] = _literal(fit["constant"])
        if "format" in fit:
            columns.formats[name] = self._format(table, name, fit["format"])

    def _has(self, source: Source, name: str) -> None:
        if name not in source.schema.names:
            hint = near(name, source.schema.names)
            has = f"it has {', '.join(source.schema.names)}."
            self.problem(self._place, f"{source.label} has no column “{name}”. {hint or has}")

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
