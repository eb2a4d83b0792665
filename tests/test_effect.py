"""The smallest effect a campaign can show, held to published sizes and to a simulation."""

import numpy as np
import pytest

from segml.segments.effect import smallest_effect


@pytest.mark.parametrize(
    ("baseline", "rate", "each"),
    # Sizes without correction for continuity, two-sided 0.05, power 0.8.
    [(0.10, 0.15, 686), (0.25, 0.40, 152), (0.05, 0.10, 435)],
)
def test_published_sizes(baseline: float, rate: float, each: int) -> None:
    found = smallest_effect(baseline, each, each).absolute
    assert found == pytest.approx(rate - baseline, rel=0.002)


def test_a_simulated_campaign_is_noticed_four_times_in_five() -> None:
    baseline, treated, control, runs = 0.2, 4_500, 500, 20_000
    effect = smallest_effect(baseline, treated, control)
    assert effect.absolute is not None
    assert effect.relative == effect.absolute / baseline
    rng = np.random.default_rng(0)
    got = rng.binomial(treated, baseline + effect.absolute, runs) / treated
    left = rng.binomial(control, baseline, runs) / control
    pooled = (treated * got + control * left) / (treated + control)
    z = (got - left) / np.sqrt(pooled * (1 - pooled) * (1 / treated + 1 / control))
    assert (np.abs(z) > 1.959964).mean() == pytest.approx(0.8, abs=0.02)


def test_groups_too_small_to_show_anything() -> None:
    assert smallest_effect(0.3, 0, 10).absolute is None
    assert smallest_effect(0.3, 10, 0).absolute is None
    assert smallest_effect(0.9, 5, 5).absolute is None
    assert smallest_effect(0.0, 1_000, 1_000).relative is None
