"""The settings of a workspace: ``segml.toml`` in its folder, checked as a whole."""

import json
import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from segml.core.errors import WorkspaceError, near

FILE: Final = "segml.toml"
_WRITTEN: Final = {"time_zone", "service_day_start", "currency"}  # whatever their value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # asking by name is fast; listing them all is not
        hint = near(name, available_timezones()) or "Use a name such as Europe/Rome."
        raise ValueError(f"there is no time zone “{name}”. {hint}") from None
    return name


def _minute(start: time) -> time:
    if start.second or start.microsecond or start.tzinfo:
        raise ValueError("a service day starts at a minute of the local clock, such as 04:00")
    return start


class Settings(BaseModel):
    """How a restaurant counts its days and money.

    Attributes
    ----------
    time_zone
        IANA name of the restaurant's zone; times without a zone are local there.
    service_day_start
        When a service day begins: with 04:00 an order at 00:30 belongs to the day before.
    currency
        What amounts are in, for people.
    memory_mb
        Megabytes that bitmaps and event numbers may take between evaluations.
    nights_kept
        How many of the latest nights keep the columns of every field; of older ones only who was in
        which segment and the scores are kept; other columns are computed when somebody asks.
    alert_segment_share, alert_reject_share
        From which change of a segment's members, and above which share of imported rows set aside,
        a night raises an alert.
    alert_stale_days
        After how many days without a night, or without an order, one does.
    private_webhooks
        Whether webhooks may go to addresses that are not public, and without encryption.
    catalogue
        SQLAlchemy URL of the records: saved segments, tokens, audit, runs and others; empty for a
        SQLite file in the workspace.
    tracking
        MLflow's tracking URI; empty for a SQLite file in the workspace.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    service_day_start: Annotated[time, AfterValidator(_minute)] = time(0)
    currency: str = "EUR"
    memory_mb: int = Field(default=1_000, ge=1)
    nights_kept: int = Field(default=14, ge=1)
    alert_segment_share: float = Field(default=0.3, gt=0)
    alert_reject_share: float = Field(default=0.01, ge=0, le=1)
    alert_stale_days: int = Field(default=2, ge=1)
    private_webhooks: bool = False
    catalogue: str = ""
    tracking: str = ""


def load(folder: Path) -> Settings:
    """Return the settings in `folder`; `WorkspaceError` naming every one that cannot be."""
    try:
        values = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"{folder / FILE} is not valid TOML: {error}.") from None
    return check(values, str(folder / FILE))


def check(values: dict[str, Any], where: str) -> Settings:
    """Return `values` as settings; `WorkspaceError` naming every one that cannot be."""
    try:
        return Settings(**values)
    except ValidationError as error:
        lines = [
            f"\n  - {'.'.join(map(str, wrong['loc']))}: "
            f"{wrong['msg'].removeprefix('Value error, ')}"
            for wrong in error.errors()
        ]
        raise WorkspaceError(f"The settings in {where} cannot be:{''.join(lines)}") from None


def save(folder: Path, settings: Settings) -> None:
    """Write the settings into `folder`."""
    lines = [
        "# The settings of this segml workspace. time_zone and service_day_start decide how facts",
        "# are read, so they stay once something has been imported.",
        f'time_zone = "{settings.time_zone}"',
        f'service_day_start = "{settings.service_day_start:%H:%M}"',
        f"currency = {_toml(settings.currency)}",
    ]
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if name not in _WRITTEN and value != field.default:
            lines.append(f"{name} = {_toml(value)}")
    (folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: str | float | bool) -> str:
    """Return a value as TOML writes it, which is as JSON does."""
    return json.dumps(value, ensure_ascii=False)
