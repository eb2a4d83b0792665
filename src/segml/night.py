"""One night: compute the features, every segment's members, who came and went, and publish.

Laws kept: twice is once; a crash between any two steps leaves the night before in place; what is
stored is what would be computed for that day at any later time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from segml.answers import NightReport, SegmentNight
from segml.core.errors import WorkspaceError
from segml.core.features import Feature
from segml.core.features import digest as features_digest
from segml.engine.history import History
from segml.engine.polars import PolarsEngine, StoredNight
from segml.rules.criteria import Rule
from segml.segments.membership import changes, members
from segml.storage.nights import Night, Nights, Tally

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class NightlyRun:
    """Everything a night is made of.

    Attributes
    ----------
    nights
        Where nights are stored.
    history
        What was known before a day.
    features
        The features to compute.
    stored
        The features stored on a night, where they still are what would be computed.
    generation
        The generation of the facts.
    rules, unavailable, names
        By segment id: the rule, or why there is none now, and the name for people.
    progress
        Told each step and the share of the work done before it.
    """

    nights: Nights
    history: Callable[[date], History]
    features: Mapping[str, Feature]
    stored: StoredNight
    generation: int
    rules: Mapping[str, Rule]
    unavailable: Mapping[str, str]
    names: Mapping[str, str]
    progress: Progress

    def run(self, as_of: date) -> NightReport:
        """Run one night; renew the stored night after it if its changes skip this one."""
        changed = not self._done(as_of)
        if changed:
            self._publish(as_of)
        following = min((day for day in self.nights.all() if day > as_of), default=None)
        if following is not None and not self._done(following):
            self._publish(following)
        return self._report(self.nights.all()[as_of], changed=changed)

    def _kept(self, as_of: date) -> pl.LazyFrame | None:
        """Return what is stored of a night; a damaged file counts as none, to be written again."""
        try:
            return self.stored(as_of)
        except WorkspaceError:
            return None

    def _previous(self, as_of: date) -> date | None:
        return max((day for day in self.nights.all() if day < as_of), default=None)

    def _done(self, as_of: date) -> bool:
        """Return whether the night is stored just as it would be written now."""
        night = self.nights.all().get(as_of)
        return (
            night is not None
            and self._kept(as_of) is not None
            and night.previous == self._previous(as_of)
            and night.unavailable == self.unavailable
            and {name: tally.digest for name, tally in night.segments.items()}
            == {name: rule.digest for name, rule in self.rules.items()}
        )

    def _publish(self, as_of: date) -> None:
        self.progress("computing features", 0.0)
        features = self._features(as_of)
        self.progress("recomputing segments", 0.6)
        now = self._members(as_of, features.lazy())
        previous = self._previous(as_of)
        self.progress("comparing with the night before", 0.8)
        before = now if previous is None else self._members(previous, self._kept(previous))
        moved = changes(before, now)
        self.progress("publishing", 0.9)
        night = Night(
            as_of,
            previous,
            self.generation,
            features_digest(self.features),
            features.height,
            self._tallies(now, moved),
            dict(self.unavailable),
        )
        self.nights.publish(night, features, now, moved)
        self.progress("done", 1.0)

    def _features(self, as_of: date) -> pl.DataFrame:
        stored = self._kept(as_of)
        if stored is not None:
            return stored.collect()
        engine = PolarsEngine(self.history(as_of), self.features)
        return engine.features(tuple(self.features))

    def _members(self, as_of: date, features: pl.LazyFrame | None) -> pl.DataFrame:
        """Return the members of every segment on a night, under the rules of now."""

        def stored(day: date) -> pl.LazyFrame | None:
            return features if day == as_of else self._kept(day)

        engine = PolarsEngine(self.history(as_of), self.features, stored)
        held = engine.evaluate([rule.lower(as_of) for rule in self.rules.values()])
        return members(held, {name: f"p{i}" for i, name in enumerate(self.rules)})

    def _tallies(self, now: pl.DataFrame, moved: pl.DataFrame) -> dict[str, Tally]:
        counts = dict(now.group_by("segment").len().iter_rows())
        moves = {
            (segment, change): n
            for segment, change, n in moved.group_by("segment", "change").len().iter_rows()
        }
        return {
            name: Tally(
                rule.digest,
                counts.get(name, 0),
                moves.get((name, "entered"), 0),
                moves.get((name, "left"), 0),
            )
            for name, rule in self.rules.items()
        }

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
