"""Everybody known on a day, as a lookalike asks them: some at once, all of them bucket by bucket.

So memory does not grow with the number of customers but for a score and an id of each.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.engine.bitmaps import Codes
from segml.scoring.likeness import Likeness, Scores
from segml.scoring.lookalike import Sample
from segml.scoring.lookalike_spec import LookalikeSpec
from segml.scoring.mixtures import Counts
from segml.storage.moment import StoredMoment
from segml.units import in_wire_units

_MOST_THINGS: Final = 300  # that are counted of one kind: the tastes of the others are too rare


@dataclass(frozen=True)
class Crowd:
    """The customers of a day; see `scoring.lookalike.Crowd`.

    Attributes
    ----------
    moment
        The day, with the columns of `spec`.
    codes
        Who they are, in their order.
    spec
        What is looked at.
    """

    moment: StoredMoment
    codes: Codes
    spec: LookalikeSpec

    def some(self, rows: NDArray[np.int64]) -> Sample:
        """Return what is looked at of some customers."""
        spec, codes = self.spec, self.codes[rows]
        fields = dict.fromkeys((*spec.features, spec.spend, spec.activity))
        frame = in_wire_units(pl.DataFrame(self.moment.values(codes, fields)))
        counts = {}
        for name, column in spec.counts.items():
            lines = self._lines_of(codes, column)
            things = _common(lines)
            if len(things) > 1:  # or there is no choice
                counts[name] = Counts.of_lines(lines, things, len(codes))
        spend, activity = (frame[name].to_numpy() for name in (spec.spend, spec.activity))
        return Sample(frame.select(spec.features), spend, activity, counts)

    def similarity(self, likeness: Likeness) -> Scores:
        """Return how alike the seeds everybody is."""
        axes = likeness.axes
        size = self.moment.moments.facts.arranged(self.moment.as_of).bucket
        found = np.empty(len(self.codes))
        for bucket, places in _by_bucket(self.codes, size):
            codes = self.codes[places]
            frame = in_wire_units(pl.DataFrame(self.moment.values(codes, axes.fields)))
            counts: Mapping[str, Counts] = {
                name: Counts.of_lines(
                    self._lines(bucket, codes - bucket * size, self.spec.counts[name]),
                    mixture.things,
                    len(codes),
                )
                for name, mixture in axes.mixtures.items()
            }
            found[places] = likeness.similarity(frame, counts)
        return found

    def _lines_of(self, codes: Codes, column: str) -> pl.DataFrame:
        """Return ``row, thing, lines`` of customers, by their place in `codes`."""
        size = self.moment.moments.facts.arranged(self.moment.as_of).bucket
        parts = []
        for bucket, places in _by_bucket(codes, size):
            lines = self._lines(bucket, codes[places] - bucket * size, column)
            row = pl.Series("row", places)[lines["row"]]
            parts.append(lines.with_columns(row))
        return pl.concat(parts)

    def _lines(self, bucket: int, rows: Codes, column: str) -> pl.DataFrame:
        """Return ``row, thing, lines`` of rows of a bucket, by their place in `rows`."""
        facts, as_of = self.moment.moments.facts, self.moment.as_of
        lines = facts.lines(facts.arranged(as_of), as_of, bucket, column)
        place = pl.DataFrame({"row": rows, "place": np.arange(len(rows))})
        held = lines.join(place, on="row")
        return held.select(pl.col("place").alias("row"), "thing", "lines")


def _by_bucket(codes: Codes, size: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield each bucket that has some of the codes, and their places."""
    buckets = codes // size
    order = np.argsort(buckets, kind="stable")
    starts = np.flatnonzero(np.diff(buckets[order], prepend=-1))
    found: Iterable[NDArray[np.int64]] = np.split(order, starts[1:]) if len(order) else ()
    for places in found:
        yield int(buckets[places[0]]), places


def _common(lines: pl.DataFrame) -> list[str]:
    """Return the things that most customers have; of equals the alphabetically first."""
    many = lines.group_by("thing").len().sort("len", "thing", descending=[True, False])
    return many["thing"].head(_MOST_THINGS).to_list()
