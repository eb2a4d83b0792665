"""Exports: the same people as everywhere, only whom we may contact, harmless in a spreadsheet."""

import csv
import errno
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from segml import Workspace, exporting
from segml import fields as f
from segml.cli import app
from segml.core.errors import RequestRefused, SegmlError
from segml.exporting import Top

DAY = date(2025, 6, 1)
NASTY = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\uff1d1+1",
    'say "hi", twice',
    "two\nlines",
    "Zoë",
]


def guests(many: int) -> pl.DataFrame:
    """Return profiles; every third without opt-in, the first with texts that look like formulas."""
    return pl.DataFrame(
        {
            "customer_id": range(1, many + 1),
            "created_at": [f"2025-01-{1 + n % 28:02}T10:00:00" for n in range(many)],
            "first_name": [NASTY[n] if n < len(NASTY) else f"Guest {n}" for n in range(many)],
            "phone": ["+49301234567" if n % 2 else "-5" for n in range(many)],
            "email": [f"g{n}@example.org" for n in range(many)],
            "tags": ["regular|=2+2" if n % 5 == 0 else "" for n in range(many)],
            "email_opt_in": [n % 3 != 2 for n in range(many)],
            "sms_opt_in": [True if n % 2 else None for n in range(many)],
        }
    )


MESSAGES = [
    # message_id, customer_id, channel, kind, occurred_at
    (1, 1, "email", "sent", "2025-05-01T10:00:00"),
    (1, 1, "email", "unsubscribed", "2025-05-02T10:00:00"),
    (2, 2, "Email", "complained", "2025-05-02T10:00:00"),
    (3, 4, "email", "bounced", "2025-05-02T10:00:00"),
    (4, 5, "sms", "unsubscribed", "2025-05-02T10:00:00"),
    (5, 7, "email", "sent", "2025-05-25T10:00:00"),
    (6, 8, "email", "sent", "2025-05-10T10:00:00"),
    (7, 10, "email", "sent", "2025-06-01T10:00:00"),
]


def workspace_of(folder: Path, many: int) -> Workspace:
    workspace = Workspace.create(folder / "w")
    guests(many).write_parquet(folder / "customers.parquet")
    columns = ["message_id", "customer_id", "channel", "kind", "occurred_at"]
    pl.DataFrame(MESSAGES, columns, orient="row").write_parquet(folder / "messages.parquet")
    orders = {"order_id": [1, 2], "customer_id": [1, 2], "amount": [12.5, -3.0]}
    orders |= {"ordered_at": ["2025-05-20T12:00:00"] * 2, "refund": [False, True]}
    pl.DataFrame(orders).write_parquet(folder / "orders.parquet")
    tables = ("customers", "messages", "orders")
    workspace.import_files([(name, folder / f"{name}.parquet") for name in tables])
    workspace.nightly(DAY)
    return workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return workspace_of(tmp_path_factory.mktemp("exports"), 60)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return workspace_of(tmp_path_factory.mktemp("crowd"), exporting.CAP + 2_345)


