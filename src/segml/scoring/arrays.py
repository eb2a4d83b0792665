"""ARRAYS: what the functions of this room take, one entry per row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
Outcome = NDArray[np.bool_]
