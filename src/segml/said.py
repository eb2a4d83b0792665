"""What the champions of a day say of some customers: scores, bands and reasons."""

from datetime import date

import polars as pl

from segml.champions import Champion, Champions
from segml.core.errors import WorkspaceError
from segml.engine.bitmaps import Codes
from segml.scoring.reasons import reasons
from segml.scoring.spec import ModelSpec
from segml.storage.moment import StoredMoment
from segml.units import in_wire_units
from segml.verdicts import bands


def champion(champions: Champions, spec: ModelSpec, as_of: date) -> Champion:
    """Return the version that scores a day; `WorkspaceError` where there is none."""
    found = champions.of_model(spec.name, as_of)
    if found is None:
        raise WorkspaceError(
            f"Nobody was champion of “{spec.name}” on {as_of}. Train it by what was known then: "
            f"segml train {spec.name} --as-of {as_of}."
        )
    return found


def said(
    champions: Champions, spec: ModelSpec, moment: StoredMoment, codes: Codes, *, explained: bool
) -> pl.DataFrame:
    """Return ``score, band`` of customers in the order of codes; explained, ``reasons`` too.

    Whom the model does not speak of has no score, so nothing is explained either.
    """
    speaker = champion(champions, spec, moment.as_of)
    if explained:
        moment = moment.need((spec.field, *speaker.inputs))  # of one and the same snapshot
    score = moment.values(codes, (spec.field,))[spec.field].alias("score")
    rows = pl.DataFrame([score, bands(score, champions.threshold(speaker.model))])
    if not explained:
        return rows
    held = score.is_not_null().to_numpy()
    inputs = pl.DataFrame(moment.values(codes[held], speaker.inputs))
    phrases = iter(reasons(speaker.model, in_wire_units(inputs)))
    told = [[str(one) for one in next(phrases)] if one else None for one in held]
    return rows.with_columns(reasons=pl.Series(told, dtype=pl.List(pl.String)))
