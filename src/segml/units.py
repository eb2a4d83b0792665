"""Fields as people ask for them and see them: which there are, and in whole units."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from segml.core.errors import UnknownName, WorkspaceError
from segml.core.features import Feature, Score
from segml.engine.arithmetic import quotient
from segml.library.features import FEATURES


def available_features() -> Mapping[str, Feature]:
    """Return the fields that can be computed: all but the scores of models not yet trained."""
    return {
        name: feature for name, feature in FEATURES.items() if not isinstance(feature.form, Score)
    }


def check_fields(
    names: Sequence[str], scores: Mapping[str, Feature], trained: Mapping[str, Feature]
) -> None:
    """Raise `UnknownName` for a field there is not, `WorkspaceError` for one without a model.

    Parameters
    ----------
    names
        What is asked for.
    scores, trained
        The scores that are declared, and those that have a champion.
    """
    known = {**available_features(), **trained}
    for name in names:
        if name not in known and name not in scores:
            raise UnknownName("field", name, known)
        if name not in known:
            raise WorkspaceError(
                f"“{name}” needs a trained model, and there is none yet: run segml train."
            )


def shown(name: str, values: pl.Series) -> list[Any]:
    """Return a few values of a field as JSON: money in whole currency, dates in ISO 8601."""
    if values.dtype == pl.Date:
        values = values.cast(pl.String)
    scale = FEATURES[name].scale if name in FEATURES else 0
    if not scale:
        return values.to_list()
    return [None if value is None else value / 10**scale for value in values.to_list()]


def in_wire_units(frame: pl.DataFrame) -> pl.DataFrame:
    """Return features as people and files see them: money in whole currency, not minor units."""
    return frame.with_columns(
        quotient(pl.col(name), 10 ** FEATURES[name].scale)
        for name in frame.columns
        if name in FEATURES and FEATURES[name].scale
    )
