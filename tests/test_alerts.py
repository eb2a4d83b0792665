"""Alerts: what jumps is told, what only wavers is not."""

from datetime import date, timedelta

import pytest

from segml import Settings
from segml.alerts import jumps, late, set_aside
from segml.storage.counts import ImportCount
from segml.storage.nights import Night, Tally

SETTINGS = Settings()
FIRST = date(2026, 6, 1)


def nights(*counts: int, digests: str = "") -> dict[date, Night]:
    """Return nights on which the segment vip had so many members."""
    found = {}
    for place, count in enumerate(counts):
        day = FIRST + timedelta(days=place)
        digest = digests[place] if digests else "a"
        tallies = {"vip": Tally(digest, count, 0, 0)}
        found[day] = Night(day, None, 1, "", 1, 9, 9, tallies, {})
    return found


STEADY = (1000, 1003, 998, 1001, 999, 1002, 1000, 1001, 1000)


@pytest.mark.parametrize(
    ("counts", "alerted"),
    [
        ((1000, 1299), False),
        ((1000, 1300), True),
        ((1000, 699), True),
        ((10, 25), False),  # so few come and go without anybody being told
        ((0, 20), True),
        ((1000,), False),
        ((*STEADY, 1110), False),  # a tenth and more, but not beyond chance for such a set
        ((*STEADY, 1140), True),  # unusual: four standard deviations, and a tenth
        ((1000, 1200, 1000, 1200, 1000, 1200, 1000, 1200, 1000, 1150), False),  # it always does
    ],
)
def test_a_jump_is_told(counts: tuple[int, ...], *, alerted: bool) -> None:
    stored = nights(*counts)
    found = list(jumps(stored, max(stored), SETTINGS))
    assert bool(found) == alerted
    assert all("vip" in alert.words for alert in found)


def test_a_new_rule_is_no_jump() -> None:
    stored = nights(1000, 5000, digests="ab")
    assert not list(jumps(stored, max(stored), SETTINGS))
    assert not list(jumps(nights(1000, 5000), FIRST, SETTINGS))  # what came later does not count


def test_rejects_above_a_share_are_told() -> None:
    counts = {
        "orders": ImportCount(read=1000, accepted=989, rejected=11),
        "reviews": ImportCount(read=1000, accepted=990, rejected=10),
        "messages": ImportCount(),
    }
    (alert,) = set_aside(counts, SETTINGS)
    assert "11 of 1,000 rows of orders" in alert.words
    assert not list(set_aside(counts, Settings(alert_reject_share=0.5)))


def test_what_is_late_is_told() -> None:
    day = FIRST + timedelta(days=10)
    near, far = day - timedelta(days=2), day - timedelta(days=3)
    assert not list(late(day, near, near, SETTINGS))
    assert not list(late(day, None, None, SETTINGS))
    words = [alert.words for alert in late(day, far, far, SETTINGS)]
    assert "No night was run between" in words[0]
    assert "newest order" in words[1]
