"""Champions over time: what they said is held to what came, and what no longer holds is withdrawn.

A certificate ends on its day of expiry, or earlier when the labels of customers selected since the
training prove that its precision has fallen. Then the model's segment begins at the declared
threshold again, and says so. Calibration is measured of every champion, whenever a window is over.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Final

import numpy as np
import polars as pl

from segml.champions import Champions
from segml.engine import bitmaps
from segml.engine.bitmaps import Codes
from segml.engine.history import History
from segml.scoring.certify import withdrawn
from segml.scoring.labels import LABELS, Outcome
from segml.scoring.model import Model
from segml.storage.moment import StoredMoment
from segml.storage.moments import Moments
from segml.storage.versions import Calibrated, Matured, Reign, Tenth, Withdrawal
from segml.units import in_wire_units

SAMPLE: Final = 20_000  # customers whose scores are held to what came
OFF: Final = 0.03  # by so much a champion may be off, as the gate has it
UNLIKELY: Final = 3.0  # standard deviations; a difference within them may be chance
_TIER: Final = ("loyalty_tier", "spend_365d")  # what labels look at, whether the model does or not

Histories = Callable[[date], History]


def watch(
    champions: Champions, as_of: date, history: Histories, moments: Moments
) -> tuple[str, ...]:
    """Hold the champions of a day to what has come; return what to tell of it.

    Certificates that no longer hold are withdrawn.
    """
    looked = _Watch(champions, as_of, history(as_of), moments)
    said: list[str] = []
    for name in champions.versions.reigns():
        reign = champions.versions.reign(name, as_of)
        if reign is not None:
            model = champions.versions.model(name, reign.digest)
            said += looked.calibration(reign, model)
            said += looked.certificate(reign, model)
    return tuple(said)


@dataclass(frozen=True, slots=True)
class _Watch:
    """A day's look at champions.

    Attributes
    ----------
    champions, moments
        Of the workspace.
    as_of, history
        The day, and what is known before it.
    """

    champions: Champions
    as_of: date
    history: History
    moments: Moments

    def certificate(self, reign: Reign, model: Model) -> Iterator[str]:
        """Withdraw a certificate that no longer holds, and yield what to tell of it."""
        versions = self.champions.versions
        told = model.certificate.get("all", {})
        if not told.get("certified") or versions.withdrawal(reign.digest) is not None:
            return
        why = self._expired(told) or self._fallen(reign, model)
        if why:
            versions.withdraw(reign.digest, Withdrawal(self.as_of, why))
            yield f"The certificate of “{model.title}” was withdrawn: {why}"

    def _expired(self, told: dict[str, str]) -> str:
        expires = date.fromisoformat(told["expires"])
        return f"It ran out on {expires}." if expires <= self.as_of else ""

    def _fallen(self, reign: Reign, model: Model) -> str:
        """Return why the precision is not what was promised; empty while nothing proves it."""
        versions = self.champions.versions
        known = [*versions.matured(reign.digest)]
        for outcome in self._outcomes(reign, model, known):
            known.append(self._matured(model, outcome))
            versions.mature(reign.digest, known[-1])
        seen, correct = sum(one.seen for one in known), sum(one.correct for one in known)
        if not seen:
            return ""
        level = float(model.certificate["all"]["level"])
        # Looked at when windows end only: with the misses last the evidence grows up to the end.
        if withdrawn(np.arange(seen) < correct, level).withdrawn_after is None:
            return ""
        return (
            f"Of {seen:,} customers selected since {known[0].night}, {correct / seen:.1%} had the "
            f"label, which proves that it is less than the {level:.0%} promised."
        )

    def calibration(self, reign: Reign, model: Model) -> Iterator[str]:
        """Note how a champion's scores met what came, and yield where they were far off."""
        versions = self.champions.versions
        for outcome in self._outcomes(reign, model, versions.calibrated(reign.digest)):
            found = self._calibrated(model, outcome)
            versions.calibrate(reign.digest, found)
            many = sum(tenth.n for tenth in found.tenths)
            if not many:
                continue
            foretold = sum(tenth.predicted * tenth.n for tenth in found.tenths) / many
            came = sum(tenth.observed * tenth.n for tenth in found.tenths) / many
            chance = UNLIKELY * sqrt(foretold * (1 - foretold) / many)
            if abs(came - foretold) > max(OFF, chance):
                yield (
                    f"“{model.title}” is off: of {many:,} customers scored on {found.night}, "
                    f"{came:.1%} had the label, and {foretold:.1%} were foretold to."
                )

    def _outcomes(
        self, reign: Reign, model: Model, known: Sequence[Matured | Calibrated]
    ) -> Iterator[Outcome]:
        """Yield what happened in each window of a reign that is over, but for the known ones."""
        last = self.history.rows("orders").select(pl.col("day").max()).collect().item()
        recorded = self.as_of if last is None else last + timedelta(days=1)
        window = timedelta(days=model.horizon)
        start = max([reign.since, *(one.night + window for one in known)])
        while start + window <= min(self.as_of, recorded):
            yield Outcome(self.history, start, model.horizon, recorded)
            start += window

    def _matured(self, model: Model, outcome: Outcome) -> Matured:
        """Return how many customers were selected on a night, and how many had the label."""
        moment = self.moments.at(outcome.start)
        scores = moment.column(model.field).values
        chosen = bitmaps.codes(bitmaps.packed(scores >= model.threshold))
        label = self._label(model, outcome, moment, chosen).drop_nulls()
        return Matured(outcome.start, len(label), int(label.sum()))

    def _calibrated(self, model: Model, outcome: Outcome) -> Calibrated:
        """Return what was foretold of a sample of customers on a night, and what came."""
        moment = self.moments.at(outcome.start)
        scores = moment.column(model.field).values
        scored = bitmaps.codes(bitmaps.packed(scores.is_not_null()))
        codes = scored[:: max(-(-len(scored) // SAMPLE), 1)]
        label = self._label(model, outcome, moment, codes).cast(pl.Float64)
        judged = pl.DataFrame({"score": scores.gather(codes), "label": label}).drop_nulls()
        tenth = pl.int_range(pl.len()) * 10 // pl.len()
        means = judged.sort("score").group_by(tenth.alias("tenth"), maintain_order=True)
        rows = means.agg(pl.col("score").mean(), pl.col("label").mean(), pl.len())
        return Calibrated(outcome.start, tuple(Tenth(*row[1:]) for row in rows.iter_rows()))

    def _label(
        self, model: Model, outcome: Outcome, moment: StoredMoment, codes: Codes
    ) -> pl.Series:
        """Return the label of customers, null for those who have none."""
        rows = in_wire_units(moment.rows(codes, dict.fromkeys((*model.inputs, *_TIER))))
        spec = self.champions.specs[model.name]
        return LABELS[model.label](outcome, rows, spec.label_settings).cast(pl.Boolean)
