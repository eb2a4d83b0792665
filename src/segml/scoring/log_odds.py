"""LOG-ODDS: what learners speak in, since evidence adds up there, and the chances they mean."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from segml.scoring.arrays import Numbers

Floats = NDArray[np.float64]
_SMALLEST: Final = 1e-9  # chance


def chance(logits: Floats) -> Floats:
    """Return log-odds as probabilities."""
    return np.asarray(expit(logits), dtype=np.float64)


def logit(chances: Numbers) -> Floats:
    """Return probabilities as log-odds; 0 and 1 as very small and very large ones."""
    inside = np.clip(chances, _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(inside) - np.log1p(-inside))
