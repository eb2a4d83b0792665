"""The inside of a measured process: set up, work so many times, print the time and the answers."""

import json
import resource
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from benchmarks.questions import Call

CLIENTS: Final = 4  # at most, at once
Answer = list[int]
# A work is told which call of which client it is; what it leaves to be called is not timed.
Work = Callable[[Call], Answer | Callable[[], Answer]]


def main(works: Mapping[str, Callable[[Path], Work]]) -> None:
    """Run ``WORK DATA TIMES[xCLIENTS]``: once is cold, of several times the first does not count.

    Several clients work at once, each so many times, and the time is the median of all of theirs.
    """
    name, data, (times, _, clients) = sys.argv[1], Path(sys.argv[2]), sys.argv[3].partition("x")
    work = works[name](data)

    def asked(client: int) -> tuple[list[float], list[Answer | Callable[[], Answer]]]:
        taken, answers = [], []
        for number in range(int(times)):
            start = perf_counter()
            answer = work((number, client))
            taken.append(perf_counter() - start)
            answers.append(answer)
        return taken[1:] or taken, answers

    with ThreadPoolExecutor(int(clients or 1)) as pool:
        found = list(pool.map(asked, range(int(clients or 1))))
    told = {
        "seconds": median(one for taken, _ in found for one in taken),
        "peak_mb": peak_mb(resource.getrusage(resource.RUSAGE_SELF)),
        "answer": [one() if callable(one) else one for _, answers in found for one in answers],
    }
    print(json.dumps(told))


def peak_mb(usage: resource.struct_rusage) -> float:
    """Return the most memory that a process has had, in megabytes."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
