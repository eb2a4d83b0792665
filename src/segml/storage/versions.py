"""The versions of models that a workspace scores with, and from which day on each was champion.

A copy of what the registry holds, so that scoring needs no registry. Law kept: a date is scored by
the version that was champion then, whatever came after, so past scores can be computed again.

::

    versions/churn/3f2a….json     a model, named for its digest
    versions/churn/cards/3f2a….json    how it was judged
    versions/reigns.json          by model, who was champion from which day on
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any, Final, Generic, Protocol, TypeVar

from segml.core.errors import WorkspaceError
from segml.storage.atomic import write_text
from segml.storage.watched import Watched

FILE: Final = "reigns.json"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Reign:
    """A version that is champion from a day on.

    Attributes
    ----------
    since
        The first day it scores.
    digest
        Of the model.
    version
        Its number in the registry.
    """

    since: date
    digest: str
    version: int


@dataclass(frozen=True, slots=True)
class Matured:
    """What became of the customers whom a certified version selected on a night."""

    night: date
    seen: int
    correct: int


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the customers scored on a night: what was foretold of them, and what came."""

    predicted: float
    observed: float
    n: int


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What became of a sample of the customers whom a version scored on a night.

    Attributes
    ----------
    night
        When they were scored.
    tenths
        Those with the lowest scores first.
    """

    night: date
    tenths: tuple[Tenth, ...]


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """From which day on a certificate no longer counts, and why."""

    since: date
    why: str


@dataclass(frozen=True, slots=True)
class Book:
    """What `FILE` holds: by model its reigns; by digest what became of what was said."""

    reigns: Mapping[str, tuple[Reign, ...]]
    matured: Mapping[str, tuple[Matured, ...]]
    withdrawals: Mapping[str, Withdrawal]
    calibrated: Mapping[str, tuple[Calibrated, ...]]


class Version(Protocol):
    """What is kept: a document that its digest names."""

    @property
    def name(self) -> str:
        """Return whose version it is."""

    @property
    def digest(self) -> str:
        """Return what differs between versions."""

    @property
    def document(self) -> str:
        """Return what is written."""


V = TypeVar("V", bound=Version)


class Versions(Generic[V]):
    """The versions of one workspace; safe from several threads.

    Parameters
    ----------
    root
        The folder ``versions``, or another of the same layout; made when it is needed.
    read
        Returns the version in a document.
    again
        The command that makes a version, ``{}`` for its name; for messages.
    """

    def __init__(self, root: Path, read: Callable[[str], V], again: str) -> None:
        self._root = root
        self._from_document = read
        self._again = again
        self._book = Watched(root / FILE, self._read)
        self._models: dict[str, V] = {}
        self._lock = Lock()

    def book(self) -> Book:
        """Return all that is written of them; the same object until something else is."""
        return self._book.value()

    def reigns(self) -> Mapping[str, tuple[Reign, ...]]:
        """Return by model every reign, the earliest first."""
        return self.book().reigns

    def matured(self, digest: str) -> tuple[Matured, ...]:
        """Return what became of a certified version's selections, window by window."""
        return self.book().matured.get(digest, ())

    def calibrated(self, digest: str) -> tuple[Calibrated, ...]:
        """Return what became of those whom a version scored, window by window."""
        return self.book().calibrated.get(digest, ())

    def withdrawal(self, digest: str) -> Withdrawal | None:
        """Return since when a version's certificate no longer counts; None while it does."""
        return self.book().withdrawals.get(digest)

    def reign(self, name: str, as_of: date | None = None) -> Reign | None:
        """Return who was champion on a day (the latest without one); None for nobody."""
        known = self.reigns().get(name, ())
        return max(
            (one for one in known if as_of is None or one.since <= as_of),
            key=lambda one: one.since,
            default=None,
        )

    def champion(self, name: str, as_of: date | None = None) -> V | None:
        """Return the model that was champion on a day (the latest without one)."""
        found = self.reign(name, as_of)
        return None if found is None else self.model(name, found.digest)

    def model(self, name: str, digest: str) -> V:
        """Return a version; `WorkspaceError` when its file is missing or damaged."""
        with self._lock:
            if digest in self._models:
                return self._models[digest]
        path = self._root / name / f"{digest}.json"
        try:
            found = self._from_document(path.read_text(encoding="utf-8"))
            if found.digest != digest:
                raise WorkspaceError(f"its digest is {found.digest}")
        except (OSError, UnicodeDecodeError, WorkspaceError) as error:
            raise WorkspaceError(
                f"{path} cannot be used ({error}). Run {self._again.format(name)} again."
            ) from None
        with self._lock:
            self._models[digest] = found
        return found

    def keep(self, model: V) -> None:
        """Write a version, which is then only read."""
        path = self._root / model.name / f"{model.digest}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, model.document)

    def describe(self, model: V, card: Mapping[str, Any]) -> None:
        """Write what is to be told of a kept version beside it."""
        path = self._root / model.name / "cards" / f"{model.digest}.json"
        path.parent.mkdir(exist_ok=True)
        write_text(path, json.dumps(card, ensure_ascii=False))

    def card(self, name: str, digest: str) -> dict[str, Any] | None:
        """Return what `describe` wrote of a version; None where nothing can be read."""
        path = self._root / name / "cards" / f"{digest}.json"
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found

    def kept(self) -> Iterator[V]:
        """Yield every version that was ever kept, champion or not."""
        for path in sorted(self._root.glob("*/*.json")):
            yield self.model(path.parent.name, path.stem)

    def exchange(self, old: V, new: V) -> None:
        """Put a version in the place of another, whose file goes, wherever that was champion."""
        self.keep(new)
        book = self.book()
        reigns = tuple(
            replace(one, digest=new.digest) if one.digest == old.digest else one
            for one in book.reigns.get(old.name, ())
        )
        if reigns:
            self._write(replace(book, reigns={**book.reigns, old.name: reigns}))
        (self._root / old.name / f"{old.digest}.json").unlink()
        with self._lock:
            self._models.pop(old.digest, None)

    def crown(self, name: str, reign: Reign, *, last: bool = False) -> None:
        """Make a kept version champion from a day on, until the next one's day.

        With `last`, also in place of those that began later.
        """
        book = self.book()
        others = [
            one
            for one in book.reigns.get(name, ())
            if one.since < reign.since or (one.since > reign.since and not last)
        ]
        ordered = tuple(sorted([*others, reign], key=lambda one: one.since))
        self._write(replace(book, reigns={**book.reigns, name: ordered}))

    def depose(self, name: str) -> None:
        """Forget that any version of a name was champion."""
        book = self.book()
        kept = {other: reigns for other, reigns in book.reigns.items() if other != name}
        self._write(replace(book, reigns=kept))

    def mature(self, digest: str, window: Matured) -> None:
        """Note what became of a version's selection of one more night."""
        book = self.book()
        known = (*book.matured.get(digest, ()), window)
        self._write(replace(book, matured={**book.matured, digest: known}))

    def calibrate(self, digest: str, window: Calibrated) -> None:
        """Note what became of those whom a version scored on one more night."""
        book = self.book()
        known = (*book.calibrated.get(digest, ()), window)
        self._write(replace(book, calibrated={**book.calibrated, digest: known}))

    def withdraw(self, digest: str, withdrawal: Withdrawal) -> None:
        """Note that a version's certificate no longer counts."""
        book = self.book()
        self._write(replace(book, withdrawals={**book.withdrawals, digest: withdrawal}))

    def _write(self, book: Book) -> None:
        document = {"format": _FORMAT, **asdict(book)}
        write_text(self._root / FILE, json.dumps(document, indent=1, default=date.isoformat))

    def _read(self) -> Book:
        path = self._root / FILE
        if not path.exists():
            return Book({}, {}, {}, {})
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            return Book(
                {name: tuple(map(_reign, found)) for name, found in plain["reigns"].items()},
                {digest: tuple(map(_matured, found)) for digest, found in plain["matured"].items()},
                {digest: _withdrawal(found) for digest, found in plain["withdrawals"].items()},
                {
                    digest: tuple(map(_calibrated, found))
                    for digest, found in plain.get("calibrated", {}).items()  # older ones had none
                },
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WorkspaceError(
                f"{path} cannot be read ({error}). Remove it and run "
                f"{self._again.format('…')} again."
            ) from None


def _reign(plain: Mapping[str, Any]) -> Reign:
    return Reign(date.fromisoformat(plain["since"]), plain["digest"], plain["version"])


def _matured(plain: Mapping[str, Any]) -> Matured:
    return Matured(date.fromisoformat(plain["night"]), plain["seen"], plain["correct"])


def _calibrated(plain: Mapping[str, Any]) -> Calibrated:
    tenths = tuple(Tenth(**tenth) for tenth in plain["tenths"])
    return Calibrated(date.fromisoformat(plain["night"]), tenths)


def _withdrawal(plain: Mapping[str, Any]) -> Withdrawal:
    return Withdrawal(date.fromisoformat(plain["since"]), plain["why"])
