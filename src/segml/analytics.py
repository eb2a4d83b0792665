"""Questions about segments as sets: how they overlap, grow, move, and what they are worth.

A night that was run answers from what it stored of segments whose rule is still that of then;
anything else is computed under the rules of now.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from segml.core.features import Score
from segml.engine.bitmaps import Words
from segml.engine.sets import SetEngine
from segml.rulebook import Rulebook, RuleLike
from segml.segments import analytics
from segml.storage.moment import StoredMoment
from segml.storage.moments import Moments
from segml.storage.nights import Nights

if TYPE_CHECKING:
    from segml.profile import Profile

SPEND: Final = "spend_365d"


class Analytics:
    """What a workspace's segments say about each other.

    Parameters
    ----------
    nights, moments, segments
        Of the workspace.
    ids
        Gives the customers of a set at a moment, in the order of customer_id.
    """

    def __init__(
        self,
        nights: Nights,
        moments: Moments,
        segments: Rulebook,
        ids: Callable[[StoredMoment, Words], pl.Series],
    ) -> None:
        self._nights = nights
        self._moments = moments
        self._segments = segments
        self._ids = ids

    def overlap(self, as_of: date, segments: Sequence[str] = ()) -> pl.DataFrame:
        """Return how many customers each two segments share; all segments unless some are named.

        Returns
        -------
        pl.DataFrame
            ``segment`` and one column per segment; on the diagonal stand the sizes.
        """
        return analytics.overlap(self._sets(as_of, segments))

    def combinations(
        self, as_of: date, segments: Sequence[str] = ()
    ) -> tuple[pl.DataFrame, list[tuple[tuple[str, ...], int]]]:
        """Return `overlap`, and how many customers are in just which segments, the most first."""
        sets = self._sets(as_of, segments)
        return analytics.overlap(sets), analytics.combinations(sets)

    def profile(self, as_of: date, segment: RuleLike, against: RuleLike | None) -> "Profile":
        """Return what a segment's members are like beside another's, or beside everybody else."""
        from segml.profile import COMPARED, DISTRIBUTED, MEASURED, profile  # noqa: PLC0415 (slow)

        moment = self._moments.at(as_of).need(dict.fromkeys((*MEASURED, *DISTRIBUTED, SPEND)))
        engine = SetEngine(moment, self._moments.cache)
        members = engine.members(self._segments.rule(segment).lower(as_of))
        others = (
            engine.universe() & ~members
            if against is None
            else engine.members(self._segments.rule(against).lower(as_of))
        )
        catalog = self._segments.catalog()
        scores = {
            name: feature
            for name, feature in self._moments.features.items()
            if isinstance(feature.form, Score) and not catalog.fields[name].unavailable
        }
        return profile(moment, members, others, COMPARED, scores, catalog.fields)

    def revenue(self, as_of: date, segments: Sequence[str] = ()) -> pl.DataFrame:
        """Return each segment's share of the customers and of the last 365 days' spend.

        Returns
        -------
        pl.DataFrame
            ``segment, members, customer_share, spend, revenue_share``; the spend in minor units.
        """
        moment = self._moments.at(as_of)
        engine = SetEngine(moment, self._moments.cache)
        spend = engine.column(SPEND).values
        return analytics.revenue(self._sets(as_of, segments), engine.universe(), spend)

    def trend(
        self, segment: str, since: date | None = None, until: date | None = None
    ) -> pl.DataFrame:
        """Return ``as_of, count, entered, left`` of a segment on the nights that were run.

        A night tells what it counted, under the rule that the segment had then. Nights of which
        only this is kept are among them.
        """
        self._segments.get(segment)
        return analytics.trend(
            [
                (day, tally.count, tally.entered, tally.left)
                for day, night in self._nights.all().items()
                if (since is None or day >= since) and (until is None or day <= until)
                for tally in [night.segments.get(segment)]
                if tally is not None
            ]
        )

    def moves(self, segment: str, start: date, end: date) -> tuple[pl.Series, pl.Series]:
        """Return the customers who entered and who left a segment from one date to another."""
        was, now = (self._sets(day, (segment,))[segment] for day in (start, end))
        entered, left = analytics.moves(was, now)
        moment = max((self._moments.at(day) for day in (start, end)), key=lambda one: one.size)
        return self._ids(moment, entered), self._ids(moment, left)

    def _sets(self, as_of: date, segments: Sequence[str]) -> dict[str, Words]:
        """Return the members of segments: as the night stored them, else computed now.

        What a night stored under another rule than that of now is not asked for.
        """
        named = {name: self._segments.rule(name) for name in segments}
        rules = named or self._segments.rules()[0]
        night, stored = self._nights.all().get(as_of), self._stored(as_of)
        engine = SetEngine(self._moments.at(as_of), self._moments.cache)
        found = {}
        for name, rule in rules.items():
            tally = night.segments.get(name) if night else None
            same = tally is not None and tally.digest == rule.digest and name in stored
            found[name] = stored[name] if same else engine.members(rule.lower(as_of))
        return found

    def _stored(self, as_of: date) -> dict[str, Words]:
        """Return what the night stored, where its codes are still those of now."""
        night = self._nights.all().get(as_of)
        if night is None or night.lineage != self._moments.facts.state().lineage:
            return {}
        key = ("sets", as_of, night.generation, night.lineage, tuple(night.segments.items()))
        return self._moments.cache.get(
            key,
            lambda: {name: one.members for name, one in self._nights.sets(as_of).items()},
            lambda sets: sum(words.nbytes for words in sets.values()),
        )
