"""When the disk fails: a clear word, yesterday's answers, and the night done once it works."""

import errno
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from segml import Workspace, WorkspaceError
from segml import fields as f
from segml.cli import app
from segml.datasets.sources import file_source
from segml.storage import columns as columns_module
from segml.storage import manifest as manifest_module
from segml.storage import nights as nights_module
from segml.storage import snapshots as snapshots_module
from small_town import LAST, content, filled, tables_of

pytestmark = pytest.mark.slow  # each case copies a workspace and runs a night
YESTERDAY = LAST - timedelta(days=1)
RULE = f.orders_total >= 5
Answers = tuple[Any, ...]


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def answers(workspace: Workspace, as_of: date | None = None) -> Answers:
    """Return what a person can ask of a stored night."""
    members = workspace.members(RULE, as_of=as_of)
    customer = members["customer_id"][0]
    return (
        workspace.preview(RULE, as_of=as_of),
        workspace.preview("win-back-campaign", as_of=as_of),
        members.rows(),
        workspace.members("at-risk", as_of=as_of).rows(),
        workspace.explain(customer, "vip-upsell", as_of=as_of),
    )


def copied(home: Path, folder: Path) -> Workspace:
    shutil.copytree(home, folder)
    return Workspace(folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """Return a workspace with yesterday's night; tests copy it."""
    workspace = filled(tmp_path_factory.mktemp("failures") / "w", data)
    workspace.nightly(YESTERDAY)
    return workspace.folder


@pytest.fixture(scope="module")
def expected(home: Path) -> Answers:
    """Return what yesterday's night answers."""
    return answers(Workspace(home))


@pytest.fixture(scope="module")
def undisturbed(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Return the workspace with both nights, on a disk that never failed."""
    workspace = copied(home, tmp_path_factory.mktemp("undisturbed") / "w")
    workspace.nightly(LAST)
    return workspace


@contextmanager
def mounted(folder: Path, *words: str) -> Iterator[None]:
    """Mount a file system for the time of a test; skip where that is not allowed."""
    if not sys.platform.startswith("linux") or shutil.which("mount") is None:
        pytest.skip("mounting is for Linux")
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *words, str(folder)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


# A workspace that cannot be written


def refuses_to_write(workspace: Workspace, late: Path) -> None:
    """Assert that everything that writes is refused with what to do about it."""
    other = YESTERDAY - timedelta(days=30)
    with pytest.raises(WorkspaceError, match=r"columns of 2025-12-01 .*snapshots.*may write"):
        workspace.preview(RULE, as_of=other)
    with pytest.raises(WorkspaceError, match=r"cannot be written to \(.*\)\. Give this user"):
        workspace.nightly(LAST)
    with pytest.raises(WorkspaceError, match=r"cannot be written to \(.*\)\. Give this user"):
        workspace.import_facts([file_source("orders", late)])
    told = run("nightly", "--as-of", LAST, "-w", workspace.folder)
    assert told.exit_code == 1
    assert told.stderr.count("\n") == 1
    assert str(workspace.folder) in told.stderr


@pytest.fixture
def late(tmp_path: Path) -> Path:
    file = tmp_path / "late.csv"
    file.write_text("order_id,customer_id,ordered_at,amount\n99999999,1,2025-12-31 12:00,10\n")
    return file


def test_a_file_system_mounted_to_be_read_only_still_answers(
    home: Path, expected: Answers, tmp_path: Path, late: Path
) -> None:
    copied(home, tmp_path / "w")
    with mounted(tmp_path / "shown", "-o", "bind,ro", str(tmp_path / "w")):
        try:
            (tmp_path / "shown" / "probe").touch()
        except OSError:
            workspace = Workspace(tmp_path / "shown")
            assert answers(workspace) == expected
            refuses_to_write(workspace, late)
            assert answers(workspace) == expected
        else:
            pytest.skip("a mount cannot be made read-only here")


def test_a_workspace_this_user_may_not_write_to_still_answers(
    home: Path, expected: Answers, tmp_path: Path, late: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = copied(home, tmp_path / "w")

    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("filelock.FileLock.acquire", denied)
    assert answers(workspace) == expected
    refuses_to_write(workspace, late)
    assert answers(workspace) == expected


# A full disk


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (pl.DataFrame, "write_ipc"),
        (columns_module._Output, "write"),
        (snapshots_module, "write_text"),
        (pl.DataFrame, "write_parquet"),
        (nights_module, "write_text"),
    ],
)
def test_a_full_disk_at_any_step_leaves_yesterday(
    home: Path,
    expected: Answers,
    undisturbed: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
) -> None:
    workspace = copied(home, tmp_path / "w")
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, full)
        told = run("nightly", "--as-of", LAST, "-w", workspace.folder)
        assert told.exit_code == 1
        assert isinstance(told.exception, SystemExit)
        assert "No space left on device" in told.stderr
        assert "there is room" in told.stderr
        assert str(workspace.folder) in told.stderr
        assert answers(workspace) == expected
    assert workspace.nightly(LAST).changed
    same_nights(workspace, undisturbed)


def test_a_disk_that_is_really_full(
    home: Path, expected: Answers, undisturbed: Workspace, tmp_path: Path
) -> None:
    size = sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
    room = -(-2 * size // 2**20) + 2
    place = tmp_path / "small"
    with mounted(place, "-t", "tmpfs", "-o", f"size={room}m", "tmpfs"):
        workspace = copied(home, place / "w")
        ballast = place / "ballast"
        left = shutil.disk_usage(place).free
        for share in (0, 8, 64, 200):  # thousands of bytes that are left to the night
            ballast.write_bytes(bytes(max(left - share * 1_000, 0)))
            told = run("nightly", "--as-of", LAST, "-w", workspace.folder)
            assert told.exit_code == 1, share
            assert isinstance(told.exception, SystemExit)
            assert "room" in told.stderr
            assert answers(workspace) == expected
            ballast.unlink()
        assert workspace.nightly(LAST).changed
        same_nights(workspace, undisturbed)


def test_a_full_disk_during_an_import_changes_nothing(
    home: Path, expected: Answers, tmp_path: Path, late: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = copied(home, tmp_path / "w")
    with monkeypatch.context() as patch:
        patch.setattr(manifest_module, "write_text", full)
        told = run("import", "orders", late, "-w", workspace.folder)
    assert told.exit_code == 1
    assert isinstance(told.exception, SystemExit)
    assert "No space left on device" in told.stderr
    assert answers(workspace) == expected
    assert workspace.import_facts([file_source("orders", late)])["orders"].new == 1


def same_nights(one: Workspace, other: Workspace) -> None:
    """Assert that two workspaces show the same nights, from the same bytes."""
    assert tables_of(one) == tables_of(other)
    for part in ("snapshots", "nights"):
        found, wanted = (content(each.folder / part) for each in (one, other))
        assert found.keys() == wanted.keys()
        assert [name for name in found if found[name] != wanted[name]] == []


# Damaged files


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


DAMAGES: tuple[Callable[[Path], None], ...] = (cut, Path.unlink)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "file",
    [
        f"snapshots/{LAST}.g1/orders_total.*.i*",
        f"snapshots/{LAST}.g1/days_since_last_order.*.valid",
        f"snapshots/{LAST}.g1/city.*.words",
        f"nights/{LAST}.1/sets.parquet",
        f"nights/{LAST}.1/ids.arrow",
    ],
)
def test_a_damaged_night_is_skipped_told_and_repaired(
    undisturbed: Workspace, expected: Answers, tmp_path: Path, file: str, damage: Any
) -> None:
    workspace = copied(undisturbed.folder, tmp_path / "w")
    rule = tmp_path / "rule.json"
    rule.write_text(
        '{"combinator": "and", "rules": [{"field": "age", "operator": ">", "value": 9}]}'
    )
    [path] = workspace.folder.glob(file)
    assert workspace.preview(RULE).as_of == LAST
    damage(path)
    assert answers(workspace) == expected  # though it was whole when it was first asked
    workspace = Workspace(workspace.folder)
    assert answers(workspace) == expected
    assert workspace.latest.day() == YESTERDAY
    [(skipped, error)] = workspace.latest.looked()[1].items()
    assert skipped == LAST
    assert str(path) in str(error)
    assert f"segml nightly --as-of {LAST}" in str(error)
    told = run("preview", rule, "-w", workspace.folder, "--json")
    assert told.exit_code == 0
    assert f'"as_of": "{YESTERDAY}"' in told.stdout
    assert f"The night {LAST} is skipped" in told.stderr
    assert str(path) in told.stderr
    assert workspace.nightly(LAST).changed
    assert workspace.latest.day() == LAST
    assert tables_of(workspace) == tables_of(undisturbed)
    assert not run("preview", rule, "-w", workspace.folder).stderr


@pytest.mark.parametrize(
    "file", [f"snapshots/{LAST}.g1/orders_total.*.i*", f"nights/{LAST}.1/sets.parquet"]
)
def test_a_night_of_which_a_byte_has_changed_is_written_again(
    undisturbed: Workspace, tmp_path: Path, file: str
) -> None:
    workspace = copied(undisturbed.folder, tmp_path / "w")
    assert not workspace.nightly(LAST).changed
    [path] = workspace.folder.glob(file)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert workspace.nightly(LAST).changed
    assert tables_of(workspace) == tables_of(undisturbed)


def test_what_a_snapshot_holds_is_told_where_it_is_damaged(
    undisturbed: Workspace, expected: Answers, tmp_path: Path
) -> None:
    workspace = copied(undisturbed.folder, tmp_path / "w")
    path = workspace.folder / "snapshots" / f"{LAST}.g1" / "snapshot.json"
    cut(path)
    with pytest.raises(WorkspaceError, match=rf"snapshot\.json .*segml nightly --as-of {LAST}"):
        workspace.preview(RULE, as_of=LAST)
    assert answers(workspace) == expected
    workspace.nightly(LAST)
    assert tables_of(workspace) == tables_of(undisturbed)


def test_when_every_night_is_damaged_the_latest_is_told(home: Path, tmp_path: Path) -> None:
    workspace = copied(home, tmp_path / "w")
    [path] = workspace.folder.glob(f"snapshots/{YESTERDAY}.g1/age.*.valid")
    cut(path)
    with pytest.raises(WorkspaceError, match=rf"age.*segml nightly --as-of {YESTERDAY}"):
        workspace.preview(RULE)
    rule = tmp_path / "rule.json"
    rule.write_text('{"combinator": "and", "rules": []}')
    told = run("preview", rule, "-w", workspace.folder)
    assert told.exit_code == 1
    assert str(path) in told.stderr


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_arrangement_is_made_anew(
    home: Path, expected: Answers, undisturbed: Workspace, tmp_path: Path, damage: Any
) -> None:
    workspace = copied(home, tmp_path / "w")
    path = workspace.folder / "warehouse" / "arranged" / "0000.r1" / "orders.arrow"
    damage(path)
    with pytest.raises(WorkspaceError, match=r"orders\.arrow is .*Remove the folder"):
        workspace.preview(RULE, as_of=LAST)
    assert workspace.preview(RULE) == expected[0]
    workspace.nightly(LAST)
    assert tables_of(workspace) == tables_of(undisturbed)


def test_an_arrangement_that_was_removed_gives_no_one_anothers_answers(tmp_path: Path) -> None:
    """Codes given anew may be others: what is stored in the old ones must not be read as new."""
    header = "order_id,customer_id,ordered_at,amount,known_at\n"
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text(
        header + "".join(f"{i},{i},2026-01-0{i - 4} 12:00,10,\n" for i in range(5, 10))
    )
    second.write_text(
        header + "".join(f"{i},{i},2026-01-02 12:00,10,2026-03-01 09:00\n" for i in range(1, 5))
    )
    workspace = Workspace.create(tmp_path / "w")
    workspace.import_facts([file_source("orders", first)])
    night = date(2026, 2, 1)
    workspace.nightly(night)
    recent = f.days_since_last_order <= 28
    before = workspace.members(recent)["customer_id"].to_list()
    assert before == [8, 9]
    workspace.import_facts([file_source("orders", second)])
    workspace.nightly(date(2026, 3, 2))
    shutil.rmtree(workspace.folder / "warehouse" / "arranged")
    workspace.preview(recent, as_of=date(2026, 3, 2))  # makes it anew
    for one in (workspace, Workspace(workspace.folder)):
        assert one.members(recent, as_of=night)["customer_id"].to_list() == before
    assert not run("nightly", "--as-of", night, "-w", workspace.folder).exit_code
    assert workspace.members(recent, as_of=night)["customer_id"].to_list() == before
