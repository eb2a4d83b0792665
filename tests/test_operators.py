"""Every operator of every kind, by its truth table, on every engine.

The tables stand in ``cases/operators.json`` and are the same in any language.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engines import ENGINES
from random_histories import stored_history
from segml.core.features import Attribute, Feature, Last, Rows
from segml.core.features import Form as FeatureForm
from segml.core.operators import OPERATORS, Takes
from segml.core.predicates import Field
from segml.core.tables import TABLES, Kind
from segml.engine.history import History
from strategies import stored_value
from toy_restaurant import AS_OF, complete

TRUTH = json.loads((Path(__file__).parent / "cases" / "operators.json").read_text("utf-8"))
CASES = TRUTH["cases"]
INTEGER_IDS = frozenset(c.domain for table in TABLES for c in table.columns if c.domain)

# The column of a profile that holds the values; integers stand on an order of their own.
COLUMNS = {
    Kind.NUMBER: "latitude",
    Kind.TEXT: "city",
    Kind.BOOLEAN: "vip",
    Kind.DATE: "birthday",
    Kind.LIST: "tags",
}


def name(case: dict[str, Any]) -> str:
    return f"{case['kind']} {case['operator']} {case.get('value', '')}"


def one_column(case: dict[str, Any], as_of: date) -> tuple[History, FeatureForm]:
    """Return a history that holds the values of a case, and the form that reads them."""
    kind = Kind(case["kind"])
    values = {n: value for n, (value, _) in enumerate(case["rows"], start=1)}
    in_order = kind is Kind.NUMBER and not case.get("float", False)
    column = "" if in_order else COLUMNS[kind]
    profiles = [
        complete("customers", customer_id=n, created_at="2020-01-01", **{column: value})
        for n, value in values.items()
    ]
    orders = [
        complete("orders", order_id=n, customer_id=n, ordered_at="2020-01-02", amount=value)
        for n, value in values.items()
        if in_order and value is not None
    ]
    history = stored_history(
        {"customers": profiles, "orders": orders},
        as_of,
        has_customers=True,
        integer_domains=INTEGER_IDS,
    )
    return history, Last(Rows("orders"), "amount") if in_order else Attribute(column)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=name)
def test_truth_table(case: dict[str, Any], engine: str) -> None:
    as_of = date.fromisoformat(case.get("as_of", TRUTH["as_of"]))
    kind, scale = Kind(case["kind"]), case.get("scale", 0)
    history, form = one_column(case, as_of)
    features = {"value": Feature("value", kind, form, "", "value", "", scale=scale)}
    value = stored_value(case["operator"], kind, scale, case.get("value"))
    predicate = OPERATORS[case["operator"]].lower(Field("value"), value, as_of)
    expected = [n for n, (_, holds) in enumerate(case["rows"], start=1) if holds]
    assert ENGINES[engine](history, features).members(predicate) == expected


def test_every_operator_of_every_kind_has_a_table() -> None:
    tabled = {(case["operator"], case["kind"]) for case in CASES}
    assert tabled == {(o.name, kind.value) for o in OPERATORS.values() for kind in o.kinds}


@pytest.mark.parametrize("operator", OPERATORS)
def test_tables_tell_true_from_false_and_know_the_missing(operator: str) -> None:
    for kind in OPERATORS[operator].kinds:
        rows = [
            row
            for c in CASES
            for row in c["rows"]
            if (c["operator"], c["kind"]) == (operator, kind)
        ]
        assert {holds for _, holds in rows} == {True, False}
        assert any(value is None for value, _ in rows)


def test_a_table_gives_a_value_where_its_operator_takes_one() -> None:
    for case in CASES:
        takes_one = OPERATORS[case["operator"]].takes is not Takes.NOTHING
        assert ("value" in case) == takes_one, name(case)


def test_tables_stand_on_the_day_of_the_toy_restaurant() -> None:
    assert date.fromisoformat(TRUTH["as_of"]) == AS_OF
