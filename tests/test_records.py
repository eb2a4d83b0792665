"""The records keep what they are given, on SQLite and on a real PostgreSQL alike."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text

from segml import UnknownName, WorkspaceError
from segml.core.identity import Role
from segml.scoring.drift import Drift
from segml.storage.records.exports import ExportFile
from segml.storage.records.records import Records
from segml.storage.records.runs import Alert, RunState, Step
from segml.storage.records.schedule import Timetable
from segml.storage.records.webhooks import DeliveryState, Event, Parcel

NIGHT = date(2026, 7, 1)
AT = datetime(2026, 7, 1, 5, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def test_what_nobody_wrote_reads_as_empty(records: Records, tmp_path: Path) -> None:
    assert records.tokens.all() == records.audit.entries() == records.webhooks.all() == []
    assert records.runs.all() == records.exports.all() == records.plans.all() == []
    assert records.schedule.read() == Timetable()
    assert records.catalogue.segments()["at-risk"].owner == "segml"
    assert not list(tmp_path.iterdir())  # reading makes no file


# Tokens


def test_a_token_is_known_by_its_secret_alone(records: Records) -> None:
    identity, secret = records.tokens.create("Kim's laptop", Role.MARKETER, AT)
    assert secret.startswith(f"segml_{identity.id}_")
    assert records.tokens.check(secret, LATER) == identity
    other = records.tokens.create("another", Role.ADMIN, AT)[1]
    foreign = f"segml_{identity.id}_{other.split('_', 2)[2]}"
    for wrong in (secret[:-1], f"{secret}x", "", "segml_", "segml__", foreign, secret.upper()):
        assert records.tokens.check(wrong, LATER) is None


def test_no_secret_is_kept(records: Records) -> None:
    identity, secret = records.tokens.create("Kim's laptop", Role.VIEWER, AT)
    with records.database.reading() as connection:
        row = tuple(connection.execute(text("SELECT * FROM tokens")).one())
    assert identity.id in row
    assert not any(secret.split("_", 2)[2] in str(value) for value in row)


def test_a_token_ends(records: Records) -> None:
    expiring = records.tokens.create("guest", Role.VIEWER, AT, LATER)[1]
    assert records.tokens.check(expiring, LATER - timedelta(seconds=1))
    assert records.tokens.check(expiring, LATER) is None
    identity, secret = records.tokens.create("leaver", Role.ADMIN, LATER)
    records.tokens.revoke(identity.id, LATER)
    records.tokens.revoke(identity.id, LATER + timedelta(days=1))  # twice is once
    assert records.tokens.check(secret, AT) is None
    assert [token.revoked_at for token in records.tokens.all()] == [None, LATER]
    with pytest.raises(UnknownName, match="token"):
        records.tokens.revoke("nobody", LATER)
    with pytest.raises(WorkspaceError, match="never hold"):
        records.tokens.create("late", Role.VIEWER, AT, AT)
    with pytest.raises(WorkspaceError, match="needs a name"):
        records.tokens.create(" ", Role.VIEWER, AT)


def test_roles_are_ordered() -> None:
    assert Role.VIEWER < Role.MARKETER < Role.ADMIN
    assert [Role.named(str(role)) for role in Role] == list(Role)
    with pytest.raises(UnknownName, match="marketer"):
        Role.named("marketeer")


def test_moments_are_the_same_in_every_zone(records: Records) -> None:
    rome = AT.astimezone(timezone(timedelta(hours=2)))
    records.tokens.create("Kim", Role.VIEWER, rome)
    assert records.tokens.all()[0].created_at == AT


# Audit, exports, plans, schedule


def test_the_audit_is_read_backwards(records: Records) -> None:
    for number in range(5):
        records.audit.add(AT, "kim", Role.ADMIN, "members.list", f"segment-{number}", number)
    records.audit.add(LATER, "root", None, "token.create", "3f2a")
    newest = records.audit.entries(limit=2)
    assert [entry.what for entry in newest] == ["3f2a", "segment-4"]
    assert (newest[0].role, newest[0].rows, newest[0].at) == (None, None, LATER)
    older = records.audit.entries(limit=10, before=newest[-1].id)
    assert [(entry.what, entry.rows) for entry in older] == [
        (f"segment-{number}", number) for number in (3, 2, 1, 0)
    ]


def test_exports_are_logged(records: Records) -> None:
    files = (ExportFile("vip-1.csv", 10_000), ExportFile("vip-2.csv", 4))
    made = records.exports.add(AT, "kim", "vip", NIGHT, ("email",), "email", files)
    records.exports.add(LATER, "kim", "vip", NIGHT, (), None, ())
    assert made.rows == 10_004
    assert records.exports.get(made.id) == made
    assert records.exports.all()[1] == made
    assert records.exports.all(before=made.id) == []
    with pytest.raises(UnknownName, match="export"):
        records.exports.get(99)


def test_a_plan_saved_twice_is_one(records: Records) -> None:
    plan = records.plans.add(AT, "kim", "d1", {"holdout": 0.1, "recipients": 90})
    assert records.plans.add(LATER, "lee", "d1", {"holdout": 0.1, "recipients": 90}) == plan
    other = records.plans.add(LATER, "lee", "d2", {})
    assert records.plans.all() == [other, plan]
    assert records.plans.get(plan.id) == plan
    with pytest.raises(UnknownName, match="plan"):
        records.plans.get(99)


def test_the_schedule_is_one(records: Records) -> None:
    for timetable in (Timetable("0 5 * * *", "pos.toml"), Timetable(None, "pos.toml")):
        records.schedule.write(timetable)
        assert records.schedule.read() == timetable


# Runs


def test_a_run_is_written_as_it_goes(records: Records) -> None:
    run = records.runs.begin("night", "", NIGHT, "kim", AT)
    assert records.runs.all(state=RunState.RUNNING) == [run]
    assert run.seconds is None
    done = replace(
        run,
        state=RunState.DONE,
        finished_at=LATER,
        steps=(Step("features", 1.5),),
        counts={"universe": 300},
        rejects={"orders": 2},
        drift=(Drift("orders_90d", 0.3, 0.1, drifted=True),),
        alerts=(Alert("warning", "“VIP” jumped."),),
    )
    records.runs.write(done)
    assert records.runs.get(run.id) == done
    assert records.runs.all(kind="training") == []
    assert done.as_json()["seconds"] == 3600
    assert done.as_json()["steps"] == [{"name": "features", "seconds": 1.5}]
    with pytest.raises(UnknownName, match="run"):
        records.runs.get(99)


def test_a_dead_run_is_found_out(records: Records) -> None:
    dead = records.runs.begin("night", "", NIGHT, "kim", AT)
    other = records.runs.begin("training", "churn", NIGHT, "kim", AT)
    assert records.runs.interrupt("night", LATER) == [dead]
    assert records.runs.interrupt("night", LATER) == []
    assert records.runs.get(dead.id).state is RunState.INTERRUPTED
    assert records.runs.get(other.id).state is RunState.RUNNING


# Webhooks


def parcel(webhook: int, key: str, customers: tuple[int | str, ...] = (1, 2)) -> Parcel:
    return Parcel(webhook, key, NIGHT, Event.ENTERED, len(customers), 1, 1, customers)


def test_the_outbox_takes_a_parcel_once(records: Records) -> None:
    hook = records.webhooks.add("vip", [Event.ENTERED], "https://crm.example/hook", AT)
    assert records.webhooks.all() == [hook]
    assert hook.secret not in repr(hook)
    assert records.webhooks.post([parcel(hook.id, "a"), parcel(hook.id, "b")], AT) == 2
    assert records.webhooks.post([parcel(hook.id, "b"), parcel(hook.id, "c")], AT) == 1
    assert [one.parcel.key for one in records.webhooks.deliveries()] == ["c", "b", "a"]
    with pytest.raises(WorkspaceError, match="entered, left"):
        records.webhooks.add("vip", [Event.TEST], "https://crm.example/hook", AT)


def test_a_delivery_is_claimed_by_one(records: Records) -> None:
    hook = records.webhooks.add("vip", [Event.ENTERED], "https://crm.example/hook", AT)
    records.webhooks.post([parcel(hook.id, key) for key in "abc"], AT)
    first = records.webhooks.claim(AT, LATER, limit=2)
    second = records.webhooks.claim(AT, LATER, limit=2)
    assert [one.parcel.key for one in first + second] == ["a", "b", "c"]
    assert records.webhooks.claim(AT, LATER, limit=2) == []
    records.webhooks.delivered(first[0].id, 204)
    records.webhooks.failed(first[1].id, 503, "busy", LATER + timedelta(minutes=1))
    records.webhooks.failed(second[0].id, None, "no answer", None)
    assert records.webhooks.claim(LATER, LATER, limit=9) == []
    (again,) = records.webhooks.claim(LATER + timedelta(minutes=1), LATER, limit=9)
    assert (again.parcel.key, again.attempts, again.status) == ("b", 1, 503)
    states = {one.parcel.key: one for one in records.webhooks.deliveries(hook.id)}
    assert states["a"].state is DeliveryState.DELIVERED
    assert states["a"].parcel.customers == ()  # arrived, so not kept
    assert states["c"].state is DeliveryState.DEAD
    assert states["c"].parcel.customers == (1, 2)


def test_a_dead_delivery_is_tried_again(records: Records) -> None:
    hook = records.webhooks.add("vip", [Event.LEFT], "https://crm.example/hook", AT)
    records.webhooks.post([parcel(hook.id, "a"), parcel(hook.id, "b")], AT)
    b, a = (one.id for one in records.webhooks.deliveries())
    records.webhooks.failed(a, 500, "boom", None)
    records.webhooks.retry(a, LATER)
    with pytest.raises(WorkspaceError, match="only a dead one"):
        records.webhooks.retry(b, LATER)
    with pytest.raises(UnknownName, match="delivery"):
        records.webhooks.retry(99, LATER)
    assert [one.id for one in records.webhooks.claim(LATER, LATER, limit=9)] == [b, a]
    records.webhooks.remove(hook.id, LATER)
    assert records.webhooks.all() == []
    assert records.webhooks.claim(LATER, LATER, limit=9) == []
    with pytest.raises(WorkspaceError, match="was removed"):
        records.webhooks.retry(a, LATER)
    with pytest.raises(UnknownName, match="webhook"):
        records.webhooks.remove(hook.id, LATER)


def test_a_forgotten_customer_is_in_no_outbox(records: Records) -> None:
    hook = records.webhooks.add("vip", [Event.ENTERED], "https://crm.example/hook", AT)
    records.webhooks.post([parcel(hook.id, "a", ("x", "y")), parcel(hook.id, "b", ("z",))], AT)
    assert records.webhooks.forget("x") == 1
    assert [one.parcel.customers for one in records.webhooks.deliveries()] == [("z",), ("y",)]
