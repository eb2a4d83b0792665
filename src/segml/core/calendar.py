"""Days as a restaurant counts them: service days, lengths of time, birthdays.

Every date operator goes through this file, so that no two of them can disagree about a month or
about 29 February.
"""

from calendar import isleap
from datetime import date, datetime, time, timedelta
from typing import Final

UNITS: Final = ("day", "week", "month", "year")
WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def days_in(n: int, unit: str) -> int:
    """Return how many days `n` units are: a year is 365, a month a twelfth of it, rounded half up.

    Six months are 183 days, one month 30, a quarter 91.
    """
    match unit:
        case "day":
            return n
        case "week":
            return 7 * n
        case "month":
            return (2 * 365 * n + 12) // 24
        case "year":
            return 365 * n
    raise ValueError(f"unit is one of {', '.join(UNITS)}, not {unit!r}")


def service_day(moment: datetime, day_start: time) -> date:
    """Return the service day that a restaurant-local `moment` belongs to."""
    offset = timedelta(hours=day_start.hour, minutes=day_start.minute, seconds=day_start.second)
    return (moment - offset).date()


def earlier(day: date, days: int) -> date:
    """Return the day `days` days before, or the first day there is."""
    return date.fromordinal(max(day.toordinal() - days, 1))


def month_day(day: date) -> int:
    """Return month and day as one number, ``month * 100 + day``."""
    return day.month * 100 + day.day


def anniversaries(start: date, days: int) -> frozenset[int]:
    """Return the `month_day` of every date kept on one of the `days` days from `start` on.

    29 February is kept on 28 February in common years.
    """
    codes: set[int] = set()
    for offset in range(min(days, 2 * 366)):
        day = start + timedelta(days=offset)
        codes.add(month_day(day))
        if month_day(day) == 228 and not isleap(day.year):
            codes.add(229)
    return frozenset(codes)


def month_codes(month: int) -> frozenset[int]:
    """Return every `month_day` of a month."""
    return frozenset(month * 100 + day for day in range(1, 32))


def birthday_code(as_of: date) -> int:
    """Return the largest `month_day` whose birthday has been kept by `as_of` in its year."""
    kept_early = as_of.month == 2 and as_of.day == 28 and not isleap(as_of.year)
    return 229 if kept_early else month_day(as_of)
