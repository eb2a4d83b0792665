"""A value as a table of answers shows it to a person, in a terminal or a notebook."""

from typing import Any


def cell(value: Any, *, grouped: bool) -> str:
    """Return a value as a table shows it; an id is not `grouped` by thousands."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int() if grouped:
            return f"{value:,}"
        case float():
            return f"{value:,.2f}"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
