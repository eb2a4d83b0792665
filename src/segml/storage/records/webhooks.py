"""Webhooks: who wants to be told when customers enter or leave a segment, and what was sent.

What is to be sent goes into the outbox first, so that it is neither lost nor sent without need::

    pending ──> delivered    the receiver said so; the customers' ids are not kept any longer
       └──────> dead         too many attempts; a person may have it tried again
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from segml.core.errors import UnknownName, WorkspaceError
from segml.core.tables import CustomerId
from segml.storage.records.database import Database
from segml.storage.records.schema import DELIVERIES, WEBHOOKS


class Event(StrEnum):
    """What a webhook tells of."""

    ENTERED = "entered"
    LEFT = "left"
    TEST = "test"


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription.

    Attributes
    ----------
    id
        Grows from webhook to webhook.
    segment, on
        Whose entries or departures it wants to know.
    url
        Where it is told.
    created_at
        When it was made.
    secret
        Signs what is sent; shown once, when it is made.
    """

    id: int
    segment: str
    on: tuple[Event, ...]
    url: str
    created_at: datetime
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be sent: a page of the customers who entered or left on a night.

    Attributes
    ----------
    webhook
        Its id.
    key
        The idempotency key; a parcel is put into the outbox once.
    night, event
        What happened when.
    count
        How many customers in all pages.
    page, pages
        Which page this is, from 1, of how many.
    customers
        Their ids.
    """

    webhook: int
    key: str
    night: date
    event: Event
    count: int
    page: int
    pages: int
    customers: tuple[CustomerId, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A parcel on its way.

    Attributes
    ----------
    id
        Grows from delivery to delivery.
    parcel
        What is sent.
    state
        Where it stands.
    attempts
        How often it was tried.
    next_at
        When it will be tried again; None when it will not.
    status
        The receiver's last HTTP status; None where none answered.
    error
        What went wrong last; else empty.
    created_at
        When it was put into the outbox.
    """

    id: int
    parcel: Parcel
    state: DeliveryState
    attempts: int
    next_at: datetime | None
    status: int | None
    error: str
    created_at: datetime


