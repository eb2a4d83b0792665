"""Certificates over time: what no longer holds is withdrawn by itself.

A certificate ends on its day of expiry, or earlier when the labels of customers selected since the
training prove that its precision has fallen. Then the model's segment begins at the declared
threshold again, and says so.
"""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl

from segml.champions import Champions
from segml.engine import bitmaps
from segml.engine.history import History
from segml.scoring.certify import withdrawn
from segml.scoring.labels import LABELS, Outcome
from segml.scoring.model import Model
from segml.storage.moments import Moments
from segml.storage.versions import Matured, Reign, Withdrawal
from segml.units import in_wire_units

Histories = Callable[[date], History]


def watch(
    champions: Champions, as_of: date, history: Histories, moments: Moments
) -> tuple[str, ...]:
    """Withdraw every certificate that no longer holds on a day; return what to tell of it."""
    said = []
    for name in champions.versions.reigns():
        reign = champions.versions.reign(name, as_of)
        if reign is None or champions.versions.withdrawal(reign.digest) is not None:
            continue
        model = champions.versions.model(name, reign.digest)
        told = model.certificate.get("all", {})
        if not told.get("certified"):
            continue
        why = _expired(told, as_of) or _fallen(champions, reign, model, as_of, history, moments)
        if why:
            champions.versions.withdraw(reign.digest, Withdrawal(as_of, why))
            said.append(f"The certificate of “{model.title}” was withdrawn: {why}")
    return tuple(said)


def _expired(told: dict[str, str], as_of: date) -> str:
    expires = date.fromisoformat(told["expires"])
    return f"It ran out on {expires}." if expires <= as_of else ""


def _fallen(
    champions: Champions,
    reign: Reign,
    model: Model,
    as_of: date,
    history: Histories,
    moments: Moments,
) -> str:
    """Return why the precision is no longer what was promised; empty while nothing proves it."""
    versions = champions.versions
    known = [*versions.matured(reign.digest)]
    seen_by = history(as_of)
    recorded = _recorded(seen_by)
    start = model.as_of + timedelta(days=model.horizon * len(known))
    while start + timedelta(days=model.horizon) <= min(as_of, recorded):
        outcome = Outcome(seen_by, start, model.horizon, recorded)
        known.append(_matured(champions, model, outcome, moments))
        versions.mature(reign.digest, known[-1])
        start += timedelta(days=model.horizon)
    seen, correct = sum(one.seen for one in known), sum(one.correct for one in known)
    if not seen:
        return ""
    level = float(model.certificate["all"]["level"])
    # Looked at when windows end only: with the misses last the evidence grows up to the end.
    outcomes = np.arange(seen) < correct
    if withdrawn(outcomes, level).withdrawn_after is None:
        return ""
    return (
        f"Of {seen:,} customers selected since {model.as_of}, {correct / seen:.1%} had the label, "
        f"which proves that it is less than the {level:.0%} promised."
    )


def _recorded(history: History) -> date:
    """Return the day after the last order."""
    last = history.rows("orders").select(pl.col("day").max()).collect().item()
    return history.as_of if last is None else last + timedelta(days=1)


def _matured(champions: Champions, model: Model, outcome: Outcome, moments: Moments) -> Matured:
    """Return how many customers were selected on a night, and how many had the label."""
    moment = moments.at(outcome.start).need((model.field, *model.inputs))
    scores = moment.column(model.field).values
    chosen = bitmaps.codes(bitmaps.packed(scores >= model.threshold))
    rows = in_wire_units(moment.rows(chosen, tuple(model.inputs)))
    spec = champions.specs[model.name]
    label = LABELS[model.label](outcome, rows, spec.label_settings).drop_nulls().cast(pl.Boolean)
    return Matured(outcome.start, len(label), int(label.sum()))
