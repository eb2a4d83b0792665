"""Calibration finds the line that logits were bent by."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from segml.scoring.calibration import fit_calibration


def drawn(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return logits and outcomes that meet them."""
    draw = np.random.default_rng(seed)
    at = draw.normal(0, 1.5, rows)
    return at, draw.random(rows) < expit(at)


def test_fit_is_a_logistic_regression_and_mends_what_was_bent() -> None:
    at, outcome = drawn(20_000, 1)
    bent = 0.6 * at - 0.8
    found = fit_calibration(bent, outcome)
    free = LogisticRegression(C=np.inf, tol=1e-9).fit(bent[:, None], outcome)
    assert found.slope == pytest.approx(free.coef_[0, 0], abs=1e-4)
    assert found.intercept == pytest.approx(free.intercept_[0], abs=1e-4)
    assert np.abs(found.probability(bent) - expit(at)).max() < 0.02
    assert found.probability(bent).mean() == pytest.approx(outcome.mean(), abs=1e-6)


def test_perfectly_split_outcomes_give_finite_parameters() -> None:
    at = np.linspace(-3, 3, 40)
    found = fit_calibration(at, at > 0)
    assert 1 < found.slope < 50
    assert np.isfinite(found.intercept)
