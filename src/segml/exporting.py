"""Members as CSV files for other programs: chosen columns, only whom a channel may reach.

Laws kept: count = list = file; audience ⊆ members ∩ consent; memory holds one batch; a file that
could not be finished is not there, and none is overwritten unasked. Files follow RFC 4180, in
UTF-8. A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV
injection); numbers, also those written as texts such as +49301234567, stay as they are.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from segml.campaigns import Plan
from segml.champions import Champions
from segml.core.errors import RequestProblem, RequestRefused, SegmlError, near
from segml.core.tables import TABLE, Kind
from segml.engine import bitmaps
from segml.engine.bitmaps import Codes
from segml.engine.sets import SetEngine
from segml.library.contact import CHANNELS
from segml.rulebook import Rulebook, RuleLike
from segml.segments.audience import consenting
from segml.storage.atomic import sync
from segml.storage.moment import StoredMoment
from segml.storage.moments import Moments
from segml.units import in_wire_units

CAP: Final = 10_000  # rows of one file
_BATCH: Final = 5_000  # rows in hand at a time
_BOM: Final = "\ufeff".encode()
# What customers say of themselves; what a feature shows already comes from there.
PROFILE: Final = tuple(c.name for c in TABLE["customers"].columns if c.name != "customer_id")
_FORMULA: Final = "^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"  # full width counts in some countries
_UNUSUAL: Final = re.compile(r"[^A-Za-z0-9._-]+")  # in the names of files, of a campaign's say
_NUMBER: Final = "^[+-]?[0-9]+([.,][0-9]+)?$"


@dataclass(frozen=True, slots=True)
class Top:
    """The first `n` by a field, the largest value first; ties by customer_id, unknown last."""

    n: int
    by: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of an export: some of its customers.

    Attributes
    ----------
    name
        Of the file, without its ending.
    codes
        Who is in it, in the order of its rows.
    """

    name: str
    codes: Codes
    _moment: StoredMoment
    _columns: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Return the number of its rows, the header not counted."""
        return len(self.codes)

    def stream(self, *, bom: bool = False) -> Iterator[bytes]:
        """Yield the file's bytes, some thousand rows at a time.

        With `bom`, after a byte order mark, by which Excel knows UTF-8.
        """
        if bom:
            yield _BOM
        for start in range(0, max(self.rows, 1), _BATCH):
            rows = _rows(self._moment, self.codes[start : start + _BATCH], self._columns)
            yield _csv(rows, header=not start)


@dataclass(frozen=True, slots=True)
class Export:
    """Whom an export holds, before a byte of it is written.

    Attributes
    ----------
    what
        A segment's id, the digest of a rule, or a campaign's name.
    as_of, channel
        The day, and the channel whose consent was asked for; None for none.
    columns
        ``customer_id`` and what was chosen.
    members, without_consent
        How many there are, and how many of them may not be reached on the channel.
    pieces
        Its files.
    """

    what: str
    as_of: date
    channel: str | None
    columns: tuple[str, ...]
    members: int
    without_consent: int
    pieces: tuple[Piece, ...]

    @property
    def rows(self) -> int:
        """Return the number of rows of all files."""
        return sum(piece.rows for piece in self.pieces)

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "as_of": self.as_of.isoformat(),
            "channel": self.channel,
            "columns": list(self.columns),
            "members": self.members,
            "without_consent": self.without_consent,
            "rows": self.rows,
        }

    def write(self, path: Path, *, force: bool = False, bom: bool = False) -> tuple[Path, ...]:
        """Write the export to `path`, or its pieces to numbered files beside it; return them.

        All of them appear, or none: what breaks off leaves nothing.

        Raises
        ------
        SegmlError
            When a file is there already and `force` does not say that it may go.
        """
        paths = [path]
        if len(self.pieces) > 1:
            many = range(1, len(self.pieces) + 1)
            paths = [path.with_name(f"{path.stem}-{n:03}{path.suffix}") for n in many]
        there = [str(one) for one in paths if one.exists()]
        if there and not force:
            raise SegmlError(
                f"{', '.join(there)} exists already. Name another file, or say --force to replace."
            )
        with ExitStack() as stack:
            fresh = [one.with_name(f".{one.name}.new") for one in paths]
            for one, piece in zip(fresh, self.pieces, strict=True):
                stack.callback(one.unlink, missing_ok=True)
                with one.open("wb") as file:
                    file.writelines(piece.stream(bom=bom))
                sync(one)
            for one, final in zip(fresh, paths, strict=True):
                os.replace(one, final)  # noqa: PTH105 (tests stop the process right here)
            sync(path.parent)
        return tuple(paths)


class Exporting:
    """What can be taken out of a workspace as CSV.

    Parameters
    ----------
    segments, moments, champions
        Of the workspace.
    day
        Gives the day that is meant where none is named.
    """

    def __init__(
        self,
        segments: Rulebook,
        moments: Moments,
        champions: Champions,
        day: Callable[[date | None], date],
    ) -> None:
        self._segments = segments
        self._moments = moments
        self._champions = champions
        self._day = day

    def prepared(
        self,
        rule: RuleLike,
        *,
        fields: Sequence[str] = (),
        channel: str | None = None,
        top: Top | None = None,
        split: bool = False,
        as_of: date | None = None,
    ) -> Export:
        """Return an export of the members of a rule, ready to be written or streamed.

        Parameters
        ----------
        rule
            Whose members.
        fields
            Columns beside customer_id: fields, and what customers say of themselves (`PROFILE`).
        channel
            ``email`` or ``sms``: only whom we may contact there.
        top
            Only the first so many by a field.
        split
            Whether more than `CAP` rows become several files.
        as_of
            The day.

        Raises
        ------
        RequestRefused
            When something asked cannot be, or there are more than `CAP` rows and neither `top` nor
            `split` says what to do.
        """
        self._check(fields, channel, top)
        day = self._day(as_of)
        moment = self._moments.at(day)
        engine = SetEngine(moment, self._moments.cache)
        parsed = self._segments.rule(rule)
        lowered = parsed.lower(day)
        members = engine.members(lowered)
        held = members if channel is None else consenting(engine, lowered, channel)
        codes = moment.sorted(held)
        if top is not None:  # the largest first, ties by customer_id
            codes = moment.ranked(codes, top.by)[: top.n]
        if len(codes) > CAP and not split:
            raise RequestRefused(_choices(len(codes)))
        name = rule if isinstance(rule, str) else parsed.digest
        many, kept = bitmaps.count(members), bitmaps.count(held)
        return _export(moment, codes, name, fields, channel, many, many - kept)

    def recipients(self, plan: Plan, fields: Sequence[str] = ()) -> Export:
        """Return an export of a campaign's recipients, in as many files as it takes."""
        self._check(fields, None, None)
        moment = self._moments.at(plan.as_of)
        codes = moment.sorted(plan.audience.recipients)
        counts = plan.members, plan.without_consent
        return _export(moment, codes, plan.campaign, fields, plan.channel, *counts)

    def _check(self, fields: Sequence[str], channel: str | None, top: Top | None) -> None:
        """Raise `RequestRefused` with everything that cannot be."""
        features = self._moments.features
        known = {*features, *PROFILE, "customer_id"}
        problems = []
        for name in fields:
            if name in known:
                continue
            if name in self._champions.fields():
                told, hint = f"“{name}” needs a trained model.", "Run segml train."
            else:
                told, hint = f"There is no field “{name}”.", near(name, known)
            problems.append(RequestProblem("fields", told, hint))
        if channel is not None and channel not in CHANNELS:
            hint = f"There are {' and '.join(CHANNELS)}."
            problems.append(RequestProblem("channel", f"There is no channel “{channel}”.", hint))
        if top is not None and top.n < 1:
            problems.append(RequestProblem("top", f"The first {top.n} are nobody.", "Give 1 up."))
        if top is not None:
            by = features.get(top.by)
            if by is None or by.kind not in (Kind.NUMBER, Kind.DATE):
                able = [n for n, one in features.items() if one.kind in (Kind.NUMBER, Kind.DATE)]
                told = f"Nobody can be ranked by “{top.by}”."
                hint = near(top.by, able) or "Name a number or a date, such as lifetime_spend."
                problems.append(RequestProblem("top", told, hint))
        if problems:
            raise RequestRefused(problems)


