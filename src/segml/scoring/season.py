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

from segml.scoring.learners import Floats, chance

_CALM: Final = 0.1  # standard deviation of the nights' levels, in log-odds, that means nothing
_RESTLESS: Final = 0.2  # from which on the level of the stack is not believed at all
_FAR: Final = 20.0  # log-odds


def unrest(nights: pl.Series, logits: Floats, label: NDArray[np.bool_]) -> float:
    """Return from 0 (calm) to 1 how much the level moves from night to night.

    Parameters
    ----------
    nights
        The night of every row.
    logits
        What was learned from these rows, as log-odds.
    label
        What came of them.
    """
    places = nights.rle_id().to_numpy()
    levels = [
        shift_to(logits[places == place], float(label[places == place].mean()))
        for place in range(int(places.max()) + 1)
    ]
    spread = float(np.std(levels))
    return float(np.clip((spread - _CALM) / (_RESTLESS - _CALM), 0.0, 1.0))


def shift_to(logits: Floats, mean: float) -> float:
    """Return what to add to log-odds for the mean of the chances to be `mean`."""

    def beyond(shift: float) -> float:
        return float(chance(logits + shift).mean()) - mean

    if not beyond(-_FAR) < 0 < beyond(_FAR):
        return 0.0  # nobody, or everybody: no shift does that
    return float(brentq(beyond, -_FAR, _FAR))
