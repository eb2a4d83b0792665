"""A campaign before it is sent: who would get it, who would not, and what it could show."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Final

from segml.core.errors import RequestProblem, RequestRefused
from segml.core.predicates import And, Compare, Field
from segml.engine import bitmaps
from segml.engine.bitmaps import Words
from segml.engine.sets import SetEngine
from segml.library.contact import CHANNELS
from segml.rulebook import Rulebook, RuleLike
from segml.segments.audience import Audience, audience, drawn
from segml.segments.effect import POWER, SmallestEffect, smallest_effect
from segml.storage.moment import StoredMoment
from segml.storage.moments import Moments

HOLDOUT: Final = 0.1
SUPPRESS_DAYS: Final = 14
_ORDERED: Final = Compare(Field("orders_30d"), "ge", 1)
_SAID: Final = {"email": "e-mail", "sms": "text messages"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign's arithmetic: members = without consent + suppressed + holdout + recipients.

    Attributes
    ----------
    campaign
        Its name, by which the holdout is drawn.
    digest
        16 hexadecimal digits that differ between plans.
    channel, as_of, holdout_share, suppress_days
        What was asked.
    members, without_consent, suppressed, holdout, recipients
        How many customers.
    effect
        The smallest rise that can be shown of the share who order within 30 days; the baseline is
        the share of the members who did on the last 30 days.
    audience
        The sets behind the counts, by customer code.
    """

    campaign: str
    digest: str
    channel: str
    as_of: date
    holdout_share: float
    suppress_days: int
    members: int
    without_consent: int
    suppressed: int
    holdout: int
    recipients: int
    effect: SmallestEffect
    audience: Audience = field(repr=False, compare=False)

    @property
    def sentence(self) -> str:
        """Return the plan in words."""
        said = (
            f"Of {self.members:,} guests {self.without_consent:,} may not be reached by "
            f"{_SAID[self.channel]}, {self.suppressed:,} were written to in the last "
            f"{self.suppress_days} days and {self.holdout:,} are held out to compare with: "
            f"{self.recipients:,} would get it. "
        )
        if self.effect.absolute is None:
            return said + "The groups are too small to show any effect."
        return said + (
            f"{self.effect.baseline:.1%} of the guests ordered in the last 30 days; a rise of "
            f"{100 * self.effect.absolute:.1f} percentage points or more would be noticed four "
            "times in five."
        )

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "campaign": self.campaign,
            "digest": self.digest,
            "channel": self.channel,
            "as_of": self.as_of.isoformat(),
            "holdout_share": self.holdout_share,
            "suppress_days": self.suppress_days,
            "members": self.members,
            "without_consent": self.without_consent,
            "suppressed": self.suppressed,
            "holdout": self.holdout,
            "recipients": self.recipients,
            "smallest_effect": {
                "baseline": self.effect.baseline,
                "absolute": self.effect.absolute,
                "relative": self.effect.relative,
                "power": POWER,
            },
            "sentence": self.sentence,
        }


class Campaigns:
    """The campaigns of a workspace.

    Parameters
    ----------
    segments, moments
        Of the workspace.
    day
        Gives the day that is meant where none is named.
    """

    def __init__(
        self, segments: Rulebook, moments: Moments, day: Callable[[date | None], date]
    ) -> None:
        self._segments = segments
        self._moments = moments
        self._day = day

    def plan(
        self,
        rule: RuleLike,
        channel: str,
        *,
        as_of: date | None = None,
        holdout: float = HOLDOUT,
        suppress_days: int = SUPPRESS_DAYS,
        campaign: str = "",
    ) -> Plan:
        """Return how a campaign to the members of a rule divides them.

        Parameters
        ----------
        rule
            Whom it is meant for.
        channel
            ``email`` or ``sms``.
        as_of
            The day it is planned for.
        holdout
            The share of who could get it that is left out to compare with.
        suppress_days
            Who was sent something on the channel on so many last days is left in peace.
        campaign
            Its name; plans of one name hold out the same guests. Unless given, one that the rule,
            the channel and the day make.

        Raises
        ------
        RequestRefused
            When something asked cannot be.
        """
        _check(channel, holdout, suppress_days)
        day = self._day(as_of)
        parsed = self._segments.rule(rule)
        name = campaign or f"{parsed.digest}-{channel}-{day}"
        moment = self._moments.at(day)
        engine = SetEngine(moment, self._moments.cache)
        lowered = parsed.lower(day)
        draw = partial(_drawn, moment, name, holdout)
        sets = audience(engine, lowered, channel, day, suppress_days=suppress_days, holdout=draw)
        held, recipients = map(bitmaps.count, (sets.holdout, sets.recipients))
        members = engine.count(lowered)
        regulars = engine.count(And((lowered, _ORDERED)))
        return Plan(
            campaign=name,
            digest=_digest(parsed.digest, channel, day, holdout, suppress_days, name),
            channel=channel,
            as_of=day,
            holdout_share=holdout,
            suppress_days=suppress_days,
            members=members,
            without_consent=bitmaps.count(sets.without_consent),
            suppressed=bitmaps.count(sets.suppressed),
            holdout=held,
            recipients=recipients,
            effect=smallest_effect(regulars / members if members else 0.0, recipients, held),
            audience=sets,
        )


def _drawn(moment: StoredMoment, campaign: str, share: float, held: Words) -> Words:
    """Return whom of a set a campaign holds out."""
    codes = bitmaps.codes(held)
    ids = moment.values(codes, ())["customer_id"]
    return bitmaps.among(codes[drawn(campaign, ids, share).to_numpy()], moment.size)


def _digest(*asked: object) -> str:
    return hashlib.sha256(json.dumps(asked, default=str).encode()).hexdigest()[:16]


def _check(channel: str, holdout: float, suppress_days: int) -> None:
    problems = []
    if channel not in CHANNELS:
        hint = f"There are {' and '.join(CHANNELS)}."
        problems.append(RequestProblem("channel", f"There is no channel “{channel}”.", hint))
    if not 0 <= holdout < 1:
        told = f"{holdout} is no share that can be held out."
        problems.append(RequestProblem("holdout", told, "Give one from 0 to below 1, such as 0.1."))
    if suppress_days < 0:
        told = f"{suppress_days} days cannot have passed."
        problems.append(RequestProblem("suppress_days", told, "Give 0 or more."))
    if problems:
        raise RequestRefused(problems)
