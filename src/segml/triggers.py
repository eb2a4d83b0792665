"""Triggers: who entered or left a segment on a night goes into the outbox of its webhooks.

Law kept: twice is once. A parcel's key is made of the webhook, the night, and all that decides who
is in it; so a night that is run again tells nobody anew, unless it found somebody else.
"""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from segml.core.tables import CustomerId
from segml.engine import bitmaps
from segml.storage.nights import Night, Nights
from segml.storage.records.webhooks import Event, Parcel, Webhook, Webhooks

PAGE: Final = 1_000  # customers in a parcel


def post(nights: Nights, webhooks: Webhooks, as_of: date, at: datetime) -> int:
    """Put what webhooks want to know of the latest night into the outbox, all or none.

    Of an older night nobody is told: what it says is not news. Returns how many parcels are new.
    """
    stored = nights.all()
    hooks = webhooks.all()
    if not hooks or as_of != max(stored):
        return 0
    night, ids, sets = stored[as_of], nights.ids(as_of), nights.sets(as_of)
    parcels: list[Parcel] = []
    for hook in hooks:
        for event in hook.on if hook.segment in sets else ():
            moved = ids.gather(bitmaps.codes(getattr(sets[hook.segment], event))).sort()
            parcels += _parcels(hook, event, night, moved.to_list())
    return webhooks.post(parcels, at)


def post_test(webhooks: Webhooks, webhook: int, at: datetime) -> str:
    """Put a parcel without customers into the outbox of one webhook, and return its key."""
    webhooks.get(webhook)
    key = _key(str(webhook), Event.TEST, at.isoformat())
    webhooks.post([Parcel(webhook, key, at.date(), Event.TEST, 0, 1, 1, ())], at)
    return key


def _parcels(
    hook: Webhook, event: Event, night: Night, customers: list[CustomerId]
) -> Iterator[Parcel]:
    """Yield the pages of the customers who entered or left; none where nobody did."""
    pages = -(-len(customers) // PAGE)
    rule = night.segments[hook.segment].digest
    for page in range(1, pages + 1):
        told = tuple(customers[(page - 1) * PAGE : page * PAGE])
        key = _key(
            str(hook.id),
            event,
            str(night.as_of),
            str(night.previous),
            rule,
            str(night.generation),
            str(page),
        )
        yield Parcel(hook.id, key, night.as_of, event, len(customers), page, pages, told)


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
