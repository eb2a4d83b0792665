"""Exports that are ready to be fetched: who is in them, not the files, for an hour."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from segml.exporting import Export

KEPT: Final = timedelta(hours=1)
_MOST: Final = 200


class Ready:
    """The exports of a process by their number; safe from several threads.

    Parameters
    ----------
    clock
        Tells the present moment.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._held: OrderedDict[int, tuple[Export, datetime]] = OrderedDict()

    def keep(self, number: int, export: Export) -> None:
        """Hold an export; the oldest goes when there are too many."""
        with self._lock:
            self._held[number] = (export, self._clock() + KEPT)
            while len(self._held) > _MOST:
                self._held.popitem(last=False)

    def get(self, number: int) -> Export | None:
        """Return an export; None when it is gone."""
        with self._lock:
            export, until = self._held.get(number, (None, None))
            return export if until is not None and self._clock() < until else None
