"""Webhooks: who is told when customers enter or leave a segment, and what was sent."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from segml.deliveries import subscribe
from segml.service.office import Here, Marketer
from segml.storage.records.webhooks import Event, Webhook
from segml.triggers import post_test
from segml.wire.administration import Deliveries, DeliveryOf, NewWebhook, WebhookOf, Webhooks

router = APIRouter(tags=["webhooks"])
Number = Annotated[int, Path(ge=0, lt=2**31)]


@router.get("/webhooks")
def webhooks(who: Marketer, here: Here) -> Webhooks:
    """Return every webhook, without its secret."""
    del who
    return Webhooks(webhooks=[_told(one) for one in here.workspace.records.webhooks.all()])


@router.post("/webhooks", status_code=201, operation_id="add_webhook")
def add(asked: NewWebhook, who: Marketer, here: Here) -> WebhookOf:
    """Tell an address whenever customers enter or leave a segment; the secret is told this once."""
    events = [Event(one) for one in asked.on]
    made = subscribe(here.workspace, asked.segment, events, asked.url, here.clock())
    here.note(who, "webhook.add", f"{made.id} for {made.segment}")
    return _told(made).model_copy(update={"secret": made.secret})


@router.delete("/webhooks/{webhook}", status_code=204, operation_id="remove_webhook")
def remove(webhook: Number, who: Marketer, here: Here) -> None:
    """End a webhook."""
    here.workspace.records.webhooks.remove(webhook, here.clock())
    here.note(who, "webhook.remove", f"{webhook}")


@router.post("/webhooks/{webhook}/test", status_code=202, operation_id="test_webhook")
def test(webhook: Number, who: Marketer, here: Here) -> None:
    """Send a webhook a delivery without customers, within a minute."""
    post_test(here.workspace.records.webhooks, webhook, here.clock())
    here.note(who, "webhook.test", f"{webhook}")


@router.get("/webhooks/{webhook}/deliveries", operation_id="deliveries")
def deliveries(
    webhook: Number, who: Marketer, here: Here, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> Deliveries:
    """Return what was, or is to be, sent to a webhook, the newest first."""
    del who
    here.workspace.records.webhooks.get(webhook)
    found = here.workspace.records.webhooks.deliveries(webhook, limit)
    return Deliveries(
        deliveries=[
            DeliveryOf(
                id=one.id,
                night=one.parcel.night,
                event=one.parcel.event,
                count=one.parcel.count,
                page=one.parcel.page,
                pages=one.parcel.pages,
                state=one.state.value,
                attempts=one.attempts,
                next_at=one.next_at,
                status=one.status,
                error=one.error,
                created_at=one.created_at,
            )
            for one in found
        ]
    )


@router.post("/deliveries/{delivery}/retry", status_code=202, operation_id="retry_delivery")
def retry(delivery: Number, who: Marketer, here: Here) -> None:
    """Have a dead delivery tried again."""
    here.workspace.records.webhooks.retry(delivery, here.clock())
    here.note(who, "delivery.retry", f"{delivery}")


def _told(webhook: Webhook) -> WebhookOf:
    return WebhookOf(
        id=webhook.id,
        segment=webhook.segment,
        on=[*webhook.on],
        url=webhook.url,
        created_at=webhook.created_at,
    )
