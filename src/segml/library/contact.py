"""Whom a channel may reach: who agreed to it, and took nothing of that back.

Deny by default: an opt-in that is not known is none, and an objection to marketing, a message that
bounced for good, a complaint or an unsubscription ends the consent to its channel, whatever the
profile says. A source whose bounces are also passing ones names only the lasting ones ``bounced``.
"""

from datetime import date
from typing import Final

from segml.core.predicates import And, Compare, Events, Field, In, Not, Predicate

CHANNELS: Final = ("email", "sms")
OBJECTED: Final[Predicate] = Compare(Field("marketing_objection"), "eq", True)
_ENDS: Final = ("bounced", "complained", "unsubscribed")


def consent(channel: str) -> Predicate:
    """Return whom we may write to on one of `CHANNELS`."""
    opted_in = Compare(Field(f"{channel}_opt_in"), "eq", True)
    ended = And((_over(channel), In(Field("kind"), _ENDS)))
    return And((opted_in, Not(OBJECTED), Compare(Events("messages", ended), "eq", 0)))


def written_to(channel: str, since: date) -> Predicate:
    """Return whom a message was sent to on a channel on `since` or later."""
    sent = Compare(Field("kind"), "eq", "sent")
    lately = Compare(Field("occurred_at"), "ge", since)
    return Compare(Events("messages", And((_over(channel), sent, lately))), "ge", 1)


def _over(channel: str) -> Predicate:
    return Compare(Field("channel"), "eq", channel)
