"""Training: a model taught as of a day, and the same teaching judged on days before it.

Law kept: the model of a day is a function of what was known before that day. What it would have
foretold on earlier nights is judged by models taught as of those nights, never by itself
(walk-forward), and its threshold is certified on customers that it never learned from.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from segml.core.errors import TooFewCustomers, WorkspaceError
from segml.scoring.baselines import Baseline, baselines
from segml.scoring.basis import NEEDED
from segml.scoring.buying.beta_geometric import fit_beta_geometric
from segml.scoring.buying.mixture import fit_mixture
from segml.scoring.buying.statistics import BuyingStatistics
from segml.scoring.canaries import refuse_leaks
from segml.scoring.certify import Certificate, certified_threshold
from segml.scoring.design import Design, design
from segml.scoring.ladder import OwnRhythm, rung
from segml.scoring.learners import LEARNERS, Learned, Lesson
from segml.scoring.log_odds import chance
from segml.scoring.model import Model
from segml.scoring.past import Grid, Past, Share, grid, labelled
from segml.scoring.promise import promise
from segml.scoring.season import shift_to, unrest, worth
from segml.scoring.silence import BUYING, Buying, bought
from segml.scoring.spec import ModelSpec

ORIGINS: Final = 4  # past nights that a teaching is judged on
ACTIVE_DAYS: Final = 60  # silence below which a customer who came back counts as active
_FEW: Final = 1_000  # repeaters for whom a model of buying counts as much as what was learned
_CERTIFYING: Final = Share(0.0, 0.2, seed=20)
_TEACHING: Final = Share(0.2, 1.0, seed=20)
# What the walk-forward has where no night could be judged.
_JUDGED: Final = {
    "code": pl.Int64,
    "night": pl.Date,
    "active": pl.Boolean,
    "outcome": pl.Boolean,
    "score": pl.Float64,
}
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and what is known of its worth.

    Attributes
    ----------
    model
        As it would be promoted.
    spec
        Its declaration.
    judged
        The walk-forward: ``code``, ``night``, ``active``, ``outcome``, and log-odds as ``score``
        and one column per baseline; no rows where no past night could be foretold.
    why
        Why the ladder's rung is not the highest; empty when it is.
    customers
        How many it learned from.
    share
        How large a share of the population was looked at, drawn by lot; 1 is everybody.
    """

    model: Model
    spec: ModelSpec
    judged: pl.DataFrame
    why: str
    customers: int
    share: float


@dataclass(frozen=True, slots=True)
class _Taught:
    """What was learned as of a day: a model but for its certificate, and its baselines."""

    model: Model
    baselines: Mapping[str, Baseline]
    why: str
    customers: int


def train(
    spec: ModelSpec,
    study: Past,
    definitions: Mapping[str, str],
    *,
    seed: int = 0,
    progress: Progress = lambda _step, _share: None,
) -> Trained:
    """Return a model taught by everything known before ``study.as_of``.

    Parameters
    ----------
    spec
        What to foretell, and from what.
    study
        The restaurant's past.
    definitions
        By field, the digest of how it is computed; kept so that no other meaning is scored.
    seed
        Of everything random; the same past and seed give the same model to the byte.
    progress
        Told each step and the share of the work done before it.

    Raises
    ------
    WorkspaceError
        When nobody ordered before that day, or something would leak.
    TooFewCustomers
        When there is too little to learn this label from.
    """
    if study.first_day is None or study.first_day >= study.as_of:
        raise WorkspaceError(
            f"Nobody ordered before {study.as_of}, so there is nothing to learn from."
        )
    teacher = _Teacher(spec, study, dict(definitions), seed)
    progress("learning", 0.0)
    final = teacher.taught(study.as_of)
    judged = []
    for place, origin in enumerate(origins := teacher.nights().nights[:ORIGINS]):
        progress(f"foretelling {origin}", 0.3 + 0.5 * place / len(origins))
        with suppress(TooFewCustomers):  # so early there was nothing to learn from
            then = teacher.taught(origin)
            if then.model.rung == final.model.rung:  # or it was another way of teaching
                judged.append(_judged(study, then, origin))
    progress("certifying", 0.85)
    model = _certified(spec, study, final.model)
    progress("done", 1.0)
    walked = pl.concat([pl.DataFrame(schema=_JUDGED), *judged], how="diagonal")
    return Trained(model, spec, walked, final.why, final.customers, study.share)


