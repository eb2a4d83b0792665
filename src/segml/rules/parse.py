"""From react-querybuilder's JSON to a rule, or to every problem it has.

Law kept: a rule with any problem counts nobody. An empty group is a problem, never "everyone";
nothing is dropped or guessed in silence.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from segml.core.errors import Problem, RuleRefused, near
from segml.core.operators import OPERATORS, Span, Takes
from segml.core.predicates import Aggregate
from segml.core.tables import Kind
from segml.rules.catalog import (
    AGGREGATES,
    CHANGES,
    CUSTOMER,
    LONGEST_MEMBERSHIP_WINDOW,
    MODES,
    Catalog,
    Event,
    Named,
)
from segml.rules.criteria import (
    Change,
    Condition,
    Criterion,
    CustomerCondition,
    EventCondition,
    Group,
    MembershipCondition,
    Path,
    Rule,
    SegmentCondition,
)
from segml.rules.values import WrongValue, is_number, quoted, read, scaled, shown

DEEPEST: Final = 20  # groups within groups, the root being the first
MOST_CONDITIONS: Final = 500


def parse(wire: Any, catalog: Catalog, *, naming: str | None = None) -> Rule:
    """Return the rule that `wire` means.

    Parameters
    ----------
    wire
        A react-querybuilder ``RuleGroupType`` as decoded JSON.
    catalog
        Every name it may use.
    naming
        The id of the segment that this is the rule of, so that it cannot refer to itself.

    Raises
    ------
    RuleRefused
        With all problems, each with its path.
    """
    parser = _Parser(catalog, (naming,) if naming else ())
    root = parser.group(wire, ())
    if parser.conditions > MOST_CONDITIONS:
        parser.problem(
            (),
            f"The rule has {parser.conditions} conditions, more than {MOST_CONDITIONS}.",
            "Save a part of it as a segment and refer to that.",
        )
    if parser.problems or root is None:
        raise RuleRefused(parser.problems)
    return Rule(root, wire)


class _Parser:
    """One walk over one rule; collects the problems on the way."""

    def __init__(self, catalog: Catalog, trail: tuple[str, ...]) -> None:
        self.catalog = catalog
        self.trail = trail
        self.problems: list[Problem] = []
        self.conditions = 0
        self.circles: set[str] = set()  # problems that no outer segment needs to explain

    def problem(self, path: Path, message: str, hint: str = "") -> None:
        self.problems.append(Problem(path, message, hint))

    def group(
        self, wire: Any, path: Path, event: Event | None = None, depth: int = 1
    ) -> Group | None:
        """Return a group of conditions on the customer, or on the rows of `event`."""
        if not isinstance(wire, Mapping) or not isinstance(wire.get("rules"), list):
            self.problem(
                path,
                "This is not a group of conditions.",
                'A group is {"combinator": "and" or "or", "rules": [...]}.',
            )
            return None
        if depth > DEEPEST:
            self.problem(path, f"Groups are nested deeper than {DEEPEST}.", "Flatten the rule.")
            return None
        named, negated = wire.get("combinator"), wire.get("not", False)
        combinator: Literal["and", "or"] = "or" if named == "or" else "and"
        if named != combinator:
            self.problem(path, f"The combinator is {shown(named)}.", "It is “and” or “or”.")
        if not isinstance(negated, bool | None):
            self.problem(path, f"“not” is {shown(negated)}.", "It is true or false.")
        items: list[Criterion] = []
        seen = 0
        for index, child in enumerate(wire["rules"]):
            muted = child.get("muted", False) if isinstance(child, Mapping) else False
            if muted is True:
                continue
            seen += 1
            if not isinstance(muted, bool | None):
                self.problem((*path, index), f"“muted” is {shown(muted)}.", "It is true or false.")
            item = self.item(child, (*path, index), event, depth)
            if item is not None:
                items.append(item)
        if not seen:
            muted = " (all of it is muted)" if wire["rules"] else ""
            self.problem(
                path, f"The group is empty{muted}.", "Add a condition or remove the group."
            )
        return Group(combinator, bool(negated), tuple(items), path) if items else None

    def item(self, wire: Any, path: Path, event: Event | None, depth: int) -> Criterion | None:
        if isinstance(wire, Mapping) and "rules" in wire:
            return self.group(wire, path, event, depth + 1)
        self.conditions += 1
        if not isinstance(wire, Mapping) or not isinstance(wire.get("field"), str):
            self.problem(
                path,
                f"A condition cannot be {shown(wire)}.",
                'A condition is {"field": …, "operator": …, "value": …}.',
            )
            return None
        if wire.get("valueSource", "value") != "value":
            self.problem(path, "The value is taken from another field.", "Give the value itself.")
            return None
        name = wire["field"]
        if event is not None:
            return self.condition(wire, path, event.fields, event.fields, f"{event.table} has")
        if name in self.catalog.events:
            return self.event(wire, path, self.catalog.events[name], depth)
        if name == "memberships":
            return self.membership(wire, path)
        if name == "segment":
            return self.segment(wire, path)
        found = self.condition(wire, path, self.catalog.fields, self.catalog.names(), "There is")
        return CustomerCondition.of(found) if found and found.field is CUSTOMER else found

    def condition(
        self,
        wire: Mapping[str, Any],
        path: Path,
        fields: Mapping[str, Named],
        known: Iterable[str],
        here: str,
    ) -> Condition | None:
        name = wire["field"]
        named = fields.get(name)
        if named is None:
            self.problem(path, f"{here} no field “{name}”.", near(name, known))
            return None
        if named.unavailable:
            self.problem(path, f"“{name}” {named.unavailable}.")
            return None
        if wire.get("match") is not None:
            self.problem(
                path, f"“{name}” is no event, so its rows cannot be counted.", "Leave out “match”."
            )
            return None
        operator = wire.get("operator")
        if not isinstance(operator, str) or operator not in named.operators:
            self.problem(
                path,
                f"“{name}” is a {named.kind} and has no operator {quoted(operator)}.",
                f"It has {', '.join(named.operators)}.",
            )
            return None
        try:
            value = read(
                wire.get("value"), OPERATORS[operator], named.kind, named.scale, ids=named.ids
            )
        except WrongValue as wrong:
            self.problem(path, f"“{name} {operator}” takes {wrong}.", _hint(named, operator))
            return None
        return Condition(named, OPERATORS[operator], value, path)

    def event(
        self, wire: Mapping[str, Any], path: Path, event: Event, depth: int
    ) -> EventCondition | None:
        match = wire.get("match")
        if not isinstance(match, Mapping) or match.get("mode") not in MODES:
            self.problem(
                path,
                f"“{event.table}” is an event: say how often it happened.",
                f'"match": {{"mode": one of {", ".join(MODES)}, "threshold": a number}}.',
            )
            return None
        before = len(self.problems)
        self._only_equals(wire, path)
        where = self.group(wire.get("value"), path, event, depth + 1)
        how, of = self._aggregate(wire.get("meta"), path, event)
        threshold = self._threshold(match, path, how, of)
        if how != "count" and match["mode"] in ("some", "none"):
            self.problem(
                path,
                f"The mode “{match['mode']}” counts rows and takes no aggregate.",
                "Use atLeast, atMost or exactly with a threshold, or leave out “meta”.",
            )
        if len(self.problems) > before or where is None:
            return None
        return EventCondition(event, match["mode"], threshold, where, how, of, path)

    def _only_equals(self, wire: Mapping[str, Any], path: Path) -> None:
        operator = wire.get("operator", "=")
        if operator != "=":
            self.problem(
                path,
                f"“{wire['field']}” is an event and has no operator {quoted(operator)}.",
                'It has =; how often is said by "match".',
            )

    def _aggregate(self, meta: Any, path: Path, event: Event) -> tuple[Aggregate, Named | None]:
        if not isinstance(meta, Mapping) or "aggregate" not in meta:
            return "count", None
        how, name = meta["aggregate"], meta.get("of")
        if how not in AGGREGATES:
            self.problem(
                path, f"There is no aggregate {quoted(how)}.", f"There are {', '.join(AGGREGATES)}."
            )
            return "count", None
        of = event.fields.get(name) if isinstance(name, str) else None
        numbers = [field.name for field in event.fields.values() if field.kind is Kind.NUMBER]
        able = list(event.fields) if how == "distinct" else numbers
        if of is None or of.name not in able:
            choice = f"It takes one of {', '.join(able)}." if able else ""
            self.problem(
                path,
                f"“{how}” of {shown(name)} cannot be taken over {event.table}.",
                choice or f"{event.table} has no numbers; use distinct or leave out “meta”.",
            )
            return "count", None
        return how, of

    def _threshold(
        self, match: Mapping[str, Any], path: Path, how: Aggregate, of: Named | None
    ) -> int | float:
        mode, threshold = match["mode"], match.get("threshold")
        if mode in ("some", "none"):
            return 0
        if not is_number(threshold):
            self.problem(path, f"“{mode}” needs a threshold, not {shown(threshold)}.", "A number.")
            return 0
        if of is not None and how != "distinct":
            try:
                return scaled(threshold, 0 if how == "avg" else of.scale)
            except WrongValue as wrong:
                self.problem(path, f"The threshold is {wrong}.", "A smaller number.")
                return 0
        if not 0 <= threshold < 2**63 or threshold != int(threshold):
            self.problem(
                path,
                f"The threshold {threshold} cannot be a count.",
                "A count is a whole number of at least 0.",
            )
            return 0
        return int(threshold)

    def segment(self, wire: Mapping[str, Any], path: Path) -> SegmentCondition | None:
        operator = wire.get("operator")
        if operator not in ("in", "notIn"):
            self.problem(
                path, f"“segment” has no operator {quoted(operator)}.", "It has in and notIn."
            )
            return None
        if wire.get("match") is not None:
            self.problem(path, "“segment” is no event.", "Leave out “match”.")
            return None
        rules = self._rules_of(wire.get("value"), path)
        return None if rules is None else SegmentCondition(rules, operator == "notIn", path)

    def _rules_of(self, value: Any, path: Path) -> tuple[tuple[str, Rule], ...] | None:
        """Return the rules of the segments that `value` names."""
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self.problem(
                path,
                f"A segment is named by its id, not by {shown(value)}.",
                "Give an id or a list.",
            )
            return None
        before = len(self.problems)
        rules = [(name, self._rule_of(name, path)) for name in names]
        if len(self.problems) > before:
            return None
        return tuple((name, rule) for name, rule in rules if rule is not None)

    def _rule_of(self, name: str, path: Path) -> Rule | None:
        if name in self.trail:
            circle = " → ".join((*self.trail[self.trail.index(name) :], name))
            message = f"The segments go round in a circle: {circle}."
            self.circles.add(message)
            self.problem(path, message, "Break it here.")
            return None
        if name not in self.catalog.segments:
            self.problem(path, f"There is no segment “{name}”.", near(name, self.catalog.segments))
            return None
        inner = _Parser(self.catalog, (*self.trail, name))
        root = inner.group(self.catalog.segments[name], ())
        self.circles |= inner.circles
        for problem in inner.problems:
            message = problem.message
            if message not in inner.circles:
                message = f"The segment “{name}” cannot be used: {message}"
            self.problem(path, message, problem.hint)
        return Rule(root, self.catalog.segments[name]) if root and not inner.problems else None

    def membership(self, wire: Mapping[str, Any], path: Path) -> MembershipCondition | None:
        """Return "entered or left these segments within the last n days"."""
        before = len(self.problems)
        self._only_equals(wire, path)
        match = wire.get("match")
        mode = match.get("mode") if isinstance(match, Mapping) else None
        once = mode == "atLeast" and match.get("threshold") == 1  # type: ignore[union-attr]
        if mode not in ("some", "none") and not once:
            self.problem(
                path,
                "“memberships” knows whether a change happened, not how often.",
                'Use "match": {"mode": "some"} or "none".',
            )
        parts = self._membership_parts(wire.get("value"), path)
        if parts is None or len(self.problems) > before:
            return None
        rules, changes, within = parts
        return MembershipCondition(rules, changes, within, mode == "none", path)

    def _membership_parts(
        self,
        value: Any,
        path: Path,
    ) -> tuple[tuple[tuple[str, Rule], ...], tuple[Change, ...], Span] | None:
        shape = (
            "It takes one “and” group of: segment = an id, change = entered or left, "
            "occurred_at withinLast a number of days."
        )
        match value:
            case {"combinator": "and", "rules": list(parts), **rest} if not rest.get("not"):
                pass
            case _:
                self.problem(path, "“memberships” cannot be asked this.", shape)
                return None
        rules: tuple[tuple[str, Rule], ...] | None = None
        changes: tuple[Change, ...] = ("entered", "left")
        within: Span | None = None
        said: set[str] = set()
        for index, part in enumerate(parts):
            here = (*path, index)
            if isinstance(part, Mapping) and part.get("muted") is True:
                continue
            self.conditions += 1
            match part:
                case {"field": str(name)} if name in said:
                    self.problem(here, f"“{name}” is said twice in “memberships”.", shape)
                    continue
                case {"field": str(name)}:
                    said.add(name)
            match part:
                case {"field": "segment", "operator": "=" | "in", "value": names}:
                    rules = self._rules_of(names, here)
                case {"field": "change", "operator": "=", "value": change} if change in CHANGES:
                    changes = (change,)
                case {"field": "occurred_at", "operator": "withinLast", "value": span}:
                    within = self._window(span, here)
                case _:
                    self.problem(here, "“memberships” cannot be asked this.", shape)
        if rules is None or within is None:
            self.problem(path, "“memberships” needs a segment and a period.", shape)
            return None
        return rules, changes, within

    def _window(self, wire: Any, path: Path) -> Span | None:
        try:
            span: Span = read(wire, OPERATORS["withinLast"], Kind.DATE)
        except WrongValue as wrong:
            self.problem(path, f"“occurred_at withinLast” takes {wrong}.")
            return None
        if span.days > LONGEST_MEMBERSHIP_WINDOW:
            self.problem(
                path,
                f"The period of {span.days} days is too long: each day is a night to look at.",
                f"Use at most {LONGEST_MEMBERSHIP_WINDOW} days.",
            )
            return None
        return span


def _hint(named: Named, operator: str) -> str:
    if named.choices and OPERATORS[operator].takes in (Takes.ONE, Takes.MANY):
        return f"Values are {', '.join(named.choices)}."
    return ""
