"""The dates of a workspace: which columns are stored for each, and how further ones come to be.

A date that a night was run for has all columns; of any other date only those that a rule asked for
are computed, bucket by bucket on two threads, and kept. A stored column counts as long as no fact
that was visible at its date came in later. Law kept: a column stored is a column computed now.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from filelock import FileLock

from segml.core.errors import WorkspaceError
from segml.core.features import Feature
from segml.core.predicates import field_names
from segml.core.tables import Kind
from segml.engine import bitmaps
from segml.engine.bitmaps import Words
from segml.engine.cache import Cache
from segml.engine.kernel import KNOWN
from segml.engine.sets import SetEngine
from segml.storage import columns
from segml.storage.buckets import State
from segml.storage.clearing import cleared
from segml.storage.facts import Facts
from segml.storage.moment import StoredMoment, silent
from segml.storage.scorers import UNSCORED, Scorer, Scorers, keep_scores, scored
from segml.storage.snapshots import FILE, FORMAT, Snapshot, publish
from segml.storage.watched import Watched

Progress = Callable[[float], None]
Compute = Callable[[int, int], pl.DataFrame]  # columns of the customers from one code to another
Computing = Callable[[State, list[str]], Compute]
PLAIN: Final = 0.8  # the share of a night's work that its columns are, without scores
_COMPUTED: Final = 0.8  # the share of the work that is done when all buckets are


def definition(feature: Feature) -> str:
    """Return 8 hexadecimal digits that change when the meaning of a feature does."""
    return hashlib.sha256(repr(feature.form).encode()).hexdigest()[:8]


class Moments:
    """Every date of one workspace.

    Parameters
    ----------
    root
        The folder of the snapshots; made when it is needed.
    facts
        What columns are computed from.
    features
        The features there are, by name.
    cache
        Keeps bitmaps and event numbers.
    scorers
        Who fills the scores, which are features too.
    """

    def __init__(
        self,
        root: Path,
        facts: Facts,
        features: Mapping[str, Feature],
        cache: Cache,
        scorers: Scorers,
    ) -> None:
        self.facts = facts
        self.cache = cache
        self._plain = features
        self._scorers = scorers
        self._root = root
        self._warehouse = facts.warehouse
        self._definitions = {name: definition(feature) for name, feature in features.items()}
        self._definitions[KNOWN] = "universe"
        self._opened: dict[Path, Watched[Snapshot]] = {}

    @property
    def features(self) -> Mapping[str, Feature]:
        """Return every feature that can be asked for: the plain ones, then the scores."""
        return {**self._plain, **self._scorers.trained()}

    def kind(self, name: str) -> Kind:
        """Return what the values of a feature are; scores are numbers."""
        feature = self._plain.get(name)
        return Kind.NUMBER if feature is None else feature.kind

    def at(self, as_of: date, progress: Progress = silent) -> "StoredMoment":
        """Return a date; its columns are computed when they are asked for and not stored."""
        return StoredMoment(self, self.need(as_of, (), progress), progress)

    def need(self, as_of: date, names: Iterable[str], progress: Progress = silent) -> Snapshot:
        """Return the snapshot of a date once it has the named columns.

        Raises
        ------
        WorkspaceError
            When the columns cannot be written, or the facts are damaged.
        """
        wanted = [KNOWN, *names]
        found = self.stored(as_of)
        if found is not None and not self.missing(found, wanted):
            return found
        scores = [name for name in wanted if name not in self._definitions]
        if scores:
            return self._with_scores(as_of, wanted, scores, progress)
        return self._locked(as_of, wanted, self._computing(as_of), progress)

    def _with_scores(
        self, as_of: date, wanted: list[str], scores: list[str], progress: Progress
    ) -> Snapshot:
        """Return the snapshot with scores, once it has what they are made of."""
        scorers = {name: self._scorers.of(name, as_of) for name in scores}
        asked = {name: one.population(as_of) for name, one in scorers.items() if one}
        inputs = [name for one in scorers.values() if one for name in one.inputs]
        inputs += [name for predicate in asked.values() for name in field_names(predicate)]
        plain = [name for name in wanted if name not in scorers]
        base = self.need(as_of, [*plain, *inputs], lambda s: progress(PLAIN * s))
        engine = SetEngine(StoredMoment(self, base), self.cache)
        held = {
            name: engine.members(predicate) & ~self._apart(scorers[name], base.customers)
            for name, predicate in asked.items()
        }

        def compute(state: State, names: list[str]) -> Compute:
            def some(start: int, stop: int) -> pl.DataFrame:
                lines = partial(self.facts.lines, state, as_of, start // state.bucket)
                asked = ((name, scorers[name], held.get(name)) for name in names)
                return pl.DataFrame(
                    {n: scored(base, one, who, start, stop, lines) for n, one, who in asked}
                )

            return some

        return self._locked(as_of, wanted, compute, lambda s: progress(PLAIN + (1 - PLAIN) * s))

    def _apart(self, scorer: Scorer | None, size: int) -> Words:
        """Return whom a scorer does not speak of, whatever its population."""
        codes = self.facts.codes(scorer.apart if scorer else ()).drop_nulls().to_numpy()
        return bitmaps.among(codes[codes < size].astype(np.int64), size)

    def _locked(
        self, as_of: date, wanted: list[str], computing: Computing, progress: Progress
    ) -> Snapshot:
        """Return the snapshot with the columns; one process at a time adds to a date."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with FileLock(self._root / f".{as_of}.lock"):  # keeps threads apart too
                found = self.stored(as_of)
                missing = wanted if found is None else self.missing(found, wanted)
                if found is not None and not missing:
                    return found
                return self._added(as_of, found, missing, computing, progress)
        except OSError as error:
            raise WorkspaceError(
                f"The columns of {as_of} cannot be kept in {self._root} ({error.strerror or error})"
                ". See that there is room and that this user may write there; stored nights "
                "answer meanwhile."
            ) from None

    def days(self) -> list[date]:
        """Return the dates that something is stored of, the earliest first."""
        names = {folder.name.split(".", maxsplit=1)[0] for folder in self._root.glob("*.g*")}
        return sorted(map(date.fromisoformat, names))

    def stored(self, as_of: date) -> Snapshot | None:
        """Return the newest snapshot of a date that still says what would be computed now."""
        codes = (self.facts.lineage(), self.facts.erased())
        folders = sorted(self._root.glob(f"{as_of}.g*"), key=_generation, reverse=True)
        for folder in folders:
            if self._warehouse.stale_since(_generation(folder), as_of):
                break  # and so are all older ones
            if (folder / FILE).exists():
                try:
                    found = self._open(folder)
                except WorkspaceError:
                    if (folder / FILE).exists():
                        raise
                    continue  # removed while we looked
                if found.format == FORMAT and (found.lineage, found.erased) == codes:
                    return found
        return None

    def whole(self, as_of: date) -> bool:
        """Return whether a date has every column, to the last byte as it was written."""
        try:
            found = self.stored(as_of)
            if found is None or self.missing(found, self.features):
                return False
            found.check(checksums=True)
        except WorkspaceError:
            return False
        return True

    def check(self, as_of: date, *, checksums: bool = False) -> None:
        """Raise `WorkspaceError` when what is stored of a date is damaged."""
        found = self.stored(as_of)
        if found is not None:
            found.check(checksums=checksums)

    def forget(self, as_of: date) -> None:
        """Remove what is stored of a date, so that it is computed anew."""
        for folder in self._root.glob(f"{as_of}.g*"):
            shutil.rmtree(folder, ignore_errors=True)

    def clear(self) -> int:
        """Take customers who were erased out of every date; return how many dates that changed."""
        lineage, tombstones = self.facts.state().lineage, self.facts.tombstones()
        changed = set()
        for folder in sorted(self._root.glob("*.g*")):
            day = folder.name.split(".", maxsplit=1)[0]
            with FileLock(self._root / f".{day}.lock"):  # who computes columns waits
                if cleared(folder, tombstones, lineage):
                    changed.add(day)
        return len(changed)

    def keep(self, from_day: date) -> None:
        """Remove what later facts made stale, and the columns of earlier dates but for scores."""
        for folder in self._root.glob("*.g*"):
            day = date.fromisoformat(folder.name.split(".", maxsplit=1)[0])
            stale = self._warehouse.stale_since(_generation(folder), day)
            stale = stale or self._holds_erased(folder)
            if stale or (day < from_day and not keep_scores(folder, self._definitions)):
                self._remove(folder)
        for lock in self._root.glob(".*.lock"):
            if date.fromisoformat(lock.name[1:-5]) < from_day:
                lock.unlink(missing_ok=True)

    def _holds_erased(self, folder: Path) -> bool:
        """Return whether columns were written beside an erasure, which did not see them."""
        try:
            return self._open(folder).erased != self.facts.erased()
        except WorkspaceError:
            return False

    def _remove(self, folder: Path) -> None:
        self._opened.pop(folder, None)
        shutil.rmtree(folder, ignore_errors=True)

    def _open(self, folder: Path) -> Snapshot:
        if folder not in self._opened:
            self._opened[folder] = Watched(folder / FILE, lambda: Snapshot(folder))
        return self._opened[folder].value()

    def missing(self, found: Snapshot, names: Iterable[str]) -> list[str]:
        """Return which of the named columns a snapshot lacks, or has in an older meaning."""
        return [
            name
            for name in dict.fromkeys(names)
            if name not in found.columns
            or found.columns[name].definition != self._definition(name, found.as_of)
        ]

    def _definition(self, name: str, as_of: date) -> str:
        if name in self._definitions:
            return self._definitions[name]
        scorer = self._scorers.of(name, as_of)
        return UNSCORED if scorer is None else scorer.definition

    def _older(self, as_of: date, names: list[str], state: State) -> Snapshot | None:
        """Return a stale snapshot of the date whose buckets count where no fact came in since."""
        for folder in sorted(self._root.glob(f"{as_of}.g*"), key=_generation, reverse=True):
            try:
                found = self._open(folder)
                found.check(checksums=True)  # or damage would be handed on
            except WorkspaceError:
                continue  # damaged, or never finished
            codes = (state.lineage, state.erased)
            same = found.format == FORMAT and (found.lineage, found.erased) == codes
            if (
                same
                and found.customers == state.customers
                and not self.missing(found, names)
                and not self._warehouse.turned("restaurants", found.generation)
                and not self._warehouse.turned("customers", found.generation)
            ):
                return found
        return None

    def _computing(self, as_of: date) -> Computing:
        """Return how columns are computed from facts, unless an older snapshot has them still."""

        def compute(state: State, names: list[str]) -> Compute:
            chosen = {name: self._plain[name] for name in names if name != KNOWN}
            computed = self.facts.computing(state, as_of, chosen)
            older = self._older(as_of, names, state)

            def one(start: int, stop: int) -> pl.DataFrame:
                bucket = start // state.bucket
                if older and state.buckets[bucket].generation <= older.generation:
                    return older.slice(names, start, stop)
                frame = computed(bucket).head(stop - start)
                return frame if KNOWN in names else frame.drop(KNOWN)

            return one

        return compute

    def _added(
        self,
        as_of: date,
        found: Snapshot | None,
        names: list[str],
        computing: Computing,
        progress: Progress,
    ) -> Snapshot:
        """Compute columns, write them, and return the snapshot that has them."""
        state = self.facts.arranged(as_of)
        generation = found.generation if found else state.generation
        customers = found.customers if found else state.customers
        folder = self._root / f"{as_of}.g{generation}"
        definitions = {name: self._definition(name, as_of) for name in names}
        wanted = "-".join(f"{name}.{one}" for name, one in definitions.items())
        scratch = folder / f"scratch-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
        many = max(-(-customers // state.bucket), 1)
        compute = computing(state, names)

        def one(bucket: int) -> pl.DataFrame:
            start = bucket * state.bucket
            return compute(start, min(start + state.bucket, customers))

        summaries = columns.computed(scratch, many, one, lambda s: progress(_COMPUTED * s))
        added = columns.joined(
            folder,
            scratch,
            many,
            summaries,
            definitions,
            lambda s: progress(_COMPUTED + (1 - _COMPUTED) * s),
        )
        kept = found.columns if found else {}
        publish(folder, as_of, generation, customers, state.lineage, state.erased, kept | added)
        shutil.rmtree(scratch)
        return self._open(folder)


def _generation(folder: Path) -> int:
    return int(folder.name.rsplit(".g", 1)[1])
