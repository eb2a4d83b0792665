"""What the champions say of a day's customers, laid out so that a few are found in no time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from segml.champions import Champion, Champions
from segml.core.errors import WorkspaceError
from segml.core.tables import CustomerId, Kind
from segml.engine.bitmaps import Codes
from segml.scoring.reasons import reasons
from segml.storage.moment import StoredMoment
from segml.storage.moments import Moments
from segml.storage.snapshots import Snapshot
from segml.storage.versions import Book, Reign
from segml.units import in_wire_units
from segml.verdicts import bands


@dataclass(frozen=True, slots=True)
class Speaker:
    """The champion of a model on a day.

    Attributes
    ----------
    champion, reign
        The version, and since when it scores.
    field
        The score that it fills.
    threshold
        Where its segment begins.
    """

    champion: Champion
    reign: Reign
    field: str
    threshold: float


@dataclass(frozen=True, slots=True)
class Board:
    """What some champions say on one day.

    Attributes
    ----------
    moment
        The day, with their scores.
    speakers
        By model.
    """

    moment: StoredMoment
    speakers: Mapping[str, Speaker]

    def said(self, name: str, codes: Codes, *, explained: bool = False) -> pl.DataFrame:
        """Return ``score, band`` of customers in the order of codes; explained, ``reasons`` too.

        Whom the model does not speak of has no score, so nothing is explained either.
        """
        speaker = self.speakers[name]
        column = self.moment.snapshot.column(speaker.field, Kind.NUMBER)
        score = column.at(pl.Series(codes, dtype=pl.UInt32)).decoded().alias("score")
        rows = pl.DataFrame([score, bands(score, speaker.threshold)])
        if not explained:
            return rows
        held = score.is_not_null().to_numpy()
        inputs = pl.DataFrame(self.moment.values(codes[held], speaker.champion.inputs))
        phrases = iter(reasons(speaker.champion.model, in_wire_units(inputs)))
        told = [[str(one) for one in next(phrases)] if one else None for one in held]
        return rows.with_columns(reasons=pl.Series(told, dtype=pl.List(pl.String)))

    def answers(
        self, customers: Sequence[CustomerId], *, explained: bool = False
    ) -> list[dict[str, dict[str, Any]] | None]:
        """Return of each customer what is said, by model; None for who is not known."""
        codes = self.moment.codes(customers).to_list()
        known = np.array([code for code in codes if code is not None], dtype=np.int64)
        said = (self.said(name, known, explained=explained) for name in self.speakers)
        rows = zip(*(one.to_dicts() for one in said), strict=True)
        return [
            None if code is None else dict(zip(self.speakers, next(rows, ()), strict=True))
            for code in codes
        ]


class Boards:
    """The boards of a workspace; the last one is kept. Safe from several threads.

    Parameters
    ----------
    champions
        Who scores.
    moments
        Where the columns of days come from.
    """

    def __init__(self, champions: Champions, moments: Moments) -> None:
        self._champions = champions
        self._moments = moments
        self._last: tuple[_MadeOf, Board] | None = None

    def of(self, names: Iterable[str], as_of: date) -> Board:
        """Return the board of some models; scores that are not stored are computed.

        Raises
        ------
        WorkspaceError
            When nobody was champion of one.
        """
        names = tuple(names)
        while True:
            ready = self.ready(names, as_of)
            if ready is not None:
                return ready
            # What it is made of is looked at before, and by `ready` after: in between another may
            # become champion, and of whom the scores then are nobody could say.
            of = self._made_of(names, as_of)
            self._last = (of, self._made(names, as_of))

    def ready(self, names: Iterable[str], as_of: date) -> Board | None:
        """Return the board if it is the one that is kept and nothing has changed since."""
        last, of = self._last, self._made_of(tuple(names), as_of)
        return last[1] if last is not None and last[0] == of else None

    def _made_of(self, names: tuple[str, ...], as_of: date) -> "_MadeOf":
        return names, self._moments.at(as_of).snapshot, self._champions.versions.book()

    def _made(self, names: tuple[str, ...], as_of: date) -> Board:
        speakers = {name: self._speaker(name, as_of) for name in names}
        fields = [speaker.field for speaker in speakers.values()]
        return Board(self._moments.at(as_of).need(fields), speakers)

    def _speaker(self, name: str, as_of: date) -> Speaker:
        reign = self._champions.versions.reign(name, as_of)
        champion = self._champions.of_model(name, as_of)
        if reign is None or champion is None:
            raise WorkspaceError(
                f"Nobody was champion of “{name}” on {as_of}. Train it by what was known then: "
                f"segml train {name} --as-of {as_of}."
            )
        threshold = self._champions.threshold(champion.model)
        return Speaker(champion, reign, self._champions.specs[name].field, threshold)


_MadeOf = tuple[tuple[str, ...], Snapshot, Book]
