"""The catalog of names as the page reads it."""

from collections.abc import Iterable
from typing import Final

from segml.core.operators import OPERATORS, Takes
from segml.core.tables import Kind
from segml.rules.catalog import AGGREGATES, CHANGES, MODES, Event, Named
from segml.rules.parse import DEEPEST, MOST_CONDITIONS
from segml.wire import rules as wire
from segml.workspace import Workspace

_VALUES: Final = {
    Takes.NOTHING: "none",
    Takes.ONE: "one",
    Takes.PAIR: "two",
    Takes.MANY: "list",
    Takes.PERIOD: "period",
    Takes.AGO: "ago",
    Takes.MONTH: "month",
    Takes.PERCENT: "share",
    Takes.COUNT: "count",
}
_SEGMENT_OPERATORS: Final = ("in", "notIn")
SUGGESTED: Final = frozenset({Kind.TEXT, Kind.LIST})


def catalog_of(workspace: Workspace) -> wire.CatalogOf:
    """Return everything that a rule of a workspace may name."""
    catalog = workspace.segments.catalog()
    models = _models(workspace)
    segments = workspace.segments.all()
    return wire.CatalogOf(
        fields=[_field(one, models.get(one.name)) for one in catalog.fields.values()],
        events=[*map(_event, catalog.events.values()), _memberships(segments)],
        operators=[
            wire.OperatorOf(
                name=one.name,
                label=one.phrase.replace("{}", "").strip(),
                value=_VALUES[one.takes],
                kinds=sorted(one.kinds) + (["segment"] if one.name in _SEGMENT_OPERATORS else []),
            )
            for one in OPERATORS.values()
        ],
        segments=[wire.Named(id=one.id, name=one.name) for one in segments.values()],
        limits=wire.Limits(depth=DEEPEST, conditions=MOST_CONDITIONS),
    )


def _models(workspace: Workspace) -> dict[str, wire.FilledBy]:
    """Return by field the model that fills it, of those that have a champion."""
    return {
        row["field"]: wire.FilledBy(
            name=row["model"], threshold=row["threshold"], certificate=row["certificate"]
        )
        for row in workspace.models.listed()
        if row["champion"] is not None
    }


def _field(named: Named, model: wire.FilledBy | None = None) -> wire.FieldOf:
    return wire.FieldOf(
        name=named.name,
        kind=named.kind,
        label=named.label,
        group=named.group,
        description=named.description,
        unit=named.unit,
        choices=list(named.choices),
        operators=list(named.operators),
        suggests=named.kind in SUGGESTED and not named.choices,
        unavailable=named.unavailable,
        model=model,
    )


def _event(event: Event) -> wire.EventOf:
    numbers = [one.name for one in event.fields.values() if one.kind is Kind.NUMBER]
    return wire.EventOf(
        name=event.table,
        label=event.many,
        verb=event.verb,
        fields=list(map(_field, event.fields.values())),
        modes=list(MODES),
        aggregates=[
            wire.Aggregate(name=one, of=[*event.fields] if one == "distinct" else numbers)
            for one in AGGREGATES
        ],
    )


def _memberships(segments: Iterable[str]) -> wire.EventOf:
    """Return the event of coming into segments and leaving them, which knows only whether."""
    fields = (
        Named("segment", Kind.TEXT, "segment", choices=tuple(segments), ranks=False),
        Named("change", Kind.TEXT, "change", choices=CHANGES, ranks=False),
        Named("occurred_at", Kind.DATE, "date", ranks=False),
    )
    operators = (["=", "in"], ["="], ["withinLast"])
    return wire.EventOf(
        name="memberships",
        label="changes of segment",
        verb="entered or left a segment",
        fields=[
            _field(one).model_copy(update={"operators": its})
            for one, its in zip(fields, operators, strict=True)
        ],
        modes=["some", "none"],
        aggregates=[],
    )
