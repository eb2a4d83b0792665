"""The segments as the library shows them: each with its rule in words, its size and its past."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from segml.core.errors import RuleRefused, WorkspaceError
from segml.core.predicates import EVERYONE
from segml.engine.sets import SetEngine
from segml.rules.criteria import Rule
from segml.rules.describe import sentence
from segml.rules.parse import parse
from segml.segments.segment import SHIPPED, Segment
from segml.storage.nights import Night, Tally
from segml.wire.segments import SegmentOf, Segments, Size
from segml.workspace import Workspace

_NIGHTS: Final = 30  # of the line on a card


@dataclass(frozen=True, slots=True)
class Shelf:
    """The segments of a workspace on a night.

    Attributes
    ----------
    workspace
        Whose.
    as_of
        The night; None before the first.
    """

    workspace: Workspace
    as_of: date | None

    @classmethod
    def of(cls, workspace: Workspace, as_of: date | None) -> "Shelf":
        """Return the shelf of a night, the latest without one."""
        if as_of is None:
            try:
                as_of = workspace.latest.day()
            except WorkspaceError:
                return cls(workspace, None)
        return cls(workspace, as_of)

    def all(self) -> Segments:
        """Return every segment."""
        catalog = self.workspace.segments.catalog()
        known = self.workspace.segments.all()
        rules: dict[str, Rule] = {}
        missing: dict[str, str] = {}
        for name, segment in known.items():
            try:
                rules[name] = parse(segment.rule, catalog, naming=name)
            except RuleRefused as refused:
                missing[name] = " ".join(problem.message for problem in refused.problems)
        return self._told(known, rules, missing)

    def one(self, name: str) -> SegmentOf:
        """Return one segment; `UnknownName` when there is none."""
        segment = self.workspace.segments.get(name)
        try:
            rules, missing = {name: self.workspace.segments.rule(name)}, {}
        except RuleRefused as refused:
            told = " ".join(problem.message for problem in refused.problems)
            rules, missing = {}, {name: told}
        return self._told({name: segment}, rules, missing).segments[0]

    def _told(
        self,
        segments: Mapping[str, Segment],
        rules: Mapping[str, Rule],
        missing: Mapping[str, str],
    ) -> Segments:
        nights = self.workspace.nights.all()
        night = nights.get(self.as_of) if self.as_of else None
        engine = self.workspace.engine(self.as_of) if self.as_of else None
        universe = None if engine is None else engine.count(EVERYONE)
        past = [nights[day] for day in sorted(nights) if self.as_of and day <= self.as_of]
        return Segments(
            as_of=self.as_of,
            universe=universe,
            segments=[
                self._segment(
                    segment,
                    rules.get(name),
                    missing.get(name, ""),
                    night.segments.get(name) if night else None,
                    engine,
                    past[-_NIGHTS:],
                )
                for name, segment in segments.items()
            ],
        )

    def _segment(
        self,
        segment: Segment,
        rule: Rule | None,
        missing: str,
        tally: Tally | None,
        engine: SetEngine | None,
        past: list[Night],
    ) -> SegmentOf:
        if tally is not None and (rule is None or tally.digest != rule.digest):
            tally = None  # the night counted another rule
        count = tally.count if tally else None
        if count is None and rule is not None and engine is not None and self.as_of is not None:
            count = engine.count(rule.lower(self.as_of))
        universe = engine.count(EVERYONE) if engine is not None else 0
        return SegmentOf(
            id=segment.id,
            name=segment.name,
            description=segment.description,
            kind=segment.kind,
            owner=segment.owner,
            version=segment.version,
            saved_at=segment.saved_at,
            tags=[*segment.tags],
            editable=segment.owner != SHIPPED,
            rule=segment.rule,
            sentence=sentence(rule) if rule is not None else "",
            count=count,
            share=count / universe if count is not None and universe else None,
            entered=tally.entered if tally else None,
            left=tally.left if tally else None,
            trend=[
                Size(as_of=night.as_of, count=night.segments[segment.id].count)
                for night in past
                if segment.id in night.segments
            ],
            unavailable=missing,
        )
