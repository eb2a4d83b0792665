"""Certificates over time: what the labels refute is withdrawn, once; what holds stays."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from segml import Workspace
from segml.pipeline import run_nights
from segml.scoring.model import Model
from segml.storage.scorers import UNSCORED, keep_scores
from segml.storage.snapshots import KNOWN, Snapshot
from segml.storage.versions import Reign
from segml.watching import watch
from trained_town import EARLY, END, LATE

MATURE = LATE + timedelta(days=60)  # the window of what was said at LATE is over


@pytest.fixture
def copied(town: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(town.folder, tmp_path / "w")
    return Workspace(tmp_path / "w")


def certified(workspace: Workspace, level: float, expires: date, threshold: float = 0.3) -> Model:
    """Make a champion that promises a precision until a day, and return it."""
    versions = workspace._champions.versions
    champion = versions.champion("churn", LATE)
    assert champion is not None
    told = {"certified": True, "level": level, "expires": expires.isoformat()}
    model = replace(champion, threshold=threshold, certificate={"all": told})
    versions.keep(model)
    versions.crown("churn", Reign(LATE, model.digest, 9))
    return model


def watched(workspace: Workspace, as_of: date) -> tuple[str, ...]:
    return watch(workspace._champions, as_of, workspace.history, workspace._moments)


def precision(workspace: Workspace, model: Model) -> tuple[int, int]:
    """Return whom a model selected at LATE, and who of them stayed away, from the orders alone."""
    rows = workspace.features(["churn_risk"], as_of=LATE).filter(
        pl.col("churn_risk") >= model.threshold
    )
    orders = workspace.history(END).rows("orders").collect()
    came = orders.filter(pl.col("day").is_between(LATE, MATURE, closed="left"))["customer_id"]
    away = rows.filter(~pl.col("customer_id").is_in(came.unique().to_list()))
    return rows.height, away.height


def test_labels_that_refute_a_certificate_withdraw_it_once(copied: Workspace) -> None:
    model = certified(copied, 0.95, date(2027, 1, 1))
    versions = copied._champions.versions
    assert copied._champions.thresholds()["churn_risk"] == 0.3
    assert watched(copied, MATURE - timedelta(days=1)) == ()  # nobody knows yet
    assert versions.matured(model.digest) == ()
    (told,) = watched(copied, MATURE)
    (window,) = versions.matured(model.digest)
    assert (window.night, window.seen, window.correct) == (LATE, *precision(copied, model))
    assert f"{window.correct / window.seen:.1%}" in told
    assert "95% promised" in told
    withdrawal = versions.withdrawal(model.digest)
    assert withdrawal is not None
    assert withdrawal.since == MATURE
    assert watched(copied, MATURE) == watched(copied, END) == ()
    assert copied._champions.thresholds()["churn_risk"] == 0.5  # as declared
    rule: Any = copied.segments.get("churn-risk-high").rule
    assert rule["rules"][0]["value"] == 0.5


def test_who_is_high_follows_a_withdrawal(copied: Workspace) -> None:
    """A band begins where the segment does, which is no longer where the certificate said."""

    def least_high() -> tuple[float, set[str]]:
        told = copied.models.scores("churn", as_of=LATE).drop_nulls("score")
        begins = copied.models.board(("churn",), as_of=LATE).speakers["churn"].threshold
        return begins, set(told.filter(pl.col("score") >= begins)["band"])

    certified(copied, 0.95, date(2027, 1, 1))
    assert least_high() == (0.3, {"high"})
    assert watched(copied, MATURE)
    default = copied.models.spec("churn").threshold.default
    assert default > 0.3
    assert least_high() == (default, {"high"})
    between = copied.models.scores("churn", as_of=LATE).filter(
        pl.col("score").is_between(0.3, default, closed="left")
    )
    assert between.height
    assert "high" not in between["band"]


def test_a_certificate_that_holds_stays(copied: Workspace) -> None:
    probe = certified(copied, 0.95, date(2027, 1, 1))
    seen, away = precision(copied, probe)
    model = certified(copied, away / seen - 0.05, date(2027, 1, 1))
    assert watched(copied, MATURE) == ()
    assert watched(copied, END) == ()
    assert len(copied._champions.versions.matured(model.digest)) == 1  # each window once
    assert copied._champions.thresholds()["churn_risk"] == 0.3


def test_a_certificate_ends_on_its_day(copied: Workspace) -> None:
    expires = LATE + timedelta(days=30)
    certified(copied, 0.05, expires)
    assert watched(copied, expires - timedelta(days=1)) == ()
    (told,) = watched(copied, expires)
    assert f"It ran out on {expires}." in told
    assert watched(copied, expires) == ()


def test_what_promises_nothing_is_not_withdrawn(copied: Workspace) -> None:
    versions = copied._champions.versions
    assert watched(copied, EARLY - timedelta(days=1)) == ()  # there was no champion yet
    assert watched(copied, END) == ()
    assert all(versions.withdrawal(one.digest) is None for one in versions.reigns()["churn"])


def test_a_night_tells_of_a_withdrawal(copied: Workspace) -> None:
    certified(copied, 0.95, date(2027, 1, 1))
    at = datetime(2026, 4, 1, 5, tzinfo=UTC)
    first, second = run_nights(
        copied, [MATURE, MATURE + timedelta(days=1)], clock=lambda: at, who="kim"
    )
    words = " ".join(alert.words for alert in first.run.alerts)
    assert "The certificate of “Churn” was withdrawn" in words
    assert not second.report.notes


def test_a_promotion_made_in_the_registry_counts(copied: Workspace) -> None:
    first, second = copied._champions.versions.reigns()["churn"]
    assert copied.models.follow("churn", END) is None  # it scores already
    copied.models.tracking.point("churn", "champion", first.version)
    assert copied.models.follow("churn", END) == first.version
    assert copied.models.follow("churn", END) is None
    versions = copied._champions.versions
    before = versions.reign("churn", END - timedelta(days=1))
    now = versions.reign("churn", END)
    assert before == second  # the past stays as it was said
    assert now == Reign(END, first.digest, first.version)
    assert copied.models.follow("tier_upgrade", END) is None  # which nobody was ever taught


# Of old nights the scores are kept


def test_of_an_old_night_only_the_scores_stay(copied: Workspace) -> None:
    said = copied.features(["churn_risk", "orders_90d"], as_of=LATE)
    stored = copied._moments.stored(LATE)
    assert stored is not None
    plain = copied._moments._definitions
    assert keep_scores(stored.folder, plain)
    kept = Snapshot(stored.folder)
    assert KNOWN in kept.columns
    assert not set(kept.columns) & (set(plain) - {KNOWN})
    assert all(column.definition != UNSCORED for column in kept.columns.values())
    files = {path.name for path in stored.folder.iterdir()}
    assert keep_scores(stored.folder, plain)  # twice is once
    assert {path.name for path in stored.folder.iterdir()} == files
    again = Workspace(copied.folder)
    assert again.features(["churn_risk", "orders_90d"], as_of=LATE).equals(said)


def test_of_a_night_without_scores_nothing_is_kept(restaurant: Workspace, tmp_path: Path) -> None:
    stored = restaurant._moments.stored(max(restaurant.nights.all()))
    assert stored is not None
    shutil.copytree(stored.folder, tmp_path / "night")
    assert not keep_scores(tmp_path / "night", restaurant._moments._definitions)
    assert not keep_scores(tmp_path / "nothing", restaurant._moments._definitions)


# Calibration


def test_what_was_foretold_is_held_to_what_came(copied: Workspace) -> None:
    versions = copied._champions.versions
    digest = versions.reigns()["churn"][1].digest
    watched(copied, MATURE - timedelta(days=1))
    assert versions.calibrated(digest) == ()
    watched(copied, MATURE)
    (found,) = versions.calibrated(digest)
    assert found.night == LATE
    scores = copied.features(["churn_risk"], as_of=LATE).drop_nulls()
    orders = copied.history(END).rows("orders").collect()
    came = orders.filter(pl.col("day").is_between(LATE, MATURE, closed="left"))["customer_id"]
    away = 1 - scores["customer_id"].is_in(came.unique().to_list()).mean()  # type: ignore[operator]
    assert sum(tenth.n for tenth in found.tenths) == scores.height
    assert len(found.tenths) == 10
    assert sum(tenth.observed * tenth.n for tenth in found.tenths) / scores.height == pytest.approx(
        away
    )
    predicted = [tenth.predicted for tenth in found.tenths]
    assert predicted == sorted(predicted)
    watched(copied, END)
    assert versions.calibrated(digest) == (found,)  # each window once


def test_a_champion_that_is_far_off_is_told(copied: Workspace) -> None:
    versions = copied._champions.versions
    champion = versions.champion("churn", LATE)
    assert champion is not None
    model = replace(champion, shift=champion.shift + 3)
    versions.keep(model)
    versions.crown("churn", Reign(LATE, model.digest, 9))
    (told,) = watched(copied, MATURE)
    assert "“Churn” is off" in told
    assert watched(copied, MATURE) == ()
