"""The conditions a rule about some fields may be made of, with round numbers in them.

A candidate is a condition in its wire form and the customers for whom it holds, by the meaning that
the rule language gives it and no other. Thresholds stand as ``>=`` and ``<``, so that one number
cuts the customers in two.

To add a kind of condition: its wire forms in `_wires`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.tables import Kind
from segml.engine.polars_rules import Columns, expression
from segml.rules.catalog import CUSTOMER, Catalog, Named
from segml.rules.parse import parse
from segml.scoring.normal_scores import common_words

Wire = Mapping[str, Any]
Mask = NDArray[np.bool_]

_CUTS: Final = 24  # quantiles of the list's values, and as many of everybody's
_RAREST: Final = 0.01
_EPOCH: Final = date(1970, 1, 1)
_FAR: Final = date(2000, 1, 1)  # no candidate is relative to a date, so any will do


@dataclass(frozen=True, slots=True, eq=False)
class FieldFrame:
    """Customers with their fields in wire units, of whom rules can be asked.

    Attributes
    ----------
    frame
        One row per customer.
    catalog
        Of the columns that are fields a rule can use; numbers are taken as they stand.
    """

    frame: pl.DataFrame
    catalog: Catalog

    @classmethod
    def of(cls, frame: pl.DataFrame, fields: Mapping[str, Named]) -> "FieldFrame":
        """Return a frame of the columns that are available fields."""
        usable = {
            name: replace(named, scale=0)
            for name, named in fields.items()
            if name in frame.columns and not named.unavailable
        }
        # A number that is none is a missing one.
        return cls(
            frame.select(list(usable)).with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None)),
            Catalog(usable, {}),
        )

    def rows(self, rows: NDArray[Any]) -> "FieldFrame":
        """Return some of the customers, by position or by mask."""
        chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return FieldFrame(self.frame[chosen], self.catalog)

    def holds(self, wires: list[Wire]) -> NDArray[np.bool_]:
        """Return for each condition or group and each customer whether it holds."""
        columns = Columns(lambda name: (pl.col(name), self.catalog.fields[name].kind))
        rules = [parse({"combinator": "and", "rules": [wire]}, self.catalog) for wire in wires]
        held = self.frame.select(
            expression(rule.lower(_FAR), columns).alias(str(i)) for i, rule in enumerate(rules)
        )
        rows = [column.to_numpy() for column in held]
        return np.array(rows, dtype=bool).reshape(len(wires), self.frame.height)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a number or date (days since 1970) of every customer, NaN where missing."""
        return self.frame[name].to_physical().cast(pl.Float64).to_numpy()


def candidates(customers: FieldFrame, listed: Mask) -> tuple[list[Wire], NDArray[np.bool_]]:
    """Return conditions that may set a list apart, and for each whom it holds for.

    Parameters
    ----------
    customers
        The customers.
    listed
        Which of them are on the list.
    """
    names = (name for name in customers.catalog.fields if name != CUSTOMER.name)
    wires = [wire for name in names for wire in _wires(customers, name, listed)]
    held = customers.holds(wires)
    share = held.mean(axis=1)
    telling = (share > 0) & (share < 1)
    return [wire for wire, tells in zip(wires, telling, strict=True) if tells], held[telling]


def _wires(customers: FieldFrame, name: str, listed: Mask) -> Iterator[Wire]:
    """Yield the conditions on one field."""
    named, values = customers.catalog.fields[name], customers.frame[name]
    if _RAREST <= values.null_count() / len(values) <= 1 - _RAREST:
        yield _wire(name, "null", None)
        yield _wire(name, "notNull", None)
    match named.kind:
        case Kind.NUMBER | Kind.DATE:
            for threshold in _thresholds(customers.numbers(name), listed, named.kind):
                yield _wire(name, ">=", threshold)
                yield _wire(name, "<", threshold)
            if named.kind is Kind.DATE:
                for month in range(1, 13):
                    yield _wire(name, "inMonth", month)
        case Kind.BOOLEAN:
            yield _wire(name, "=", value=True)
            yield _wire(name, "=", value=False)
        case Kind.TEXT | Kind.LIST:
            several = ("in", "notIn") if named.kind is Kind.TEXT else ("hasAny", "hasNone")
            for words in _word_sets(customers, name, listed, several[0]):
                if named.kind is Kind.TEXT and len(words) == 1:
                    yield _wire(name, "=", words[0])
                    yield _wire(name, "!=", words[0])
                else:
                    for operator in several:
                        yield _wire(name, operator, words)


def _wire(field: str, operator: str, value: Any) -> Wire:
    return {"field": field, "operator": operator, "value": value}


def _word_sets(customers: FieldFrame, name: str, listed: Mask, any_of: str) -> Iterator[list[str]]:
    """Yield each common word by itself, then those most typical of the list together."""
    common = list(
        dict.fromkeys(
            common_words(customers.frame[name].filter(listed)) + common_words(customers.frame[name])
        )
    )
    if not common:
        return
    yield from ([word] for word in common)
    held = customers.holds([_wire(name, any_of, [word]) for word in common])
    typical = (held & listed).sum(axis=1) / np.maximum(held.sum(axis=1), 1)
    order = np.argsort(-typical, kind="stable")[: (typical > listed.mean()).sum()]
    for many in range(2, len(order) + 1):
        yield [common[place] for place in order[:many]]


def _thresholds(values: NDArray[np.float64], listed: Mask, kind: Kind) -> list[float | str]:
    """Return one round number between each two neighbouring quantiles."""
    at = np.arange(1, _CUTS) / _CUTS
    known = ~np.isnan(values)
    cuts = [
        np.quantile(some, at, method="inverted_cdf")
        for some in (values[known], values[known & listed])
        if len(some)
    ]
    if not cuts:
        return []
    ends = np.unique(np.append(np.concatenate(cuts), [values[known].min(), values[known].max()]))
    return [
        round_threshold(low, high, kind)
        for low, high in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    ]


def round_threshold(low: float, high: float, kind: Kind) -> float | str:
    """Return the roundest number above `low` and at most `high`, as the wire writes it.

    Round numbers are multiples of …, 10, 5, 1, 0.5, …; a date (days since 1970) is the first of a
    year or of a month, or the last there is.
    """
    if kind is Kind.DATE:
        return _round_day(_day(low), _day(high)).isoformat()
    below, above = Decimal(repr(low)), Decimal(repr(high))
    step = Decimal(10) ** (max(below.adjusted(), above.adjusted()) + 1)
    while True:
        for unit in (step, step / 2):
            found = ((below / unit).to_integral_value(ROUND_FLOOR) + 1) * unit
            if found <= above:
                number = float(found)
                return int(number) if number.is_integer() else number
        step /= 10


def _day(days: float) -> date:
    return _EPOCH + timedelta(days=int(days))


def _round_day(low: date, high: date) -> date:
    for first in (high.replace(month=1, day=1), high.replace(day=1)):
        if low < first <= high:
            return first
    return high
