"""A model's declaration: what is foretold, of whom, from what, by which learners.

One TOML file per model; its name is the model's. To add a model: a new file in ``models/`` of a
workspace; its score is then a field of the rules by itself. A new label is one function in
`labels`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from segml.core.errors import WorkspaceError, near
from segml.core.features import Feature, Score, Unit
from segml.core.tables import Kind
from segml.scoring.basis import NEEDED
from segml.scoring.labels import LABELS
from segml.scoring.learners import FORETOLD, LEARNERS

LONGEST_HORIZON: Final = 730  # days
# Who somebody is and where they live, which is for audits and not for scores.
PERSONAL: Final = frozenset(
    {"age", "birthday", "anniversary", "city", "postcode", "distance_km", "instagram_follower"}
)
_NUMERABLE: Final = (Kind.NUMBER, Kind.BOOLEAN, Kind.TEXT)


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a model's segment begins.

    Attributes
    ----------
    default
        The score from which on, while none is certified.
    precision, confidence
        What a certified threshold promises: so large a share of those at or above it has the
        label, wrong in at most ``1 - confidence`` of all certificates.
    """

    default: float = 0.5
    precision: float = 0.95
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Gate:
    """What a new version must keep to be promoted; see `gate`."""

    calibration_error: float = 0.03
    worse_slice: float = 0.01


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One declaration.

    Attributes
    ----------
    name
        Of the file, such as ``churn``.
    title
        For people.
    field
        The name of the score in rules.
    label
        What is foretold: a key of `labels.LABELS`.
    horizon
        Service days after a snapshot in which the label is decided.
    population
        Whom it speaks of: a rule in wire form.
    features
        What it may look at: fields of the library.
    learners
        Whose logits are averaged: keys of `learners.LEARNERS`.
    snapshots
        Past nights that it learns from, at most.
    label_settings
        What the label needs to know further.
    description
        One sentence for somebody who has to choose the field.
    threshold, gate
        Where its segment begins; when a version is promoted.
    """

    name: str
    title: str
    field: str
    label: str
    horizon: int
    population: Mapping[str, Any]
    features: tuple[str, ...]
    learners: tuple[str, ...]
    snapshots: int = 8
    label_settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    description: str = ""
    threshold: Threshold = Threshold()
    gate: Gate = Gate()

    def feature(self) -> Feature:
        """Return the score as a field."""
        told = self.description or (
            f"The calibrated probability that the “{self.title}” model gives for the next "
            f"{self.horizon} days."
        )
        label = f"{self.title.lower()} score"
        return Feature(
            self.field, Kind.NUMBER, Score(self.name), "Predictive", label, told, Unit.SHARE
        )

    def within(self, horizon: int | None) -> "ModelSpec":
        """Return the same declaration with another horizon, which must be 1 to 730 days."""
        if horizon is None or horizon == self.horizon:
            return self
        if not 1 <= horizon <= LONGEST_HORIZON:
            raise WorkspaceError(f"A horizon is 1 to {LONGEST_HORIZON} days, not {horizon}.")
        return replace(self, horizon=horizon)


def read_spec(name: str, values: Mapping[str, Any], fields: Mapping[str, Feature]) -> ModelSpec:
    """Return a declaration; `WorkspaceError` with everything that is wrong with it.

    Parameters
    ----------
    name
        Of the model.
    values
        What its file says.
    fields
        The library's fields by name.
    """
    wrong = [*_missing(values), *_unknown(values), *_impossible(values, fields)]
    if wrong:
        lines = "".join(f"\n  - {one}" for one in wrong)
        raise WorkspaceError(f"The model “{name}” cannot be as it is declared:{lines}")
    chosen = {key: values[key] for key in _KINDS if key in values}
    chosen |= {key: tuple(values[key]) for key in ("features", "learners")}
    for key, made in _TABLES.items():
        if key in values:
            chosen[key] = made(**values[key])
    return ModelSpec(name=name, **chosen)


_KINDS: Final[Mapping[str, type]] = {
    "title": str,
    "field": str,
    "label": str,
    "horizon": int,
    "population": dict,
    "features": list,
    "learners": list,
    "snapshots": int,
    "label_settings": dict,
    "description": str,
    "threshold": dict,
    "gate": dict,
}
_REQUIRED: Final = (
    "title",
    "field",
    "label",
    "horizon",
    "population",
    "features",
    "learners",
)
_TABLES: Final[Mapping[str, Any]] = {"threshold": Threshold, "gate": Gate}


def _missing(values: Mapping[str, Any]) -> list[str]:
    return [f"“{key}” is missing" for key in _REQUIRED if key not in values]


def _unknown(values: Mapping[str, Any]) -> list[str]:
    found = [
        f"there is no setting “{key}”. {near(key, _KINDS)}".rstrip()
        for key in values
        if key not in _KINDS
    ]
    for table, made in _TABLES.items():
        known = made.__dataclass_fields__
        inner = values.get(table, {})
        if isinstance(inner, dict):
            found += [
                f"{table}: there is no setting “{key}”. {near(key, known)}".rstrip()
                for key in inner
                if key not in known
            ]
            found += [
                f"{table}: “{key}” is a number from 0 to 1, not {value!r}"
                for key, value in inner.items()
                if key in known and not (_is_number(value) and 0 <= value <= 1)
            ]
    return found


def _impossible(values: Mapping[str, Any], fields: Mapping[str, Feature]) -> list[str]:
    found = [
        f"“{key}” is to be a {kind.__name__}, not {values[key]!r}"
        for key, kind in _KINDS.items()
        if key in values and (not isinstance(values[key], kind) or isinstance(values[key], bool))
    ]
    if found:
        return found
    for key, most in (("horizon", LONGEST_HORIZON), ("snapshots", 24)):
        if key in values and not 1 <= values[key] <= most:
            found.append(f"“{key}” is 1 to {most}, not {values[key]}")
    if "label" in values and values["label"] not in LABELS:
        found.append(f"there is no label “{values['label']}”; there are {', '.join(LABELS)}")
    for learner in values.get("learners", ()):
        if learner not in LEARNERS:
            found.append(f"there is no learner “{learner}”; there are {', '.join(LEARNERS)}")
    if FORETOLD in values.get("learners", ()) and values.get("label") != "no_order":
        found.append(f"the learner “{FORETOLD}” can foretell the label “no_order” only")
    if values.get("learners") == []:
        found.append(f"“learners” is empty; there are {', '.join(LEARNERS)}")
    found += filter(None, (_not_a_feature(name, fields) for name in values.get("features", ())))
    lacking = [name for name in NEEDED if name not in values.get("features", NEEDED)]
    if lacking:
        found.append(f"“features” must name {', '.join(lacking)}, which every learner looks at")
    cuts = values.get("label_settings", {}).get("spend_tiers", [])
    if not isinstance(cuts, list) or not all(_is_number(cut) and cut > 0 for cut in cuts):
        found.append(f"label_settings: “spend_tiers” are numbers above 0, not {cuts!r}")
    own = values.get("field", "")
    if own in fields and not isinstance(fields[own].form, Score):
        found.append(f"“{own}” is a field of the library already; name the score otherwise")
    return found


def _not_a_feature(name: Any, fields: Mapping[str, Feature]) -> str:
    """Return why a model may not look at a field; empty when it may."""
    if name not in fields:
        return f"there is no field “{name}”. {near(str(name), fields)}".rstrip()
    if isinstance(fields[name].form, Score):
        # A score of today was learned from outcomes that the snapshots lie before.
        return f"“{name}” is itself a score, which no model may learn from"
    if name in PERSONAL:
        return f"“{name}” says who somebody is, which no model may look at"
    if fields[name].kind not in _NUMERABLE:
        return f"“{name}” is a {fields[name].kind} and no number, text or mark to learn from"
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
