"""The database: connections that read or write, and the schema brought up to date at first use.

Two processes that start at once bring it up to date one after the other. SQLite runs with its
write-ahead log, so that reading never waits for a writer.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from typing import Final

from filelock import FileLock
from sqlalchemy import (
    Connection,
    Engine,
    QueuePool,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from segml.core.errors import Busy, Unavailable, WorkspaceError
from segml.storage.records import migrations
from segml.storage.records.schema import METADATA

_PATIENCE: Final = 30  # seconds that SQLite waits for another writer
_UNWRITABLE: Final = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
_ADVISORY: Final = 0x5E6_311  # names the lock that PostgreSQL holds while the schema changes


class Database:
    """The records' database; safe from several threads and processes.

    Parameters
    ----------
    url
        An SQLAlchemy URL. A SQLite file is made by the first write; until then, everything reads as
        empty.

    Raises
    ------
    Unavailable
        Whenever the database cannot be used.
    """

    def __init__(self, url: str) -> None:
        with _told(url):
            self.url = make_url(url)
        self._file: Path | None = None
        if self.url.get_backend_name() == "sqlite" and self.url.database:
            self._file = Path(self.url.database)
        self._lock = Lock()
        self._current = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection for reading."""
        with _told(self._shown):
            blank = self._is_blank()
            if not blank:
                self._prepare()
            with (self._empty if blank else self._reader).connect() as connection:
                if blank:
                    METADATA.create_all(connection)
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection whose work is kept whole at the end, or undone on any error."""
        with _told(self._shown):
            self._prepare()
            with self._writer.begin() as connection:
                yield connection

    def compact(self) -> None:
        """Let nothing be left in the files of what was changed or deleted.

        Raises
        ------
        Busy
            When others read or write for so long that it cannot be done now.
        """
        with _told(self._shown):
            self._prepare()
            if self._file is None:
                engine = self._writer.execution_options(isolation_level="AUTOCOMMIT")
                with engine.connect() as connection:
                    connection.exec_driver_sql("VACUUM")
                return
            with closing(self._writer.raw_connection()) as raw:  # which begins nothing by itself
                raw.cursor().execute("VACUUM")
                busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise Busy(f"{self._file} is in use, so it cannot be compacted now. Do this again.")

    def close(self) -> None:
        """Let go of every connection; the next use opens new ones."""
        self._writer.dispose()
        self._reader.dispose()

    @property
    def _shown(self) -> str:
        return self.url.render_as_string(hide_password=True)

    @cached_property
    def _writer(self) -> Engine:
        if self._file is None:
            return create_engine(self.url, pool_pre_ping=True)
        return _sqlite(partial(_opened, self._file), "BEGIN IMMEDIATE")

    @cached_property
    def _reader(self) -> Engine:
        if self._file is None:
            return self._writer
        return _sqlite(partial(_opened_to_read, self._file), "BEGIN")

    @cached_property
    def _empty(self) -> Engine:
        # Each connection is a database of its own, in memory.
        shared = {"check_same_thread": False}
        return create_engine("sqlite://", poolclass=QueuePool, connect_args=shared)

    def _is_blank(self) -> bool:
        """Return whether nothing was ever written to the file, if it is one."""
        if self._file is None or self._current:
            return False
        if not self._file.exists():
            return True
        with self._reader.connect() as connection:  # the first write may have been cut short
            return not inspect(connection).get_table_names()

    def _prepare(self) -> None:
        """See to it that the schema is that of now."""
        with self._lock:
            if not self._current:
                self._bring_up_to_date()
                self._current = True

    def _bring_up_to_date(self) -> None:
        if self._file is None:
            with self._writer.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY})"))
                _migrate(connection)
        elif not (self._file.exists() and self._is_current()):
            # Going over to the write-ahead log cannot wait by itself for others that do so too.
            with FileLock(f"{self._file}.lock"):
                self._file.touch(mode=0o600)  # secrets are in it
                with self._writer.begin() as connection:
                    _migrate(connection)

    def _is_current(self) -> bool:
        with self._reader.connect() as connection:
            return _version(connection) == migrations.HEAD


def _version(connection: Connection) -> str | None:
    """Return the version of the schema; None where the database does not say it."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _migrate(connection: Connection) -> None:
    """Bring the schema up to date within the transaction of a connection."""
    version = _version(connection)
    if version != migrations.HEAD:
        adopted = version is None and inspect(connection).has_table("segment_versions")
        migrations.upgrade(connection, version=migrations.FIRST if adopted else None)


def _sqlite(connect: Callable[[], sqlite3.Connection], begin: str) -> Engine:
    """Return an engine of a SQLite file whose transactions begin with a statement."""
    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _opened(file: Path) -> sqlite3.Connection:
    connection = _connected(file, "mode=rw")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("SELECT count(*) FROM sqlite_master")  # which makes the log's files
    return connection


def _opened_to_read(file: Path) -> sqlite3.Connection:
    try:
        return _opened(file)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _UNWRITABLE:
            raise
        return _connected(file, "immutable=1")  # on such a disk nobody else writes either


def _connected(file: Path, how: str) -> sqlite3.Connection:
    # We say when a transaction begins, so that changes of the schema are in it too.
    return sqlite3.connect(
        f"{file.resolve().as_uri()}?{how}",
        uri=True,
        timeout=_PATIENCE,
        isolation_level=None,
        check_same_thread=False,
    )


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Turn what the database says into a sentence that names it."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error
        raise Unavailable(
            f"The database of records, {where}, cannot be used ({cause}). See that the "
            "database runs, that there is room and that this user may write there; or restore it "
            "from a backup."
        ) from None
    except ModuleNotFoundError as error:
        raise WorkspaceError(
            f"The database of records, {where}, needs {error.name}. Install segml[postgres]."
        ) from None