def comparisons(
    spec: ModelSpec, study: Past, definitions: Mapping[str, str], *, seed: int = 0
) -> Mapping[str, Baseline]:
    """Return the baselines that everything known before ``study.as_of`` teaches, by name."""
    return _Teacher(spec, study, dict(definitions), seed).taught(study.as_of).baselines


@dataclass(frozen=True, slots=True)
class _Teacher:
    """One way of teaching, the same for every day."""

    spec: ModelSpec
    study: Past
    definitions: Mapping[str, str]
    seed: int

    def nights(self) -> Grid:
        """Return the past nights whose outcome is known."""
        assert self.study.first_day is not None
        return grid(self.study.first_day, self.study.end, self.spec.horizon)

    def taught(self, day: date) -> _Taught:
        """Return what everything known before `day` teaches."""
        spec, study = self.spec, self.study
        assert study.first_day is not None
        nights = self.nights().before(day, spec.snapshots)
        now = study.rows(day)
        repeaters = now.filter(pl.col("order_days_total") > 1).height
        stand, why = rung(now.height, repeaters, (day - study.first_day).days, len(nights))
        if stand == "stack":
            return self._learned(day, nights, now)
        if spec.label != "no_order":
            raise TooFewCustomers(f"The “{spec.title}” model cannot be taught yet: {why}.")
        if stand == "rhythm":
            gaps = now["usual_gap_days"].cast(pl.Float64).drop_nulls().to_numpy()
            gap = float(np.median(gaps)) if len(gaps) else float(spec.horizon)
            alone: Learned = OwnRhythm(spec.horizon, gap)
        else:
            alone = Buying(spec.horizon, fit_beta_geometric(study.order_days(day)))
        numbers = Design(BUYING, {})
        model = self._model(day, stand, numbers, (), {stand: alone}, {stand: 1.0})
        return _Taught(model, {}, why, now.height)

    def _learned(self, day: date, nights: tuple[date, ...], now: pl.DataFrame) -> _Taught:
        """Return what the outcomes of past nights teach."""
        spec, study = self.spec, self.study
        rows, label = labelled(study, nights, day, _TEACHING)
        if label.all() or not label.any():
            raise TooFewCustomers(
                f"On the nights from {nights[-1]} to {nights[0]} the label of the “{spec.title}” "
                "model was the same for everybody, so there is nothing to tell apart."
            )
        numbers = design(rows, spec.features, spec.label_settings.get("spend_tiers"))
        # Order days up to now tell what came of those nights: only of whom is learned from.
        order_days = bought(now.filter(_TEACHING.of(now["code"].to_numpy())))
        if spec.label == "no_order":
            numbers = replace(numbers, buying=Buying(spec.horizon, fit_mixture(order_days)))
        lesson = Lesson(numbers.foretold(rows), label, numbers, self.seed)
        refuse_leaks(lesson, spec.title, rows.select(active()).to_series().to_numpy())
        learned = {name: LEARNERS[name][0](lesson) for name in spec.learners}
        weights = dict.fromkeys(learned, 1 / len(learned))
        shift = 0.0
        if spec.label == "no_order":
            weights, shift = self._with_buying(lesson, learned, order_days, now)
        model = self._model(day, "stack", numbers, nights, learned, weights, shift)
        known = baselines(spec.label, lesson, bought(now), spec.horizon)
        return _Taught(model, known, "", rows["code"].n_unique())

    def _with_buying(
        self,
        lesson: Lesson,
        learned: dict[str, Learned],
        order_days: BuyingStatistics,
        now: pl.DataFrame,
    ) -> tuple[dict[str, float], float]:
        """Add a model of buying to what was learned; return all weights, and the shift of level.

        It counts where there is little to learn from, and where the season makes the past a poor
        guide (`season`); not at all where it ranks customers much worse.
        """
        bg_nbd = fit_beta_geometric(order_days, modified=False, regularity=1)
        buying = Buying(self.spec.horizon, bg_nbd)
        nights, label = lesson.frame["night"], lesson.label
        stack = np.mean([one.logits(lesson.frame) for one in learned.values()], axis=0)
        trust = worth(
            nights, buying.logits(lesson.frame), lesson.rfm_logistic.logits(lesson.frame), label
        )
        restless = trust * unrest(nights, stack, label)
        repeaters = now.filter(pl.col("order_days_total") > 1).height
        share = max(restless, trust * _FEW / (_FEW + repeaters)) / 2
        now = lesson.design.foretold(now)
        mean = np.mean([one.logits(now) for one in learned.values()], axis=0)
        level = buying.logits(now)
        mixed = (1 - share) * mean + share * level
        weights = dict.fromkeys(learned, (1 - share) / len(learned))
        if share > 0:
            weights["buying"], learned["buying"] = share, buying
        return weights, restless * shift_to(mixed, float(chance(level).mean()))

    def _model(
        self,
        day: date,
        stand: str,
        numbers: Design,
        nights: tuple[date, ...],
        learned: Mapping[str, Learned],
        weights: Mapping[str, float],
        shift: float = 0.0,
    ) -> Model:
        spec = self.spec
        inputs = dict.fromkeys((*NEEDED, *numbers.fields))
        asked = spec.features if stand == "stack" else ()
        return Model(
            spec.name,
            spec.title,
            spec.field,
            spec.label,
            spec.horizon,
            spec.population,
            day,
            stand,
            {name: self.definitions[name] for name in inputs},
            tuple(name for name in asked if name not in inputs),
            nights,
            learned,
            weights,
            shift,
            spec.threshold.default,
            {},
        )


