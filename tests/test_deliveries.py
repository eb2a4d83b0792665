"""Webhooks reach a real receiver: signed, once it works again, and nowhere they must not go."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from segml import Settings, UnknownName, Workspace, WorkspaceError
from segml.cli import app
from segml.deliveries import ATTEMPTS, FIRST_WAIT, LONGEST_WAIT, Posted, deliver, subscribe, wait
from segml.storage.records.webhooks import DeliveryState, Event, Parcel, Webhook
from segml.storage.targets import check_url, is_public, target
from segml.triggers import post_test
from webhook_receiver import Receiver, receiving

NIGHT = date(2026, 7, 1)
AT = datetime(2026, 7, 1, 5, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w", Settings(private_webhooks=True))


def subscribed(workspace: Workspace, url: str, *keys: str) -> Webhook:
    """Return a webhook with a parcel for each key in its outbox."""
    hook = subscribe(workspace, "at-risk", [Event.ENTERED], url, AT)
    parcels = [Parcel(hook.id, key, NIGHT, Event.ENTERED, 3, 1, 1, (1, 2, "ü")) for key in keys]
    workspace.records.webhooks.post(parcels, AT)
    return hook


def at(moment: datetime) -> Any:
    return lambda: moment


def states(workspace: Workspace) -> dict[str, DeliveryState]:
    return {one.parcel.key: one.state for one in workspace.records.webhooks.deliveries()}


def test_a_parcel_arrives_signed(workspace: Workspace, receiver: Receiver) -> None:
    hook = subscribed(workspace, receiver.url, "k1")
    assert deliver(workspace, at(AT)) == Posted(delivered=1)
    (came,) = receiver.received
    assert json.loads(came.body) == {
        "id": "k1",
        "segment": "at-risk",
        "night": "2026-07-01",
        "event": "entered",
        "customers": [1, 2, "ü"],
        "count": 3,
        "page": 1,
        "pages": 1,
    }
    assert came.path == "/hook"
    assert came.headers["Host"] == receiver.url.split("/")[2]
    assert came.headers["Idempotency-Key"] == "k1"
    seconds, digest = (part[part.index("=") + 1 :] for part in signature(came).split(","))
    assert int(seconds) == AT.timestamp()
    signed = hmac.new(hook.secret.encode(), f"{seconds}.".encode() + came.body, hashlib.sha256)
    assert digest == signed.hexdigest()
    assert deliver(workspace, at(AT + timedelta(days=9))) == Posted()  # once it arrived, that is it


def signature(came: Any) -> str:
    found: str = came.headers["Segml-Signature"]
    return found


def test_a_receiver_that_fails_first_gets_it_later(
    workspace: Workspace, receiver: Receiver
) -> None:
    subscribed(workspace, receiver.url, "k1")
    receiver.answers += [500, 429]
    now = AT
    for failed in (1, 2):
        assert deliver(workspace, at(now)) == Posted(failed=1)
        (one,) = workspace.records.webhooks.deliveries()
        assert (one.attempts, one.state) == (failed, DeliveryState.PENDING)
        assert one.next_at is not None
        assert one.next_at == now + wait("k1", failed - 1)
        assert deliver(workspace, at(one.next_at - timedelta(seconds=1))) == Posted()
        now = one.next_at
    assert "429" in one.error
    assert deliver(workspace, at(now)) == Posted(delivered=1)
    bodies = {came.body for came in receiver.received}
    keys = {came.headers["Idempotency-Key"] for came in receiver.received}
    assert (len(receiver.received), len(bodies), keys) == (3, 1, {"k1"})
    assert len({signature(came) for came in receiver.received}) == 3  # each says when


def test_after_many_attempts_it_is_dead_until_somebody_asks(
    workspace: Workspace, receiver: Receiver
) -> None:
    subscribed(workspace, receiver.url, "k1")
    receiver.answers += [503] * ATTEMPTS
    for attempt in range(ATTEMPTS):
        posted = deliver(workspace, at(AT + timedelta(days=attempt)))
    assert posted == Posted(dead=1)
    (one,) = workspace.records.webhooks.deliveries()
    assert (one.state, one.attempts, one.status) == (DeliveryState.DEAD, ATTEMPTS, 503)
    later = AT + timedelta(days=99)
    assert deliver(workspace, at(later)) == Posted()
    workspace.records.webhooks.retry(one.id, later)
    assert deliver(workspace, at(later)) == Posted(delivered=1)


def test_who_is_gone_is_left_alone(workspace: Workspace, receiver: Receiver) -> None:
    subscribed(workspace, receiver.url, "k1")
    receiver.answers += [410]
    assert deliver(workspace, at(AT)) == Posted(dead=1)


def test_a_redirect_is_not_followed(workspace: Workspace, receiver: Receiver) -> None:
    subscribed(workspace, receiver.url, "k1")
    receiver.answers += [307]
    assert deliver(workspace, at(AT)) == Posted(failed=1)
    assert [came.path for came in receiver.received] == ["/hook"]


def test_one_that_fails_does_not_hold_up_the_others(
    workspace: Workspace, receiver: Receiver
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]  # nobody listens there any more
    subscribed(workspace, f"http://localhost:{port}", "a1", "a2", "a3")
    subscribed(workspace, receiver.url, "b1", "b2")
    assert deliver(workspace, at(AT)) == Posted(delivered=2, failed=1)
    found = {one.parcel.key: one for one in workspace.records.webhooks.deliveries()}
    assert [found[key].attempts for key in ("a1", "a2", "a3")] == [1, 0, 0]
    assert found["a1"].next_at == found["a3"].next_at == AT + wait("a1", 0)
    assert found["a1"].status is None
    assert found["a1"].error


def test_a_test_carries_nobody(workspace: Workspace, receiver: Receiver) -> None:
    hook = subscribed(workspace, receiver.url)
    key = post_test(workspace.records.webhooks, hook.id, AT)
    deliver(workspace, at(AT))
    told = json.loads(receiver.received[0].body)
    assert (told["id"], told["event"], told["customers"]) == (key, "test", [])


def test_waits_grow_and_spread() -> None:
    waits = [wait("k", attempts) for attempts in range(ATTEMPTS)]
    assert FIRST_WAIT / 2 <= waits[0] <= FIRST_WAIT * 1.5
    assert waits[6] > waits[3] > waits[0]
    assert max(waits) <= LONGEST_WAIT * 1.5
    assert len({wait(f"k{number}", 3) for number in range(20)}) == 20
    assert waits == [wait("k", attempts) for attempts in range(ATTEMPTS)]


# Where they may go


def test_only_public_addresses_are_reached(tmp_path: Path, receiver: Receiver) -> None:
    """A name that leads home is found out when something is sent, whatever it led to before."""
    careful = Workspace.create(tmp_path / "careful")
    hook = careful.records.webhooks.add("at-risk", [Event.ENTERED], receiver.url, AT)
    careful.records.webhooks.post([Parcel(hook.id, "k1", NIGHT, Event.ENTERED, 1, 1, 1, (1,))], AT)
    assert deliver(careful, at(AT)) == Posted(failed=1)
    assert receiver.received == []


def test_a_name_that_leads_home_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up(*_: object, **__: object) -> list[Any]:
        return [(0, 0, 0, "", (address, 443)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    addresses = ["93.184.216.34"]
    found = target("https://crm.example:8443/hook?x=1", private=False)
    assert str(found.url) == "https://93.184.216.34:8443/hook?x=1"
    assert (found.host, found.name) == ("crm.example:8443", "crm.example")
    addresses = ["93.184.216.34", "10.0.0.7"]
    with pytest.raises(WorkspaceError, match="not public"):
        target("https://crm.example/hook", private=False)
    assert target("https://crm.example/hook", private=True).host == "crm.example"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://crm.example/hook", "https://"),
        ("ftp://crm.example/hook", "an address such as"),
        ("crm.example/hook", "an address such as"),
        ("https://", "an address such as"),
        ("https://localhost/hook", "public"),
        ("https://127.0.0.1/hook", "public"),
        ("https://[::1]/hook", "public"),
        ("https://[::ffff:10.0.0.1]/hook", "public"),
        ("https://169.254.169.254/latest/meta-data", "public"),
        ("https://kim:pw@crm.example/hook", "no user name"),
        ("https://crm.example:99999999/", "its port"),
        ("https://[::1/hook", "no URL"),
    ],
)
def test_a_url_that_cannot_be_is_told(url: str, told: str, tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    with pytest.raises(WorkspaceError, match=told) as refused:
        subscribe(workspace, "at-risk", [Event.LEFT], url, AT)
    assert "pw" not in str(refused.value)
    assert workspace.records.webhooks.all() == []


def test_a_url_that_can_be_is_taken(workspace: Workspace) -> None:
    check_url("https://crm.example/hook", private=False)
    check_url("https://93.184.216.34/hook", private=False)
    check_url("http://localhost:8000/hook", private=True)
    with pytest.raises(UnknownName, match="segment"):
        subscribe(workspace, "at-riks", [Event.LEFT], "https://crm.example/hook", AT)


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "127.0.0.1",
        "0.0.0.0",
        "169.254.1.1",
        "224.0.0.1",
        "100.64.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:192.168.0.1",
        "2002:c0a8:0001::1",
        "64:ff9b::7f00:1",
    ],
)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


def test_what_is_public() -> None:
    assert is_public(ip_address("93.184.216.34"))
    assert is_public(ip_address("2606:2800:220:1:248:1893:25c8:1946"))


# The command line


def command(*words: str | Path) -> Any:
    result = CliRunner().invoke(app, ["webhooks", *map(str, words)])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout) if "--json" in words else result.stdout


def test_webhooks_from_the_command_line(workspace: Workspace, receiver: Receiver) -> None:
    where = ("-w", workspace.folder)
    made = command("add", "at-risk", receiver.url, "--on", "left", "--json", *where)
    (listed,) = command("list", "--json", *where)["webhooks"]
    assert (listed["segment"], listed["on"], listed["url"]) == ("at-risk", ["left"], receiver.url)
    assert made["secret"] not in command("list", *where)
    receiver.answers += [410]
    command("test", made["id"], *where)
    assert command("deliver", "--json", *where) == {"delivered": 0, "failed": 0, "dead": 1}
    (dead,) = command("deliveries", "--json", *where)["deliveries"]
    assert (dead["state"], dead["status"], dead["attempts"]) == ("dead", 410, 1)
    command("retry", dead["id"], *where)
    assert "1 arrived" in command("deliver", *where)
    assert "delivered" in command("deliveries", made["id"], *where)
    command("remove", made["id"], *where)
    assert command("list", "--json", *where)["webhooks"] == []
    actions = [entry.action for entry in workspace.records.audit.entries()]
    assert actions == ["webhooks.remove", "webhooks.add"]
