"""Which scores there are: the declared models, and who was champion of each on a day.

A score is a field like any other: the engine asks for its column, and here is what fills it. Law
kept: a day is scored by the version that was champion then, and only while the fields it learned
from still mean the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from segml.core.errors import WorkspaceError
from segml.core.features import Feature, Score
from segml.core.predicates import And, Not, Predicate
from segml.core.tables import CustomerId
from segml.library.contact import OBJECTED
from segml.library.features import FEATURES
from segml.rules.catalog import build
from segml.rules.parse import parse
from segml.storage.moments import definition
from segml.storage.scorers import Lines
from segml.units import in_wire_units

# What learns loads slowly, and most questions ask for no score.
if TYPE_CHECKING:
    from segml.scoring.log_odds import Floats
    from segml.scoring.model import Model
    from segml.scoring.saved_likeness import SavedLikeness
    from segml.scoring.spec import ModelSpec
    from segml.storage.versions import Versions

_SHIPPED: Final = {
    feature.form.model: feature for feature in FEATURES.values() if isinstance(feature.form, Score)
}


@dataclass(frozen=True, slots=True)
class Champion:
    """A version that scores; see `storage.scorers.Scorer`."""

    model: "Model"

    @property
    def definition(self) -> str:
        """Return what changes with the version."""
        return self.model.digest[:8]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the fields it looks at; `WorkspaceError` when one no longer means the same."""
        changed = _changed(self.model.inputs)
        if changed:
            raise WorkspaceError(
                f"The “{self.model.title}” model was taught when {', '.join(changed)} meant "
                f"something else, so it cannot score. Run segml train {self.model.name}."
            )
        return tuple(self.model.inputs)

    def population(self, as_of: date) -> Predicate:
        """Return of whom it speaks."""
        return _unless_objected(parse(self.model.population, build(FEATURES)).lower(as_of))

    @property
    def apart(self) -> tuple[CustomerId, ...]:
        """Return nobody: a model speaks of its whole population."""
        return ()

    def scores(self, frame: pl.DataFrame, lines: Lines) -> "Floats":
        """Return the scores of rows with `inputs` in stored units."""
        del lines
        return self.model.scores(in_wire_units(frame))


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A saved likeness that scores; see `storage.scorers.Scorer`.

    Attributes
    ----------
    saved
        What was learned, and of whom it speaks.
    fields
        Every field that a rule may name.
    """

    saved: "SavedLikeness"
    fields: Mapping[str, Feature]

    @property
    def definition(self) -> str:
        """Return what changes with the version."""
        return self.saved.digest[:8]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the fields it looks at; `WorkspaceError` when one no longer means the same."""
        changed = _changed(self.saved.inputs)
        if changed:
            raise WorkspaceError(
                f"The lookalike “{self.saved.name}” was learned when {', '.join(changed)} meant "
                f"something else, so it cannot score. Save it again, by segml lookalike … --save "
                f"{self.saved.name}, or delete the segment."
            )
        return tuple(self.saved.inputs)

    def population(self, as_of: date) -> Predicate:
        """Return of whom it speaks."""
        catalog = build(self.fields, self.saved.segments, trained=self.fields)
        return _unless_objected(parse(self.saved.population, catalog).lower(as_of))

    @property
    def apart(self) -> tuple[CustomerId, ...]:
        """Return the seeds where they were a list."""
        return self.saved.seeds

    def scores(self, frame: pl.DataFrame, lines: Lines) -> "Floats":
        """Return the similarity of rows with `inputs` in stored units."""
        return self.saved.scores(in_wire_units(frame), lines)


def _unless_objected(population: Predicate) -> Predicate:
    """Return the population without who objected to marketing: they are not profiled for it."""
    return And((population, Not(OBJECTED)))


def _changed(inputs: Mapping[str, str]) -> list[str]:
    """Return the fields that are no longer computed as they were."""
    return [name for name, taught in inputs.items() if _definitions().get(name) != taught]


@cache
def _definitions() -> Mapping[str, str]:
    return {name: definition(feature) for name, feature in FEATURES.items()}


