"""Who may do what: an identity has one role, and a role may do all that the lesser ones may."""

from dataclasses import dataclass
from enum import IntEnum

from segml.core.errors import UnknownName


class Role(IntEnum):
    """What somebody may do, in order: look, change, administer."""

    VIEWER = 1
    MARKETER = 2
    ADMIN = 3

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def named(cls, name: str) -> "Role":
        """Return the role of a name such as ``viewer``; `UnknownName` when there is none."""
        for role in cls:
            if str(role) == name:
                return role
        raise UnknownName("role", name, map(str, cls))


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who is known.

    Attributes
    ----------
    id
        Of the token they came with.
    name
        For people, such as “Kim's laptop”.
    role
        What they may do.
    """

    id: str
    name: str
    role: Role
