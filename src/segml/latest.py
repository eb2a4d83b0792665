"""Which night is served when none is asked for: the newest whose files are whole.

So a night that the disk has damaged leaves yesterday's answers, not none.
"""

from datetime import date
from threading import Lock
from typing import Final

from segml.core.errors import WorkspaceError
from segml.storage.moments import Moments
from segml.storage.nights import Night, Nights

Looked = tuple[date | None, dict[date, WorkspaceError]]
NONE: Final = "No night is stored yet, so say which day is meant: give as_of."


class Latest:
    """The newest whole night of a workspace; safe from several threads.

    It is looked for at every question, for a disk fails when it will; looking costs a stat for each
    file of the night. Questions look in turns: side by side they took half as long again, for
    every file's stat hands the interpreter from thread to thread.
    """

    def __init__(self, nights: Nights, moments: Moments) -> None:
        self._nights = nights
        self._moments = moments
        self._turn = Lock()

    def day(self) -> date:
        """Return the night; `WorkspaceError` for none, or when every one is damaged."""
        whole, damaged = self.looked()
        if whole is not None:
            return whole
        raise next(iter(damaged.values()), WorkspaceError(NONE))

    def looked(self) -> Looked:
        """Return the night, and of each newer one that is skipped what is wrong with it."""
        with self._turn:
            return self._looked()

    def _looked(self) -> Looked:
        damaged: dict[date, WorkspaceError] = {}
        for day, night in sorted(self._nights.all().items(), reverse=True):
            error = self._damage(night)
            if error is None:
                return day, damaged
            damaged[day] = error
        return None, damaged

    def _damage(self, night: Night) -> WorkspaceError | None:
        try:
            self._moments.check(night.as_of)
            self._nights.check(night.as_of)
        except WorkspaceError as error:
            return error
        return None
