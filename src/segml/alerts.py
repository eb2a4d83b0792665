"""What a person should look at after a night: jumps, rows set aside, days that nobody took in."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from math import sqrt
from statistics import fmean, stdev
from typing import Final

from segml.settings import Settings
from segml.storage.counts import ImportCount
from segml.storage.nights import Night, Tally
from segml.storage.records.runs import Alert

FEWEST: Final = 20  # customers; fewer may come and go without anybody being told
USUAL: Final = 7  # earlier changes from which on it is known what is usual
UNUSUAL: Final = 4.0  # standard deviations
_PART: Final = 1 / 3  # of the share of the settings, which an unusual change must reach


def jumps(nights: Mapping[date, Night], as_of: date, settings: Settings) -> Iterator[Alert]:
    """Yield an alert for each segment whose size has jumped since the night before.

    A jump is more than `alert_segment_share` of the members; where it is known what is usual, a
    third of that, if it is also `UNUSUAL` standard deviations from the mean change. A segment
    whose rule was changed is not compared.
    """
    before = [night for day, night in sorted(nights.items()) if day < as_of]
    for name, tally in nights[as_of].segments.items():
        counts = [*_counts(before, name, tally), tally.count]
        if len(counts) < 2:
            continue
        changes = [later - earlier for earlier, later in pairwise(counts)]
        change, was = changes[-1], counts[-2]
        limit = settings.alert_segment_share
        if _unusual(changes, was):
            limit *= _PART
        if abs(change) >= max(FEWEST, limit * was):
            way = "grew" if change > 0 else "shrank"
            yield Alert(
                "warning", f"The segment {name} {way} from {was:,} to {tally.count:,} customers."
            )


def _counts(nights: list[Night], name: str, tally: Tally) -> list[int]:
    """Return the sizes of a segment on earlier nights, as long as its rule was the one of now."""
    found = []
    for night in reversed(nights):
        then = night.segments.get(name)
        if then is None or then.digest != tally.digest:
            break
        found.append(then.count)
    return found[::-1]


def _unusual(changes: list[int], was: int) -> bool:
    """Return whether the last change is far from the earlier ones, for a set of that size."""
    *earlier, change = changes
    if len(earlier) < USUAL:
        return False
    by_chance = sqrt(max(was, 1))  # even where every earlier night happened to be alike
    return abs(change - fmean(earlier)) > UNUSUAL * max(stdev(earlier), by_chance)


def set_aside(counts: Mapping[str, ImportCount], settings: Settings) -> Iterator[Alert]:
    """Yield an alert for each table of which too large a share was rejected."""
    for table, count in counts.items():
        if count.rejected > settings.alert_reject_share * count.read:
            yield Alert(
                "warning",
                f"{count.rejected:,} of {count.read:,} rows of {table} were set aside. See why: "
                "segml rejects.",
            )


def late(
    as_of: date, previous: date | None, newest: date | None, settings: Settings
) -> Iterator[Alert]:
    """Yield alerts for days that no night was run on, and for facts that stop early.

    Parameters
    ----------
    as_of, previous
        The night, and the one before it.
    newest
        The day of the newest order; None where nobody has ordered.
    settings
        How many days are too many.
    """
    limit = timedelta(days=settings.alert_stale_days)
    if previous is not None and as_of - previous > limit:
        yield Alert("warning", f"No night was run between {previous} and {as_of}.")
    if newest is not None and as_of - newest > limit:
        yield Alert("warning", f"The newest order is of {newest}; see that new facts are imported.")
