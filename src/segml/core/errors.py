"""The errors a person can act on: what is wrong, where, what would be right.

::

    SegmlError             anything segml refuses, with a message for the person who can fix it
    ├── WorkspaceError     no workspace here, a setting that cannot be, a file that is damaged
    │   ├── Busy           another process is writing to the workspace
    │   └── Unavailable    a database that does not answer now
    ├── ImportRefused      a file or mapping that cannot be read at all (rows become rejects)
    ├── UnknownName        a segment, customer, table or field that is not there; near names
    ├── UnknownCustomers   a list with customers who are not known: all of them at once
    ├── SegmentInUse       a segment that others refer to cannot be deleted
    ├── ChangedMeanwhile   a segment that somebody else changed since it was looked at
    ├── Superseded         an evaluation that a newer one of the same session has replaced
    ├── TooFewCustomers    nothing that would hold can be learned from so few
    ├── RequestRefused     an export or a campaign that cannot be so: every reason at once
    └── RuleRefused        a rule with problems: all of them at once, each with its path
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Final

_TOLD: Final = 50  # names in one message


class SegmlError(Exception):
    """Base of every error segml raises on purpose; its text is a full sentence for a person."""


class WorkspaceError(SegmlError):
    """The workspace folder is missing, damaged or set up in a way that cannot work."""


class Busy(WorkspaceError):
    """Another process holds the workspace's write lock."""


class Unavailable(WorkspaceError):
    """A database that the workspace needs does not answer, or cannot be written to, now."""


class ImportRefused(SegmlError):
    """A source that cannot be read at all; nothing of it was taken in."""


class UnknownName(SegmlError):
    """A name that nothing has, with the nearest names there are; ``what`` it was to name."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.what = what
        super().__init__(f"There is no {what} “{name}”. {near(name, known)}".rstrip())


class UnknownCustomers(SegmlError):
    """A list with customers who are not known; ``customers`` holds all of them."""

    def __init__(self, customers: Iterable[object], when: str) -> None:
        self.customers = tuple(customers)
        told = ", ".join(map(str, self.customers[:_TOLD]))
        more = len(self.customers) - _TOLD
        super().__init__(
            f"{len(self.customers)} of the listed are not known {when}: {told}"
            f"{f' and {more} more' if more > 0 else ''}. Leave them out, or name a later day."
        )


class SegmentInUse(SegmlError):
    """A segment that other segments refer to."""


class ChangedMeanwhile(SegmlError):
    """A segment that somebody else changed since it was looked at."""


class Superseded(SegmlError):
    """An evaluation stopped because nobody waits for it any more."""


class TooFewCustomers(SegmlError):
    """Too few customers to learn from, or to judge by what was learned."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a rule.

    Attributes
    ----------
    path
        Where: react-querybuilder's path, child indexes from the root group (the root is ``()``);
        inside an event condition the path goes on into its group.
    message
        What is wrong.
    hint
        What would be right; empty when there is nothing to add.
    """

    path: tuple[int, ...]
    message: str
    hint: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the wire form ``{path, message, hint}``."""
        return asdict(self) | {"path": list(self.path)}

    def __str__(self) -> str:
        where = f"at {list(self.path)}: " if self.path else ""
        return f"{where}{self.message}{' ' + self.hint if self.hint else ''}"


@dataclass(frozen=True, slots=True)
class RequestProblem:
    """One thing wrong with what was asked for.

    Attributes
    ----------
    field
        Which part of the request.
    message, hint
        What is wrong, and what would be right.
    """

    field: str
    message: str
    hint: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the wire form ``{field, message, hint}``."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.field}: {self.message}{' ' + self.hint if self.hint else ''}"


class RequestRefused(SegmlError):
    """A request that cannot be met so; ``problems`` holds every reason."""

    def __init__(self, problems: Iterable[RequestProblem]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"This cannot be done so:\n{lines}")


class RuleRefused(SegmlError):
    """A rule with problems; ``problems`` holds all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"The rule has problems, so nobody was counted:\n{lines}")


def near(name: str, known: Iterable[str]) -> str:
    """Return “Did you mean …?” for the names nearest to `name`, or an empty string."""
    matches = get_close_matches(name.lower(), list(known), n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(matches)}?" if matches else ""
