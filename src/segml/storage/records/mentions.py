"""Where the records name customers by id: found for who asks, emptied for who is erased.

The rows of the erased stay: it is on record that somebody was looked up or told of, and when, but
not any more who that was.
"""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, select, update

from segml.rules.pins import without
from segml.storage.records.database import Database
from segml.storage.records.schema import AUDIT, DELIVERIES, PLANS, SEGMENT_VERSIONS

ERASED: Final = "(erased)"


def forget(database: Database, customers: frozenset[str]) -> int:
    """Take customers, ids as texts, out of every record; return how many rows named them."""

    def rule(value: Any) -> Any:
        return _within(value, lambda part: without(part, customers))

    def listed(value: Any) -> Any:
        return [one for one in value if str(one) not in customers]

    def told(value: Any) -> Any:
        return ERASED if value in customers else value

    with database.writing() as connection:
        changed = (
            _changed(connection, SEGMENT_VERSIONS, SEGMENT_VERSIONS.c.rule, rule)
            + _changed(connection, PLANS, PLANS.c.document, rule)
            + _changed(connection, DELIVERIES, DELIVERIES.c.customers, listed)
            + _changed(connection, AUDIT, AUDIT.c.what, told)
        )
    database.compact()
    return changed


def mentions(database: Database, customer: str) -> dict[str, list[dict[str, Any]]]:
    """Return what was done about a customer, the id as text: in the audit, and to webhooks."""
    looked = select(AUDIT.c.at, AUDIT.c.action).where(AUDIT.c.what == customer)
    sent = select(*(DELIVERIES.c[name] for name in ("created_at", "event", "state", "customers")))
    with database.reading() as connection:
        return {
            "audit": [dict(row) for row in connection.execute(looked).mappings()],
            "deliveries": [
                {name: row[name] for name in ("created_at", "event", "state")}
                for row in connection.execute(sent).mappings()
                if customer in map(str, row["customers"])
            ],
        }


def _changed(
    connection: Connection, table: Table, column: Column[Any], clean: Callable[[Any], Any]
) -> int:
    """Write the rows again whose value is not clean; return how many."""
    keys = list(table.primary_key.columns)
    changed = 0
    for *key, value in connection.execute(select(*keys, column)).all():
        fresh = None if value is None else clean(value)
        if fresh != value:
            same = [one == held for one, held in zip(keys, key, strict=True)]
            connection.execute(update(table).where(*same).values({column.name: fresh}))
            changed += 1
    return changed


def _within(value: Any, clean: Callable[[Any], Any]) -> Any:
    """Return a document with every rule in it cleaned."""
    match value:
        case {"rules": list()}:
            return clean(value)
        case dict():
            return {name: _within(part, clean) for name, part in value.items()}
        case list():
            return [_within(part, clean) for part in value]
        case _:
            return value
