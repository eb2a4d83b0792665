"""The profile of a segment: what its members are like beside the other customers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from segml.core.features import Feature, Unit
from segml.engine import bitmaps
from segml.engine.bitmaps import Codes, Words
from segml.library.features import FEATURES
from segml.rules.catalog import Named
from segml.scoring.differences import Difference, differences
from segml.scoring.normal_scores import NormalScores
from segml.storage.moment import StoredMoment
from segml.units import in_wire_units

MEASURED: Final = (
    "average_order_value",
    "visits_per_month",
    "orders_90d",
    "spend_365d",
    "days_since_last_order",
    "email_open_rate_90d",
    "email_click_rate_90d",
    "average_rating",
)
DISTRIBUTED: Final = ("lifetime_spend", "days_since_last_order", "orders_365d")
# What guests did, ate and answered: of fields that say the same, the clearest.
COMPARED: Final = (
    *MEASURED,
    "orders_total",
    "lifetime_spend",
    "days_since_first_order",
    "usual_gap_days",
    "largest_order_value",
    "favorite_category",
    "favorite_channel",
    "favorite_weekday",
    "lunch_share",
    "dinner_share",
    "weekend_share",
    "healthy_share",
    "coupon_share",
    "restaurants_visited",
    "age",
    "city",
    "distance_km",
    "loyalty_tier",
    "referrals_total",
    "instagram_follower",
    "vip",
)
_BINS: Final = 10
_LOOKED_AT: Final = 5_000  # of each side, for what sets them apart


@dataclass(frozen=True, slots=True)
class Measure:
    """A field's mean among members and the others, of those for whom it is known."""

    name: str
    label: str
    unit: str
    segment: float | None
    against: float | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """A field in at most ten parts, which everybody together fills alike.

    Attributes
    ----------
    field, label, unit
        The field.
    edges
        Where parts begin and end, in wire units: one more than there are parts.
    segment, against
        The share of the members, and of the others, in each part; those unknown are in none.
    """

    field: str
    label: str
    unit: str
    edges: tuple[float, ...]
    segment: tuple[float, ...]
    against: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What the members of a segment are like.

    Attributes
    ----------
    as_of
        The service day at whose start they are compared.
    count, against_count
        How many members there are, and others.
    customer_share, revenue_share
        The members' part of everybody known, and of the last 365 days' spend; None of nothing.
    measures, distributions
        Fields among members beside the others.
    differences
        What sets members apart, the most telling first; empty for too few of either side.
    """

    as_of: date
    count: int
    against_count: int
    customer_share: float | None
    revenue_share: float | None
    measures: tuple[Measure, ...]
    distributions: tuple[Distribution, ...]
    differences: tuple[Difference, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return asdict(self) | {"as_of": self.as_of.isoformat()}


def profile(
    moment: StoredMoment,
    members: Words,
    others: Words,
    compared: Sequence[str],
    scores: Mapping[str, Feature],
    names: Mapping[str, Named],
) -> Profile:
    """Return what members are like beside others.

    Parameters
    ----------
    moment
        When.
    members, others
        The sets; they may overlap, as two segments do.
    compared
        The fields among which the differences are looked for.
    scores
        The scores that have been filled, by field; their distributions are told, too.
    names
        The catalog's fields, for their words.
    """
    everybody = moment.known()
    inside, outside = bitmaps.codes(members), bitmaps.codes(others)
    spend = moment.column("spend_365d").values.cast(pl.Int64).fill_null(0).to_numpy()
    fields = {**FEATURES, **scores}
    told = ((name, fields[name]) for name in (*DISTRIBUTED, *scores))
    return Profile(
        moment.as_of,
        len(inside),
        len(outside),
        _share(len(inside), bitmaps.count(everybody)),
        _share(int(spend[inside].sum()), int(spend[bitmaps.codes(everybody)].sum())),
        tuple(_measure(moment, name, inside, outside) for name in MEASURED),
        tuple(
            found
            for name, field in told
            for found in [_distribution(moment, name, field, inside, outside)]
            if found is not None
        ),
        _differences(moment, inside, outside, compared, names),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _measure(moment: StoredMoment, name: str, inside: Codes, outside: Codes) -> Measure:
    feature = FEATURES[name]
    means = [_numbers(moment, name, feature, codes).mean() for codes in (inside, outside)]
    return Measure(name, feature.label, str(feature.unit), *means)  # type: ignore[arg-type]


def _numbers(moment: StoredMoment, name: str, feature: Feature, codes: Codes) -> pl.Series:
    """Return a field of customers in wire units."""
    places = pl.Series(codes, dtype=pl.UInt32)
    values: pl.Series = moment.column(name).at(places).values.cast(pl.Float64) / 10**feature.scale
    return values


def _distribution(
    moment: StoredMoment, name: str, feature: Feature, inside: Codes, outside: Codes
) -> Distribution | None:
    """Return a field in parts; None where nobody has it, or all have the same."""
    sides = [
        _numbers(moment, name, feature, codes).drop_nulls().to_numpy()
        for codes in (inside, outside)
    ]
    whole = np.concatenate(sides)
    if not len(whole):
        return None
    probability = feature.unit is Unit.SHARE or (whole.min() >= 0 and whole.max() <= 1)
    edges = (
        np.linspace(0, 1, _BINS + 1)
        if probability
        else np.unique(np.quantile(whole, np.linspace(0, 1, _BINS + 1)))
    )
    if len(edges) < 3:
        return None
    shares = [np.histogram(side, edges)[0] / max(len(side), 1) for side in sides]
    rounded = (tuple(np.round(values, 6).tolist()) for values in (edges, *shares))
    return Distribution(name, feature.label, str(feature.unit), *rounded)


def _differences(
    moment: StoredMoment,
    inside: Codes,
    outside: Codes,
    compared: Sequence[str],
    names: Mapping[str, Named],
) -> tuple[Difference, ...]:
    outside = np.setdiff1d(outside, inside, assume_unique=True)
    if min(len(inside), len(outside)) < 2:
        return ()
    random = np.random.default_rng(0)
    some = [
        codes if len(codes) <= _LOOKED_AT else random.choice(codes, _LOOKED_AT, replace=False)
        for codes in (inside, outside)
    ]
    rows = in_wire_units(moment.rows(np.concatenate(some), compared)).drop("customer_id")
    axes = NormalScores.learned(rows, {}, seed=0)
    if not axes.axes:
        return ()
    mask = np.arange(rows.height) < len(some[0])
    return differences(axes, axes.points(rows, {}), mask, rows, {}, names)