class Champions:
    """The models of a workspace.

    Parameters
    ----------
    folder
        Of the workspace.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, Champion] = {}

    @cached_property
    def versions(self) -> "Versions[Model]":
        """Return the versions that were ever champion."""
        from segml.scoring.model import Model  # noqa: PLC0415
        from segml.storage.versions import Versions  # noqa: PLC0415

        return Versions(self._folder / "versions", Model.from_document, "segml train {}")

    @cached_property
    def likenesses(self) -> "Versions[SavedLikeness]":
        """Return the likenesses that were saved, by the segment they were saved for."""
        from segml.scoring.saved_likeness import SavedLikeness  # noqa: PLC0415
        from segml.storage.versions import Versions  # noqa: PLC0415

        again = "segml lookalike … --save {}"
        return Versions(self._folder / "likenesses", SavedLikeness.from_document, again)

    @cached_property
    def specs(self) -> "Mapping[str, ModelSpec]":
        """Return every declaration by name."""
        from segml.storage.declarations import declared  # noqa: PLC0415

        return declared(self._folder)

    def similarities(self) -> dict[str, Feature]:
        """Return the scores that saved likenesses fill, by field."""
        if not (self._folder / "likenesses").is_dir():
            return {}
        from segml.scoring.saved_likeness import feature_of  # noqa: PLC0415

        found = map(feature_of, self.likenesses.reigns())
        return {feature.name: feature for feature in found}

    def similarity(self, name: str) -> str | None:
        """Return the score of the likeness that was saved for a segment; None for none."""
        forms = {field: feature.form for field, feature in self.similarities().items()}
        return next((field for field, form in forms.items() if form == Score(name)), None)

    def fields(self) -> dict[str, Feature]:
        """Return the scores that rules may name, trained or not, by field."""
        return self._declared() | self.similarities()

    def _declared(self) -> dict[str, Feature]:
        """Return the scores of models, trained or not, by field."""
        found = {feature.name: feature for feature in _SHIPPED.values()}
        if (self._folder / "models").is_dir():  # or there are none but the shipped ones
            found |= {
                spec.field: _SHIPPED.get(name, spec.feature()) for name, spec in self.specs.items()
            }
        return found

    def trained(self) -> dict[str, Feature]:
        """Return the scores that have ever been filled, by field."""
        return self._crowned() | self.similarities()

    def _crowned(self) -> dict[str, Feature]:
        """Return the scores of models that have ever had a champion, by field."""
        if not (self._folder / "versions").is_dir():
            return {}
        crowned = self.versions.reigns()
        return {
            name: feature
            for name, feature in self._declared().items()
            if isinstance(feature.form, Score) and feature.form.model in crowned
        }

    def thresholds(self) -> dict[str, float]:
        """Return by field where the latest champion's segment begins."""
        found = {}
        for field in self._crowned():
            champion = self.champion(field)
            if champion is not None:
                found[field] = self.threshold(champion.model)
        return found

    def threshold(self, model: "Model") -> float:
        """Return where a version's segment begins: as certified, or as declared once withdrawn."""
        if self.versions.withdrawal(model.digest) is None:
            return model.threshold
        return self.specs[model.name].threshold.default

    def of(self, field: str, as_of: date) -> Champion | Resemblance | None:
        """Return who scores a field on a day; None for nobody."""
        feature = self.similarities().get(field)
        if feature is None:
            return self.champion(field, as_of)
        assert isinstance(feature.form, Score)
        saved = self.likenesses.champion(feature.form.model, as_of)
        return None if saved is None else Resemblance(saved, {**FEATURES, **self.fields()})

    def champion(self, field: str, as_of: date | None = None) -> Champion | None:
        """Return the model that scores a field on a day (the latest without one), if any."""
        form = self._declared()[field].form
        assert isinstance(form, Score)
        return self.of_model(form.model, as_of)

    def of_model(self, name: str, as_of: date | None = None) -> Champion | None:
        """Return the version of a model that scores a day (the latest without one), if any."""
        model = self.versions.champion(name, as_of)
        if model is None:
            return None
        return self._held.setdefault(model.digest, Champion(model))


def at_thresholds(wire: Any, thresholds: Mapping[str, float]) -> Any:
    """Return a rule whose conditions on a score begin where the champion's segment does."""
    if not isinstance(wire, Mapping):
        return wire
    if wire.get("field") in thresholds and wire.get("operator") == ">=":
        return {**wire, "value": thresholds[wire["field"]]}
    if "rules" in wire:
        return {**wire, "rules": [at_thresholds(rule, thresholds) for rule in wire["rules"]]}
    return wire
