"""The questions asked: rules in wire form, and the same conditions for peers to write by hand."""

from typing import Any, Final

SIZES: Final = (3, 5, 8)
SAMPLE: Final = 50
# Field, operator, value for people, value as stored.
CONDITIONS: Final[tuple[tuple[str, str, Any, Any], ...]] = (
    ("orders_365d", ">=", 3, 3),
    ("days_since_last_order", "<=", 120, 120),
    ("email_opt_in", "=", True, True),
    ("lifetime_spend", ">", 150, 15_000),
    ("lunch_share", "<=", 0.75, 0.75),
    ("age", ">=", 25, 25),
    ("favorite_channel", "=", "dine_in", "dine_in"),
    ("largest_order_value", ">", 20, 2_000),
)
_LEAVES: Final = [{"field": f, "operator": o, "value": value} for f, o, value, _ in CONDITIONS]
_LINES: Final = [
    {"field": "category", "operator": "=", "value": "wine"},
    {"field": "ordered_at", "operator": "withinLast", "value": {"n": 90, "unit": "day"}},
]
_WINE: Final = {
    "field": "order_items",
    "operator": "=",
    "match": {"mode": "atLeast", "threshold": 2},
    "value": {"combinator": "and", "rules": _LINES},
}
RULES: Final[dict[str, Any]] = {
    **{f"fields-{n}": {"combinator": "and", "rules": _LEAVES[:n]} for n in SIZES},
    "event": {"combinator": "and", "rules": [_WINE]},
}
