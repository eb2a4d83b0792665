"""Writes ``segml.fields``: a Python name for every field there is. Run by ``make fields``."""

import re
from pathlib import Path

from segml.core.tables import TABLE, Kind
from segml.library.features import FEATURES
from segml.rules.catalog import CUSTOMER, Named, build

TYPES = {
    Kind.NUMBER: "NumberField",
    Kind.TEXT: "TextField",
    Kind.BOOLEAN: "BooleanField",
    Kind.DATE: "DateField",
    Kind.LIST: "ListField",
}
TARGET = Path(__file__).parents[1] / "src" / "segml" / "fields.py"


def source() -> str:
    """Return the text of the module."""
    catalog = build(FEATURES)
    names = [*catalog.fields, *catalog.events, "entered", "in_segment", "left"]
    lines = [
        '"""Every field by its Python name: ``from segml import fields as f``.',
        "",
        "Written by ``make fields`` from the library's features and the tables of facts.",
        '"""',
        "",
        "from segml.expressions import (",
        *(f"    {name}," for name in sorted({"IdField", *TYPES.values()})),
        ")",
        "from segml.occurrences import EventField, entered, in_segment, left",
        "",
        "__all__ = [",
        *(f'    "{name}",' for name in sorted(names, key=_natural)),
        "]",
        "",
    ]
    for event in catalog.events.values():
        lines += ["", f"class _{_camel(event.table)}(EventField):", "    __slots__ = ()", ""]
        lines += [
            f'    {field.name} = {TYPES[field.kind]}("{field.name}")'
            for field in event.fields.values()
        ]
        lines.append("")
    lines.append("")
    group = ""
    for field in catalog.fields.values():
        if field.group != group:
            group = field.group
            lines += ["", f"# {group}"]
        lines += [
            f'{field.name} = {type_of(field)}("{field.name}")',
            f'"""{field.description}"""',
        ]
    lines += ["", "# Events"]
    for event in catalog.events.values():
        day = TABLE[event.table].time or "ordered_at"
        lines += [
            f'{event.table} = _{_camel(event.table)}("{event.table}", "{day}")',
            f'"""Rows of {event.table}: say how many {event.many}, or how much."""',
        ]
    return "\n".join(lines) + "\n"


def type_of(field: Named) -> str:
    return "IdField" if field is CUSTOMER else TYPES[field.kind]


def _natural(name: str) -> list[str | int]:
    """Return a key that puts orders_90d before orders_365d, as the linter wants it."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


if __name__ == "__main__":
    TARGET.write_text(source(), encoding="utf-8")
