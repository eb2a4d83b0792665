"""What sets say of each other, counted once more by hand; and older layouts brought up to date."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from segml import UnknownName, Workspace, WorkspaceError
from segml import fields as f
from segml.engine import bitmaps
from segml.upgrade import upgrade
from small_town import LAST, filled, tables_of

NAMES = ("at-risk", "vip-customers", "email-subscribers")
BETWEEN = LAST - timedelta(days=3)  # no night was run for it


def members(workspace: Workspace, name: str, day: date) -> set[int]:
    return set(workspace.members(name, as_of=day)["customer_id"])


@pytest.mark.parametrize("day", [LAST, BETWEEN])
def test_overlap_counts_those_in_both(restaurant: Workspace, day: date) -> None:
    found = restaurant.overlap(NAMES, as_of=day)
    sets = {name: members(restaurant, name, day) for name in NAMES}
    assert found.columns == ["segment", *NAMES]
    for name, *shared in found.iter_rows():
        assert shared == [len(sets[name] & sets[other]) for other in NAMES]


@pytest.mark.parametrize("day", [LAST, BETWEEN])
def test_revenue_is_the_members_share(restaurant: Workspace, day: date) -> None:
    everyone = restaurant.features(["spend_365d"], as_of=day)
    for name, many, share, spend, part in restaurant.revenue(NAMES, as_of=day).iter_rows():
        inside = everyone.filter(pl.col("customer_id").is_in(members(restaurant, name, day)))
        assert many == inside.height
        assert share == many / everyone.height
        assert spend == pytest.approx(inside["spend_365d"].sum())
        assert part == pytest.approx(inside["spend_365d"].sum() / everyone["spend_365d"].sum())


def test_trend_tells_every_night(restaurant: Workspace) -> None:
    found = restaurant.trend("at-risk")
    assert found["as_of"].to_list() == [LAST - timedelta(days=d) for d in (14, 7, 0)]
    counts = [len(members(restaurant, "at-risk", day)) for day in found["as_of"]]
    assert found["count"].to_list() == counts
    assert counts[1] == counts[0] + found["entered"][1] - found["left"][1]
    assert restaurant.trend("at-risk", since=LAST).height == 1
    with pytest.raises(UnknownName):
        restaurant.trend("at-rsik")


@pytest.mark.parametrize("start", [LAST - timedelta(days=14), BETWEEN])
def test_moves_between_any_two_dates(restaurant: Workspace, start: date) -> None:
    was, now = (members(restaurant, "at-risk", day) for day in (start, LAST))
    entered, left = restaurant.moves("at-risk", start, LAST)
    assert entered.to_list() == sorted(now - was)
    assert left.to_list() == sorted(was - now)


def test_bitmaps_are_sets() -> None:
    random = np.random.default_rng(1)
    for size in (0, 1, 63, 64, 65, 1000):
        held = random.random(size) < 0.3
        words = bitmaps.packed(pl.Series(held, dtype=pl.Boolean))
        places = np.flatnonzero(held)
        assert bitmaps.count(words) == len(places)
        assert (bitmaps.codes(words) == places).all()
        assert (bitmaps.codes(words, 5) == places[:5]).all()
        assert bitmaps.count(bitmaps.everyone(size) & ~words) == size - len(places)
        assert (bitmaps.among(places, size) == words).all()
        for code in range(size):
            assert bitmaps.holds(words, code) == held[code]
        known = random.random(size) < 0.8
        unsure = pl.Series(held, dtype=pl.Boolean).set(pl.Series(~known), None)
        for part in (unsure, unsure[size // 3 :]):
            assert (bitmaps.codes(bitmaps.packed(part)) == part.arg_true().to_numpy()).all()
        both = bitmaps.intersection([words, bitmaps.packed(pl.Series(known))], size)
        assert (bitmaps.codes(both) == np.flatnonzero(held & known)).all()
        either = bitmaps.union([words, bitmaps.packed(pl.Series(known))], size)
        assert (bitmaps.codes(either) == np.flatnonzero(held | known)).all()


def test_the_first_members_of_a_large_set() -> None:
    for step in (1, 70, 9_973, 99_999):
        places = np.arange(0, 100_000, step)
        words = bitmaps.among(places, 100_000)
        for most in (1, 50, len(places), 200_000):
            assert (bitmaps.codes(words, most) == places[:most]).all()


@pytest.mark.slow
def test_nights_of_the_first_layout_are_run_again(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    days = [LAST - timedelta(days=7), LAST]
    for day in days:
        workspace.nightly(day)
    expected = tables_of(workspace)
    nights = tmp_path / "w" / "nights"
    for folder in ("nights", "snapshots"):
        shutil.rmtree(tmp_path / "w" / folder)
    nights.mkdir()
    older = {str(day): {"as_of": str(day), "folder": f"{day}.1"} for day in days}
    (nights / "index.json").write_text(json.dumps(older))
    with pytest.raises(WorkspaceError, match="segml upgrade"):
        Workspace(tmp_path / "w").preview("at-risk")
    assert upgrade(tmp_path / "w") == days
    assert upgrade(tmp_path / "w") == []
    assert tables_of(Workspace(tmp_path / "w")) == expected


def test_an_older_night_keeps_its_sets_and_answers(tmp_path: Path, data: Path) -> None:
    workspace = filled(tmp_path / "w", data)
    (tmp_path / "w" / "segml.toml").open("a").write("nights_kept = 1\n")
    workspace = Workspace(tmp_path / "w")
    first = LAST - timedelta(days=7)
    workspace.nightly(first)
    before = workspace.preview(f.lifetime_spend > 100, as_of=first)
    workspace.nightly(LAST)
    kept = [path.name.split(".")[0] for path in (tmp_path / "w" / "snapshots").glob("*.g*")]
    assert str(first) not in kept
    assert workspace.trend("at-risk").height == 2
    assert workspace.nights.members(first).height
    assert workspace.preview(f.lifetime_spend > 100, as_of=first) == before