class Webhooks:
    """The webhooks of a workspace, and their outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Subscriptions

    def add(self, segment: str, on: Sequence[Event], url: str, at: datetime) -> Webhook:
        """Subscribe to a segment and return the webhook with its secret."""
        told = tuple(dict.fromkeys(on))
        if not told or Event.TEST in told:
            raise WorkspaceError("A webhook tells of entered, left or both. Say of which.")
        secret = secrets.token_urlsafe(32)
        values = {"segment": segment, "on": list(told), "url": url, "secret": secret}
        query = insert(WEBHOOKS).values(**values, created_at=at).returning(WEBHOOKS.c.id)
        with self._database.writing() as connection:
            number = connection.execute(query).scalar_one()
        return Webhook(number, segment, told, url, at, secret)

    def all(self) -> list[Webhook]:
        """Return the webhooks that were not removed, the oldest first."""
        query = select(WEBHOOKS).where(WEBHOOKS.c.removed_at.is_(None)).order_by(WEBHOOKS.c.id)
        with self._database.reading() as connection:
            return [_webhook(row) for row in connection.execute(query).mappings()]

    def get(self, number: int) -> Webhook:
        """Return a webhook; `UnknownName` when there is none, or it was removed."""
        for webhook in self.all():
            if webhook.id == number:
                return webhook
        raise UnknownName("webhook", str(number), ())

    def remove(self, number: int, at: datetime) -> None:
        """End a subscription; what is still on its way to it is not sent."""
        self.get(number)
        with self._database.writing() as connection:
            connection.execute(
                update(WEBHOOKS).where(WEBHOOKS.c.id == number).values(removed_at=at)
            )
            pending = DELIVERIES.c.state == DeliveryState.PENDING
            connection.execute(
                update(DELIVERIES)
                .where(DELIVERIES.c.webhook == number, pending)
                .values(
                    state=DeliveryState.DEAD,
                    next_at=None,
                    error="The webhook was removed.",
                    customers=[],
                )
            )

    # The outbox

    def post(self, parcels: Sequence[Parcel], at: datetime) -> int:
        """Put parcels into the outbox, all or none; return how many were not there yet."""
        with self._database.writing() as connection:
            keys = [parcel.key for parcel in parcels]
            query = select(DELIVERIES.c.key).where(DELIVERIES.c.key.in_(keys))
            known = set(connection.execute(query).scalars())
            fresh = [_values(parcel, at) for parcel in parcels if parcel.key not in known]
            if fresh:
                connection.execute(insert(DELIVERIES), fresh)
        return len(fresh)

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Delivery]:
        """Return deliveries that are due and keep them from others until a moment.

        So two processes never send the same at once, and what a crash leaves becomes due again.
        """
        due = select(DELIVERIES).where(
            DELIVERIES.c.state == DeliveryState.PENDING, DELIVERIES.c.next_at <= now
        )
        query = due.order_by(DELIVERIES.c.next_at, DELIVERIES.c.id).limit(limit)
        with self._database.writing() as connection:
            found = _deliveries(connection, query.with_for_update(skip_locked=True))
            ids = [one.id for one in found]
            connection.execute(
                update(DELIVERIES).where(DELIVERIES.c.id.in_(ids)).values(next_at=until)
            )
        return found

    def delivered(self, number: int, status: int) -> None:
        """Write down that a delivery arrived."""
        self._tried(
            number,
            state=DeliveryState.DELIVERED,
            status=status,
            error="",
            next_at=None,
            customers=[],
        )

    def failed(self, number: int, status: int | None, error: str, next_at: datetime | None) -> None:
        """Write down that an attempt failed, and when the next will be; None for never."""
        state = DeliveryState.DEAD if next_at is None else DeliveryState.PENDING
        self._tried(number, state=state, status=status, error=error, next_at=next_at)

    def postpone(self, number: int, until: datetime) -> None:
        """Have a claimed delivery tried later, without counting an attempt."""
        query = update(DELIVERIES).where(DELIVERIES.c.id == number)
        with self._database.writing() as connection:
            connection.execute(query.values(next_at=until))

    def _tried(self, number: int, **values: object) -> None:
        with self._database.writing() as connection:
            connection.execute(
                update(DELIVERIES)
                .where(DELIVERIES.c.id == number)
                .values(attempts=DELIVERIES.c.attempts + 1, **values)
            )

    def retry(self, number: int, at: datetime) -> None:
        """Have a dead delivery tried again from the beginning."""
        with self._database.writing() as connection:
            query = select(DELIVERIES).where(DELIVERIES.c.id == number)
            found = _deliveries(connection, query)
            if not found:
                raise UnknownName("delivery", str(number), ())
            if found[0].state is not DeliveryState.DEAD:
                raise WorkspaceError(
                    f"The delivery {number} is {found[0].state}; only a dead one is tried again."
                )
            if found[0].parcel.webhook not in {one.id for one in self.all()}:
                raise WorkspaceError(f"The webhook of the delivery {number} was removed.")
            connection.execute(
                update(DELIVERIES)
                .where(DELIVERIES.c.id == number)
                .values(state=DeliveryState.PENDING, attempts=0, next_at=at)
            )

    def deliveries(self, webhook: int | None = None, limit: int = 100) -> list[Delivery]:
        """Return deliveries, the newest first; of one webhook where it is given."""
        query = select(DELIVERIES).order_by(DELIVERIES.c.id.desc()).limit(limit)
        if webhook is not None:
            query = query.where(DELIVERIES.c.webhook == webhook)
        with self._database.reading() as connection:
            return _deliveries(connection, query)

    def forget(self, customer: CustomerId) -> int:
        """Take a customer out of everything that was not delivered; return out of how many."""
        with self._database.writing() as connection:
            held = select(DELIVERIES).where(DELIVERIES.c.state != DeliveryState.DELIVERED)
            found = [
                one
                for one in _deliveries(connection, held.with_for_update())
                if customer in one.parcel.customers
            ]
            for one in found:
                left = [other for other in one.parcel.customers if other != customer]
                connection.execute(
                    update(DELIVERIES).where(DELIVERIES.c.id == one.id).values(customers=left)
                )
        return len(found)


def _deliveries(connection: Connection, query: Select[tuple[object, ...]]) -> list[Delivery]:
    return [_delivery(row) for row in connection.execute(query).mappings()]


def _values(parcel: Parcel, at: datetime) -> dict[str, object]:
    return {
        "webhook": parcel.webhook,
        "key": parcel.key,
        "night": parcel.night,
        "event": parcel.event,
        "count": parcel.count,
        "page": parcel.page,
        "pages": parcel.pages,
        "customers": list(parcel.customers),
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "next_at": at,
        "error": "",
        "created_at": at,
    }


def _webhook(row: RowMapping) -> Webhook:
    events = tuple(map(Event, row["on"]))
    where = row["url"]
    return Webhook(row["id"], row["segment"], events, where, row["created_at"], row["secret"])


def _delivery(row: RowMapping) -> Delivery:
    parcel = Parcel(
        row["webhook"],
        row["key"],
        row["night"],
        Event(row["event"]),
        row["count"],
        row["page"],
        row["pages"],
        tuple(row["customers"]),
    )
    return Delivery(
        row["id"],
        parcel,
        DeliveryState(row["state"]),
        row["attempts"],
        row["next_at"],
        row["status"],
        row["error"],
        row["created_at"],
    )
