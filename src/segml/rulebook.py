"""The segments of a workspace: what they are called, which rules they have, who refers to whom."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segml.champions import Champions, at_thresholds
from segml.core.errors import RuleRefused, SegmentInUse, UnknownName, WorkspaceError
from segml.core.tables import CustomerId
from segml.expressions import Expression
from segml.library.features import FEATURES
from segml.rules.catalog import Catalog, build
from segml.rules.criteria import Rule
from segml.rules.parse import parse
from segml.rules.pins import pinned, pins
from segml.segments.segment import Segment
from segml.storage.lock import writing
from segml.storage.shipped import shipped

if TYPE_CHECKING:
    from segml.storage.records.records import Records

RuleLike = str | Mapping[str, Any] | Expression
"""A segment's id, a react-querybuilder group, or a rule written in Python."""


class Rulebook:
    """Every segment of a workspace, those that come with segml first.

    Parameters
    ----------
    folder
        The workspace's folder.
    champions
        Which scores there are, and where their segments begin.
    saved
        Whether there may be saved segments; if not, the records are not asked.
    records
        Gives the records, which the saved ones are among.
    """

    def __init__(
        self,
        folder: Path,
        champions: Champions,
        saved: Callable[[], bool],
        records: Callable[[], "Records"],
    ) -> None:
        self._folder = folder
        self._champions = champions
        self._built: tuple[frozenset[str], Catalog] | None = None
        self._saved = saved
        self._records = records

    def _names(self) -> Catalog:
        """Return the catalog without segments, built again only when a score comes to be."""
        trained = frozenset(self._champions.trained())
        if self._built is None or self._built[0] != trained:
            features = {**FEATURES, **self._champions.fields()}
            self._built = (trained, build(features, trained=trained))
        return self._built[1]

    def all(self) -> dict[str, Segment]:
        """Return the current version of every segment by id."""
        found = self._records().catalogue.segments() if self._saved() else dict(shipped())
        thresholds = self._champions.thresholds()
        if thresholds:  # those that come with segml begin where the champion's segment does
            for name in shipped():
                rule = at_thresholds(found[name].rule, thresholds)
                found[name] = replace(found[name], rule=rule)
        return found

    def get(self, name: str, version: int | None = None) -> Segment:
        """Return a segment, or one of its older versions; `UnknownName` when there is none."""
        current = self.all()
        if name not in current:
            raise UnknownName("segment", name, current)
        if version is None or version == current[name].version:
            return current[name]
        for older in self.versions(name):
            if older.version == version:
                return older
        raise UnknownName("version", f"{version} of {name}", ())

    def versions(self, name: str) -> list[Segment]:
        """Return every version of a segment, the oldest first."""
        if name in shipped():
            return [self.get(name)]
        found = self._records().catalogue.versions(name) if self._saved() else []
        return found or [self.get(name)]

    def restore(self, name: str, version: int, *, owner: str, at: str = "") -> Segment:
        """Make an older version the next one, also of a deleted segment; return it."""
        older = {one.version: one for one in self.versions(name)}
        if version not in older:
            raise UnknownName("version", f"{version} of {name}", ())
        one = older[version]
        return self.save(
            name,
            one.rule,
            owner=owner,
            at=at,
            title=one.name,
            description=one.description,
            tags=one.tags,
        )

    def dependents(self, name: str) -> list[str]:
        """Return the segments that refer to one, or to the score that it was saved with."""
        self.get(name)
        score = self._champions.similarity(name)
        return [
            other
            for other, segment in self.all().items()
            if other != name
            and (name in _referred(segment.rule) or score in self.fields_named([segment.rule]))
        ]

    def save(
        self,
        name: str,
        rule: RuleLike,
        *,
        owner: str,
        at: str = "",
        title: str = "",
        description: str | None = None,
        tags: Sequence[str] | None = None,
        replacing: int | None = None,
    ) -> Segment:
        """Save a rule as the next version of a segment and return it.

        Parameters
        ----------
        name
            The segment's id.
        rule
            What it shall mean; another segment's id saves a copy of its rule.
        owner, at
            Who saves it, and when, ISO 8601.
        title, description, tags
            For people; those of the version before when left out.
        replacing
            The version that was changed: refused unless it is still the current one; 0 for a
            segment that is to be new.

        Raises
        ------
        RuleRefused
            When the rule has problems.
        WorkspaceError
            When the id cannot be one, or belongs to a segment that comes with segml.
        """
        wire = self.get(rule).rule if isinstance(rule, str) else wire_of(rule)
        before = self.all().get(name)
        segment = Segment(
            name,
            title or (before.name if before else name.replace("-", " ").capitalize()),
            wire,
            (before.description if before else "") if description is None else description,
            owner=owner,
            saved_at=at,
            tags=tuple(dict.fromkeys(tags)) if tags is not None else before.tags if before else (),
        )
        parse(wire, self.catalog(), naming=name)
        return self._records().catalogue.save(segment, replacing)

    def pin(
        self,
        name: str,
        customer: CustomerId,
        *,
        included: bool | None,
        owner: str,
        at: str = "",
    ) -> Segment:
        """Pin a customer into a segment or out of it, as its next version, and return that.

        Parameters
        ----------
        name
            A saved segment's id; one that comes with segml is copied first, under another id.
        customer
            Whom; ids are compared as they stand.
        included
            Whether the segment is to hold the customer whatever the rule says; None unpins.
        owner, at
            Who pins, and when, ISO 8601.
        """
        segment = self.get(name)
        chosen = pins(segment.rule).moved(customer, included=included)
        wire = pinned(segment.rule, chosen.include, chosen.exclude)
        return self.save(name, wire, owner=owner, at=at, replacing=segment.version)

    def delete(self, name: str, *, owner: str, at: str = "") -> None:
        """Delete a saved segment that no other refers to; its versions stay on record.

        With the segment of a lookalike goes its score.
        """
        self.get(name)
        if name in shipped():
            raise WorkspaceError(f"“{name}” comes with segml and cannot be deleted.")
        users = self.dependents(name)
        if users:
            raise SegmentInUse(
                f"“{name}” is used by {', '.join(users)}. Change or delete those first."
            )
        self._records().catalogue.delete(name, owner, at)
        if self._champions.similarity(name) is not None:
            with writing(self._folder):
                self._champions.likenesses.depose(name)

    def referred(self, wires: Iterable[Any]) -> dict[str, Any]:
        """Return the wire rule of every segment that rules refer to, directly or not, by id."""
        current = self.all()
        found: dict[str, Any] = {}
        ahead = [name for wire in wires for name in _referred(wire)]
        while ahead:
            name = ahead.pop()
            if name not in found and name in current:
                found[name] = current[name].rule
                ahead += _referred(found[name])
        return found

    @staticmethod
    def fields_named(wires: Iterable[Any]) -> frozenset[str]:
        """Return the names that stand as a field anywhere in wire rules."""
        parts = (part for wire in wires for part in _parts(wire))
        return frozenset(part["field"] for part in parts if "field" in part)

    def catalog(self) -> Catalog:
        """Return every name a rule may use."""
        return replace(self._names(), segments=_WireRules(self.all))

    def rule(self, rule: RuleLike, *, naming: str | None = None) -> Rule:
        """Return the parsed rule of a segment, of a wire group or of an expression.

        Raises
        ------
        RuleRefused
            When it has problems.
        UnknownName
            When there is no such segment.
        """
        if isinstance(rule, str):
            return parse(self.get(rule).rule, self.catalog(), naming=rule)
        return parse(wire_of(rule), self.catalog(), naming=naming)

    def rules(self) -> tuple[dict[str, Rule], dict[str, str]]:
        """Return the rule of every segment that has one now, and why the others have none."""
        catalog = self.catalog()
        found: dict[str, Rule] = {}
        missing: dict[str, str] = {}
        for name, wire in catalog.segments.items():
            try:
                found[name] = parse(wire, catalog, naming=name)
            except RuleRefused as refused:
                missing[name] = " ".join(problem.message for problem in refused.problems)
        return found, missing


class _WireRules(Mapping[str, Any]):
    """The wire rule of every segment by id, asked for when a rule refers to a segment."""

    def __init__(self, segments: Callable[[], Mapping[str, Segment]]) -> None:
        self._segments = segments

    @cached_property
    def _held(self) -> Mapping[str, Any]:
        return {name: segment.rule for name, segment in self._segments().items()}

    def __getitem__(self, name: str) -> Any:
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


def wire_of(rule: Mapping[str, Any] | Expression) -> Any:
    """Return a rule in its wire form."""
    return rule.as_json() if isinstance(rule, Expression) else rule


def _parts(wire: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every group and condition of a wire rule, those within others too."""
    if isinstance(wire, Mapping):
        yield wire
        for child in (*wire.get("rules", ()), wire.get("value")):
            yield from _parts(child)


def _referred(wire: Any) -> frozenset[str]:
    """Return the ids of segments that a wire rule refers to anywhere."""
    found: set[str] = set()
    for part in _parts(wire):
        if part.get("field") == "segment":
            value = part.get("value")
            found.update([value] if isinstance(value, str) else value or [])
    return frozenset(found)
