"""The Python form of a rule is the same rule."""

from datetime import date
from typing import Any

import pytest

import segml.fields as f
from fields_source import TARGET, source
from segml.expressions import Expression
from segml.library.features import FEATURES
from segml.rules.catalog import build
from segml.rules.parse import parse

CATALOG = build(
    FEATURES,
    {"vip": {"combinator": "and", "rules": [{"field": "vip", "operator": "=", "value": True}]}},
)


def condition(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def test_the_module_names_every_field(tmp_path: Any) -> None:
    import subprocess
    import sys

    fresh = tmp_path / "fields.py"
    fresh.write_text(source(), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "format", "--quiet", "--config", "line-length=100"]
    subprocess.run([*ruff, str(fresh)], check=True)
    assert fresh.read_text("utf-8") == TARGET.read_text("utf-8"), "run make fields"


@pytest.mark.parametrize(
    ("written", "wire"),
    [
        (f.lifetime_spend > 200, condition("lifetime_spend", ">", 200)),
        (f.age.between(18, 30), condition("age", "between", [18, 30])),
        (f.city.is_in("Rome", "Bern"), condition("city", "in", ["Rome", "Bern"])),
        (f.city != "Rome", condition("city", "!=", "Rome")),
        (
            f.email_opt_in & f.vip,
            {
                "combinator": "and",
                "rules": [condition("email_opt_in", "=", True), condition("vip", "=", True)],
            },
        ),
        (
            f.last_order_at.within_last(6, "month"),
            condition("last_order_at", "withinLast", {"n": 6, "unit": "month"}),
        ),
        (f.last_order_at >= date(2026, 1, 2), condition("last_order_at", ">=", "2026-01-02")),
        (f.tags.has_none("staff"), condition("tags", "hasNone", ["staff"])),
        (f.birthday.is_unknown(), condition("birthday", "null")),
        (f.in_segment("vip"), condition("segment", "in", ["vip"])),
    ],
)
def test_a_comparison_is_a_condition(written: Expression, wire: dict[str, Any]) -> None:
    whole = wire if "rules" in wire else {"combinator": "and", "rules": [wire]}
    assert parse(written.as_json(), CATALOG) == parse(whole, CATALOG)
    assert written.as_json() == whole


def test_joining_keeps_the_shape() -> None:
    a, b, c = f.orders_total > 1, f.orders_total > 2, f.orders_total > 3
    assert len((a & b & c).as_json()["rules"]) == 3
    assert (a | b & c).as_json()["combinator"] == "or"
    assert (~(a | b)).as_json() == (a | b).as_json() | {"not": True}
    assert parse((~~(a & b)).as_json(), CATALOG).digest == parse((a & b).as_json(), CATALOG).digest
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(a)


def test_events_read_like_a_sentence() -> None:
    wine = f.order_items.where(f.order_items.price > 20, category="wine").within(90)
    wire = wine.at_least(2).as_json()["rules"][0]
    assert wire["match"] == {"mode": "atLeast", "threshold": 2}
    assert [rule["field"] for rule in wire["value"]["rules"]] == ["price", "category", "ordered_at"]
    spent = (wine.total("price") >= 100).as_json()["rules"][0]
    assert spent["meta"] == {"aggregate": "sum", "of": "price"}
    for rule in (
        f.orders.never(),
        f.messages.where(kind=["opened", "clicked"]).ever(),
        f.reviews.average(f.reviews.rating) <= 2.5,
        f.entered("vip", 7),
        f.left("vip", 7),
    ):
        parse(rule.as_json(), CATALOG)
