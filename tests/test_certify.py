"""What is certified is true as often as it says, and withdrawn when it is no longer."""

import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from mapie.risk_control import BinaryClassificationController
from scipy.special import expit
from scipy.stats import binom

from segml.scoring.buying.likelihood import chance_of_order
from segml.scoring.buying.pareto import fit_pareto_nbd
from segml.scoring.buying.statistics import buying_statistics
from segml.scoring.certify import (
    CannotCertify,
    Certificate,
    certified_threshold,
    thresholds_to_test,
    withdrawn,
)


def world(rows: int, seed: int, spread: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Return calibrated scores and outcomes; a small spread keeps every score far from 1."""
    draw = np.random.default_rng(seed)
    score = expit(draw.normal(1, spread, rows))
    return score, draw.random(rows) < score


def naive_threshold(score: np.ndarray, outcome: np.ndarray, precision: float) -> float:
    """Return the lowest threshold that looks good enough."""
    order = np.argsort(-score)
    looks = np.cumsum(outcome[order]) / np.arange(1, len(score) + 1)
    good = np.flatnonzero(looks >= precision)
    return float(score[order][good[-1]]) if len(good) else np.inf


def violations(
    population: tuple[np.ndarray, np.ndarray], rows: int, precision: float, samples: int
) -> tuple[float, float, int]:
    """Return how often a certificate and the naive choice are wrong, and how many are certified.

    Samples are drawn with replacement, so the population's precision is the true one.
    """
    score, outcome = population
    order = np.argsort(-score)
    ranked = -score[order]
    true = np.cumsum(outcome[order]) / np.arange(1, len(score) + 1)

    def is_wrong(threshold: float, level: float) -> bool:
        selected = int(np.searchsorted(ranked, -threshold, side="right"))
        return selected > 0 and bool(true[selected - 1] < level)

    wrong = wrong_naive = certified = 0
    for seed in range(samples):
        drawn = np.random.default_rng(seed).integers(len(score), size=rows)
        found = certified_threshold(score[drawn], outcome[drawn], precision, seed=seed)
        proof = found.best if isinstance(found, CannotCertify) else found
        certified += isinstance(found, Certificate)
        wrong += proof is not None and is_wrong(proof.threshold, proof.level)
        naive = naive_threshold(score[drawn], outcome[drawn], precision)
        wrong_naive += is_wrong(naive, precision)
    return wrong / samples, wrong_naive / samples, certified


@pytest.mark.slow
@pytest.mark.parametrize(("spread", "rows"), [(3.0, 600), (3.0, 3_000), (1.5, 1_500)])
def test_certificates_are_wrong_in_at_most_one_of_twenty(spread: float, rows: int) -> None:
    """Levels certified in place of the one asked for are counted too."""
    wrong, naive, certified = violations(world(200_000, 1, spread), rows, 0.95, samples=400)
    assert wrong <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)
    assert naive > 0.3
    assert certified > 300 or spread < 3 or rows < 3_000


@pytest.mark.slow
def test_certificates_on_cdnow_are_wrong_in_at_most_one_of_twenty(shared_data: Path) -> None:
    raw = pl.read_csv(shared_data / "cdnow_sample_2357.csv.gz", try_parse_dates=True)
    customer = raw["customer_id"].to_numpy()
    day = raw["date"].to_physical().to_numpy()
    as_of = int(day.min()) + 273
    codes, seen = buying_statistics(customer, day, as_of)
    stays_away = ~np.isin(codes, customer[day >= as_of])
    score = 1 - chance_of_order(fit_pareto_nbd(seen), seen, 273)
    wrong, naive, certified = violations((score, stays_away), 1_200, 0.85, samples=400)
    assert wrong <= 0.05
    assert naive > 0.25
    assert certified > 50


def test_certificates_in_a_short_run_are_right() -> None:
    wrong, naive, certified = violations(world(50_000, 1), 2_000, 0.95, samples=40)
    assert wrong <= 0.1
    assert naive > 0.25
    assert certified >= 30


@pytest.mark.parametrize("seed", range(6))
def test_mapie_certifies_no_lower_threshold_on_the_same_sequence(seed: int) -> None:
    """Equal p-values, but where MAPIE's ⌈n · r⌉ of a float counts an error more."""
    score, outcome = world(3_000, seed)
    planning, proving = np.split(np.random.default_rng(seed).permutation(3_000), [1_000])
    sequence = thresholds_to_test(score[planning], outcome[planning], 0.95)
    oracle = BinaryClassificationController(
        lambda chance: np.hstack([1 - chance, chance]),
        risk="precision",
        target_level=0.95,
        confidence_level=0.95,
        list_predict_params=sequence,
        fwer_method="fixed_sequence",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        oracle.calibrate(score[proving][:, None], outcome[proving].astype(int))
    reached = score[proving] >= sequence[:, None]
    wrong = (reached & ~outcome[proving]).sum(axis=1)
    exact = binom.cdf(wrong, reached.sum(axis=1), 0.05)
    more = binom.cdf(wrong + 1, reached.sum(axis=1), 0.05)
    theirs = oracle.p_values.ravel()
    assert np.all(
        np.isclose(theirs, exact) | (np.isclose(theirs, more) | (theirs < more) & (theirs > exact))
    )
    found = certified_threshold(score, outcome, seed=seed)
    assert isinstance(found, Certificate)
    assert found.threshold == sequence[np.flatnonzero(exact > 0.05)[0] - 1]
    assert found.threshold <= oracle.best_predict_param


def test_fifty_nine_without_an_error_are_the_least_evidence() -> None:
    for rows, selected, is_enough in ((88, 59, True), (87, 58, False)):
        found = certified_threshold(np.full(rows, 0.97), np.ones(rows, bool), seed=0)
        proof = found if isinstance(found, Certificate) else found.best
        assert isinstance(found, Certificate) is is_enough
        assert proof is not None
        assert (proof.selected, proof.correct, proof.customers) == (selected,) * 3
        assert proof.level == pytest.approx(0.95 if is_enough else 0.05 ** (1 / 58))


def test_what_cannot_be_certified_names_the_best_that_can() -> None:
    score, outcome = world(4_000, 2, spread=0.5)
    found = certified_threshold(score, outcome, seed=1)
    assert isinstance(found, CannotCertify)
    assert found.asked == 0.95
    assert found.best is not None
    assert 0.7 < found.best.level < found.best.realised
    nothing = CannotCertify(0.95, None)
    assert certified_threshold(score, np.zeros(4_000, bool), seed=1) == nothing
    assert certified_threshold(np.array([]), np.array([], bool), seed=1) == nothing
    assert certified_threshold(score[:2], outcome[:2], seed=1) == nothing


def test_a_certificate_says_what_it_stands_on() -> None:
    score, outcome = world(4_000, 3)
    found = certified_threshold(score, outcome, seed=5)
    assert isinstance(found, Certificate)
    assert found == certified_threshold(score, outcome, seed=5)
    assert (found.level, found.confidence, found.customers) == (0.95, 0.95, 2_667)
    assert found.realised == found.correct / found.selected > 0.95
    assert found.share == pytest.approx((score >= found.threshold).mean(), abs=0.03)
    assert np.isin(found.threshold, score)
    lower = certified_threshold(score, outcome, precision=0.8, seed=5)
    assert isinstance(lower, Certificate)
    assert lower.threshold < found.threshold


def test_levels_and_scores_that_cannot_be_are_refused() -> None:
    score, outcome = world(10, 1)
    with pytest.raises(ValueError, match="strictly between"):
        certified_threshold(score, outcome, precision=95, seed=0)
    with pytest.raises(ValueError, match="a score and an outcome"):
        certified_threshold(np.append(score[1:], np.nan), outcome, seed=0)
    with pytest.raises(ValueError, match="a score and an outcome"):
        certified_threshold(score[1:], outcome, seed=0)
    with pytest.raises(ValueError, match="strictly between"):
        withdrawn(outcome, level=1.0)


def test_a_certificate_that_holds_is_seldom_withdrawn_however_often_one_looks() -> None:
    draw = np.random.default_rng(4)
    for true, most in ((0.95, 0.05), (0.97, 0.01)):
        lost = [withdrawn(draw.random(2_000) < true, 0.95).withdrawn_after for _ in range(200)]
        assert np.mean([after is not None for after in lost]) <= most + 0.01


def test_looking_again_and_again_with_one_test_would_withdraw_too_often() -> None:
    draw = np.random.default_rng(4)
    seen = np.arange(1, 3_001)
    alarms = 0
    for _ in range(100):
        right = np.cumsum(draw.random(3_000) < 0.95)
        alarms += bool(np.any(binom.cdf(right, seen, 0.95) <= 0.05))
    assert alarms > 20


@pytest.mark.parametrize(("true", "within"), [(0.9, 450), (0.85, 120), (0.7, 40)])
def test_a_precision_that_has_fallen_is_found(true: float, within: int) -> None:
    draw = np.random.default_rng(6)
    found = [withdrawn(draw.random(3_000) < true, 0.95) for _ in range(100)]
    after = [watch.withdrawn_after or np.inf for watch in found]
    assert np.median(after) < within
    assert np.isfinite(after).all()


def test_evidence_is_the_mixture_of_likelihood_ratios() -> None:
    outcomes = np.array([True, False, True, True, False])
    below = (np.arange(200_000) + 0.5) / 200_000 * 0.9
    ratios = (below / 0.9) ** 3 * ((1 - below) / 0.1) ** 2
    watch = withdrawn(outcomes, 0.9)
    assert watch.log_evidence == pytest.approx(np.log(ratios.mean()), abs=1e-6)
    assert (watch.seen, watch.correct, watch.withdrawn_after) == (5, 3, None)
    assert withdrawn(outcomes[:0], 0.9).log_evidence == 0.0
    assert withdrawn(np.ones(100_000, bool), 0.5).log_evidence == -np.inf
    assert withdrawn(np.append(np.zeros(9, bool), np.ones(5_000, bool)), 0.9).withdrawn_after == 2
