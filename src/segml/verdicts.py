"""What training and judging a model answer: plain data, each with its public wire form."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from segml.core.markup import Html, bullets, joined, paragraph, strong, table
from segml.scoring.judging import MEASURED, NAMES, Slice, by_slice, figures
from segml.scoring.report import Report

_BANDS: Final = pl.Series(["low", "medium", "high"])


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

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        model = self.report.trained.model
        return {
            "model": model.name,
            "version": self.version,
            "as_of": model.as_of.isoformat(),
            "horizon_days": model.horizon,
            "rung": model.rung,
            "why": self.report.trained.why,
            "left_out": list(model.left_out),
            "threshold": model.threshold,
            "certificate": dict(model.certificate),
            "gate": self.report.verdict.as_json(),
            **by_slice(self.report.judged),
        }

    def _repr_html_(self) -> Html:
        model, verdict = self.report.trained.model, self.report.verdict
        promoted = "promoted" if verdict.promoted else "not promoted"
        words = (f"Of {name} customers: {one['words']}" for name, one in model.certificate.items())
        return joined(
            paragraph(
                strong(f"{model.title}, version {self.version}: {promoted}."),
                f" Taught by what was known before {model.as_of}; foretells {model.horizon} days.",
            ),
            bullets([*verdict.reasons, *words]),
            *map(_measured, self.report.judged),
        )


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

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "model": self.model,
            "version": self.version,
            "as_of": self.as_of.isoformat(),
            "horizon_days": self.horizon,
            **by_slice(self.slices),
        }

    def _repr_html_(self) -> Html:
        return joined(
            paragraph(
                strong(f"{self.model}, version {self.version}"),
                f" on the {self.horizon} days from {self.as_of} on",
            ),
            *map(_measured, self.slices),
        )


def _measured(one: Slice) -> Html:
    """Return the figures of a slice, a row per score."""
    beside = ((NAMES.get(name, name), figures(found)) for name, found in one.of.items())
    rows = ((name, *(_figure(found[key]) for key in MEASURED)) for name, found in beside)
    told = f"{one.rows:,} {one.name} customers, {one.positives / one.rows:.1%} with the label"
    best = one.against_best()
    if best:
        told += f"; {best['gain_ratio']:.1%} of the possible gain, regret {best['regret']:+.4f}"
    return joined(
        paragraph(told),
        table(("score", *MEASURED), rows, numbers=MEASURED),
    )


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def bands(scores: pl.Series, threshold: float) -> pl.Series:
    """Return ``high`` from a threshold on, ``medium`` from half of it on, else ``low``.

    Indexing: what goes through a query costs ten times as much for a few customers.
    """
    steps = (scores >= threshold / 2).cast(pl.UInt32) + (scores >= threshold).cast(pl.UInt32)
    return _BANDS[steps].alias("band")
