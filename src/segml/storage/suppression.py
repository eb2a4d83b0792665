"""Who was erased stays out: a list of salted hashes, by which an old file's rows are known again.

The list holds no id. With its salt somebody could still ask of one id whether it was erased, which
is what it is for. It is written before anything is erased and only ever grows; whatever an import
brings is held against it before a row, or a reject, is made of it.

A decision: the orders of an erased customer are listed too, or their item lines would come back as
lines that wait for an order. That another guest referred the erased one is a fact about the other;
it stays, and names `NOBODY` instead.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from segml.core.errors import WorkspaceError
from segml.core.tables import TABLE, Column, Form
from segml.engine.batches import MADE, BadLine, TableSource
from segml.storage.atomic import write_text
from segml.storage.parsing import cells

FILE: Final = "erased.json"
NOBODY: Final = str(-(2**63) + 1)  # an integer, so that it can stand among ids of either kind
REFERRED: Final = "referred_customer_id"
_FORMAT: Final = 1
WORD: Final = re.compile(r"[^\s,;|\"']+")  # of a line that is no row


@dataclass(frozen=True, slots=True)
class Suppression:
    """The list.

    Attributes
    ----------
    salt
        Of the hashes.
    hashes
        By id domain, ``customer`` and ``order``.
    """

    salt: bytes = b""
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether anybody is on it."""
        return any(self.hashes.values())

    def holds(self, domain: str, text: str) -> bool:
        """Return whether an id, written as text, is on the list."""
        return self._hash(domain, text) in self.hashes.get(domain, ())

    def held(self, domain: str, ids: pl.Series) -> pl.Series:
        """Return which of some ids, written as texts, are on the list; null is not."""
        if not self.hashes.get(domain):
            return pl.repeat(value=False, n=len(ids), dtype=pl.Boolean, eager=True)
        different = ids.drop_nulls().unique()
        found = [one for one in different if self.holds(domain, one)]
        return ids.is_in(found).fill_null(value=False)

    def joined(self, domain: str, ids: Iterable[str]) -> "Suppression":
        """Return the list with further ids, written as texts."""
        salt = self.salt or secrets.token_bytes(16)
        grown = Suppression(salt, self.hashes)
        more = {grown._hash(domain, one) for one in ids}
        return Suppression(
            salt, {**self.hashes, domain: self.hashes.get(domain, frozenset()) | more}
        )

    def admitted(
        self, source: TableSource, raw: pl.DataFrame, bad: tuple[BadLine, ...]
    ) -> tuple[pl.DataFrame, tuple[BadLine, ...], int]:
        """Return what of a source's raw rows and bad lines may go on, and how many may not."""
        if not self:
            return raw, bad, 0
        kept = tuple(line for line in bad if not self._named_in(line.text))
        gone = pl.repeat(value=False, n=raw.height, dtype=pl.Boolean, eager=True)
        for canonical, name in source.columns:
            column = _column(source.table, canonical)
            if column is None or column.domain not in self.hashes:
                continue
            named = self.held(column.domain, cells(column, raw[name]).values)
            if canonical == REFERRED and not name.startswith(MADE):
                other = pl.lit(NOBODY).cast(raw.schema[name])
                raw = raw.with_columns(pl.when(named).then(other).otherwise(name).alias(name))
            else:
                gone |= named
        many = int(gone.sum()) + len(bad) - len(kept)
        return raw.filter(~gone), kept, many

    def _named_in(self, line: str) -> bool:
        words = set(WORD.findall(line))
        return any(self.holds(domain, word) for domain in self.hashes for word in words)

    def _hash(self, domain: str, text: str) -> str:
        return hashlib.blake2b(
            f"{domain} {text}".encode(), key=self.salt, digest_size=16
        ).hexdigest()


def entombed(ids: pl.Series, customers: frozenset[str]) -> pl.Series | None:
    """Return ids by code with nothing in the places of customers; None where none is there."""
    theirs = ids.cast(pl.String).is_in(sorted(customers)).fill_null(value=False)
    if not theirs.any():
        return None
    # A missing value keeps what lay under it, so something else is laid there first.
    blank = pl.select(pl.when(theirs).then(pl.lit(0).cast(ids.dtype)).otherwise(ids)).to_series()
    return pl.select(pl.when(~theirs).then(blank)).to_series().alias(ids.name)


def read(root: Path) -> Suppression:
    """Return the list of a warehouse; an empty one where nobody was erased.

    Raises
    ------
    WorkspaceError
        When it cannot be understood: erased customers must not come back for that.
    """
    path = root / FILE
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != _FORMAT:
            raise ValueError(f"its format is not {_FORMAT}")
        hashes = {domain: frozenset(found) for domain, found in document["erased"].items()}
        return Suppression(bytes.fromhex(document["salt"]), hashes)
    except FileNotFoundError:
        return Suppression()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkspaceError(
            f"{path} is damaged ({error}), so nobody knows who was erased; restore it from a "
            "backup before importing."
        ) from error


def write(root: Path, suppression: Suppression) -> None:
    """Keep the list."""
    document = {
        "format": _FORMAT,
        "salt": suppression.salt.hex(),
        "erased": {domain: sorted(found) for domain, found in suppression.hashes.items()},
    }
    write_text(root / FILE, json.dumps(document, indent=1, sort_keys=True))


def _column(table: str, name: str) -> Column | None:
    """Return an id column of a table; None for any other."""
    columns = {column.name: column for column in TABLE[table].columns}
    found = columns.get(name)
    return found if found is not None and found.form is Form.ID else None
