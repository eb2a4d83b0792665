"""Sessions: of one session's evaluations only the newest is worth finishing."""

from collections.abc import Hashable
from threading import Lock

from segml.core.errors import Superseded

_MOST = 10_000  # sessions remembered; an older one can no longer be superseded


class Turn:
    """One evaluation of a session; calling it tells whether a newer one has begun."""

    def __init__(self, sessions: "Sessions", session: Hashable, number: int) -> None:
        self._sessions = sessions
        self._session = session
        self._number = number

    def __call__(self) -> bool:
        """Return whether a newer evaluation has begun."""
        return self._sessions.latest(self._session, self._number) > self._number

    def check(self, _share: float = 0.0) -> None:
        """Raise `Superseded` when a newer evaluation has begun."""
        if self():
            raise Superseded("A newer evaluation has taken this one's place.")


class Sessions:
    """Who is editing, and which evaluation is the newest of each."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: dict[Hashable, int] = {}

    def newest(self, session: Hashable) -> Turn:
        """Begin an evaluation that supersedes those before it; None is a session of its own."""
        if session is None:
            return Turn(self, None, 0)
        with self._lock:
            number = self._numbers.pop(session, 0) + 1
            self._numbers[session] = number
            if len(self._numbers) > _MOST:
                del self._numbers[next(iter(self._numbers))]
        return Turn(self, session, number)

    def latest(self, session: Hashable, default: int) -> int:
        """Return the number of the newest evaluation of a session."""
        with self._lock:
            return self._numbers.get(session, default)
