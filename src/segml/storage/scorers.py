"""A score is a column like any other, but made of columns: what a champion says of its population.

Whom a model does not speak of, and everybody before its first champion's day, has no score.
"""

from collections.abc import Callable, Container, Mapping
from datetime import date
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.errors import WorkspaceError
from segml.core.features import Feature
from segml.core.predicates import Predicate
from segml.core.tables import CustomerId
from segml.engine.bitmaps import Words
from segml.storage.snapshots import FILE, KNOWN, Snapshot, publish

Lines = Callable[[str], pl.DataFrame]
"""Gives ``row, thing, lines`` by a column of order lines: how many each row's customer has."""

UNSCORED: Final = "unscored"  # the definition of a column that nobody fills


class Scorer(Protocol):
    """One version of a model."""

    @property
    def definition(self) -> str:
        """Return what changes whenever a score may."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the features it looks at."""

    def population(self, as_of: date) -> Predicate:
        """Return of whom it speaks."""

    @property
    def apart(self) -> tuple[CustomerId, ...]:
        """Return whom of its population it does not speak of all the same."""

    def scores(self, frame: pl.DataFrame, lines: Lines) -> NDArray[np.float64]:
        """Return one score per row of `inputs` in stored units."""


class Scorers(Protocol):
    """Who fills which score on which day."""

    def trained(self) -> Mapping[str, Feature]:
        """Return the scores that can be asked for, by field."""

    def of(self, field: str, as_of: date) -> Scorer | None:
        """Return who fills a score on a day; None where nobody does yet."""


def scored(
    snapshot: Snapshot,
    scorer: Scorer | None,
    population: Words | None,
    start: int,
    stop: int,
    lines: Lines,
) -> pl.Series:
    """Return the scores of some customers by code.

    Parameters
    ----------
    snapshot
        It has what the scorer looks at.
    scorer, population
        Who scores whom; None for nobody.
    start, stop
        The codes.
    lines
        Of these customers, by their place from `start`.
    """
    found = np.zeros(stop - start)
    if scorer is None or population is None:
        return pl.Series(found).replace(0.0, None)
    bits = np.unpackbits(population.view(np.uint8), count=stop, bitorder="little")
    held = bits[start:].astype(np.bool_)
    rows = snapshot.slice((KNOWN, *scorer.inputs), start, stop).filter(pl.Series(held))
    if rows.height:
        places = np.flatnonzero(held)
        rank = pl.DataFrame({"row": places, "rank": np.arange(len(places))})

        def of_rows(column: str) -> pl.DataFrame:
            ranked = lines(column).join(rank, on="row")
            return ranked.select(pl.col("rank").alias("row"), "thing", "lines")

        found[held] = scorer.scores(rows, of_rows)
    return pl.select(pl.when(pl.Series(held)).then(pl.Series(found))).to_series()


def keep_scores(folder: Path, plain: Container[str]) -> bool:
    """Leave of a snapshot only its scores: what was said is not unsaid. False where it has none.

    Parameters
    ----------
    folder
        Of the snapshot.
    plain
        The columns that can be computed again at any time.
    """
    try:
        found = Snapshot(folder)
    except WorkspaceError:
        return False
    kept = {
        name: column
        for name, column in found.columns.items()
        if name == KNOWN or (name not in plain and column.definition != UNSCORED)
    }
    if len(kept) == 1:
        return False
    if len(kept) < len(found.columns):
        of = (found.as_of, found.generation, found.customers, found.lineage, found.erased)
        publish(folder, *of, kept)
        left = {piece.file for column in kept.values() for piece in column.pieces()}
        for path in folder.iterdir():
            if path.is_file() and path.name not in {*left, FILE}:
                path.unlink()
    return True
