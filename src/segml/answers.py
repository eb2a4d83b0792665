"""What a workspace answers: plain data, each with its public wire form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from segml.core.errors import Problem
from segml.core.markup import Html, bullets, folded, joined, meter, paragraph, strong, table
from segml.core.tables import CustomerId
from segml.engine.explain import Reason
from segml.rules.criteria import Path
from segml.segments.difference import Cause, Difference

if TYPE_CHECKING:
    from segml.scoring.discovery import FoundRule, NothingFound
    from segml.scoring.drift import Drift


@dataclass(frozen=True, slots=True)
class Kept:
    """One condition of a rule, and how many of the universe it keeps and drops by itself."""

    path: Path
    words: str
    kept: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A rule, counted.

    Attributes
    ----------
    count, universe
        Members, and customers known at `as_of` (staff excluded); None when there are problems.
    as_of
        The service day at whose start the rule was asked.
    sentence
        The rule in words.
    sample
        Up to 50 members, by customer_id, with their names and the fields the rule looks at.
    conditions
        Every condition with how many it keeps by itself.
    problems
        Everything wrong with the rule; with any, nothing is counted.
    reachable
        How many members may be contacted, by channel.
    """

    count: int | None
    universe: int | None
    as_of: date
    sentence: str
    sample: tuple[dict[str, Any], ...]
    conditions: tuple[Kept, ...]
    problems: tuple[Problem, ...] = ()
    reachable: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "count": self.count,
            "universe": self.universe,
            "as_of": self.as_of.isoformat(),
            "sentence": self.sentence,
            "sample": list(self.sample),
            "conditions": [
                {
                    "path": list(one.path),
                    "words": one.words,
                    "kept": one.kept,
                    "dropped": one.dropped,
                }
                for one in self.conditions
            ],
            "problems": [problem.as_json() for problem in self.problems],
            "reachable": dict(self.reachable),
        }

    def _repr_html_(self) -> Html:
        if self.count is None or self.universe is None:
            refused = paragraph(strong("The rule has problems, so nobody was counted."))
            return joined(refused, bullets(map(str, self.problems)))
        many = strong(f"{self.count:,} of {self.universe:,}")
        conditions = (
            (one.words, one.kept, one.dropped, _share(one.kept, self.universe))
            for one in self.conditions
        )
        columns = ("condition", "keeps", "drops", "")
        found = joined(
            paragraph(many, f" guests at the start of {self.as_of}. {self.sentence}"),
            table(columns, conditions, numbers=columns[1:3]),
        )
        if not self.sample:
            return found
        rows = table(tuple(self.sample[0]), (tuple(row.values()) for row in self.sample))
        return joined(found, folded(f"{len(self.sample)} of them", rows))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one customer is in a set, or why not."""

    customer_id: CustomerId
    rule: str
    as_of: date
    member: bool
    sentence: str
    reasons: tuple[Reason, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "customer_id": self.customer_id,
            "segment": self.rule,
            "as_of": self.as_of.isoformat(),
            "member": self.member,
            "sentence": self.sentence,
            "conditions": [
                {
                    "path": list(reason.path),
                    "words": reason.words,
                    "value": reason.value,
                    "holds": reason.holds,
                    "wanted": reason.wanted,
                }
                for reason in self.reasons
            ],
        }

    def _repr_html_(self) -> Html:
        stands = "is" if self.member else "is not"
        verdict = strong(f"{self.customer_id} {stands} in {self.rule}")
        return joined(
            paragraph(verdict, f" at the start of {self.as_of}. {self.sentence}"),
            table(
                ("condition", "this guest", "holds", "asked for"),
                ((one.words, one.value, one.holds, one.wanted) for one in self.reasons),
            ),
        )


@dataclass(frozen=True, slots=True)
class SegmentNight:
    """One segment after a nightly run: its members, and who came and went since the last night."""

    segment: str
    name: str
    count: int | None
    entered: int | None
    left: int | None
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class NightReport:
    """A nightly run.

    Attributes
    ----------
    as_of, previous
        The night, and the one its changes are counted from.
    universe
        Customers known.
    segments
        One entry per segment.
    changed
        False when the night was already stored just so, and nothing was done.
    notes
        What happened beside: sentences.
    drift
        How far what the champions look at has moved.
    """

    as_of: date
    previous: date | None
    universe: int
    segments: tuple[SegmentNight, ...]
    changed: bool
    notes: tuple[str, ...] = ()
    drift: tuple["Drift", ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "as_of": self.as_of.isoformat(),
            "previous": self.previous.isoformat() if self.previous else None,
            "universe": self.universe,
            "changed": self.changed,
            "notes": list(self.notes),
            "drift": [asdict(one) for one in self.drift],
            "segments": [
                {
                    "id": one.segment,
                    "name": one.name,
                    "count": one.count,
                    "entered": one.entered,
                    "left": one.left,
                    "unavailable": one.unavailable,
                }
                for one in self.segments
            ],
        }

    def _repr_html_(self) -> Html:
        since = f"; changes since {self.previous}" if self.previous else ""
        rows = (
            (one.name, one.count, one.entered, one.left, _share(one.count, self.universe))
            if one.count is not None
            else (one.name, None, None, None, one.unavailable)
            for one in self.segments
        )
        columns = ("segment", "guests", "entered", "left", "")
        return joined(
            paragraph(strong(f"{self.universe:,} guests"), f" at the start of {self.as_of}{since}"),
            table(columns, rows, numbers=columns[1:4]),
        )


def _share(count: int, universe: int) -> Html:
    return meter(count / universe if universe else 0)


def difference_as_json(name: str, as_of: date, difference: Difference) -> dict[str, Any]:
    """Return the wire form of a difference of rules."""
    return {
        "segment": name,
        "as_of": as_of.isoformat(),
        "before": difference.before,
        "after": difference.after,
        "entered": difference.entered.to_list(),
        "left": difference.left.to_list(),
        "why_entered": [_cause(cause) for cause in difference.why_entered],
        "why_left": [_cause(cause) for cause in difference.why_left],
    }


def rule_of_list_as_json(found: "FoundRule | NothingFound") -> dict[str, Any]:
    """Return the wire form of a list's rule; without one ``rule`` is None, with a reason."""
    plain = asdict(found)
    return {"rule": plain.pop("wire", None), **plain}


def _cause(cause: Cause) -> dict[str, Any]:
    return {"path": list(cause.path), "words": cause.words, "customers": cause.customers}
