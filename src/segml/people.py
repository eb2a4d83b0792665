"""Customers one by one: found by name or id, and the members of a set page by page."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from segml.core.errors import UnknownName
from segml.core.tables import CustomerId
from segml.engine import bitmaps
from segml.engine.bitmaps import Codes, Words
from segml.engine.sets import SetEngine
from segml.rulebook import Rulebook, RuleLike
from segml.storage.facts import NAMES
from segml.storage.moment import StoredMoment
from segml.storage.moments import Moments
from segml.suggesting import suggestions
from segml.units import shown

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Some members of a set, and how many there are in all."""

    rows: list[Row]
    count: int


class People:
    """The customers of a workspace.

    Parameters
    ----------
    moments
        Where the columns of dates come from.
    segments
        The segments and their rules.
    day
        Returns the day that is meant where none is given.
    """

    def __init__(
        self, moments: Moments, segments: Rulebook, day: Callable[[date | None], date]
    ) -> None:
        self._moments = moments
        self._segments = segments
        self._day = day

    def rows(self, moment: StoredMoment, codes: Codes, fields: Sequence[str]) -> list[Row]:
        """Return customers as people see them: customer_id, their names, then fields."""
        ids, *values = moment.values(codes, fields).values()
        facts = moment.moments.facts
        columns: dict[str, Sequence[Any]] = {"customer_id": ids.to_list()}
        if facts.warehouse.has_customers():
            columns |= facts.names(moment.as_of, codes)
        columns |= {name: shown(name, one) for name, one in zip(fields, values, strict=True)}
        return [
            dict(zip(columns, row, strict=True))
            for row in zip(*columns.values(), strict=True)
            if row[0] is not None  # or erased since they were found
        ]

    def named(self, customers: Iterable[CustomerId], as_of: date) -> list[Row]:
        """Return ``customer_id, first_name, last_name`` of customers who are known."""
        moment = self._moments.at(as_of)
        codes = moment.moments.facts.codes([*customers]).to_numpy().astype(np.int64)
        return [_named(row) for row in self.rows(moment, codes, ())]

    def known(self, customers: Sequence[CustomerId], as_of: date) -> list[bool]:
        """Return of each customer_id whether it is known at a date."""
        return self._moments.at(as_of).codes(customers).is_not_null().to_list()

    def search(
        self, part: str, *, most: int = 20, as_of: date | None = None, by_name: bool = True
    ) -> list[Row]:
        """Return customers whose id begins with a text, or whose name has it in it.

        Parameters
        ----------
        part
            The text; upper and lower case are alike.
        most
            How many at most: those with that very id first, then by id.
        as_of
            Who was known then, under the name they had then.
        by_name
            Whether names are looked at; else ids only.
        """
        moment = self._moments.at(self._day(as_of))
        codes = moment.sorted(self.matching(moment, moment.known(), part, by_name=by_name))
        exact = moment.moments.facts.code(part)
        if exact is not None and exact in codes:
            codes = np.concatenate(([exact], codes[codes != exact]))
        return [_named(row) for row in self.rows(moment, codes[:most], ())]

    def page(
        self,
        rule: RuleLike,
        fields: Sequence[str] = (),
        *,
        as_of: date | None = None,
        sort: str = "",
        descending: bool = False,
        part: str = "",
        by_name: bool = True,
        start: int = 0,
        most: int = 50,
    ) -> Page:
        """Return some members of a segment or a rule.

        Parameters
        ----------
        rule, as_of
            The set, and when it was.
        fields
            What is told of each.
        sort, descending
            By a field, unknown values last and equals by id; by id without one.
        part, by_name
            Only those whom `search` would find by it.
        start, most
            How many to skip, and to return.
        """
        known = self._moments.features
        for name in (*fields, *filter(None, (sort,))):
            if name not in known:
                raise UnknownName("field", name, known)
        moment = self._moments.at(self._day(as_of))
        lowered = self._segments.rule(rule).lower(moment.as_of)
        held = SetEngine(moment, self._moments.cache).members(lowered)
        if part:
            held = self.matching(moment, held, part, by_name=by_name)
        codes = moment.sorted(held)
        if sort:
            codes = moment.ranked(codes, sort, descending=descending)
        elif descending:
            codes = codes[::-1]
        return Page(self.rows(moment, codes[start : start + most], fields), len(codes))

    def suggestions(
        self, field: str, *, event: str | None = None, part: str = "", as_of: date | None = None
    ) -> list[tuple[str, int]]:
        """Return values of a field of customers or of an event, the commonest first."""
        catalog = self._segments.catalog()
        return suggestions(self._moments, catalog, field, event, part, self._day(as_of))

    def matching(self, moment: StoredMoment, held: Words, part: str, *, by_name: bool) -> Words:
        """Return those of a set whose id begins with a text, or whose name has it in it.

        Names are looked at only where they may be known: `by_name`.
        """
        facts = moment.moments.facts
        part = part.strip().lower()
        ids = facts.ids(moment.size).cast(pl.String).str.to_lowercase().str.starts_with(part)
        found = ids.fill_null(value=False)
        if by_name and facts.warehouse.has_customers():
            found |= facts.name_has(moment.as_of, part, moment.size)
        return held & bitmaps.packed(found)


def _named(row: Row) -> Row:
    return dict.fromkeys(NAMES) | row
