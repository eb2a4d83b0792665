"""The SQL engine's statement on a real PostgreSQL means what it means on DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from random_histories import Case, histories
from segml.core.predicates import Compare, Field, Predicate, Text, Top
from segml.engine.history import History
from segml.engine.sql import SqlEngine, features_sql, members_sql
from segml.library.features import FEATURES
from strategies import cases
from test_sql_engine import AMOUNTS, BOUNDS, MEMBERS, ORDERS, PARTS, SPENT, cities, one_order_each
from test_sql_forms import edges
from toy_restaurant import toy_history

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def postgres(postgres_server: Any) -> Iterator[Any]:
    import psycopg

    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        yield connection


_POSTGRES_TYPES = {
    pl.String: "text",
    pl.Int64: "bigint",
    pl.Int8: "smallint",
    pl.Float64: "double precision",
    pl.Boolean: "boolean",
    pl.Datetime: "timestamp",
    pl.Date: "date",
    pl.List: "text[]",
}


@contextmanager
def loaded(postgres: Any, history: History) -> Iterator[Any]:
    """Hold the tables of a history in PostgreSQL for a while."""
    with postgres.transaction(force_rollback=True):
        for name, table in history.tables.items():
            frame = table.collect()
            columns = ", ".join(
                f"{column} {_POSTGRES_TYPES[dtype.base_type()]}"
                for column, dtype in frame.schema.items()
            )
            postgres.execute(f"CREATE TEMP TABLE {name} ({columns})")
            with postgres.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                for row in frame.rows():
                    copy.write_row(row)
        yield postgres


def on_postgres(postgres: Any, history: History, predicate: Predicate) -> list[int | str]:
    text = members_sql(
        predicate,
        history.as_of,
        features=FEATURES,
        has_customers=history.has_customers,
        dialect="postgres",
    )
    return [row[0] for row in postgres.execute(text).fetchall()]


def values_on_postgres(postgres: Any, history: History) -> list[tuple[Any, ...]]:
    text = features_sql(
        list(FEATURES),
        history.as_of,
        features=FEATURES,
        has_customers=history.has_customers,
        dialect="postgres",
    )
    found: list[tuple[Any, ...]] = postgres.execute(text).fetchall()
    return found


EYES = [predicate for predicate, _ in MEMBERS.values()]
LITERAL = [
    Text(Field("city"), match, part)
    for part in PARTS
    for match in ("contains", "starts_with", "ends_with")
]
RANKED = [Top(SPENT, largest=largest, n=4) for largest in (True, False)]
ASKED: dict[str, tuple[History, list[Predicate]]] = {
    "integer ids": (toy_history(), EYES),
    "text ids": (toy_history(text_ids=True), EYES),
    "no customers": (toy_history(has_customers=False), EYES),
    "cities": (cities(), LITERAL),
    "amounts": (
        one_order_each(list(AMOUNTS)),
        [
            Compare(Field("largest_order_value"), order, bound)
            for order in ORDERS
            for bound in BOUNDS
        ],
    ),
    "edges": (edges(), []),
    "edges of texts": (edges(text_ids=True), []),
    "ties of integers": (one_order_each([100] * 12), RANKED),
    "ties of texts": (one_order_each([100] * 12, text_ids=True), RANKED),
}


@pytest.mark.parametrize("name", ASKED)
def test_postgres_means_the_same(name: str, postgres: Any) -> None:
    history, asked = ASKED[name]
    engine = SqlEngine(history, FEATURES)
    with loaded(postgres, history):
        for predicate in asked:
            assert on_postgres(postgres, history, predicate) == engine.members(predicate), predicate
        assert values_on_postgres(postgres, history) == engine.features(list(FEATURES)).rows()


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(drawn=cases())
def test_postgres_agrees_on_random_rules(drawn: tuple[Case, Predicate], postgres: Any) -> None:
    case, predicate = drawn
    with loaded(postgres, case.history):
        found = on_postgres(postgres, case.history, predicate)
    assert found == SqlEngine(case.history, FEATURES).members(predicate)


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(case=histories())
def test_postgres_agrees_on_random_values(case: Case, postgres: Any) -> None:
    with loaded(postgres, case.history):
        found = values_on_postgres(postgres, case.history)
    assert found == SqlEngine(case.history, FEATURES).features(list(FEATURES)).rows()
