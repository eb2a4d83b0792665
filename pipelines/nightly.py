"""The night: take in what is new, recompute, publish. Run by cron, a timer or by hand.

::

    python pipelines/nightly.py WORKSPACE [--mapping FILE.toml] [--as-of 2026-07-01]

Every step is safe to repeat: importing the same facts and running the same night change nothing.
"""

import argparse
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from segml import Workspace
from segml.core.calendar import service_day


def main() -> None:
    """Run one night over a workspace and print what changed."""
    arguments = _arguments()
    workspace = Workspace(arguments.workspace)
    if arguments.mapping:
        for table, count in workspace.import_files(mapping=arguments.mapping).items():
            print(f"{table}: {count.new:,} new, {count.rejected:,} set aside")
    night = workspace.nightly(arguments.as_of or _today(workspace))
    print(f"{night.universe:,} guests at the start of {night.as_of}")
    for segment in night.segments:
        if segment.count is not None:
            print(f"{segment.segment}: {segment.count:,} (+{segment.entered} -{segment.left})")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run one night over a segml workspace.")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--mapping", type=Path, help="where new facts come from")
    parser.add_argument("--as-of", type=date.fromisoformat, help="today unless given")
    return parser.parse_args()


def _today(workspace: Workspace) -> date:
    settings = workspace.settings
    local = datetime.now(ZoneInfo(settings.time_zone)).replace(tzinfo=None)
    return service_day(local, settings.service_day_start)


if __name__ == "__main__":
    main()
