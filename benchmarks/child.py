"""The inside of a measured process: set up, work so many times, print the time and the answer."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter

Answer = list[int]
Work = Callable[[], Answer]


def main(works: Mapping[str, Callable[[Path], Work]]) -> None:
    """Run ``WORK DATA TIMES``: once is cold, of several times the first does not count."""
    name, data, times = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    work, taken = works[name](data), []
    for _ in range(times):
        start = perf_counter()
        answer = work()
        taken.append(perf_counter() - start)
    print(json.dumps({"seconds": median(taken[1:] or taken), "answer": answer}))
