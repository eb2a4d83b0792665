"""The gate: may a new version take the champion's place? It can say no, and says why.

The newcomer's teaching is judged walk-forward, the champion as it stands, on the nights that
neither has learned from: those that begin on or after the day the champion was taught. Law kept:
nothing is compared on outcomes that one side was taught with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from segml.scoring.bootstrap import log_loss_gap
from segml.scoring.judging import Slice
from segml.scoring.log_odds import chance
from segml.scoring.measures import measures
from segml.scoring.model import Model
from segml.scoring.spec import ModelSpec

_ENOUGH: Final = 5_000  # active customers, from which on the calibration error is known well enough
_CHANCE: Final = 0.5  # AUC
_SEED: Final = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a version is promoted, and why.

    Attributes
    ----------
    promoted
        Whether it becomes champion.
    reasons
        Sentences, the decisive first.
    """

    promoted: bool
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {"promoted": self.promoted, "reasons": list(self.reasons)}


def first(spec: ModelSpec, judged: Sequence[Slice]) -> Verdict:
    """Return the verdict on a version where nobody is champion: it must have learned something.

    Anything better than chance is better than no score; what falls short of the gate is said.
    """
    if not judged:
        return Verdict(promoted=True, reasons=("It is the first, and no past night can judge it.",))
    if all(one.intervals["auc"].low <= _CHANCE for one in judged):
        why = "It does not tell apart who has the label any better than chance."
        return Verdict(promoted=False, reasons=(why,))
    short = _miscalibrated(spec, judged)
    for one in judged:
        found = one.against.get("rfm_logistic")
        if found is not None and found.low > 0:
            short.append(
                f"Of {one.name} customers its log-loss is worse than the RFM logistic's by "
                f"{found.estimate:.4f}."
            )
    return Verdict(promoted=True, reasons=("It is the first.", *short))


def other(spec: ModelSpec, judged: Sequence[Slice], champion: Model) -> Verdict:
    """Return the verdict on a version that foretells something else than the champion does."""
    alone = first(spec, judged)
    asked = f"“{champion.label}” within {champion.horizon} days"
    told = f"The champion foretells something else ({asked}), so they cannot be compared."
    reasons = (told, *alone.reasons[1:]) if alone.promoted else alone.reasons
    return Verdict(alone.promoted, reasons)


def compare(spec: ModelSpec, rows: pl.DataFrame, judged: Sequence[Slice]) -> Verdict:
    """Return the verdict on a version beside the champion.

    Parameters
    ----------
    spec
        The declaration, for its gate.
    rows
        The nights that neither learned from: ``code``, ``night``, ``active``, ``outcome``, and as
        log-odds ``score`` and ``champion``.
    judged
        The newcomer's slices.
    """
    active = rows.filter("active")
    outcome = active["outcome"].to_numpy()
    if active.is_empty() or outcome.all() or not outcome.any():
        why = "No outcome is known yet that the champion has not learned from; it stays."
        return Verdict(promoted=False, reasons=(why,))
    new, old = (chance(active[name].to_numpy()) for name in ("score", "champion"))
    found = log_loss_gap(outcome, new, old, active["code"].to_numpy(), seed=_SEED)
    told = f"{found.estimate:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
    reasons = _miscalibrated(spec, judged) + _worse(spec, rows)
    if found.high >= 0:
        reasons.insert(0, f"Its log-loss of active customers is not surely lower: {told}.")
    if reasons:
        return Verdict(promoted=False, reasons=tuple(reasons))
    return Verdict(promoted=True, reasons=(f"Its log-loss of active customers is lower: {told}.",))


def _miscalibrated(spec: ModelSpec, judged: Sequence[Slice]) -> list[str]:
    return [
        f"Its calibration error of active customers is {one.of['score'].ece:.3f}, above "
        f"{spec.gate.calibration_error}."
        for one in judged
        if one.name == "active"
        and one.rows >= _ENOUGH
        and one.of["score"].ece > spec.gate.calibration_error
    ]


def _worse(spec: ModelSpec, rows: pl.DataFrame) -> list[str]:
    """Return the slices (a night each, and who is not active) that lose more than they may."""
    parts = {f"{night}": rows.filter(pl.col("night") == night) for night in rows["night"].unique()}
    parts["customers who are not active"] = rows.filter(~pl.col("active"))
    found = []
    for name, part in sorted(parts.items()):
        outcome = part["outcome"].to_numpy()
        if part.is_empty() or outcome.all() or not outcome.any():
            continue
        new, old = (
            measures(outcome, chance(part[one].to_numpy())).log_loss
            for one in ("score", "champion")
        )
        if new - old > spec.gate.worse_slice:
            found.append(f"On {name} its log-loss is worse by {new - old:.4f}.")
    return found
