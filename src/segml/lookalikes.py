"""Who is most like some customers, and which rule a list of customers has.

Law kept: a saved lookalike is learned once and scores every later night, so the customers it lists
today are the members of its segment tonight.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from segml.champions import Champions
from segml.core.errors import UnknownCustomers, WorkspaceError
from segml.core.predicates import field_names
from segml.core.tables import CustomerId
from segml.crowd import Crowd
from segml.engine import bitmaps
from segml.engine.bitmaps import Codes
from segml.engine.sets import SetEngine
from segml.expressions import Expression
from segml.library.features import FEATURES
from segml.rulebook import Rulebook, RuleLike, wire_of
from segml.scoring.discovery import FoundRule, NothingFound, rule_of_list
from segml.scoring.lookalike import Lookalike, likened
from segml.scoring.lookalike_spec import LookalikeSpec, check_size
from segml.scoring.saved_likeness import SavedLikeness, field_of
from segml.segments.segment import Segment
from segml.storage.declarations import lookalikes_declared
from segml.storage.lock import writing
from segml.storage.moment import StoredMoment
from segml.storage.moments import Moments, definition
from segml.storage.shipped import shipped
from segml.storage.versions import Reign
from segml.units import available_features, in_wire_units

Seeds = RuleLike | Sequence[CustomerId]
"""A segment's id, a rule, or customers' ids."""


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """How alike some seeds every customer is on a day.

    Attributes
    ----------
    as_of
        The service day at whose start they were compared.
    seeds
        A segment's id, a rule, or the ids of a list.
    customers
        The ids of everybody known, ascending.
    lookalike
        The likeness, its trial and its reasons; rows as in `customers`.
    """

    as_of: date
    seeds: RuleLike | tuple[CustomerId, ...]
    customers: pl.Series
    lookalike: Lookalike

    def most_similar(self, size: float) -> pl.DataFrame:
        """Return ``customer_id, similarity, rank`` of the `size` percent most alike, from rank 1.

        Parameters
        ----------
        size
            Of the list, in percent of the candidates, 1 to 10.
        """
        rows = self.lookalike.most_similar(check_size(size) / 100)
        return pl.DataFrame(
            {
                "customer_id": self.customers.gather(rows),
                "similarity": self.lookalike.similarity[rows],
                "rank": np.arange(1, len(rows) + 1),
            }
        )

    def as_json(self, size: float) -> dict[str, Any]:
        """Return the wire form of all but the list."""
        found = self.lookalike
        return {
            "as_of": self.as_of.isoformat(),
            "seeds": found.seeds,
            "candidates": int(found.candidates.sum()),
            "size": size,
            "count": self.most_similar(size).height,
            "curve": self.curve(),
            "differences": [asdict(one) for one in found.differences],
            "warnings": list(found.warnings),
        }

    def curve(self) -> list[dict[str, float | None]]:
        """Return by size how many times as many held-out seeds are found as by chance.

        The list's own lift, that of a random list, of the biggest spenders, and the list's among
        the equally active; each with its 95 % interval. None where there is no evidence.
        """
        found = self.lookalike
        lists = {
            "": found.curve,
            "random_": found.random,
            "spenders_": found.spenders,
            "within_activity_": found.within_activity,
        }
        rows: list[dict[str, float | None]] = []
        for place, size in enumerate(found.curve.sizes):
            row: dict[str, float | None] = {"size": round(100 * size)}
            for name, curve in lists.items():
                for part in ("lift", "low", "high"):
                    value = getattr(curve, part)[place]
                    row[name + part] = None if np.isnan(value) else value
            rows.append(row)
        return rows


class Lookalikes:
    """The lookalikes of one workspace, and the rules of lists.

    Parameters
    ----------
    folder
        Of the workspace.
    champions
        Where saved likenesses are kept.
    moments
        Where the columns of dates come from.
    segments
        The segments and their rules.
    day
        Returns the day that is meant where none is given.
    """

    def __init__(
        self,
        folder: Path,
        champions: Champions,
        moments: Moments,
        segments: Rulebook,
        day: Callable[[date | None], date],
    ) -> None:
        self._folder = folder
        self._champions = champions
        self._moments = moments
        self._segments = segments
        self._day = day

    @cached_property
    def spec(self) -> LookalikeSpec:
        """Return what lookalikes look at, as declared."""
        return lookalikes_declared(self._folder)

    def find(self, seeds: Seeds, *, as_of: date | None = None, seed: int = 0) -> Alike:
        """Return how alike the seeds everybody is, and how far that can be trusted.

        Parameters
        ----------
        seeds
            A segment's id, a rule, or customers' ids.
        as_of
            The service day at whose start they are compared.
        seed
            Of every choice by lot.

        Raises
        ------
        UnknownCustomers
            When a list names somebody who is not known on that day.
        TooFewCustomers
            With fewer than 10 seeds or 100 candidates.
        """
        spec = self.spec
        fields = dict.fromkeys((*spec.features, spec.spend, spec.activity))
        moment = self._moments.at(self._day(as_of)).need(fields)
        codes = moment.sorted(moment.known())
        asked, seed_codes, named = self._seeds(seeds, moment)
        ids = moment.values(codes, ())["customer_id"]
        candidates = np.isin(codes, self._held(spec.candidates, moment))
        found = likened(
            Crowd(moment, codes, spec),
            np.isin(codes, seed_codes),
            candidates & ids.is_not_null().to_numpy(),  # or somebody was erased meanwhile
            fields=self._segments.catalog().fields,
            seed=seed,
        )
        found = replace(found, warnings=found.warnings + self._circular(found, named))
        return Alike(moment.as_of, asked, ids, found)

    def save(
        self,
        alike: Alike,
        name: str,
        *,
        size: float | None = None,
        owner: str,
        at: str = "",
        title: str = "",
        description: str | None = None,
    ) -> Segment:
        """Save the most alike as a segment that every night from `as_of` on finds anew.

        What was learned becomes a score, ``similar_to_`` and the name, which nights before
        ``as_of`` lack. Saving under a name again replaces it from the new ``as_of`` on.

        Parameters
        ----------
        alike
            What was found.
        name, owner, at, title, description
            Of the segment, as in `Rulebook.save`.
        size
            Of the list, in percent of the candidates; the declared one unless given.

        Raises
        ------
        WorkspaceError
            When the name cannot be taken, or the seeds are themselves found by a lookalike.
        """
        size = check_size(self.spec.size if size is None else size)
        own = _exclusion(alike.seeds)
        segments = self._segments.referred(own)
        self._check(name, own, segments)
        saved = SavedLikeness(
            name,
            alike.as_of,
            alike.lookalike.likeness,
            {one: definition(FEATURES[one]) for one in alike.lookalike.likeness.axes.fields},
            {one: self.spec.counts[one] for one in alike.lookalike.likeness.axes.mixtures},
            {"combinator": "and", "rules": [self.spec.candidates, *own]},
            segments,
            alike.seeds if isinstance(alike.seeds, tuple) else (),
        )
        kept = self._champions.likenesses
        with writing(self._folder):
            before = kept.reigns().get(name, ())
            version = max((one.version for one in before), default=0) + 1
            kept.keep(saved)
            kept.crown(name, Reign(alike.as_of, saved.digest, version), last=True)
        top = {"field": field_of(name), "operator": "topPercent", "value": size}
        rule = {"combinator": "and", "rules": [top, *own]}
        return self._segments.save(
            name, rule, owner=owner, at=at, title=title, description=description
        )

    def rule_of_list(
        self, customers: Sequence[CustomerId], *, as_of: date | None = None, seed: int = 0
    ) -> FoundRule | NothingFound:
        """Return a short rule that tells listed customers from the others, or that there is none.

        Parameters
        ----------
        customers
            Their ids; `UnknownCustomers` when any is not known on that day.
        as_of
            The service day at whose start they are looked at.
        seed
            Of the halves, one that suggests a rule and one that judges it.
        """
        moment = self._moments.at(self._day(as_of)).need(available_features())
        listed = self._listed(customers, moment)
        codes = moment.sorted(moment.known())
        frame = in_wire_units(moment.rows(codes, available_features()))
        fields = self._segments.catalog().fields
        return rule_of_list(frame, np.isin(codes, listed), fields, seed=seed)

    def _seeds(
        self, seeds: Seeds, moment: StoredMoment
    ) -> tuple[RuleLike | tuple[CustomerId, ...], Codes, frozenset[str]]:
        """Return seeds that will still mean the same later, their codes, and fields they name."""
        if isinstance(seeds, str | Mapping | Expression):
            named = field_names(self._segments.rule(seeds).lower(moment.as_of))
            return seeds, self._held(seeds, moment), named
        codes = self._listed(seeds, moment)
        ids = moment.moments.facts.ids(moment.size)
        return tuple(ids.gather(codes).to_list()), codes, frozenset()

    def _held(self, rule: RuleLike, moment: StoredMoment) -> Codes:
        lowered = self._segments.rule(rule).lower(moment.as_of)
        return bitmaps.codes(SetEngine(moment, moment.moments.cache).members(lowered))

    def _listed(self, customers: Sequence[CustomerId], moment: StoredMoment) -> Codes:
        """Return the codes of a list, ascending; `UnknownCustomers` for all who are not known."""
        found = moment.codes(customers)
        if found.null_count():
            unknown = [one for one, code in zip(customers, found, strict=True) if code is None]
            raise UnknownCustomers(unknown, f"at the start of {moment.as_of}")
        return found.unique().sort().to_numpy().astype(np.int64)

    def _circular(self, found: Lookalike, named: frozenset[str]) -> tuple[str, ...]:
        fields = self._segments.catalog().fields
        shared = [fields[name].label for name in found.likeness.axes.fields if name in named]
        warning = (
            f"The seeds are chosen by {', '.join(shared)}, at which the likeness looks too, so "
            "finding them again is easier than finding customers who will act like them."
        )
        return (warning,) if shared else ()

    def _check(self, name: str, own: Sequence[Any], segments: Mapping[str, Any]) -> None:
        """Raise `WorkspaceError` when a lookalike cannot be saved under a name."""
        Segment(name, name, None)  # the id is one
        if name in shipped():
            raise WorkspaceError(f"“{name}” comes with segml. Save the lookalike under another id.")
        if name in segments:
            raise WorkspaceError(
                f"The seeds depend on “{name}”, so it cannot be their lookalike too. Save it "
                "under another id."
            )
        field = field_of(name)
        if name not in self._champions.likenesses.reigns() and field in self._champions.fields():
            raise WorkspaceError(f"A model fills “{field}” already. Save it under another id.")
        scores = self._champions.similarities()
        chosen = sorted(self._segments.fields_named([*own, *segments.values()]) & {*scores})
        if chosen:
            raise WorkspaceError(
                f"The seeds are themselves chosen by {', '.join(chosen)}. Start from what guests "
                "did, or from a list of ids."
            )


def _exclusion(seeds: RuleLike | tuple[CustomerId, ...]) -> list[Any]:
    """Return the condition that a customer has not the rule of the seeds; none for a list."""
    if isinstance(seeds, tuple):
        return []
    if isinstance(seeds, str):
        return [{"field": "segment", "operator": "notIn", "value": [seeds]}]
    return [{"combinator": "and", "not": True, "rules": [wire_of(seeds)]}]
