"""The database of the records: made once, adopted, migrated, survived; on SQLite and PostgreSQL."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from postgres_server import new_database
from segml import Settings, Workspace, WorkspaceError
from segml import fields as f
from segml.core.identity import Identity, Role
from segml.pipeline import run_nights
from segml.segments.segment import Segment
from segml.storage.records import migrations
from segml.storage.records.records import Records
from segml.storage.records.schedule import Timetable
from segml.storage.records.schema import METADATA

NIGHT = date(2026, 7, 1)
AT = datetime(2026, 7, 1, 5, tzinfo=UTC)


def test_many_threads_read_and_write(records: Records) -> None:
    """Also while nothing was ever written, and while somebody writes first."""
    identities = []

    def ask(number: int) -> None:
        for _ in range(20):
            records.tokens.all()
        identities.append(records.tokens.create(f"thread {number}", Role.VIEWER, AT)[0])
        records.audit.add(AT, str(number), None, "ask", "")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert {token.identity for token in records.tokens.all()} == set(identities)
    assert len(records.audit.entries()) == 8


def test_the_schema_is_what_its_steps_make(records: Records) -> None:
    records.schedule.write(Timetable())
    with records.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == migrations.HEAD
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_heads() == [migrations.HEAD]
    assert script.get_bases() == [migrations.FIRST]


def test_two_that_start_at_once_make_one_database(records: Records, tmp_path: Path) -> None:
    url = str(records.database.url) if records.database.url.get_backend_name() != "sqlite" else ""
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC;"
        "from segml.storage.records.records import Records;"
        "Records(Path(sys.argv[1]), sys.argv[2]).audit.add("
        "datetime(2026, 7, 1, tzinfo=UTC), sys.argv[3], None, 'start', '')"
    )
    command = [sys.executable, "-c", code, str(tmp_path), url]
    running = [subprocess.Popen([*command, str(number)]) for number in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert {entry.who for entry in records.audit.entries()} == {"0", "1", "2"}


def test_a_catalogue_of_before_is_adopted(tmp_path: Path) -> None:
    rule = '{"combinator": "and", "rules": []}'
    with sqlite3.connect(tmp_path / "catalogue.db") as old:
        old.execute(
            "CREATE TABLE segment_versions (id VARCHAR(63) NOT NULL, version INTEGER NOT NULL, "
            "name VARCHAR NOT NULL, description VARCHAR NOT NULL, owner VARCHAR NOT NULL, "
            "saved_at VARCHAR NOT NULL, rule JSON, PRIMARY KEY (id, version))"
        )
        row = ("mine", 1, "Mine", "", "kim", "2026-01-01", rule)
        old.execute("INSERT INTO segment_versions VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    old.close()
    records = Records(tmp_path)
    kept = records.catalogue.segments()["mine"]
    assert kept == Segment("mine", "Mine", {"combinator": "and", "rules": []}, owner="kim")
    assert kept.tags == ()
    tagged = records.catalogue.save(Segment("mine", "Mine", kept.rule, owner="kim", tags=("a",)))
    assert (tagged.version, tagged.tags) == (2, ("a",))


def test_an_undone_step_leaves_the_schema_of_before(records: Records) -> None:
    def half() -> None:
        with records.database.writing() as connection:
            connection.execute(text("CREATE TABLE half (id INTEGER)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with records.database.reading() as connection:
        assert not connection.dialect.has_table(connection, "half")


def test_a_reader_does_not_wait_for_a_writer(records: Records) -> None:
    records.audit.add(AT, "kim", None, "before", "")
    with records.database.writing() as connection:
        connection.execute(text("DELETE FROM audit"))
        assert [entry.action for entry in records.audit.entries()] == ["before"]
    assert records.audit.entries() == []


def test_the_database_is_private(tmp_path: Path) -> None:
    Records(tmp_path).schedule.write(Timetable())
    assert (tmp_path / "catalogue.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "cannot be used"),
        ("postgresql+psycopg://kim:secret@127.0.0.1:1/none", "cannot be used"),
        ("oracle://kim@127.0.0.1/none", "Install"),
    ],
)
def test_a_database_that_cannot_be_is_told(url: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=told) as refused:
        Records(tmp_path, url).tokens.all()
    assert "secret" not in str(refused.value)


@pytest.mark.slow
def test_a_restarted_server_is_survived(postgres_server: Any, tmp_path: Path) -> None:
    records = Records(tmp_path, new_database(postgres_server))
    secret = records.tokens.create("Kim", Role.VIEWER, AT)[1]
    for _ in range(2):
        postgres_server.stop()
        with pytest.raises(WorkspaceError, match="See that the database runs"):
            records.tokens.check(secret, AT)
        postgres_server.ensure_postgres_running()
        assert isinstance(records.tokens.check(secret, AT), Identity)
        records.audit.add(AT, "kim", None, "after", "")
    assert len(records.audit.entries()) == 2
    records.database.close()


# The workspace


def test_a_workspace_keeps_tags(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path)
    rule = f.orders_total >= 5
    workspace.segments.save("mine", rule, owner="kim", tags=["wine", "wine", "spring"])
    assert workspace.segments.get("mine").tags == ("wine", "spring")
    assert workspace.segments.save("mine", rule, owner="kim").version == 1
    assert workspace.segments.save("mine", rule, owner="kim", tags=[]).tags == ()


def test_a_workspace_opens_without_its_database(tmp_path: Path) -> None:
    Workspace.create(tmp_path).segments.save("mine", f.orders_total >= 5, owner="kim")
    code = (
        "import sys; from segml import Workspace; from datetime import date;"
        "workspace = Workspace(sys.argv[1]); assert 'sqlalchemy' not in sys.modules;"
        "workspace.segments.all(); assert 'sqlalchemy' in sys.modules;"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


@pytest.mark.slow
def test_a_workspace_works_on_postgresql(postgres_server: Any, tmp_path: Path) -> None:
    settings = Settings(catalogue=new_database(postgres_server))
    workspace = Workspace.create(tmp_path, settings)
    workspace.segments.save("mine", f.orders_total >= 5, owner="kim", tags=["wine"])
    (night,) = run_nights(workspace, [NIGHT], clock=lambda: AT, who="kim")
    again = Workspace(tmp_path)
    assert again.segments.get("mine").tags == ("wine",)
    assert again.records.runs.all() == [night.run]
    assert "mine" in again.nights.all()[NIGHT].segments
    assert not (tmp_path / "catalogue.db").exists()
    for opened in (workspace, again):
        opened.records.database.close()
