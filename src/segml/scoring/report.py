"""The report of a training: one Markdown text for a repository, one HTML page with its pictures.

It is the model's card, too: what the model says, of whom, from what; how good it is beside the
baselines, the active slice first; what may be promised of it, and what not.
"""

import base64
import html
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from segml.scoring.gate import Verdict
from segml.scoring.judging import (
    MEASURED,
    NAMES,
    SLICES,
    Slice,
    by_slice,
    figures,
    scores_of,
)
from segml.scoring.ladder import RUNGS
from segml.scoring.log_odds import chance
from segml.scoring.training import Trained

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BINS: Final = 10


@dataclass(frozen=True)
class Report:
    """What is to be told of a training.

    Attributes
    ----------
    trained, judged, verdict
        The model, its slices and the gate's word.
    """

    trained: Trained
    judged: tuple[Slice, ...]
    verdict: Verdict

    def markdown(self) -> str:
        """Return the report as Markdown, without pictures."""
        return "\n".join(self._lines()) + "\n"

    def html(self) -> str:
        """Return the report as one HTML page that needs nothing from outside."""
        title = html.escape(self.trained.model.title)
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            f"<style>{_STYLE}</style><main>{self._repr_html_()}</main></html>"
        )

    def _repr_html_(self) -> str:
        pictures = "".join(
            f'<img alt="{html.escape(name)}" src="data:image/png;base64,{_encoded(figure)}">'
            for name, figure in self.figures.items()
        )
        return "".join(_as_html(self.markdown())) + pictures

    @cached_property
    def figures(self) -> "Mapping[str, Figure]":
        """Return the pictures by name; none where nothing could be judged."""
        rows = self.trained.judged
        if not self.judged:
            return {}
        return {
            "calibration": _calibration(rows),
            "gain over the baselines": _gain(rows),
            "level by night": _levels(rows),
        }

    def metrics(self) -> dict[str, float]:
        """Return every figure under a flat name, such as ``active.bg_nbd.log_loss``."""
        found: dict[str, float] = {}
        for one in self.judged:
            for name, values in table(one).items():
                found |= {
                    f"{one.name}.{name}.{key}": v for key, v in values.items() if v is not None
                }
        return found

    def card(self) -> dict[str, Any]:
        """Return what is to be told of the version for good, as plain data.

        ``text`` in Markdown, ``slices`` and ``baselines`` as `by_slice` has them, ``calibration``
        by slice: in tenths by score, what was foretold, what came true, and of how many.
        """
        return {
            "text": self.markdown(),
            "customers": self.trained.customers,
            "promoted": self.verdict.promoted,
            **by_slice(self.judged),
            "calibration": {
                one.name: [
                    {"predicted": told, "observed": seen, "n": many}
                    for told, seen, many in _binned(_part(self.trained.judged, one.name), "score")
                ]
                for one in self.judged
            },
        }

    def _lines(self) -> Iterator[str]:
        model = self.trained.model
        yield f"# {model.title}: version {model.digest}"
        yield ""
        yield from self._card()
        yield ""
        yield f"**{'Promoted' if self.verdict.promoted else 'Not promoted'}.** " + " ".join(
            self.verdict.reasons
        )
        for one in self.judged:
            yield ""
            yield f"## {one.name.capitalize()} customers"
            yield ""
            share = one.positives / one.rows
            yield f"{one.rows:,} foretold on past nights, of whom {share:.1%} had the label."
            yield ""
            yield "| score | " + " | ".join(MEASURED) + " | log-loss against the model |"
            yield "| --- " * (len(MEASURED) + 2) + "|"
            for name, values in table(one).items():
                cells = ["" if v is None else f"{v:.4f}" for v in (values[m] for m in MEASURED)]
                found = one.against.get(name)
                beside = "" if found is None else f"{-found.estimate:+.4f} ± {_half(found):.4f}"
                yield f"| {NAMES.get(name, name)} | {' | '.join(cells)} | {beside} |"

    def _card(self) -> Iterator[str]:
        model = self.trained.model
        yield f"- Field: `{model.field}`, label `{model.label}` within {model.horizon} days."
        yield f"- Taught by what was known before {model.as_of}: {RUNGS[model.rung]}."
        if self.trained.why:
            yield f"- Why no more was learned: {self.trained.why}."
        if model.snapshots:
            nights = ", ".join(map(str, model.snapshots))
            yield f"- {self.trained.customers:,} customers on the nights {nights}."
        if self.trained.share < 1:
            yield f"- Looked at: {self.trained.share:.1%} of the customers, drawn by lot."
        weights = ", ".join(f"{name} {weight:.2f}" for name, weight in model.weights.items())
        yield f"- Mean of log-odds: {weights}; level shifted by {model.shift:+.2f}."
        yield f"- Looks at: {', '.join(model.inputs)}."
        if model.left_out:
            yield f"- Left out, for they tell nobody apart here: {', '.join(model.left_out)}."
        yield f"- Its segment begins at a score of {model.threshold:g}; recall is measured there."
        for name, told in model.certificate.items():
            yield f"- Of {name} customers: {told['words']}"


