"""Erasing customers from the facts: the parts and rejects that hold them are written again.

Laws kept: whoever reads sees the facts as they were or without the erased, never between; a crash
leaves files that nothing names; twice is once. The other rows stay as they are, in their order, and
with the import that brought them, so nothing that was worked out for others goes stale.

A decision: a reject goes when any value of its record is the customer's id, e-mail or phone, or of
an order's row the id of one of their orders. Records have the names and habits of their source, so
no more is known of them; rather one reject too many than a trace.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from segml.core.tables import TABLE
from segml.engine.batches import ROW
from segml.storage import manifest as manifests
from segml.storage.atomic import sync
from segml.storage.manifest import REJECTS, Manifest, Part, checked
from segml.storage.parts import as_text, frames, scanned, write
from segml.storage.suppression import NOBODY, REFERRED, WORD

_IDS: Final = ("customer_id", "order_id", REFERRED)
_WAYS: Final = ("email", "phone")


@dataclass(frozen=True, slots=True)
class Named:
    """Everything that names some customers.

    Attributes
    ----------
    customers, orders
        Ids as texts.
    ways
        E-mail addresses and phone numbers.
    """

    customers: frozenset[str]
    orders: frozenset[str]
    ways: frozenset[str]


def named(root: Path, manifest: Manifest, customers: frozenset[str]) -> Named:
    """Return everything that names customers, as far as the facts know it."""
    ids = pl.Series("customer_id", sorted(customers), pl.String)

    def found(table: str, *columns: str) -> frozenset[str]:
        rows = as_text(root, manifest.of(table), ids)
        if rows is None:
            return frozenset()
        told = rows.select(columns).collect(engine="streaming")
        return frozenset(one for column in told for one in column.drop_nulls())

    return Named(customers, found("orders", "order_id"), found("customers", *_WAYS))


def erase(root: Path, manifest: Manifest, gone: Named) -> dict[str, int]:
    """Write what holds the erased again without them; return how many rows went, by table.

    The caller holds the workspace's write lock.
    """
    manifests.sweep(root, manifest)
    draft = _Draft(root, manifest)
    counts: dict[str, int] = {}
    for part in manifest.parts:
        if many := draft.without(part, gone):
            counts[part.table] = counts.get(part.table, 0) + many
    if counts:
        manifests.publish(root, draft.manifest)
        manifests.sweep(root, draft.manifest)
    return counts


def about(root: Path, manifest: Manifest, who: Named) -> dict[str, list[dict[str, Any]]]:
    """Return every row and reject that tells of somebody, by table, numbers in whole units.

    Of another's referral only that there was one, and when.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for part in manifest.parts:
        if part.table == REJECTS:
            rejects = pl.read_parquet(checked(root, part)).to_dicts()
            rows = [one for one in rejects if _tells_of(one["table"], one["record"], who)]
        else:
            own = scanned(root, (part,)).drop(ROW).collect()
            scales = {c.name: 10**c.scale for c in TABLE[part.table].columns if c.scale}
            theirs = own.filter(_facts_of(own, who))
            rows = theirs.with_columns(pl.col(n) / s for n, s in scales.items()).to_dicts()
            if REFERRED in own.columns:
                by = own.filter(_among(own[REFERRED], who.customers))
                named = by.select("referred_at").to_dicts()
                found.setdefault("referred_by_another", []).extend(named)
        found.setdefault(part.table, []).extend(rows)
    return {table: rows for table, rows in found.items() if rows}


class _Draft:
    """The manifest in the making."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self._root = root
        self.manifest = replace(manifest, generation=manifest.generation + 1)
        self._last = max((int(Path(part.file).stem) for part in manifest.parts), default=0)

    def without(self, part: Part, gone: Named) -> int:
        """Put in a part's place, where it holds the erased, one without them; return the rows."""
        if part.table == REJECTS:
            return self._rejects(part, gone)
        rows = scanned(self._root, (part,))
        ids = [name for name in _IDS if name in rows.collect_schema()]
        touched = int(_touched(rows.select(ids).collect(engine="streaming"), gone).sum())
        if touched:
            fresh = replace(part, file=self._fresh(part))
            count, size = write(self._root, fresh, _cleaned(self._root, part, gone))
            self._swap(part, replace(fresh, rows=count, size=size))
        return touched

    def _rejects(self, part: Part, gone: Named) -> int:
        rows = pl.read_parquet(checked(self._root, part))
        told = rows.select("table", "record").iter_rows()
        theirs = [_tells_of(table, record, gone) for table, record in told]
        kept = rows.filter(~pl.Series(theirs, dtype=pl.Boolean))
        if kept.height == rows.height:
            return 0
        fresh = replace(part, file=self._fresh(part), rows=kept.height)
        path = self._root / fresh.file
        kept.write_parquet(path, compression="zstd")
        sync(path)
        self._swap(part, replace(fresh, size=path.stat().st_size))
        return rows.height - kept.height

    def _swap(self, part: Part, fresh: Part) -> None:
        self.manifest = self.manifest.swapped((part,), (fresh,))

    def _fresh(self, part: Part) -> str:
        self._last += 1
        return str(Path(part.file).with_name(f"{self._last:06}.parquet"))


def _cleaned(root: Path, part: Part, gone: Named) -> Iterator[pl.DataFrame]:
    for rows in frames(root, part):
        kept = rows
        if REFERRED in rows.columns:
            nobody = pl.lit(NOBODY).cast(rows.schema[REFERRED])
            theirs = _among(rows[REFERRED], gone.customers)
            kept = rows.with_columns(
                pl.when(theirs).then(nobody).otherwise(REFERRED).alias(REFERRED)
            )
        yield kept.filter(~_facts_of(rows, gone))


def _touched(rows: pl.DataFrame, gone: Named) -> pl.Series:
    """Return which rows go, or name the erased in another's fact."""
    found = _facts_of(rows, gone)
    return found | _among(rows[REFERRED], gone.customers) if REFERRED in rows.columns else found


def _facts_of(rows: pl.DataFrame, gone: Named) -> pl.Series:
    """Return which rows of a part are facts about the erased."""
    if "customer_id" in rows.columns:
        return _among(rows["customer_id"], gone.customers)
    if "order_id" in rows.columns:
        return _among(rows["order_id"], gone.orders)
    return pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)


def _among(ids: pl.Series, texts: frozenset[str]) -> pl.Series:
    return ids.cast(pl.String).is_in(sorted(texts)).fill_null(value=False)


def _tells_of(table: str, record: str, gone: Named) -> bool:
    """Return whether the record of a reject names the erased."""
    names = gone.customers | gone.ways
    if table in ("orders", "order_items"):
        names |= gone.orders
    return not names.isdisjoint(_values(json.loads(record)))


def _values(told: Any) -> Iterator[str]:
    """Yield every value of a record as text, and every word of a line that was no row."""
    match told:
        case dict():
            for name, value in told.items():
                yield from _values(value) if name != "line" else WORD.findall(str(value))
        case list():
            for value in told:
                yield from _values(value)
        case _:
            yield str(told)
