"""Who has which token: asked of the records, remembered for seconds, not to be guessed at."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from threading import Lock
from time import monotonic
from typing import Final, TypeVar

from segml.core.identity import Identity
from segml.storage.records.tokens import Tokens

FRESH: Final = 5.0  # seconds; so long a revoked token may still be taken
MOST_FAILURES: Final = 10
WINDOW: Final = 60.0  # seconds in which so many attempts of one address may fail
_MOST: Final = 10_000
K = TypeVar("K")
V = TypeVar("V")


class Throttled(Exception):
    """Too many attempts of one address failed; `seconds` until the next is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Identities:
    """The identities behind tokens; safe from several threads.

    Whoever is known stays so while others from the same address, as behind a proxy, guess.

    Parameters
    ----------
    tokens
        Of the records.
    clock
        Tells the present moment.
    """

    def __init__(self, tokens: Callable[[], Tokens], clock: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._clock = clock
        self._lock = Lock()
        self._known: OrderedDict[bytes, tuple[Identity, float]] = OrderedDict()
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def known(self, secret: str) -> Identity | None:
        """Return who has a token if that was looked up just now."""
        with self._lock:
            found = self._known.get(_digest(secret))
        return found[0] if found and monotonic() - found[1] < FRESH else None

    def check(self, secret: str, address: str) -> Identity | None:
        """Return who has a token, None for nobody; `Throttled` for an address that guesses."""
        digest = _digest(secret)
        with self._lock:
            if digest not in self._known:
                self._throttle(address)
        who = self._tokens().check(secret, self._clock())
        with self._lock:
            if who is None:
                self._known.pop(digest, None)
                _keep(self._failures, address, [*self._recent(address), monotonic()])
            else:
                _keep(self._known, digest, (who, monotonic()))
        return who

    def _throttle(self, address: str) -> None:
        recent = self._recent(address)
        if len(recent) >= MOST_FAILURES:
            raise Throttled(max(1, round(WINDOW - (monotonic() - recent[0]))))

    def _recent(self, address: str) -> list[float]:
        now = monotonic()
        return [at for at in self._failures.get(address, []) if now - at < WINDOW]


def _digest(secret: str) -> bytes:
    """Return what stands for a token in memory, so that no dump of it holds one."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _keep(held: OrderedDict[K, V], key: K, value: V) -> None:
    held[key] = value
    held.move_to_end(key)
    while len(held) > _MOST:
        held.popitem(last=False)
