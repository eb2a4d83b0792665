"""What every route needs: the workspace, the clock, the meters, and who is asking."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from segml.core.calendar import service_day
from segml.core.identity import Identity, Role
from segml.scheduling import Scheduler
from segml.service.meters import Meters
from segml.service.problems import Refused
from segml.service.ready import Ready
from segml.workspace import Workspace

STALE_AFTER: Final = 1  # days; a night that old has been missed
BULK: Final = 10  # customers in one answer from which on it is written down who saw them


@dataclass
class Office:
    """What is shared by all requests of a process.

    Attributes
    ----------
    workspace
        The restaurant's.
    clock
        Tells the present moment, in UTC.
    meters
        Count what is asked.
    """

    workspace: Workspace
    clock: Callable[[], datetime]
    meters: Meters = field(default_factory=Meters)

    @cached_property
    def scheduler(self) -> Scheduler:
        """Return what runs nights and delivers what webhooks wait for."""
        return Scheduler(self.workspace, self.clock)

    @cached_property
    def exports(self) -> Ready:
        """Return the exports that can be fetched."""
        return Ready(self.clock)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the restaurant's zone."""
        return ZoneInfo(self.workspace.settings.time_zone)

    def current_day(self) -> date:
        """Return the service day it is at the restaurant."""
        local = self.clock().astimezone(self.zone).replace(tzinfo=None)
        return service_day(local, self.workspace.settings.service_day_start)

    def moment(self) -> str:
        """Return the present moment in UTC, ISO 8601."""
        return self.clock().isoformat(timespec="seconds")

    def note(self, who: Identity, action: str, what: str, rows: int | None = None) -> None:
        """Write into the audit log who did what, or saw how many customers."""
        records = self.workspace.records
        records.audit.add(self.clock(), who.name, who.role, action, what, rows)

    def seen(self, who: Identity, what: str, rows: int) -> None:
        """Write into the audit log that somebody was shown many customers at once."""
        if rows >= BULK:
            self.note(who, "customers.see", what, rows)


async def _office(request: Request) -> Office:
    office: Office = request.app.state.office()
    return office


def _who(request: Request) -> Identity:
    who: Identity | None = getattr(request.state, "who", None)
    if who is None:
        raise Refused(401, "no-identity", "Nobody is asking: send a bearer token.")
    return who


Here = Annotated[Office, Depends(_office)]
"""The office, as a route's parameter."""


def allowed(least: Role) -> Callable[[Request], Awaitable[Identity]]:
    """Return what lets those with a role, or a higher one, pass, and says who they are.

    It waits for nothing, and is a coroutine all the same: anything else is sent to a thread first.
    """

    async def check(request: Request) -> Identity:
        who = _who(request)
        if who.role < least:
            told = f"This needs the role {least}; your token has {who.role}."
            raise Refused(403, "not-allowed", f"{told} Ask an admin for another token.")
        return who

    check.least = least  # type: ignore[attr-defined]
    return check


Viewer = Annotated[Identity, Depends(allowed(Role.VIEWER))]
Marketer = Annotated[Identity, Depends(allowed(Role.MARKETER))]
Admin = Annotated[Identity, Depends(allowed(Role.ADMIN))]


def sees_names(who: Identity) -> bool:
    """Return whether somebody may know customers by name, and so look for them by name too."""
    return who.role >= Role.MARKETER


def masked(rows: list[dict[str, Any]], who: Identity) -> list[dict[str, Any]]:
    """Return rows as somebody may see them: names and addresses only from marketers on."""
    if sees_names(who):
        return rows
    return [{name: _veiled(name, value) for name, value in row.items()} for row in rows]


def _veiled(name: str, value: Any) -> Any:
    if not isinstance(value, str) or not value:
        return value
    match name:
        case "first_name" | "last_name":
            return f"{value[0]}…"
        case "email":
            return f"{value[0]}…@…"
        case "phone":
            return "…"
        case _:
            return value