def table(one: Slice) -> dict[str, dict[str, float | None]]:
    """Return the public figures by score, the model's own first."""
    return {name: figures(found) for name, found in one.of.items()}


def _half(interval: Any) -> float:
    return float((interval.high - interval.low) / 2)


def _calibration(rows: pl.DataFrame) -> "Figure":
    figure, axes = _figure(len(SLICES))
    for axis, name in zip(axes, SLICES, strict=True):
        part = _part(rows, name)
        axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        for score in scores_of(rows):
            if score in ("score", "rfm_logistic", "bg_nbd"):
                told, seen, _ = zip(*_binned(part, score), strict=True)
                axis.plot(told, seen, marker="o", markersize=3, label=NAMES.get(score, score))
        axis.set(title=f"{name} customers", xlabel="foretold", ylabel="came true")
        axis.legend(frameon=False)
    return figure


def _part(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    return rows.filter("active") if name == "active" else rows


def _binned(part: pl.DataFrame, score: str) -> list[tuple[float, float, int]]:
    """Return by tenths of a score what was foretold, what came true, and of how many."""
    told = chance(part[score].to_numpy())
    outcome = part["outcome"].to_numpy().astype(np.float64)
    bins = np.array_split(np.argsort(told, kind="stable"), _BINS)
    return [
        (float(told[one].mean()), float(outcome[one].mean()), len(one)) for one in bins if len(one)
    ]


def _gain(rows: pl.DataFrame) -> "Figure":
    figure, axes = _figure(len(SLICES))
    for axis, name in zip(axes, SLICES, strict=True):
        part = _part(rows, name)
        outcome = part["outcome"].to_numpy()
        many = np.arange(1, part.height + 1) / max(part.height, 1)
        for score in scores_of(rows):
            ranked = outcome[np.argsort(-part[score].to_numpy(), kind="stable")]
            found = np.cumsum(ranked) / max(outcome.sum(), 1)
            axis.plot(many, found, label=NAMES.get(score, score), linewidth=1)
        axis.set(
            title=f"{name} customers", xlabel="share by score", ylabel="share of the label found"
        )
        axis.legend(frameon=False)
    return figure


def _levels(rows: pl.DataFrame) -> "Figure":
    figure, axes = _figure(1)
    mean = rows.group_by("night").agg(
        pl.col("outcome").mean(), told=pl.col("score").map_batches(_mean, returns_scalar=True)
    )
    mean = mean.sort("night")
    nights = [f"{night}" for night in mean["night"]]
    axes[0].plot(nights, mean["outcome"], marker="o", label="came true")
    axes[0].plot(nights, mean["told"], marker="o", label="foretold")
    axes[0].set(title="mean of all customers, by night", ylim=(0, 1))
    axes[0].legend(frameon=False)
    return figure


def _mean(logits: pl.Series) -> float:
    return float(chance(logits.to_numpy()).mean())


def _figure(wide: int) -> tuple["Figure", Sequence[Any]]:
    from matplotlib.figure import Figure  # noqa: PLC0415 (loads slowly)

    figure = Figure(figsize=(5 * wide, 4), layout="constrained")
    axes = figure.subplots(1, wide, squeeze=False)[0]
    return figure, list(axes)


def _encoded(figure: "Figure") -> str:
    raw = io.BytesIO()
    # Without its date and version a picture of the same numbers is the same bytes.
    figure.savefig(raw, format="png", dpi=110, metadata={"Software": None})
    return base64.b64encode(raw.getvalue()).decode()


def _as_html(markdown: str) -> Iterator[str]:
    """Yield the HTML of what `Report.markdown` writes: headings, lists, tables and paragraphs."""
    lines = markdown.splitlines()
    for place, line in enumerate(lines):
        before = lines[place - 1] if place else ""
        after = lines[place + 1] if place + 1 < len(lines) else ""
        if line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            yield f"<h{level}>{_inline(line.lstrip('# '))}</h{level}>"
        elif line.startswith("- "):
            yield "" if before.startswith("- ") else "<ul>"
            yield f"<li>{_inline(line[2:])}</li>"
            yield "" if after.startswith("- ") else "</ul>"
        elif line.startswith("| ---"):
            continue
        elif line.startswith("|"):
            cell = "td" if before.startswith("|") else "th"
            yield "" if before.startswith("|") else "<table>"
            cells = "".join(f"<{cell}>{_inline(c.strip())}</{cell}>" for c in line[1:-1].split("|"))
            yield f"<tr>{cells}</tr>"
            yield "" if after.startswith("|") else "</table>"
        elif line:
            yield f"<p>{_inline(line)}</p>"


def _inline(text: str) -> str:
    parts = html.escape(text).split("**")
    bold = "".join(p if i % 2 == 0 else f"<strong>{p}</strong>" for i, p in enumerate(parts))
    codes = bold.split("`")
    return "".join(p if i % 2 == 0 else f"<code>{p}</code>" for i, p in enumerate(codes))


_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#222;background:#fff;margin:0}"
    "main{max-width:60rem;margin:2rem auto;padding:0 1rem}img{max-width:100%}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "td,th{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #ddd}"
    "td:first-child,th:first-child{text-align:left}"
)