def _judged(study: Past, taught: _Taught, night: date) -> pl.DataFrame:
    """Return what was foretold on a night beside what came of it."""
    rows, outcome = labelled(study, [night], study.as_of)
    told = {name: one(rows) for name, one in taught.baselines.items()}
    return rows.select("code", "night", active=active()).with_columns(
        outcome=pl.Series(outcome), score=pl.Series(taught.model.logits(rows)), **told
    )


def _certified(spec: ModelSpec, study: Past, model: Model) -> Model:
    """Return the model with its promise, and with the threshold that the promise is made for.

    The evidence is the latest completed window of customers that the model never learned from; the
    promise to active customers is made apart, since it is the harder one.
    """
    if not model.snapshots:
        return model
    night = model.snapshots[0]
    rows, outcome = labelled(study, [night], study.as_of, _CERTIFYING)
    wanted = spec.threshold
    parts = {"all": np.ones(rows.height, dtype=np.bool_)}
    parts["active"] = rows.select(active()).to_series().to_numpy()
    scores, found, told = model.scores(rows), {}, {}
    for name, held in parts.items():
        found[name] = certified_threshold(
            scores[held], outcome[held], wanted.precision, wanted.confidence, seed=_CERTIFYING.seed
        )
        told[name] = promise(found[name], night, spec.horizon, model.as_of)
    begins = found["all"]
    threshold = begins.threshold if isinstance(begins, Certificate) else wanted.default
    return replace(model, threshold=threshold, certificate=told)


def active() -> pl.Expr:
    """Return who came back, and was here within the last `ACTIVE_DAYS`."""
    return (pl.col("order_days_total") > 1) & (pl.col("days_since_last_order") < ACTIVE_DAYS)
