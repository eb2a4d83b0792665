"""An audience is the part of a segment we may contact on a channel.

Law kept: audience ⊆ members ∩ consent, by construction. A campaign's recipients are its audience
without whom the channel reached lately and without a holdout, who are drawn by a hash of campaign
and customer: the same people whenever they are drawn, and others in another campaign.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from segml.core.calendar import earlier
from segml.core.predicates import And, Not, Predicate
from segml.core.tables import CustomerId
from segml.engine import bitmaps
from segml.engine.bitmaps import Words
from segml.engine.sets import SetEngine
from segml.library.contact import CHANNELS, consent, written_to

_DRAWN: Final = 2**64


@dataclass(frozen=True, slots=True)
class Audience:
    """A segment's members in four parts that no two share anybody.

    Attributes
    ----------
    without_consent
        Whom we may not contact on the channel.
    suppressed
        Whom the channel reached lately.
    holdout
        Who is left out so that the others can be compared with them.
    recipients
        The others.
    """

    without_consent: Words
    suppressed: Words
    holdout: Words
    recipients: Words


def reachable(engine: SetEngine, members: Words) -> dict[str, int]:
    """Return how many of some members may be contacted, by channel."""
    return {
        channel: bitmaps.count(members & engine.standing(consent(channel))) for channel in CHANNELS
    }


def consenting(engine: SetEngine, rule: Predicate, channel: str) -> Words:
    """Return the members who may be contacted on a channel."""
    return engine.members(And((rule, consent(channel))))


def audience(
    engine: SetEngine,
    rule: Predicate,
    channel: str,
    as_of: date,
    *,
    suppress_days: int,
    holdout: Callable[[Words], Words],
) -> Audience:
    """Return the members of a rule as a campaign divides them.

    Parameters
    ----------
    engine, rule, as_of
        Of the moment from which the campaign is planned.
    channel
        One of `CHANNELS`.
    suppress_days
        Who was sent something on the channel on so many last days is left in peace; 0 for nobody.
    holdout
        Draws who is held out from those who are left.
    """
    within = And((rule, consent(channel)))
    lately = written_to(channel, earlier(as_of, suppress_days))
    may, left = engine.members(within), engine.members(And((within, Not(lately))))
    held = holdout(left)
    return Audience(engine.members(rule) & ~may, may & ~left, left & held, left & ~held)


def drawn(campaign: str, customers: pl.Series, share: float) -> pl.Series:
    """Return which customers a campaign holds out: each with the chance `share`, by a hash."""
    return pl.Series([_place(campaign, one) < share for one in customers], dtype=pl.Boolean)


def _place(campaign: str, customer: CustomerId) -> float:
    """Return where a customer stands in a campaign's draw, from 0 to below 1."""
    text = f"{len(campaign)} {campaign} {customer}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) / _DRAWN
