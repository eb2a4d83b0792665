"""Calibration finds the line it was bent by, and the level of another season."""

from dataclasses import asdict

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from segml.scoring.calibration import (
    Calibration,
    fit_calibration,
    level_shift,
    recency_weights,
    unlabelled_shift,
)


def season(rows: int, seed: int, level: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return logits and outcomes; the level of the outcomes is off by so much."""
    draw = np.random.default_rng(seed)
    at = draw.normal(0, 1.5, rows)
    return at, draw.random(rows) < expit(at + level)


def test_fit_is_a_logistic_regression_and_mends_what_was_bent() -> None:
    at, outcome = season(20_000, 1)
    bent = 0.6 * at - 0.8
    found = fit_calibration(bent, outcome)
    free = LogisticRegression(C=np.inf, tol=1e-9).fit(bent[:, None], outcome)
    assert found.slope == pytest.approx(free.coef_[0, 0], abs=1e-4)
    assert found.intercept == pytest.approx(free.intercept_[0], abs=1e-4)
    assert np.abs(found.probability(bent) - expit(at)).max() < 0.02
    assert found.probability(bent).mean() == pytest.approx(outcome.mean(), abs=1e-6)


def test_weights_are_rows_and_recent_seasons_weigh_more() -> None:
    at, outcome = season(1_000, 2, 0.5)
    times = np.random.default_rng(3).integers(0, 3, 1_000)
    again = np.repeat(np.arange(1_000), times)
    weighted = fit_calibration(at, outcome, times.astype(float))
    repeated = fit_calibration(at[again], outcome[again])
    assert asdict(weighted) == pytest.approx(asdict(repeated), abs=1e-6)
    assert recency_weights(np.array([0.0, 30.0, 60.0]), 30).tolist() == [1.0, 0.5, 0.25]
    old, new = season(4_000, 4), season(4_000, 5, 1.0)
    both = [np.concatenate(parts) for parts in zip(old, new, strict=True)]
    age = np.repeat([120.0, 0.0], 4_000)
    level = fit_calibration(both[0], both[1], recency_weights(age, 30)).intercept
    assert 0.8 < level < 1.05
    assert fit_calibration(*both).intercept == pytest.approx(0.5, abs=0.15)


def test_perfectly_split_outcomes_give_finite_parameters() -> None:
    at = np.linspace(-3, 3, 40)
    found = fit_calibration(at, at > 0)
    assert 1 < found.slope < 50
    assert np.isfinite(found.intercept)
    assert level_shift(at, np.ones(40, bool)) < 5


def test_calibration_is_plain_data() -> None:
    found = Calibration(1.5, -0.25).shifted(0.5)
    assert Calibration(**asdict(found)) == found
    assert found.probability(np.array([0.0])) == pytest.approx([expit(0.25)])
    assert Calibration().probability(np.array([1.0])) == pytest.approx([expit(1.0)])


@pytest.mark.parametrize("level", [-1.0, 0.4, 1.5])
def test_the_latest_snapshot_gives_back_the_level(level: float) -> None:
    at, outcome = season(20_000, 6, level)
    assert level_shift(at, outcome) == pytest.approx(level, abs=0.06)
    few = level_shift(at[:20], outcome[:20], spread=0.3)
    assert abs(few) < abs(level_shift(at[:20], outcome[:20], spread=3.0))


@pytest.mark.parametrize("rate", [0.1, 0.4, 0.8])
def test_scores_alone_give_back_the_base_rate(rate: float) -> None:
    """Scores of those with and without the outcome look as before, only in other numbers."""
    draw = np.random.default_rng(8)
    with_outcome = draw.random(40_000) < rate
    score = expit(2.0 * (draw.normal(0, 1, 40_000) + np.where(with_outcome, 1.0, -1.0)))
    by = unlabelled_shift(score, 0.5)
    assert expit(by) == pytest.approx(with_outcome.mean(), abs=0.01)
    mended = expit(logit(score) + by)
    assert mended.mean() == pytest.approx(with_outcome.mean(), abs=0.01)


def test_the_root_is_where_saerens_em_ends() -> None:
    draw = np.random.default_rng(9)
    score, before = expit(draw.normal(-1.0, 1.5, 2_000)), 0.45
    rate = before
    for _ in range(5_000):
        have = score * rate / before
        rate = float(np.mean(have / (have + (1 - score) * (1 - rate) / (1 - before))))
    assert expit(logit(before) + unlabelled_shift(score, before)) == pytest.approx(rate, abs=1e-6)


def test_a_base_rate_at_the_end_stays_finite() -> None:
    assert np.isfinite(unlabelled_shift(np.full(50, 0.01), 0.5))
    assert np.isfinite(unlabelled_shift(np.full(50, 0.99), 0.5))
    with pytest.raises(ValueError, match="strictly between"):
        unlabelled_shift(np.array([0.5, 1.0]), 0.5)
    with pytest.raises(ValueError, match="strictly between"):
        unlabelled_shift(np.array([0.5]), 0.0)
