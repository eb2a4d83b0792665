"""The chance of silence: that a guest with a known rhythm stays away, exactly.

Own time is operational time at the guest's pace; the drop-out clock knows no pace. Between two
knots both are taken to run in proportion, so that the integral over the next visit is a difference
of two gamma distribution functions.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc

from segml.datasets.synthetic.calendar import Calendar, Floats, Ints
from segml.datasets.synthetic.plan import PERIOD_DAYS
from segml.datasets.synthetic.published import Window


@dataclass(frozen=True, slots=True)
class Rhythms:
    """One rhythm per row, each as it stands after the last visit.

    Attributes
    ----------
    visit_rate, regularity
        The gaps in own time are gamma with this shape and mean 1 / `visit_rate`.
    dropout_rate
        Departures per day of the drop-out clock.
    returns
        Chance that there is a next visit at all: `return_probability` after the first, then 1.
    """

    visit_rate: Floats
    dropout_rate: Floats
    regularity: Floats
    returns: Floats


@dataclass(frozen=True, slots=True)
class OwnTime:
    """The own time of guests: the operational time of a clock, each period at the guest's pace.

    Attributes
    ----------
    began, passed
        Row by period: operational time and own time at its start.
    pace
        Row by period.
    """

    began: Floats
    passed: Floats
    pace: Floats

    def at(self, row: Ints, day: Ints, operational: Floats) -> Floats:
        """Return own time where a row's operational time, on that day, is the value given."""
        # What ends with the record ends with its last period.
        period = np.minimum(day // PERIOD_DAYS, self.pace.shape[1] - 1)
        gone = operational - self.began[row, period]
        return np.asarray(self.passed[row, period] + self.pace[row, period] * gone)


def own_time(calendar: Calendar, clock: Ints, pace: Floats) -> OwnTime:
    """Return the own time of guests on these clocks (one per row) at this pace (by period)."""
    bounds = calendar.operational[:, calendar.periods][clock]
    passed = (np.diff(bounds) * pace).cumsum(axis=1)
    start = np.zeros((len(clock), 1))
    return OwnTime(bounds[:, :-1], np.concatenate([start, passed[:, :-1]], axis=1), pace)


@dataclass(frozen=True, slots=True)
class Waits:
    """Guests since their last visit, one entry each.

    Attributes
    ----------
    time, row
        Own times, and the guest's row there.
    clock
        Index into `calendar.CLOCKS`.
    day, fraction
        Service day of the last visit and the part of it gone.
    lunch_share
        In (0, 1).
    """

    time: OwnTime
    row: Ints
    clock: Ints
    day: Ints
    fraction: Floats
    lunch_share: Floats


def silences(
    calendar: Calendar, rhythms: Rhythms, waits: Waits, window: Window, steps: int
) -> tuple[Floats, Floats]:
    """Return the chances of no visit since the last until a window's start, and until its end.

    Parameters
    ----------
    calendar, window
        The days.
    rhythms, waits
        One entry per guest.
    steps
        Knots before the window, and within it. They are closer at first, where a next visit is
        likeliest; between them what the days do to the drop-out clock is averaged.

    Notes
    -----
    The record ends at midnight after its last day, and so does a window that ends with it.
    """
    day = np.concatenate([waits.day[:, None], _knots(waits.day, window, steps)], axis=1)
    end = np.full(len(waits.row), min(window.to_second, calendar.days * 86_400))
    day[:, -1], end_fraction = calendar.position(end, waits.lunch_share)
    fraction = np.zeros(day.shape)
    fraction[:, 0], fraction[:, -1] = waits.fraction, end_fraction
    operational = calendar.at(calendar.operational, waits.clock[:, None], day, fraction)
    dropout = calendar.at(calendar.dropout, waits.clock[:, None], day, fraction)
    own = waits.time.at(waits.row[:, None], day, operational)
    silent = silence(rhythms, own - own[:, :1], dropout - dropout[:, :1])
    return silent[:, steps - 1], silent[:, -1]


def silence(rhythms: Rhythms, own: Floats, dropout: Floats) -> Floats:
    """Return the chance of no visit until each knot after the first.

    Parameters
    ----------
    rhythms
        One per row.
    own, dropout
        Row by knot, rising from 0 at the last visit: own time and the drop-out clock.

    Returns
    -------
    array
        Row by knot but the first; never quite 0, so that silence so far can condition.

    Notes
    -----
    1 - r * integral of f(u) exp(-m v(u)) du, with f the gamma density of shape k and rate b, m the
    drop-out rate, and v the drop-out clock at own time u. Where v = v0 + s (u - u0), a piece is
    exp(-m (v0 - s u0)) (b / (b + m s))^k times the mass that the gamma distribution of rate
    b + m s has there.
    """
    shape, leaving = rhythms.regularity[:, None], rhythms.dropout_rate[:, None]
    rate = shape * rhythms.visit_rate[:, None]
    length = np.diff(own)
    slope = np.divide(np.diff(dropout), length, out=np.zeros(length.shape), where=length > 0)
    tilted = rate + leaving * slope
    ahead = gammainc(shape, tilted * own[:, 1:]) - gammainc(shape, tilted * own[:, :-1])
    staying = np.exp(
        -leaving * (dropout[:, :-1] - slope * own[:, :-1]) + shape * np.log(rate / tilted)
    )
    visited = rhythms.returns[:, None] * (staying * ahead).cumsum(axis=1)
    return np.asarray(np.maximum(1 - visited, np.finfo(float).tiny))


def _knots(last_day: Ints, window: Window, steps: int) -> Ints:
    """Return days between the last visit and the window's start, and from there to its end."""
    part = np.arange(1, steps + 1) / steps
    before = last_day[:, None] + np.round((window.start - last_day)[:, None] ** part)
    within = window.start + np.round((window.end - window.start) ** part)
    within = np.broadcast_to(within, before.shape)
    return np.concatenate([before, within], axis=1).astype(np.int64)