def _choices(rows: int) -> list[RequestProblem]:
    """Return what somebody can do who asked for too many rows."""
    told = f"There would be {rows:,} rows, more than the {CAP:,} of one file."
    return [
        RequestProblem("rule", told, "Narrow the segment."),
        RequestProblem("top", told, f"Take the first {CAP:,} by a field."),
        RequestProblem("split", told, f"Split it into {-(-rows // CAP)} numbered files."),
    ]


def _export(
    moment: StoredMoment,
    codes: Codes,
    name: str,
    fields: Sequence[str],
    channel: str | None,
    members: int,
    without_consent: int,
) -> Export:
    columns = tuple(dict.fromkeys(("customer_id", *fields)))
    stem = _UNUSUAL.sub("-", name).strip("-.") or "recipients"
    parts = [codes[start : start + CAP] for start in range(0, max(len(codes), 1), CAP)]
    names = [stem] if len(parts) == 1 else [f"{stem}-{n:03}" for n in range(1, len(parts) + 1)]
    pieces = tuple(
        Piece(one, part, moment, columns) for one, part in zip(names, parts, strict=True)
    )
    return Export(name, moment.as_of, channel, columns, members, without_consent, pieces)


def _rows(moment: StoredMoment, codes: Codes, columns: tuple[str, ...]) -> pl.DataFrame:
    """Return columns of customers in wire units, in the order of `codes`."""
    features = [name for name in columns if name in moment.moments.features]
    own = [name for name in columns if name in PROFILE and name not in features]
    found = in_wire_units(pl.DataFrame(moment.values(codes, features)))
    profiles = moment.moments.facts.profiles(moment.as_of, codes, own)
    return found.hstack(profiles).drop_nulls("customer_id").select(columns)


def _csv(rows: pl.DataFrame, *, header: bool) -> bytes:
    lists = [pl.col(n).list.join("|") for n, kind in rows.schema.items() if kind.is_nested()]
    texts = rows.with_columns(lists).with_columns(_harmless(pl.col(pl.String)))
    return texts.write_csv(include_header=header, line_terminator="\r\n").encode()


def _harmless(text: pl.Expr) -> pl.Expr:
    formula = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
    return pl.when(formula).then(text.str.replace("^", "'")).otherwise(text)
