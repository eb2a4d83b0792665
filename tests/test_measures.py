"""Measures agree with scikit-learn, weights with repeated rows, intervals with fresh samples."""

from dataclasses import astuple, fields

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from segml.scoring.bootstrap import intervals, paired_difference
from segml.scoring.calibration import fit_calibration
from segml.scoring.measures import BINS, Measures, Scored, measures

NAMES = [field.name for field in fields(Measures)]


def world(rows: int, seed: int, digits: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and scores that are too timid and a little low; rounding makes ties."""
    draw = np.random.default_rng(seed)
    at = draw.normal(-0.5, 1.5, rows)
    return draw.random(rows) < expit(at), expit(0.7 * at - 0.2).round(digits)


@pytest.mark.parametrize("digits", [1, 2, 12])
@pytest.mark.parametrize("rows", [40, 3_000])
def test_measures_are_scikit_learns_where_it_has_them(rows: int, digits: int) -> None:
    outcome, score = world(rows, 1, digits)
    score = np.clip(score, 0.01, 0.99)
    found = measures(outcome, score, threshold=0.5)
    assert found.log_loss == pytest.approx(log_loss(outcome, score))
    assert found.brier == pytest.approx(brier_score_loss(outcome, score))
    assert found.auc == pytest.approx(roc_auc_score(outcome, score))
    assert found.average_precision == pytest.approx(average_precision_score(outcome, score))
    assert found.recall == pytest.approx(outcome[score >= 0.5].sum() / outcome.sum())


def test_slope_and_intercept_are_those_of_a_logistic_regression() -> None:
    outcome, score = world(5_000, 2)
    found = measures(outcome, score)
    free = LogisticRegression(C=np.inf, tol=1e-9).fit(logit(score)[:, None], outcome)
    assert found.slope == pytest.approx(free.coef_[0, 0], abs=1e-3)
    assert found.intercept == pytest.approx(free.intercept_[0], abs=1e-3)
    assert found.slope == pytest.approx(1 / 0.7, abs=0.1)


def test_perfectly_split_outcomes_have_the_slope_of_the_calibration() -> None:
    score = np.linspace(0.1, 0.9, 40)
    line = fit_calibration(logit(score), score > 0.5)
    found = measures(score > 0.5, score)
    assert (found.slope, found.intercept) == pytest.approx((line.slope, line.intercept), abs=1e-3)


def test_ece_and_lift_by_hand() -> None:
    score = np.repeat(np.linspace(0.05, 0.95, BINS), 20)
    outcome = np.tile(np.arange(20) < 5, BINS)
    found = measures(outcome, score)
    assert found.ece == pytest.approx(np.abs(np.linspace(0.05, 0.95, BINS) - 0.25).mean())
    assert found.lift_10 == pytest.approx(1.0)
    sure = np.arange(100) >= 80
    assert measures(sure, np.linspace(0.01, 0.99, 100)).lift_10 == pytest.approx(5.0)
    flat = measures(sure, np.full(100, 0.2))
    assert (flat.auc, flat.lift_10, flat.ece) == pytest.approx((0.5, 1.0, 0.0), abs=1e-12)


def test_the_order_of_rows_is_no_matter() -> None:
    outcome, score = world(500, 3, digits=1)
    score = np.clip(score, 0.05, 0.95)
    mixed = np.random.default_rng(0).permutation(500)
    assert astuple(measures(outcome, score, 0.5)) == pytest.approx(
        astuple(measures(outcome[mixed], score[mixed], 0.5))
    )


def test_a_weight_is_that_many_rows() -> None:
    outcome, score = world(2_000, 4, digits=2)
    score = np.clip(score, 0.01, 0.99)
    times = np.random.default_rng(5).integers(0, 4, 2_000)
    again = np.repeat(np.arange(2_000), times)
    weighted = Scored.of(outcome, score, 0.6).measured(times.astype(float))
    repeated = np.array(astuple(measures(outcome[again], score[again], 0.6)))
    exact = [NAMES.index(name) for name in NAMES if name not in {"ece", "slope", "intercept"}]
    assert weighted[exact] == pytest.approx(repeated[exact])
    assert weighted == pytest.approx(repeated, abs=0.02)  # bins, and one step of Newton's


def test_with_one_outcome_only_ranks_are_unknown() -> None:
    found = measures(np.ones(30, bool), np.linspace(0.5, 0.9, 30), 0.6)
    assert np.isnan([found.auc, found.average_precision, found.lift_10, found.recall]).all()
    assert np.isfinite([found.log_loss, found.brier, found.ece, found.slope]).all()
    assert np.isnan(measures(*world(30, 0)).recall)


def test_scores_that_are_no_probabilities_are_refused() -> None:
    with pytest.raises(ValueError, match="calibrated"):
        measures(np.array([True, False]), np.array([0.5, 1.5]))
    with pytest.raises(ValueError, match="calibrated"):
        measures(np.array([True, False]), np.array([0.5, np.nan]))
    with pytest.raises(ValueError, match="a row at least"):
        measures(np.array([], bool), np.array([]))


def clustered(customers: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return outcomes, two scores and customers, whose three rows share their fate."""
    draw = np.random.default_rng(seed)
    at = draw.normal(0, 1.2, customers)
    outcome = np.repeat(draw.random(customers) < expit(at), 3)
    good = np.repeat(expit(at), 3)
    worse = np.repeat(expit(at + draw.normal(0, 0.8, customers)), 3)
    return outcome, good, worse, np.repeat(np.arange(customers), 3)


def coverage(customers: int, samples: int) -> dict[str, float]:
    """Return how often intervals of measures and of differences hold the truth."""
    outcome, good, worse, _ = clustered(300_000, 99)
    true = {"one": measures(outcome[::3], good[::3]), "other": measures(outcome[::3], worse[::3])}
    held = dict.fromkeys(("auc", "log_loss", "slope", "gap in auc", "rows as customers"), 0)
    for seed in range(samples):
        outcome, good, worse, customer = clustered(customers, seed)
        one = intervals(outcome, good, customer, seed=seed)
        for name in ("auc", "log_loss", "slope"):
            held[name] += one[name].low <= getattr(true["one"], name) <= one[name].high
        gap = paired_difference(outcome, good, worse, customer, seed=seed)["auc"]
        held["gap in auc"] += gap.low <= true["one"].auc - true["other"].auc <= gap.high
        naive = intervals(outcome, good, np.arange(len(outcome)), seed=seed)["log_loss"]
        held["rows as customers"] += naive.low <= true["one"].log_loss <= naive.high
    return {name: count / samples for name, count in held.items()}


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = coverage(customers=400, samples=120)
    naive = held.pop("rows as customers")
    assert min(held.values()) >= 0.89
    assert naive < 0.85  # three rows of one customer are not three customers


def test_intervals_are_the_same_on_every_run_and_hold_the_estimate() -> None:
    outcome, good, _, customer = clustered(300, 7)
    found = intervals(outcome, good, customer, seed=3, threshold=0.6, replicates=50)
    assert found == intervals(outcome, good, customer, seed=3, threshold=0.6, replicates=50)
    assert found["auc"].estimate == measures(outcome, good).auc
    for name in ("auc", "log_loss", "brier", "lift_10", "recall", "slope"):
        assert found[name].low <= found[name].estimate <= found[name].high
    assert all(one.low >= 0 for name, one in found.items() if name != "intercept")
    same = paired_difference(outcome, good, good, customer, seed=3, replicates=20)
    same.pop("recall")
    assert all(astuple(gap) == (0.0, 0.0, 0.0) for gap in same.values())


def test_rows_of_a_customer_are_drawn_together() -> None:
    outcome, good, _, customer = clustered(400, 5)
    mixed = np.random.default_rng(1).permutation(len(outcome))
    together = intervals(outcome[mixed], good[mixed], customer[mixed], seed=2)["auc"]
    apart = intervals(outcome, good, np.arange(len(outcome)), seed=2)["auc"]
    assert together.high - together.low > 1.4 * (apart.high - apart.low)  # √3 in the long run


def test_pairing_tells_scores_apart_that_intervals_do_not() -> None:
    outcome, good, worse, customer = clustered(800, 11)
    alone = intervals(outcome, worse, customer, seed=1)["log_loss"]
    gap = paired_difference(outcome, good, worse, customer, seed=1)["log_loss"]
    assert gap.high < 0
    assert gap.high - gap.low < alone.high - alone.low