def read(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8"), newline=""), strict=True))


EVERYBODY = (f.orders_total >= 0).as_json()


def test_a_file_holds_the_members_with_their_columns(workspace: Workspace) -> None:
    fields = ("first_name", "lifetime_spend", "tags", "email_opt_in", "last_order_at", "created_at")
    found = workspace.exporting.prepared(EVERYBODY, fields=fields)
    (piece,) = found.pieces
    raw = b"".join(piece.stream())
    rows = read(raw)
    members = workspace.members(EVERYBODY, fields=["lifetime_spend"])
    assert [int(row["customer_id"]) for row in rows] == members["customer_id"].to_list()
    assert [float(row["lifetime_spend"]) for row in rows] == members["lifetime_spend"].to_list()
    assert list(rows[0]) == ["customer_id", *fields]
    assert (rows[0]["email_opt_in"], rows[0]["last_order_at"]) == ("true", "2025-05-20")
    assert raw.count(b"\r\n") == len(rows) + 1
    assert rows[6]["first_name"] == "two\nlines"
    assert found.rows == found.members == 60


def test_no_text_is_a_formula_and_numbers_stay_numbers(workspace: Workspace) -> None:
    fields = ("first_name", "phone", "lifetime_spend", "tags")
    (piece,) = workspace.exporting.prepared(EVERYBODY, fields=fields).pieces
    rows = read(b"".join(piece.stream()))
    names = [row["first_name"] for row in rows[: len(NASTY)]]
    assert names == [*(f"'{name}" for name in NASTY[:5]), *NASTY[5:]]
    assert {row["phone"] for row in rows} == {"+49301234567", "-5"}
    assert rows[1]["lifetime_spend"] == "-3.0"
    assert rows[0]["tags"] == "regular|=2+2"
    for row in rows:
        for cell in row.values():
            assert cell[:1] not in set("=@\t\r") or not cell
            assert cell[:1] not in set("+-") or cell[1:].replace(".", "").isdigit()


def test_excel_gets_its_mark_and_other_programs_none(workspace: Workspace) -> None:
    (piece,) = workspace.exporting.prepared(EVERYBODY).pieces
    plain, marked = b"".join(piece.stream()), b"".join(piece.stream(bom=True))
    assert marked == b"\xef\xbb\xbf" + plain
    assert plain.startswith(b"customer_id\r\n")


def test_only_whom_the_channel_may_reach(workspace: Workspace) -> None:
    found = workspace.exporting.prepared(EVERYBODY, channel="email")
    held = {int(row["customer_id"]) for row in read(b"".join(found.pieces[0].stream()))}
    opted_in = {n + 1 for n in range(60) if n % 3 != 2}
    assert held == opted_in - {1, 2, 4}
    assert (found.members, found.without_consent) == (60, 60 - len(held))
    by_text = workspace.exporting.prepared(EVERYBODY, channel="sms")
    assert by_text.rows == 30  # whose unsubscribed text was another's, and unknown is no
    told = workspace.preview(EVERYBODY)
    assert told.reachable == {"email": len(held), "sms": 30}
    assert told.as_json()["reachable"] == told.reachable


def test_an_objection_is_heeded_from_the_day_it_is_known(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path, 12)
    (tmp_path / "again.csv").write_text(
        "customer_id,created_at,email_opt_in,marketing_objection,known_at\n"
        "7,2025-01-07 10:00,true,true,2025-06-03 09:00\n"
    )
    workspace.import_files([("customers", tmp_path / "again.csv")])
    for day, held in ((date(2025, 6, 3), True), (date(2025, 6, 4), False)):
        rows = workspace.exporting.prepared(EVERYBODY, channel="email", as_of=day).pieces[0].codes
        ids = workspace.facts.ids(100)[pl.Series(rows, dtype=pl.UInt32)]
        assert (7 in ids) is held
        assert workspace.preview(EVERYBODY, as_of=day).count == 12  # counted as before


def test_too_many_rows_are_refused_with_the_choices(crowd: Workspace) -> None:
    with pytest.raises(RequestRefused) as refused:
        crowd.exporting.prepared(EVERYBODY)
    assert [problem.field for problem in refused.value.problems] == ["rule", "top", "split"]
    assert "12,345 rows" in str(refused.value)
    first = crowd.exporting.prepared(EVERYBODY, top=Top(3, "lifetime_spend"))
    assert first.pieces[0].codes.tolist() == [0, 2, 3]  # ties by id; the refunded one is last
    with pytest.raises(RequestRefused):
        crowd.exporting.prepared(EVERYBODY, top=Top(10_001, "lifetime_spend"))


def test_a_split_export_is_in_numbered_files(crowd: Workspace, tmp_path: Path) -> None:
    found = crowd.exporting.prepared(EVERYBODY, split=True, fields=["email"])
    files = found.write(tmp_path / "all.csv")
    assert [file.name for file in files] == ["all-001.csv", "all-002.csv"]
    rows = [row for file in files for row in read(file.read_bytes())]
    assert [int(row["customer_id"]) for row in rows] == list(range(1, found.rows + 1))
    assert all(row["email"] == f"g{int(row['customer_id']) - 1}@example.org" for row in rows)
    assert len(read(files[0].read_bytes())) == exporting.CAP


def test_a_file_is_streamed_in_batches(crowd: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (first, _) = crowd.exporting.prepared(EVERYBODY, split=True, fields=["first_name"]).pieces
    whole = b"".join(first.stream())
    monkeypatch.setattr(exporting, "_BATCH", 999)
    chunks = list(first.stream())
    assert b"".join(chunks) == whole
    assert len(chunks) == 11


def test_what_is_there_is_not_replaced_unasked(workspace: Workspace, tmp_path: Path) -> None:
    found = workspace.exporting.prepared("vip-customers")
    target = tmp_path / "vip.csv"
    found.write(target)
    before = target.read_bytes()
    with pytest.raises(SegmlError, match=r"vip\.csv exists already.*--force"):
        found.write(target)
    assert target.read_bytes() == before
    found.write(target, force=True, bom=True)
    assert target.read_bytes() == b"\xef\xbb\xbf" + before


def test_a_full_disk_leaves_nothing(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = workspace.exporting.prepared(EVERYBODY)
    whole = exporting.Piece.stream

    def full(self: Any, *, bom: bool) -> Iterator[bytes]:
        yield from list(whole(self, bom=bom))[:1]
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exporting.Piece, "stream", full)
    with pytest.raises(OSError, match="No space"):
        found.write(tmp_path / "all.csv")
    assert list(tmp_path.iterdir()) == []


def test_everything_wrong_is_told_at_once(workspace: Workspace) -> None:
    with pytest.raises(RequestRefused) as refused:
        workspace.exporting.prepared(
            EVERYBODY,
            fields=["emial", "churn_risk", "email"],
            channel="fax",
            top=Top(0, "first_name"),
        )
    told = [(one.field, one.message) for one in refused.value.problems]
    assert [field for field, _ in told] == ["fields", "fields", "channel", "top", "top"]
    assert "Did you mean email" in str(refused.value)
    assert "needs a trained model" in str(refused.value)


def test_a_plan_divides_the_members(workspace: Workspace) -> None:
    plan = workspace.campaigns.plan(EVERYBODY, "email", suppress_days=14)
    parts = (plan.without_consent, plan.suppressed, plan.holdout, plan.recipients)
    assert sum(parts) == plan.members == 60
    assert plan.without_consent == 20 + 3
    assert plan.suppressed == 1  # the one of 25 May; that of 1 June has not been yet
    assert workspace.campaigns.plan(EVERYBODY, "email", suppress_days=23).suppressed == 2
    assert workspace.campaigns.plan(EVERYBODY, "email", suppress_days=0).suppressed == 0
    found = workspace.exporting.recipients(plan, ["email"])
    assert found.rows == plan.recipients
    assert plan.as_json()["smallest_effect"]["baseline"] == 1 / 60
    assert f"{plan.recipients} would get it" in plan.sentence


def test_the_same_campaign_holds_out_the_same_guests(crowd: Workspace) -> None:
    def held(share: float, campaign: str = "", day: date = DAY) -> set[int]:
        plan = crowd.campaigns.plan(EVERYBODY, "email", holdout=share, campaign=campaign, as_of=day)
        codes = exporting.bitmaps.codes(plan.audience.holdout)
        assert plan.holdout == len(codes)
        return {*codes.tolist()}

    once = held(0.1, "spring")
    assert once == held(0.1, "spring")
    assert once < held(0.2, "spring")
    later = held(0.1, "spring", DAY + timedelta(days=1))
    assert len(once ^ later) <= 2  # but for whom that day's message suppresses
    other = held(0.1, "summer")
    assert 0.08 < len(once) / 8_200 < 0.12
    assert len(once & other) < 0.2 * len(once)
    assert held(0.0) == set()


def test_what_cannot_be_planned_is_told_at_once(workspace: Workspace) -> None:
    with pytest.raises(RequestRefused) as refused:
        workspace.campaigns.plan(EVERYBODY, "fax", holdout=1.0, suppress_days=-1)
    assert [one.field for one in refused.value.problems] == ["channel", "holdout", "suppress_days"]


def test_on_the_command_line(workspace: Workspace, tmp_path: Path) -> None:
    def run(*words: str) -> Any:
        return CliRunner().invoke(app, [*words, "-w", str(workspace.folder)])

    target = tmp_path / "out.csv"
    export = ["export", "email-subscribers", "-o", str(target), "--fields", "email,first_name"]
    done = run(*export, "--channel", "email", "--top", "5", "--by", "orders_total")
    assert done.exit_code == 0, done.output
    assert "Wrote 5 guests" in done.output
    assert "3 of 40 members may not be contacted" in done.output
    assert len(read(target.read_bytes())) == 5
    assert run(*export).exit_code == 1
    assert run(*export, "--top", "5").exit_code == 2
    refused = run("export", "email-subscribers", "-o", str(target), "--channel", "fax", "--json")
    assert '"field": "channel"' in refused.output
    planned = run("campaign", "plan", "email-subscribers", "-o", str(tmp_path / "to.csv"), "--json")
    assert planned.exit_code == 0, planned.output
    assert '"without_consent": 3' in planned.output
    assert (tmp_path / "to.csv").exists()
    told = Workspace(workspace.folder).records
    assert [one.rows for one in told.exports.all()] == [
        len(read((tmp_path / "to.csv").read_bytes())),
        5,
    ]
    assert told.exports.all()[1].channel == "email"
    assert [one.action for one in told.audit.entries()] == ["export.create"] * 2
