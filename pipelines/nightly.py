"""The night: take in what is new, recompute, publish, tell. Run by cron, a timer or by hand.

::

    python pipelines/nightly.py WORKSPACE [--mapping FILE.toml] [--as-of 2026-07-01]

It does what ``segml nightly`` does, and shows how to do so from Python. Every step is safe to
repeat: importing the same facts and running the same night change nothing. Beside it stands a
systemd timer; with cron, one line is enough::

    0 5 * * *  segml nightly --workspace /srv/segml --mapping /etc/segml/pos.toml
"""

import argparse
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from segml import Workspace
from segml.core.calendar import service_day
from segml.pipeline import run_nights


def main() -> None:
    """Run one night over a workspace and print what changed."""
    arguments = _arguments()
    workspace = Workspace(arguments.workspace)
    day = arguments.as_of or _today(workspace)
    (night,) = run_nights(workspace, [day], clock=_now, who="cron", mapping=arguments.mapping)
    print(f"{night.report.universe:,} guests at the start of {night.report.as_of}")
    for segment in night.report.segments:
        if segment.count is not None:
            print(f"{segment.segment}: {segment.count:,} (+{segment.entered} -{segment.left})")
    for alert in night.run.alerts:
        print(f"{alert.level}: {alert.words}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run one night over a segml workspace.")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--mapping", help="where new facts come from")
    parser.add_argument("--as-of", type=date.fromisoformat, help="today unless given")
    return parser.parse_args()


def _now() -> datetime:
    return datetime.now(UTC)


def _today(workspace: Workspace) -> date:
    settings = workspace.settings
    local = datetime.now(ZoneInfo(settings.time_zone)).replace(tzinfo=None)
    return service_day(local, settings.service_day_start)


if __name__ == "__main__":
    main()
