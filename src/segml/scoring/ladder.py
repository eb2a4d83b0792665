"""How much there is to learn from decides what is learned: the rungs of a ladder.

A small venue gets an honest small model instead of an overfitted large one, and is told so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from segml.scoring.log_odds import Floats, logit
from segml.scoring.silence import BUYING

RUNGS: Final[Mapping[str, str]] = {
    "stack": "learned from past nights",
    "buying": "a model of how customers buy, without learning from outcomes",
    "rhythm": "each customer's own rhythm, and nothing learned",
}
FEWEST_REPEATERS: Final = 100
FEWEST_CUSTOMERS: Final = 500
SHORTEST_RECORD: Final = 180  # days


def rung(customers: int, repeaters: int, record: int, nights: int) -> tuple[str, str]:
    """Return the rung of a restaurant, and why it stands no higher; empty on the highest.

    Parameters
    ----------
    customers, repeaters
        Who ordered, and who did on two days or more.
    record
        Days from the first order to the day of training.
    nights
        Past nights whose outcome is known.
    """
    if repeaters < FEWEST_REPEATERS:
        return "rhythm", f"only {repeaters} customers came back; {FEWEST_REPEATERS} are needed"
    if record < SHORTEST_RECORD:
        return "buying", f"the record spans {record} days; {SHORTEST_RECORD} are needed"
    if customers < FEWEST_CUSTOMERS:
        return "buying", f"there are {customers} customers; {FEWEST_CUSTOMERS} are needed"
    if not nights:
        return "buying", "no past night lies a horizon back; a shorter horizon would help"
    return "stack", ""


@dataclass(frozen=True, slots=True)
class OwnRhythm:
    """The chance of no order from a customer's own mean gap, nothing being learned.

    Somebody who orders at rate 1 / gap and stops for good after `_VISITS` further orders on
    average is silent for t with a chance that D. Schmittlein, D. Morrison and R. Colombo
    (Management Science 33, 1987) give for known rates.

    Attributes
    ----------
    horizon
        Days to foretell.
    gap
        Days between orders of somebody who came once: the median of those who came back.
    """

    horizon: int
    gap: float

    def logits(self, frame: pl.DataFrame) -> Floats:
        """Return the log-odds of no order within the horizon, one per row."""
        days, first, last = (frame[name].cast(pl.Float64).to_numpy() for name in BUYING)
        gap = np.where(days > 1, (first - last) / np.maximum(days - 1, 1), self.gap)
        rate = 1.0 / np.maximum(gap, 1.0)
        both = rate * (1 + 1 / _VISITS)
        stopped = (rate / _VISITS) / both * np.expm1(np.minimum(both * last, 500.0))
        comes = rate / both * -np.expm1(-both * self.horizon)
        return logit(1 - comes / (1 + stopped))

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"horizon": self.horizon, "gap": self.gap}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "OwnRhythm":
        """Return what `as_json` wrote."""
        return cls(plain["horizon"], plain["gap"])


_VISITS: Final = 4.0
