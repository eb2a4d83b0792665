"""Days as a restaurant counts them: leap days, months, years and nights that run late."""

from calendar import isleap
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segml.core.calendar import (
    anniversaries,
    birthday_code,
    days_in,
    month_codes,
    month_day,
    service_day,
)

YEARS = st.dates(date(1999, 1, 1), date(2031, 12, 31))


def kept_on(birthday: date, year: int) -> date:
    """Return the day on which a birthday is kept in a year, the long way round."""
    if (birthday.month, birthday.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return birthday.replace(year=year)


@pytest.mark.parametrize(
    ("n", "unit", "days"),
    [
        (0, "day", 0),
        (30, "day", 30),
        (2, "week", 14),
        (1, "month", 30),
        (2, "month", 61),
        (3, "month", 91),
        (6, "month", 183),
        (12, "month", 365),
        (18, "month", 548),
        (1, "year", 365),
        (4, "year", 1460),
    ],
)
def test_lengths_of_time(n: int, unit: str, days: int) -> None:
    assert days_in(n, unit) == days


def test_a_length_of_time_has_a_known_unit() -> None:
    with pytest.raises(ValueError, match="day, week, month, year"):
        days_in(1, "fortnight")


@pytest.mark.parametrize(
    ("moment", "day_start", "day"),
    [
        ("2024-03-01 00:00", "00:00", "2024-03-01"),
        ("2024-03-01 00:30", "00:00", "2024-03-01"),
        ("2024-03-01 00:30", "04:00", "2024-02-29"),
        ("2024-03-01 03:59:59.999999", "04:00", "2024-02-29"),
        ("2024-03-01 04:00", "04:00", "2024-03-01"),
        ("2025-01-01 02:00", "04:30", "2024-12-31"),
    ],
)
def test_service_day(moment: str, day_start: str, day: str) -> None:
    found = service_day(datetime.fromisoformat(moment), time.fromisoformat(day_start))
    assert found == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("start", "days", "codes"),
    [
        (date(2025, 2, 28), 1, {228, 229}),
        (date(2024, 2, 28), 1, {228}),
        (date(2024, 2, 29), 1, {229}),
        (date(2024, 2, 28), 3, {228, 229, 301}),
        (date(2025, 2, 27), 1, {227}),
        (date(2025, 12, 31), 2, {1231, 101}),
        (date(2025, 6, 1), 0, set()),
    ],
)
def test_anniversaries_of_a_few_days(start: date, days: int, codes: set[int]) -> None:
    assert anniversaries(start, days) == codes


def test_every_birthday_comes_round_within_a_year() -> None:
    assert len(anniversaries(date(2025, 1, 1), 365)) == 366
    assert anniversaries(date(2025, 1, 1), 10**9) == anniversaries(date(2025, 1, 1), 366)


@given(start=YEARS, days=st.integers(0, 400), birthday=YEARS)
def test_anniversaries_are_the_days_kept(start: date, days: int, birthday: date) -> None:
    kept = [kept_on(birthday, start.year + ahead) for ahead in range(3)]
    comes_round = any(start <= day < start + timedelta(days=days) for day in kept)
    assert (month_day(birthday) in anniversaries(start, days)) == comes_round


@given(as_of=YEARS, birthday=YEARS)
def test_birthday_code_tells_whether_a_birthday_was_kept(as_of: date, birthday: date) -> None:
    already_kept = kept_on(birthday, as_of.year) <= as_of
    assert (month_day(birthday) <= birthday_code(as_of)) == already_kept


@given(day=YEARS)
def test_a_day_is_in_its_month_and_in_no_other(day: date) -> None:
    months = [month for month in range(1, 13) if month_day(day) in month_codes(month)]
    assert months == [day.month]
