"""Deliveries: what is in the outbox is posted to its webhooks, signed, and again if it fails.

A receiver gets a JSON object ``{id, segment, night, event, customers, count, page, pages}`` with
two headers: ``Idempotency-Key``, the same at every attempt, and ``Segml-Signature``,
``t=SECONDS,v1=HEX``, where HEX is the HMAC-SHA256 of ``SECONDS.BODY`` under the webhook's secret.
It arrives at least once; a receiver that knows the key already answers 200 and does nothing.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx

from segml.core.errors import WorkspaceError
from segml.storage.records.webhooks import Delivery, Event, Parcel, Webhook, Webhooks
from segml.storage.targets import check_url, target
from segml.workspace import Workspace

ATTEMPTS: Final = 12  # which takes a day or so
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=6)
TIMEOUT: Final = 10.0  # seconds
GONE: Final = 410  # the receiver wants nothing any more
_LEASE: Final = timedelta(minutes=10)  # after which what a crash left unsent is due again
_BATCH: Final = 20

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Posted:
    """How many deliveries arrived, will be tried again, and will not."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0

    def __add__(self, other: "Posted") -> "Posted":
        return Posted(
            self.delivered + other.delivered, self.failed + other.failed, self.dead + other.dead
        )


def subscribe(
    workspace: Workspace, segment: str, on: Sequence[Event], url: str, at: datetime
) -> Webhook:
    """Return a new webhook, with its secret.

    Parameters
    ----------
    workspace
        Whose segments.
    segment, on
        Whose entries or departures are told.
    url
        Where.
    at
        The present moment.

    Raises
    ------
    UnknownName
        When there is no such segment.
    WorkspaceError
        When nothing may be sent to the URL.
    """
    workspace.segments.get(segment)
    check_url(url, private=workspace.settings.private_webhooks)
    return workspace.records.webhooks.add(segment, on, url, at)


def deliver(workspace: Workspace, clock: Clock) -> Posted:
    """Post everything that is due and return what became of it.

    A receiver that fails is left alone until its next turn; the others get theirs meanwhile.

    Parameters
    ----------
    workspace
        Whose outbox.
    clock
        Gives the present moment, with a zone.
    """
    webhooks = workspace.records.webhooks
    private = workspace.settings.private_webhooks
    hooks = {hook.id: hook for hook in webhooks.all()}
    found, failing = Posted(), dict[int, datetime]()
    with httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client:
        while claimed := webhooks.claim(now := clock(), now + _LEASE, _BATCH):
            for one in claimed:
                hook = hooks.get(one.parcel.webhook)
                if hook is None:  # it came to be after we began to look
                    webhooks.postpone(one.id, now + FIRST_WAIT)
                elif hook.id in failing:
                    webhooks.postpone(one.id, failing[hook.id])
                else:
                    posted, again = _try(webhooks, client, hook, one, clock, private=private)
                    found += posted
                    if again is not None:
                        failing[hook.id] = again
    return found


def _try(
    webhooks: Webhooks,
    client: httpx.Client,
    hook: Webhook,
    one: Delivery,
    clock: Clock,
    *,
    private: bool,
) -> tuple[Posted, datetime | None]:
    """Attempt a delivery and write down what came of it; return until when to leave the hook."""
    status, error = _status(client, hook, one.parcel, clock(), private=private)
    if status is not None and 200 <= status < 300:
        webhooks.delivered(one.id, status)
        return Posted(delivered=1), None
    if one.attempts + 1 >= ATTEMPTS or status == GONE:
        webhooks.failed(one.id, status, error, None)
        return Posted(dead=1), clock() + FIRST_WAIT
    again = clock() + wait(one.parcel.key, one.attempts)
    webhooks.failed(one.id, status, error, again)
    return Posted(failed=1), again


def _status(
    client: httpx.Client, hook: Webhook, parcel: Parcel, at: datetime, *, private: bool
) -> tuple[int | None, str]:
    """Return the status that a receiver answers with, if it does, and what is wrong with that."""
    sent = body(hook, parcel)
    try:
        where = target(hook.url, private=private)
        request = client.build_request(
            "POST",
            where.url,
            content=sent,
            headers={
                "Host": where.host,
                "Content-Type": "application/json",
                "User-Agent": "segml",
                "Idempotency-Key": parcel.key,
                "Segml-Signature": signature(hook.secret, sent, at),
            },
            extensions={"sni_hostname": where.name},
        )
        answer = client.send(request, stream=True)  # what it says is not read
        answer.close()
    except (httpx.HTTPError, WorkspaceError) as error:
        return None, str(error) or type(error).__name__
    return answer.status_code, f"It answered {answer.status_code} {answer.reason_phrase}."


def body(hook: Webhook, parcel: Parcel) -> bytes:
    """Return what is posted; the same at every attempt."""
    plain = {
        "id": parcel.key,
        "segment": hook.segment,
        "night": parcel.night.isoformat(),
        "event": str(parcel.event),
        "customers": list(parcel.customers),
        "count": parcel.count,
        "page": parcel.page,
        "pages": parcel.pages,
    }
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: str, sent: bytes, at: datetime) -> str:
    """Return the header that proves who sent a body, and when."""
    seconds = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + sent, hashlib.sha256)
    return f"t={seconds},v1={digest.hexdigest()}"


def wait(key: str, attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts before: about twice as long each time.

    Spread by the key between half and one and a half of it, so that what failed together does not
    come back together.
    """
    digest = hashlib.sha256(f"{key}:{attempts}".encode()).digest()
    spread = 0.5 + int.from_bytes(digest[:4]) / 2**32
    return min(FIRST_WAIT * (1 << attempts), LONGEST_WAIT) * spread
