"""The models of a workspace: taught, judged, promoted, asked."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from segml import standings
from segml.board import Board, Boards
from segml.champions import Champions
from segml.core.errors import UnknownName, WorkspaceError
from segml.core.tables import CustomerId
from segml.datasets.oracle import ceiling
from segml.engine import bitmaps
from segml.engine.bitmaps import Codes
from segml.engine.history import History
from segml.library.features import FEATURES
from segml.rules.catalog import build
from segml.rules.parse import parse
from segml.scoring import gate
from segml.scoring.judging import Slice, scores_of, slices
from segml.scoring.log_odds import chance, logit
from segml.scoring.model import Model
from segml.scoring.past import labelled
from segml.scoring.report import Report
from segml.scoring.spec import ModelSpec
from segml.scoring.training import Trained, active, comparisons, train
from segml.storage.lock import writing
from segml.storage.moment import StoredMoment
from segml.storage.moments import Moments, definition
from segml.storage.tracking import CHALLENGER, CHAMPION, ROLLBACK, Tracking
from segml.storage.versions import Reign
from segml.study import MOST_CUSTOMERS, Study
from segml.units import available_features
from segml.verdicts import Evaluation, Training

Progress = Callable[[str, float], None]
MOST_FORESEEN: Final = 20_000
_TAUGHT: Final = 0.9  # the share of a training that is learning and judging


def _silent(_step: str, _share: float) -> None:
    return None


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
        self._boards = Boards(champions, moments)
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
        """Teach a model as of a day, judge it, and promote it if the gate agrees.

        Raises
        ------
        UnknownName
            When no such model is declared.
        WorkspaceError
            When there is too little to learn from, or something would leak.
        """
        spec = self.spec(name).within(horizon)
        day = as_of or self.end()
        reign = self._champions.versions.reign(name, day)
        taught = self._champions.versions.model(name, reign.digest).inputs if reign else ()
        study = self._study(spec, day, taught)
        trained = train(
            spec,
            study,
            self._definitions(),
            seed=seed,
            progress=lambda step, share: progress(step, _TAUGHT * share),
        )
        progress("keeping", _TAUGHT)
        with writing(self._folder):
            return self._kept(trained, study, day, seed)

    def _kept(self, trained: Trained, study: Study, day: date, seed: int) -> Training:
        model = trained.model
        judged = slices(trained.judged, model.threshold)
        reign = self._champions.versions.reign(model.name, day)
        if reign is not None and reign.digest == model.digest:
            same = gate.Verdict(promoted=True, reasons=("It is the champion already.",))
            report = Report(trained, judged, same)
            self._champions.versions.describe(model, report.card())
            return Training(report, reign.version)
        report = Report(trained, judged, self._verdict(trained, study, judged, reign))
        version = self.tracking.log(report, _parameters(trained, seed), self._tags(trained))
        self._champions.versions.keep(model)
        self._champions.versions.describe(model, report.card())
        if not report.verdict.promoted:
            self.tracking.point(model.name, CHALLENGER, version)
            return Training(report, version)
        self._crown(model.name, Reign(day, model.digest, version))
        return Training(report, version)

    def _crown(self, name: str, reign: Reign) -> None:
        """Make a version champion from a day on; the aliases speak of the latest day."""
        versions = self._champions.versions
        before = versions.reign(name, reign.since)
        versions.crown(name, reign)
        if versions.reign(name) != reign:
            return  # a later day has a champion of its own
        if before is not None:
            self.tracking.point(name, ROLLBACK, before.version)
        self.tracking.point(name, CHAMPION, reign.version)

    def _verdict(
        self, trained: Trained, study: Study, judged: Sequence[Slice], reign: Reign | None
    ) -> gate.Verdict:
        if reign is None:
            return gate.first(trained.spec, judged)
        champion = self._champions.versions.model(trained.model.name, reign.digest)
        if (champion.label, champion.horizon) != (trained.spec.label, trained.spec.horizon):
            return gate.other(trained.spec, judged, champion)
        fair = trained.judged.filter(pl.col("night") >= champion.as_of)
        told = [_said(champion, study, night) for night in fair["night"].unique()]
        rows = fair.join(pl.concat(told), on=["code", "night"]) if told else fair
        return gate.compare(trained.spec, rows, judged)

    def evaluate(
        self,
        name: str,
        *,
        as_of: date | None = None,
        version: int | None = None,
        oracle: bool | None = None,
    ) -> Evaluation:
        """Judge the champion of a day on what has since become known.

        Parameters
        ----------
        name
            Of the model.
        as_of
            The night; unless given, the latest whose window is over.
        version
            A registered version, whoever was champion.
        oracle
            Whether the best possible is added, which only a synthetic restaurant knows and only of
            who stays away; it takes a second for 2,000 customers, so it is added by itself up to
            `MOST_FORESEEN`.
        """
        end = self.end()
        recorded = self._study(self.spec(name), end).end
        model, number = self._judge(name, as_of, version, recorded)
        spec = self.spec(name).within(model.horizon)
        outcome = self._study(spec, end, model.inputs, everybody=True)
        day = as_of or recorded - timedelta(days=model.horizon)
        rows, label = labelled(outcome, [day], end)
        baselines = comparisons(spec, self._study(spec, day), self._definitions())
        judged = rows.select("customer_id", "code", active=active()).with_columns(
            outcome=pl.Series(label),
            score=pl.Series(model.logits(rows)),
            **{key: one(rows) for key, one in baselines.items()},
        )
        if self._foreseen(model, judged, oracle=oracle):
            best = ceiling(self._folder / "data", day, model.horizon)
            told = pl.Series("best_possible", logit(best["stays_away"].to_numpy()))
            best = best.select("customer_id", told)
            judged = judged.join(best, "customer_id", how="inner", maintain_order="left")
        found = slices(judged, model.threshold)
        chances = judged.drop("code").with_columns(
            pl.Series(key, chance(judged[key].to_numpy())) for key in scores_of(judged)
        )
        named = chances.select("customer_id", "active", "score", "outcome", *scores_of(judged)[1:])
        return Evaluation(name, number, day, model.horizon, found, named.sort("customer_id"))

    def scores(
        self,
        name: str,
        customers: Sequence[CustomerId] | None = None,
        *,
        as_of: date,
        explained: bool = False,
    ) -> pl.DataFrame:
        """Return ``customer_id, score, band`` of customers, everybody by default, by customer_id.

        Parameters
        ----------
        name
            Of the model.
        customers
            Whose scores; `UnknownName` for one who is not known on that day.
        as_of
            The night.
        explained
            Whether ``reasons`` are added: phrases, ``+`` or ``-`` before each for what it does.
        """
        board = self.board((name,), as_of=as_of)
        codes = self._codes(customers, board.moment)
        found = board.said(name, codes, explained=explained)
        found.insert_column(0, board.moment.values(codes, ())["customer_id"])
        return found.drop_nulls("customer_id").sort("customer_id")

    def board(self, names: Sequence[str] = (), *, as_of: date) -> Board:
        """Return what the champions of a day say, all that there are without names.

        Raises
        ------
        UnknownName
            For a model that is not declared.
        WorkspaceError
            When nobody was champion of one that was named.
        """
        return self._boards.of(self._asked(names, as_of), as_of)

    def board_ready(self, names: Sequence[str] = (), *, as_of: date) -> Board | None:
        """Return the same if nothing has to be read or computed for it first; else None."""
        return self._boards.ready(self._asked(names, as_of), as_of)

    def _asked(self, names: Sequence[str], as_of: date) -> list[str]:
        if names:
            return [self.spec(name).name for name in names]
        return [name for name in self.declared() if self.reign(name, as_of) is not None]

    def reign(self, name: str, as_of: date) -> Reign | None:
        """Return who was champion on a day; None for nobody."""
        return self._champions.versions.reign(name, as_of)

    def listed(self) -> list[dict[str, Any]]:
        """Return every declared model with its latest champion, nulls where there is none."""
        return standings.listed(self._champions)

    def told(self, name: str) -> dict[str, Any]:
        """Return a model's champions, the latest first; see `standings.told`."""
        return standings.told(self._champions, self.spec(name))

    def rollback(self, name: str, as_of: date) -> int:
        """Make the champion before this one score again from a day on; return its number."""
        self.spec(name)
        reigns = self._champions.versions.reigns().get(name, ())
        now = self._champions.versions.reign(name, as_of)
        before = [one for one in reigns if now and one.since < now.since and one != now]
        if now is None or not before:
            raise WorkspaceError(f"No other version was champion of “{name}” before {as_of}.")
        with writing(self._folder):
            self._crown(name, replace(before[-1], since=as_of))
        return before[-1].version

    def follow(self, name: str, as_of: date) -> int | None:
        """Make the version that the registry calls champion score from a day on.

        So a promotion made in MLflow counts. Returns its number; None where there is none, or it
        scores already.
        """
        self.spec(name)
        version = self.tracking.alias(name, CHAMPION)
        reign = self._champions.versions.reign(name, as_of)
        if version is None or (reign is not None and reign.version == version):
            return None
        model = self.tracking.model(name, version)
        with writing(self._folder):
            self._champions.versions.keep(model)
            since = max(as_of, model.as_of)
            self._champions.versions.crown(name, Reign(since, model.digest, version))
        return version

    def _codes(self, customers: Sequence[CustomerId] | None, moment: StoredMoment) -> Codes:
        if customers is None:
            return bitmaps.codes(moment.known())
        codes = moment.codes(customers)
        for customer, code in zip(customers, codes, strict=True):
            if code is None:
                raise UnknownName("customer", f"{customer}", ())
        return codes.to_numpy().astype(np.int64)

    def _foreseen(self, model: Model, judged: pl.DataFrame, *, oracle: bool | None) -> bool:
        known = model.label == "no_order" and (self._folder / "data" / "plan.json").exists()
        if oracle and not known:
            raise WorkspaceError(
                "Only of a synthetic restaurant, and of who stays away, is the best possible known."
            )
        return known and (judged.height <= MOST_FORESEEN if oracle is None else oracle)

    def _judge(
        self, name: str, as_of: date | None, version: int | None, recorded: date
    ) -> tuple[Model, int]:
        """Return who foretold a night: its champion, who never saw what came after."""
        if version is not None:
            return self.tracking.model(name, version), version
        versions = self._champions.versions
        for reign in reversed(versions.reigns().get(name, ())):
            model = versions.model(name, reign.digest)
            if reign.since <= (as_of or recorded - timedelta(days=model.horizon)):
                return model, reign.version
        night = as_of or recorded - timedelta(days=self.spec(name).horizon)
        raise WorkspaceError(
            f"Nobody was champion of “{name}” on {night}, so nothing was foretold that could be "
            f"judged. Train it by what was known then: segml train {name} --as-of {night}."
        )

    def _study(
        self, spec: ModelSpec, day: date, also: Iterable[str] = (), *, everybody: bool = False
    ) -> Study:
        rule = parse(spec.population, build(FEATURES))
        fields = tuple(dict.fromkeys((*spec.features, *also)))
        most = sys.maxsize if everybody else MOST_CUSTOMERS
        return Study(spec, day, self._history, self._moments, rule.lower, fields, most)

    def end(self) -> date:
        """Return the day before which everything that is known has happened."""
        orders = self._history(date.max).rows("payments")
        last = orders.select(pl.max_horizontal("day", "known_day").max()).collect().item()
        if last is None:
            raise WorkspaceError("Nobody has ordered yet, so there is nothing to learn from.")
        day: date = last
        return day + timedelta(days=1)

    @staticmethod
    def _definitions() -> dict[str, str]:
        return {name: definition(feature) for name, feature in available_features().items()}

    def _tags(self, trained: Trained) -> dict[str, str]:
        manifest = (self._folder / "warehouse" / "manifest.json").read_bytes()
        model = trained.model
        return {
            "as_of": model.as_of.isoformat(),
            "digest": model.digest,
            "data": sha256(manifest).hexdigest()[:16],
            **{f"feature.{name}": taught for name, taught in model.inputs.items()},
        }


def _parameters(trained: Trained, seed: int) -> dict[str, Any]:
    model = trained.model
    return {
        "seed": seed,
        "horizon": model.horizon,
        "rung": model.rung,
        "learners": ", ".join(model.weights),
        "nights": len(model.snapshots),
        "customers": trained.customers,
    }


def _said(champion: Model, study: Study, night: date) -> pl.DataFrame:
    rows, _ = labelled(study, [night], study.as_of)
    return rows.select("code", "night", champion=pl.Series(champion.logits(rows)))
