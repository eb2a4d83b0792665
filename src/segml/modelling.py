"""The models of a workspace: taught, judged, promoted, asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import polars as pl

from segml.champions import Champion, Champions
from segml.core.errors import UnknownName, WorkspaceError
from segml.core.features import Score
from segml.engine.history import History
from segml.library.features import FEATURES
from segml.rules.catalog import build
from segml.rules.parse import parse
from segml.scoring import gate
from segml.scoring.judging import Slice, scores_of, slices
from segml.scoring.learners import chance
from segml.scoring.report import Report
from segml.scoring.spec import ModelSpec
from segml.scoring.training import Trained, foretold, train
from segml.storage.lock import writing
from segml.storage.moments import Moments, definition
from segml.storage.tracking import CHALLENGER, CHAMPION, ROLLBACK, Tracking
from segml.storage.versions import Reign
from segml.study import Study
from segml.units import available_features

Progress = Callable[[str, float], None]
_TAUGHT: Final = 0.9  # the share of a training that is learning and judging


def _silent(_step: str, _share: float) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Training:
    """What came of a training.

    Attributes
    ----------
    report
        The model, how it was judged, and the gate's verdict.
    version
        Its number in the registry; that of the champion where the training gave the same model.
    """

    report: Report
    version: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A champion beside what has since become known.

    Attributes
    ----------
    model, version
        Who was judged.
    as_of, horizon
        The night and the days after it.
    slices
        The active customers, then all.
    rows
        ``customer_id, active, score, outcome`` and one column per baseline: chances.
    """

    model: str
    version: int
    as_of: date
    horizon: int
    slices: tuple[Slice, ...]
    rows: pl.DataFrame


class Modelling:
    """The models of one workspace.

    Where a method's `as_of` is left out, the last day that facts speak of is meant.

    Parameters
    ----------
    folder
        Of the workspace.
    champions
        Which models there are and who scores.
    history
        What was known at a date.
    moments
        Where the columns of dates come from.
    tracking
        Where runs and versions are kept.
    """

    def __init__(
        self,
        folder: Path,
        champions: Champions,
        history: Callable[[date], History],
        moments: Moments,
        tracking: Tracking,
    ) -> None:
        self._folder = folder
        self._champions = champions
        self._history = history
        self._moments = moments
        self.tracking = tracking

    def declared(self) -> Mapping[str, ModelSpec]:
        """Return every declaration by name."""
        return self._champions.specs

    def spec(self, name: str) -> ModelSpec:
        """Return a declaration; `UnknownName` when there is none."""
        if name not in self.declared():
            raise UnknownName("model", name, self.declared())
        return self.declared()[name]

    def train(
        self,
        name: str,
        *,
        as_of: date | None = None,
        horizon: int | None = None,
        seed: int = 0,
        progress: Progress = _silent,
    ) -> Training:
        """Teach a model by what was known before a day, judge it, and promote it if the gate agrees.

        Raises
        ------
        UnknownName
            When no such model is declared.
        WorkspaceError
            When there is too little to learn from, or something would leak.
        """
        spec = self.spec(name).within(horizon)
        day = as_of or self._end()
        study = self._study(spec, day)
        definitions = {key: definition(feature) for key, feature in available_features().items()}
        trained = train(
            spec,
            study,
            definitions,
            seed=seed,
            progress=lambda step, share: progress(step, _TAUGHT * share),
        )
        progress("keeping", _TAUGHT)
        with writing(self._folder):
            return self._kept(trained, study, day)

    def _kept(self, trained: Trained, study: Study, day: date) -> Training:
        model = trained.model
        judged = slices(trained.judged, model.threshold)
        reign = self._champions.versions.reign(model.name, day)
        if reign is not None and reign.digest == model.digest:
            same = gate.Verdict(promoted=True, reasons=("It is the champion already.",))
            return Training(Report(trained, judged, same), reign.version)
        report = Report(trained, judged, self._verdict(trained, study, judged, reign))
        version = self.tracking.log(report, {"seed": 0}, self._tags(trained))
        self._champions.versions.keep(model)
        if not report.verdict.promoted:
            self.tracking.point(model.name, CHALLENGER, version)
            return Training(report, version)
        if reign is not None:
            self.tracking.point(model.name, ROLLBACK, reign.version)
        self.tracking.point(model.name, CHAMPION, version)
        self._champions.versions.crown(model.name, Reign(day, model.digest, version))
        return Training(report, version)

    def _verdict(
        self, trained: Trained, study: Study, judged: Sequence[Slice], reign: Reign | None
    ) -> gate.Verdict:
        if reign is None:
            return gate.first(trained.spec, judged)
        champion = self._champions.versions.model(trained.model.name, reign.digest)
        fair = trained.judged.filter(pl.col("night") >= champion.as_of)
        rows = [study.rows(night) for night in fair["night"].unique(maintain_order=True)]
        told = pl.concat([fair.select("code", "night", champion=0.0)][:0] or [])
        del rows, told
        return gate.compare(trained.spec, fair, judged)
