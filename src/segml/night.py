"""One night: compute the features, every segment's members, who came and went, and publish.

Laws kept: twice is once; a crash between any two steps leaves the night before in place; what is
stored is what would be computed for that day at any later time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from segml.answers import NightReport, SegmentNight
from segml.core.errors import WorkspaceError
from segml.core.features import digest as features_digest
from segml.engine import bitmaps
from segml.engine.bitmaps import Words
from segml.engine.sets import SetEngine
from segml.rulebook import Rulebook
from segml.rules.criteria import Rule
from segml.storage.moments import PLAIN, Moments
from segml.storage.nights import Night, Nights, NightSets, Tally

Progress = Callable[[str, float], None]
_FEATURES: Final = 0.8  # the share of a night's work that its features are


@dataclass(frozen=True, slots=True)
class NightlyRun:
    """Everything a night is made of.

    Attributes
    ----------
    nights, moments
        Where nights, and the columns of dates, are stored.
    rules, unavailable, names
        By segment id: the rule, or why there is none now, and the name for people.
    progress
        Told each step and the share of the work done before it.
    """

    nights: Nights
    moments: Moments
    rules: Mapping[str, Rule]
    unavailable: Mapping[str, str]
    names: Mapping[str, str]
    progress: Progress

    @classmethod
    def of(
        cls, nights: Nights, moments: Moments, segments: Rulebook, progress: Progress
    ) -> "NightlyRun":
        """Return a run of the segments that there are now."""
        rules, unavailable = segments.rules()
        names = {name: segment.name for name, segment in segments.all().items()}
        return cls(nights, moments, rules, unavailable, names, progress)

    def run(self, as_of: date) -> NightReport:
        """Run one night; renew the stored night after it if its changes skip this one."""
        changed = not self._done(as_of)
        if changed:
            self._publish(as_of)
        following = min((day for day in self.nights.all() if day > as_of), default=None)
        if following is not None and not self._done(following):
            self._publish(following)
        return self._report(self.nights.all()[as_of], changed=changed)

    def _previous(self, as_of: date) -> date | None:
        return max((day for day in self.nights.all() if day < as_of), default=None)

    def _done(self, as_of: date) -> bool:
        """Return whether the night is stored just as it would be written now."""
        night = self.nights.all().get(as_of)
        return (
            night is not None
            and self.moments.whole(as_of)
            and self._whole(as_of)
            and night.previous == self._previous(as_of)
            and night.unavailable == self.unavailable
            and {name: tally.digest for name, tally in night.segments.items()}
            == {name: rule.digest for name, rule in self.rules.items()}
        )

    def _whole(self, as_of: date) -> bool:
        try:
            self.nights.check(as_of, checksums=True)
        except WorkspaceError:
            return False  # a damaged file counts as none, to be written again
        return True

    def _publish(self, as_of: date) -> None:
        self._compute(as_of)
        self.progress("recomputing segments", _FEATURES)
        now, universe, size = self._sets(as_of)
        previous = self._previous(as_of)
        self.progress("comparing with the night before", 0.9)
        before = now if previous is None else self._sets(previous)[0]
        sets = {}
        for name, members in now.items():
            was = bitmaps.resized(before[name], size)
            sets[name] = NightSets(members, members & ~was, was & ~members)
        self.progress("publishing", 0.95)
        night = Night(
            as_of,
            previous,
            self.moments.facts.warehouse.generation,
            features_digest(self.moments.features),
            self.moments.facts.state().lineage,
            size,
            universe,
            {name: self._tally(self.rules[name], one) for name, one in sets.items()},
            dict(self.unavailable),
        )
        self.nights.publish(night, sets, self.moments.facts.ids_file())

    def _compute(self, as_of: date) -> None:
        """See to it that the night has all its columns, whole."""

        def told(share: float) -> None:
            step = "computing features" if share < PLAIN else "scoring"
            self.progress(step, _FEATURES * share)

        told(0.0)
        try:
            self.moments.check(as_of, checksums=True)
        except WorkspaceError:
            self.moments.forget(as_of)  # a damaged file counts as none, to be written again
        self.moments.need(as_of, self.moments.features, told)

    def _sets(self, as_of: date) -> tuple[dict[str, Words], int, int]:
        """Return the members of every segment on a night under the rules of now, and how many."""
        moment = self.moments.at(as_of)
        engine = SetEngine(moment, self.moments.cache)
        held = {name: engine.members(rule.lower(as_of)) for name, rule in self.rules.items()}
        return held, bitmaps.count(engine.universe()), moment.size

    @staticmethod
    def _tally(rule: Rule, sets: NightSets) -> Tally:
        counts = map(bitmaps.count, (sets.members, sets.entered, sets.left))
        return Tally(rule.digest, *counts)

    def _report(self, night: Night, *, changed: bool) -> NightReport:
        found = []
        for name, label in self.names.items():
            tally = night.segments.get(name)
            if tally is None:
                reason = self.unavailable.get(name, "")
                found.append(SegmentNight(name, label, None, None, None, reason))
            else:
                found.append(SegmentNight(name, label, tally.count, tally.entered, tally.left))
        return NightReport(night.as_of, night.previous, night.universe, tuple(found), changed)
