"""Nobody who was erased is named by the records, on SQLite and on a real PostgreSQL alike."""

from datetime import UTC, datetime
from pathlib import Path

from segml import fields as f
from segml.rules.pins import pinned
from segml.segments.segment import Segment
from segml.storage.records.mentions import forget, mentions
from segml.storage.records.records import Records

AT = datetime(2026, 7, 1, 5, tzinfo=UTC)


def test_who_is_erased_is_named_by_no_record(records: Records) -> None:
    rule = pinned((f.lifetime_spend > 1).as_json(), ["C7", "C8"], ["C9"])
    records.catalogue.save(Segment("mine", "Mine", rule, owner="kim"))
    records.plans.add(AT, "kim", "d", {"name": "spring", "parts": [{"rule": rule}]})
    records.audit.add(AT, "kim", None, "customers.see", "C7", 1)
    records.audit.add(AT, "kim", None, "customers.see", "C70", 1)
    assert [one["action"] for one in mentions(records.database, "C7")["audit"]] == ["customers.see"]
    assert forget(records.database, frozenset({"C7"})) == 3
    assert forget(records.database, frozenset({"C7"})) == 0
    left = pinned((f.lifetime_spend > 1).as_json(), ["C8"], ["C9"])
    assert records.catalogue.segments()["mine"].rule == left
    assert records.plans.all()[0].document["parts"][0]["rule"] == left
    assert [one.what for one in records.audit.entries()] == ["C70", "(erased)"]
    assert mentions(records.database, "C7") == {"audit": [], "deliveries": []}


def test_what_was_erased_is_not_in_the_files_either(tmp_path: Path) -> None:
    records = Records(tmp_path)
    for n in range(200):
        records.audit.add(AT, "kim", None, "customers.see", f"Quillon-7781x-{n % 2}", 1)
    forget(records.database, frozenset({"Quillon-7781x-0", "Quillon-7781x-1"}))
    raw = [path.read_bytes() for path in tmp_path.iterdir()]
    assert raw
    assert not any(b"Quillon" in one for one in raw)
