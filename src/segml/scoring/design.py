"""What learners see: one row of numbers per customer and night, made of fields and nothing else.

A field that says the same of everybody (no messages were ever imported, say) is left out by
itself. Texts become places in a list that is learned with the rest of the model. Law kept: a
training row is made by the same code as the nightly row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segml.core.tables import TIERS
from segml.scoring.log_odds import Floats
from segml.scoring.silence import Buying

Matrix = NDArray[np.float32]
_MOST_WORDS: Final = 30  # texts of a field that are told apart; rarer ones count as missing
_FLOOR: Final = 0.05  # the quantile of a tier's spend that stands for where the tier begins

_x, _first, _last = (
    pl.col(name) for name in ("order_days_total", "days_since_first_order", "days_since_last_order")
)
_mean_gap = pl.when(_x > 1).then((_first - _last) / (_x - 1))
# By name: the fields that a further number is made of, and how. Rhythm and trend, which trees
# would need many splits to find in the fields themselves.
DERIVED: Final[Mapping[str, tuple[tuple[str, ...], pl.Expr]]] = {
    "mean_gap_days": (
        ("order_days_total", "days_since_first_order", "days_since_last_order"),
        _mean_gap,
    ),
    "silence_in_gaps": (
        ("order_days_total", "days_since_first_order", "days_since_last_order"),
        _last / _mean_gap,
    ),
    "gap_variation": (
        (
            "order_days_total",
            "days_since_first_order",
            "days_since_last_order",
            "gap_spread_days",
        ),
        pl.col("gap_spread_days") / _mean_gap,
    ),
    # How many of the usual spreads a silence lies beyond the mean gap: for a creature of habit
    # being a little late says more.
    "lateness": (
        (
            "order_days_total",
            "days_since_first_order",
            "days_since_last_order",
            "gap_spread_days",
        ),
        (_last - _mean_gap) / (pl.col("gap_spread_days") + 1),
    ),
    "order_day_rate": (("order_days_total", "days_since_first_order"), _x / _first),
    "trend_30_of_90d": (
        ("orders_30d", "orders_90d"),
        pl.when(pl.col("orders_90d") > 0).then(pl.col("orders_30d") / pl.col("orders_90d")),
    ),
    "trend_90_of_365d": (
        ("orders_90d", "orders_365d"),
        pl.when(pl.col("orders_365d") > 0).then(pl.col("orders_90d") / pl.col("orders_365d")),
    ),
    "last_value_ratio": (
        ("last_order_value", "average_order_value"),
        pl.when(pl.col("average_order_value") > 0).then(
            pl.col("last_order_value") / pl.col("average_order_value")
        ),
    ),
}
NEXT_TIER: Final = "spend_to_next_tier"
SILENCE: Final = "silence_foretold"
_SURE: Final = 7.0  # log-odds beyond which a model of buying is not believed


@dataclass(frozen=True, slots=True)
class Design:
    """Which numbers there are, and how texts and tiers become some.

    Attributes
    ----------
    fields
        Fields that tell customers apart, in the order declared.
    words
        By text field, its texts in the order of their numbers.
    tiers
        Spend on 365 days from which on each tier begins, lowest first; empty without tiers.
    tier_field
        Whether a customer's tier is ``loyalty_tier``; else that of the spend itself.
    buying
        A model of how customers buy, whose log-odds of silence are one more number.
    """

    fields: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    tiers: tuple[float, ...] = ()
    tier_field: bool = False
    buying: Buying | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return what the columns of `matrix` are called."""
        derived = [name for name, (needs, _) in DERIVED.items() if {*needs} <= {*self.fields}]
        found = (*self.fields, *derived, *((NEXT_TIER,) if self.tiers else ()))
        return found if self.buying is None else (*found, SILENCE)

    def matrix(self, frame: pl.DataFrame) -> Matrix:
        """Return one row per customer, NaN where nothing is known."""
        found = np.empty((frame.height, len(self.names)), dtype=np.float32, order="F")
        for place, values in enumerate(self.numbers(frame)):
            found[:, place] = values.to_numpy()
        return found

    def numbers(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the same as a frame of `names`, Float32, null where nothing is known."""
        chosen = [self._number(name) for name in self.fields]
        chosen += [DERIVED[name][1].alias(name) for name in self.names if name in DERIVED]
        if self.tiers:
            chosen.append(self.to_next_tier().alias(NEXT_TIER))
        found = frame.select(one.cast(pl.Float32) for one in chosen)
        if self.buying is None:
            return found
        return found.with_columns(pl.Series(SILENCE, self.silence(frame), pl.Float32))

    def silence(self, frame: pl.DataFrame) -> Floats:
        """Return the log-odds that customers stay away, as the model of buying foretells them."""
        assert self.buying is not None
        if SILENCE in frame.columns:
            return np.asarray(frame[SILENCE].to_numpy())
        return np.clip(self.buying.logits(frame), -_SURE, _SURE)

    def foretold(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows with `silence`, which several learners then need not ask for."""
        if self.buying is None:
            return frame
        return frame.with_columns(pl.Series(SILENCE, self.silence(frame)))

    def _number(self, name: str) -> pl.Expr:
        if name in self.words:
            places = range(len(self.words[name]))
            return pl.col(name).replace_strict(self.words[name], places, default=None)
        return pl.col(name)

    def to_next_tier(self) -> pl.Expr:
        """Return the spend that a customer lacks for the next tier; null at the top."""
        spend = pl.col("spend_365d")
        if self.tier_field:
            # The floor of tier k stands at k - 1: whoever has none lacks the first.
            place = pl.col("loyalty_tier").fill_null("none")
            rank = place.replace_strict(TIERS, range(len(TIERS)), return_dtype=pl.Int64)
        else:
            rank = pl.sum_horizontal([(spend >= floor).cast(pl.Int64) for floor in self.tiers])
        following: pl.Expr = pl.lit(None, dtype=pl.Float64)
        for below, floor in enumerate(self.tiers):
            following = pl.when(rank == below).then(pl.lit(floor)).otherwise(following)
        return following - spend

    def as_json(self) -> dict[str, Any]:
        """Return plain data that `from_json` reads."""
        plain = {
            "fields": list(self.fields),
            "words": {name: list(words) for name, words in self.words.items()},
            "tiers": list(self.tiers),
            "tier_field": self.tier_field,
        }
        return plain if self.buying is None else plain | {"buying": self.buying.as_json()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Design":
        """Return the design that `as_json` wrote."""
        words = {name: tuple(words) for name, words in plain["words"].items()}
        buying = Buying.from_json(plain["buying"]) if "buying" in plain else None
        tiers = tuple(plain["tiers"])
        return cls(tuple(plain["fields"]), words, tiers, plain["tier_field"], buying)


def design(
    frame: pl.DataFrame, fields: Sequence[str], spend_tiers: Sequence[float] | None = None
) -> Design:
    """Return the design for the rows of a training set.

    Parameters
    ----------
    frame
        Rows with `fields`.
    fields
        What may be looked at.
    spend_tiers
        Where tiers begin by spend, for a model about tiers; where customers have a
        ``loyalty_tier``, where they begin is read off the rows.
    """
    told = [name for name in fields if frame[name].drop_nulls().n_unique() > 1]
    words = {name: _words(frame[name]) for name in told if frame.schema[name] == pl.String}
    if spend_tiers is None:
        return Design(tuple(told), words)
    if "loyalty_tier" in told:
        return Design(tuple(told), words, _floors(frame), tier_field=True)
    return Design(tuple(told), words, tuple(float(cut) for cut in sorted(spend_tiers)))


def _words(values: pl.Series) -> tuple[str, ...]:
    found = set(values.drop_nulls().unique())
    if found <= {*TIERS}:
        return TIERS  # in their order, which means something
    counts = values.drop_nulls().value_counts().sort("count", values.name, descending=[True, False])
    return tuple(counts[values.name].head(_MOST_WORDS))


def _floors(frame: pl.DataFrame) -> tuple[float, ...]:
    """Return the spend from which on each tier above none begins, as its members show it."""
    floors, so_far = [], 0.0
    for tier in TIERS[1:]:
        found = frame.filter(pl.col("loyalty_tier") == tier)["spend_365d"].quantile(_FLOOR)
        so_far = max(so_far, float(found or 0.0))
        floors.append(so_far)
    return tuple(floors)
