"""The calendar says how much business each day holds: the warp between days and operational time.

A guest lives on one of three clocks (workday, everyday, weekend). On a clock a day has a factor:
weekday times season times holiday, 0 where the doors are shut, 1 on average. Operational time is
the running sum of the factors; within a service day it runs with the guest's own division into
lunch and evening, so that the hour of a visit is part of the same warp and gaps between visits,
measured in operational time, are *exactly* gamma. The drop-out clock is operational time with a
second factor per day, the drift: a bad month, and the opening of a competitor.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from segml.datasets.synthetic.plan import (
    PERIOD_DAYS,
    SERVICE_DAY_HOUR,
    RestaurantPlan,
    town_stream,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

CLOCKS: Final = ("workday", "everyday", "weekend")
_WEEKDAYS: Final = np.array(
    [
        [1.25, 1.35, 1.35, 1.30, 1.15, 0.35, 0.25],
        [0.70, 0.75, 0.90, 1.00, 1.30, 1.40, 0.95],
        [0.25, 0.30, 0.45, 0.70, 1.80, 2.20, 1.30],
    ]
)
_HOLIDAYS: Final = {
    (2, 14): 1.7,
    (5, 1): 1.3,
    (10, 3): 1.2,
    (12, 23): 1.3,
    (12, 24): 0.4,
    (12, 25): 0.0,
    (12, 26): 0.8,
    (12, 31): 1.6,
    (1, 1): 0.0,
}
_RANDOM_CLOSURES_PER_YEAR: Final = 3  # storms, burst pipes, a staff party

# The share of a daypart's visits made before each hour; hours past 24 are after midnight.
LUNCH_HOURS: Final = np.array([11.0, 11.5, 12.0, 12.5, 13.0, 13.5, 14.0, 15.0, 16.0])
LUNCH_SHARE: Final = np.array([0.0, 0.05, 0.22, 0.45, 0.66, 0.80, 0.90, 0.97, 1.0])
EVENING_HOURS: Final = np.array([16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.5])
EVENING_SHARE: Final = np.array([0.0, 0.05, 0.22, 0.48, 0.70, 0.84, 0.92, 0.96, 0.985, 1.0])
WEEKEND_LUNCH: Final = (0.15, 0.45)  # lunch share on Saturday and Sunday: a + b times the guest's
_DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of the record and the two clocks on them.

    Attributes
    ----------
    first_day
        Day 0.
    weekday
        Per day, 0 Monday to 6 Sunday.
    closed
        Per day, whether the doors are shut.
    factor
        Clock by day: operational time that the day holds.
    drift
        Per day: factor of the drop-out clock on top.
    operational, dropout
        Clock by day + 1: the two running sums, from 0 at the start of day 0.
    periods
        First day of each period of 14 days, then the number of days.
    """

    first_day: date
    weekday: Ints
    closed: Bools
    factor: Floats
    drift: Floats
    operational: Floats
    dropout: Floats
    periods: Ints

    @property
    def days(self) -> int:
        """Return the number of days."""
        return len(self.weekday)

    def locate(self, running: Floats, clock: Ints, value: Floats) -> tuple[Ints, Floats]:
        """Return the day and the part of it gone when a running sum reaches a value.

        Parameters
        ----------
        running
            `operational` or `dropout`.
        clock, value
            One per guest or event.

        Returns
        -------
        tuple of arrays
            Day (the number of days where the value lies past the record) and fraction in [0, 1).
        """
        day = np.full(len(value), self.days, dtype=np.int64)
        fraction = np.zeros(len(value))
        for one in range(len(CLOCKS)):
            mine = (clock == one) & (value < running[one, -1])
            found = np.searchsorted(running[one], value[mine], side="right") - 1
            start, end = running[one, found], running[one, found + 1]
            day[mine], fraction[mine] = found, (value[mine] - start) / (end - start)
        return day, fraction

    def at(self, running: Floats, clock: Ints, day: Ints, fraction: Floats) -> Floats:
        """Return the running sum at a part of a day: the inverse of `locate`."""
        following = np.minimum(day + 1, self.days)
        start = running[clock, day]
        return start + fraction * (running[clock, following] - start)

    def seconds(self, day: Ints, fraction: Floats, lunch_share: Floats) -> Ints:
        """Return the local time of a part of a day, in whole seconds since the start of day 0."""
        lunch = self._lunch(day, lunch_share)
        at_lunch = np.interp(fraction / lunch, LUNCH_SHARE, LUNCH_HOURS)
        in_evening = np.interp((fraction - lunch) / (1 - lunch), EVENING_SHARE, EVENING_HOURS)
        hour = np.where(fraction < lunch, at_lunch, in_evening)
        seconds: Ints = day * _DAY_SECONDS + np.floor(hour * 3600).astype(np.int64)
        return seconds

    def position(self, seconds: Ints, lunch_share: Floats) -> tuple[Ints, Floats]:
        """Return the service day and the part of it gone at a local time.

        Parameters
        ----------
        seconds
            Local time in seconds since the start of day 0, within the record.
        lunch_share
            The guests' own, in (0, 1).
        """
        since = (seconds - SERVICE_DAY_HOUR * 3600) // _DAY_SECONDS
        day: Ints = np.clip(since, 0, self.days - 1)
        hour = (seconds - day * _DAY_SECONDS) / 3600
        lunch = self._lunch(day, lunch_share)
        at_lunch = np.interp(hour, LUNCH_HOURS, LUNCH_SHARE) * lunch
        in_evening = np.interp(hour, EVENING_HOURS, EVENING_SHARE) * (1 - lunch)
        return day, at_lunch + in_evening

    def paced(self, clock: Ints, day: Ints, fraction: Floats, pace: Floats) -> Floats:
        """Return a guest's own operational time: the clock's, each period at the guest's pace.

        Parameters
        ----------
        clock, day, fraction
            One per event, as `position` gives them.
        pace
            Event by period: the pace of the event's guest in every period.
        """
        bounds = self.operational[:, self.periods]
        now = self.at(self.operational, clock, day, fraction)
        gone = np.clip(now[:, None] - bounds[clock, :-1], 0, np.diff(bounds)[clock])
        return np.asarray((gone * pace).sum(axis=1))

    def _lunch(self, day: Ints, lunch_share: Floats) -> Floats:
        weekend = self.weekday[np.minimum(day, self.days - 1)] >= 5
        return np.where(weekend, WEEKEND_LUNCH[0] + WEEKEND_LUNCH[1] * lunch_share, lunch_share)


