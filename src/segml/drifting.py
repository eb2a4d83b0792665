"""Whether what champions look at has moved: each night against one of about a month before.

A month is as far back as makes both nights stand at the same place of most routines, and near
enough that a restaurant which only grows does not count as moved.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from segml.champions import Champion, Champions
from segml.engine import bitmaps
from segml.scoring.drift import Drift, Profile, drift, profile
from segml.storage.moments import Moments
from segml.storage.profiles import Profiles

BACK: Final = timedelta(days=28)
NEAREST: Final = timedelta(days=7)
ALPHA: Final = 0.01  # the chance that any field is called moved on a night where none did


def measure(folder: Path, champions: Champions, moments: Moments, as_of: date) -> tuple[Drift, ...]:
    """Keep how the inputs of a day's champions are distributed; return how far they have moved.

    Nothing is returned of a field whose meaning has changed since, and of a night that no other
    stands far enough before.

    Parameters
    ----------
    folder
        Where the distributions of nights are kept.
    champions, moments
        Of the workspace.
    as_of
        The night.
    """
    meanings = _inputs(champions, as_of)
    moment = moments.at(as_of).need(meanings)
    codes = pl.Series(bitmaps.codes(moment.known()), dtype=pl.UInt32)
    if not meanings or codes.is_empty():
        return ()
    profiles = Profiles(folder)
    before = _before(profiles, as_of)
    kept: dict[str, Profile] = {}
    found = []
    for name, meaning in meanings.items():
        column = moment.column(name).at(codes).decoded()
        key = f"{name}.{meaning}"
        kept[key] = profile(column)
        if key in before:
            found.append(drift(name, before[key], column, ALPHA / len(meanings)))
    profiles.write(as_of, kept)
    return tuple(found)


def _inputs(champions: Champions, as_of: date) -> dict[str, str]:
    """Return the fields that the champions of a day look at, each with its meaning."""
    crowned = (champions.of(field, as_of) for field in champions.trained())
    models = [one.model for one in crowned if isinstance(one, Champion)]
    return dict(sorted({item for model in models for item in model.inputs.items()}))


def _before(profiles: Profiles, as_of: date) -> dict[str, Profile]:
    """Return the distributions to compare a night with; nothing where there are none.

    Of the same weekday where there is such a night, for many a routine is weekly.
    """
    days = [day for day in profiles.days() if day <= as_of - NEAREST]
    if not days:
        return {}
    return profiles.read(
        min(days, key=lambda day: ((as_of - day).days % 7 > 0, abs(as_of - BACK - day)))
    )
