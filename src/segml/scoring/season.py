"""What learning from past nights cannot know: that the coming weeks are of another season.

A stack learns how many stayed away on average over its nights. Where that differs much from night
to night, beyond what its inputs explain, the average is a poor forecast of the coming one, and a
model of buying, whose rates come from the whole record, foretells the level better, though not the
order. So the more restless the nights, the more of the level is taken from it. Seen on Online
Retail (autumn sales double): the log-loss falls from .70 to .58 in December; calm records (CDNOW,
the synthetic restaurant) keep what the stack says.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import brentq

from segml.scoring.log_odds import Floats, chance

_CALM: Final = 0.1  # standard deviation of the nights' levels, in log-odds, that means nothing
_RESTLESS: Final = 0.2  # from which on the level of the stack is not believed at all
_LITTLE: Final = (
    0.05  # of the log-loss that a score may be behind another and still stand in for it
)
_MUCH: Final = 0.10  # from which on it may not
_FAR: Final = 20.0  # log-odds


def unrest(nights: pl.Series, logits: Floats, label: NDArray[np.bool_]) -> float:
    """Return from 0 (calm) to 1 how much the level moves from night to night.

    Parameters
    ----------
    nights
        The night of every row; a night's rows stand together.
    logits
        What was learned from these rows, as log-odds.
    label
        What came of them.
    """
    spread = float(np.std(_levels(nights, logits, label)))
    return float(np.clip((spread - _CALM) / (_RESTLESS - _CALM), 0.0, 1.0))


def worth(nights: pl.Series, logits: Floats, other: Floats, label: NDArray[np.bool_]) -> float:
    """Return from 0 to 1 how far a score may stand in for another: 1 where its log-loss is as low.

    Both are brought to every night's level first, so that what they rank is compared. Where
    customers are regular, a model of buying by chance ranks so much worse that it is not asked.
    """
    places = nights.rle_id().to_numpy()
    losses = []
    for one in (logits, other):
        levels = np.array(_levels(nights, one, label))
        found = chance(one + levels[places])
        losses.append(-np.log(np.clip(np.where(label, found, 1 - found), 1e-15, 1)).mean())
    behind = losses[0] / losses[1] - 1
    return float(np.clip((_MUCH - behind) / (_MUCH - _LITTLE), 0.0, 1.0))


def _levels(nights: pl.Series, logits: Floats, label: NDArray[np.bool_]) -> list[float]:
    """Return what to add on each night to foretell its mean."""
    places = nights.rle_id().to_numpy()
    return [
        shift_to(logits[places == place], float(label[places == place].mean()))
        for place in range(int(places.max()) + 1)
    ]


def shift_to(logits: Floats, mean: float) -> float:
    """Return what to add to log-odds for the mean of the chances to be `mean`."""

    def beyond(shift: float) -> float:
        return float(chance(logits + shift).mean()) - mean

    if not beyond(-_FAR) < 0 < beyond(_FAR):
        return 0.0  # nobody, or everybody: no shift does that
    return float(brentq(beyond, -_FAR, _FAR))
