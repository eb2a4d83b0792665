"""What was worked out and may be asked again: bitmaps and columns, up to so many bytes.

Safe from several threads: a value is computed once, by whoever asks first, while others wait for
it; the least recently used goes when room is needed, but whoever holds it keeps it.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Event, Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Cache:
    """Values by key, at most `limit` bytes of them.

    Parameters
    ----------
    limit
        In bytes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.hits = 0
        self.misses = 0
        self._lock = Lock()
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._size = 0
        self._making: dict[Hashable, Event] = {}

    @property
    def size(self) -> int:
        """Return how many bytes are held."""
        return self._size

    def __contains__(self, key: Hashable) -> bool:
        """Return whether a value is held now."""
        with self._lock:
            return key in self._held

    def get(self, key: Hashable, make: Callable[[], T], size: Callable[[T], int]) -> T:
        """Return the value of `key`, made by `make` where it is not held; its `size` in bytes.

        When making fails, the error reaches who makes it; those who wait try themselves.
        """
        while True:
            with self._lock:
                if key in self._held:
                    self._held.move_to_end(key)
                    self.hits += 1
                    found: T = self._held[key][0]
                    return found
                waiting = self._making.get(key)
                if waiting is None:
                    self._making[key] = Event()
                    self.misses += 1
                    break
            waiting.wait()
        try:
            made = make()
            self._keep(key, made, size(made))
        finally:
            with self._lock:
                self._making.pop(key).set()
        return made

    def clear(self) -> None:
        """Forget everything; whoever holds a value keeps it."""
        with self._lock:
            self._held.clear()
            self._size = 0

    def _keep(self, key: Hashable, value: Any, size: int) -> None:
        with self._lock:
            if size > self.limit:
                return
            self._held[key] = (value, size)
            self._size += size
            while self._size > self.limit:
                _, (_, freed) = self._held.popitem(last=False)
                self._size -= freed
