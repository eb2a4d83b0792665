"""What has moved is told, what chance and routine do is not."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segml import Workspace, WorkspaceError
from segml.drifting import measure
from segml.scoring.drift import MATERIAL, Profile, drift, profile, psi
from segml.storage.profiles import Profiles
from trained_town import END


def normal(rows: int, seed: int, shift: float = 0.0) -> pl.Series:
    return pl.Series(np.random.default_rng(seed).normal(shift, 1, rows))


def test_the_index_by_hand() -> None:
    before, now = np.array([499_999, 499_999]), np.array([249_999, 749_999])
    expected = (0.25 - 0.5) * np.log(0.25 / 0.5) + (0.75 - 0.5) * np.log(0.75 / 0.5)
    assert psi(before, now) == pytest.approx(expected, abs=1e-6)
    assert psi(before, before) == 0
    assert psi(np.array([10, 0]), np.array([0, 10])) < 10  # an empty bin is no infinity


def test_small_samples_that_did_not_move_are_seldom_called_so() -> None:
    """Under the null the chance is about alpha; the classic fixed threshold calls most moved."""
    called = classic = 0
    for seed in range(400):
        found = drift("x", profile(normal(100, seed)), normal(100, 10_000 + seed), alpha=0.05)
        called += found.drifted
        classic += found.psi > MATERIAL
    assert 0.01 < called / 400 < 0.10
    assert classic / 400 > 0.5


def test_in_many_rows_only_what_matters_counts() -> None:
    before = profile(normal(200_000, 1))
    assert not drift("x", before, normal(200_000, 2, shift=0.05)).drifted
    assert drift("x", before, normal(200_000, 2, shift=0.5)).drifted


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (pl.Series([1] * 500 + [0] * 500), pl.Series([1] * 950 + [0] * 50)),
        (pl.Series(["a"] * 500 + ["b"] * 500), pl.Series(["a"] * 500 + ["c"] * 500)),
        (pl.Series([True] * 500 + [False] * 500), pl.Series([True] * 990 + [False] * 10)),
        (pl.Series([1.0] * 900 + [None] * 100), pl.Series([1.0] * 400 + [None] * 600)),
        (pl.Series([date(2025, 1, 1)] * 900), pl.Series([date(2026, 1, 1)] * 900)),
        (pl.Series([None] * 900, dtype=pl.Float64), pl.Series([1.0] * 900)),
    ],
    ids=["counts", "texts", "yes or no", "unknown", "dates", "nothing known"],
)
def test_every_kind_of_field_can_move(before: pl.Series, now: pl.Series) -> None:
    kept = profile(before)
    assert sum(kept.rows) == len(before)
    assert drift("x", kept, now).drifted
    assert drift("x", kept, before).psi == 0


def test_nothing_is_compared_with_nobody() -> None:
    with pytest.raises(ValueError, match="nothing to compare x by"):
        drift("x", profile(pl.Series([], dtype=pl.Float64)), pl.Series([1.0]))


def test_distributions_are_kept(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path / "profiles")
    assert profiles.days() == []
    kept = {"x": profile(normal(50, 1)), "y": Profile((), ("a",), (3, 0, 1))}
    profiles.write(date(2026, 7, 1), kept)
    assert profiles.read(date(2026, 7, 1)) == kept
    assert profiles.days() == [date(2026, 7, 1)]
    (tmp_path / "profiles" / "2026-07-01.json").write_text("{")
    with pytest.raises(WorkspaceError, match="Remove it"):
        profiles.read(date(2026, 7, 1))


def test_a_night_is_compared_with_the_month_before(town: Workspace, tmp_path: Path) -> None:
    champions, moments = town._champions, town._moments
    month, odd, week = (END - timedelta(days=days) for days in (28, 24, 3))
    for day in (month, odd, week):
        measure(tmp_path, champions, moments, day)
    found = {one.field: one for one in measure(tmp_path, champions, moments, END)}
    assert found["orders_90d"].threshold >= MATERIAL
    assert not found["days_since_last_email"].drifted  # mails go out on one day of the week
    # Against the odd day alone, the weekly rhythm would look like a move.
    (tmp_path / f"{month}.json").unlink()
    found = {one.field: one for one in measure(tmp_path, champions, moments, END)}
    assert found["days_since_last_email"].drifted


def test_without_champions_nothing_is_measured(restaurant: Workspace, tmp_path: Path) -> None:
    day = max(restaurant.nights.all())
    assert measure(tmp_path / "p", restaurant._champions, restaurant._moments, day) == ()
    assert not (tmp_path / "p").exists()