def calendar(plan: RestaurantPlan) -> Calendar:
    """Return the calendar of a plan; the same plan, the same calendar."""
    rng = town_stream(plan, 0)
    dates = [plan.first_day + timedelta(days=day) for day in range(plan.days)]
    weekday = np.array([day.weekday() for day in dates], dtype=np.int64)
    of_year = np.array([day.timetuple().tm_yday for day in dates])
    # Busiest in early December, quietest when the town is on holiday.
    season = 1 + 0.13 * np.cos(2 * np.pi * (of_year - 340) / 365.25)
    season -= 0.10 * np.exp(-(((of_year - 222) / 18.0) ** 2))
    holiday = np.array([_HOLIDAYS.get((day.month, day.day), 1.0) for day in dates])
    shut = rng.choice(plan.days, size=_closures(plan), replace=False)
    holiday[shut[shut > 0]] = 0.0
    factor = _WEEKDAYS[:, weekday] * season * holiday
    # Rounded before use, so that what process.json says is what was used.
    factor = rounded(factor / factor.mean(axis=1, keepdims=True), 6)
    return made_of(plan.first_day, factor, rounded(_drift(plan.days), 6))


def made_of(first_day: date, factor: Floats, drift: Floats) -> Calendar:
    """Return the calendar that begins on a day and has these factors (clock by day) and drift."""
    days = len(drift)
    return Calendar(
        first_day=first_day,
        weekday=(first_day.weekday() + np.arange(days)) % 7,
        closed=(factor == 0).all(axis=0),
        factor=factor,
        drift=drift,
        operational=_running(factor),
        dropout=_running(factor * drift),
        periods=np.append(np.arange(0, days, PERIOD_DAYS), days),
    )


def by_time(owner: Ints, seconds: Ints) -> Ints:
    """Return the rows in the order of owner, then time; equal ones stay as they stand.

    All values are 0 or more. One sort of owner, time and row packed in a word is some times faster
    than sorting twice.
    """
    if not len(owner):
        return np.zeros(0, dtype=np.int64)
    time, row = int(seconds.max()).bit_length(), len(owner).bit_length()
    if int(owner.max()).bit_length() + time + row > 63:
        return np.lexsort((seconds, owner))
    packed = (owner << (time + row)) | (seconds << row) | np.arange(len(owner))
    packed.sort()
    return packed & ((1 << row) - 1)


def starts(owner: Ints) -> Ints:
    """Return, per row, the first row of its owner; rows of an owner stand together."""
    row = np.arange(len(owner))
    row[1:][owner[1:] == owner[:-1]] = 0
    return np.maximum.accumulate(row)


def rounded(values: Floats, digits: int) -> Floats:
    """Return the values as the truth will state them."""
    return np.asarray(np.round(values, digits), dtype=np.float64)


def _closures(plan: RestaurantPlan) -> int:
    return max(1, round(plan.days / 365.25 * _RANDOM_CLOSURES_PER_YEAR))


def _drift(days: int) -> Floats:
    """Return the drop-out factor per day: a bad month, then a competitor slowly forgotten."""
    day = np.arange(days)
    bad_month = (day >= 0.36 * days) & (day < 0.36 * days + 30)
    since_opening = day - 0.6 * days
    competitor = np.where(since_opening >= 0, np.exp(-np.maximum(since_opening, 0) / 120), 0)
    return np.asarray(1 + 1.5 * bad_month + 1.2 * competitor)


def _running(per_day: Floats) -> Floats:
    return np.concatenate([np.zeros((len(per_day), 1)), per_day.cumsum(axis=1)], axis=1)
