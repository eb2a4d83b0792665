"""What the champions say of a day: kept while it holds, and of one version throughout."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from segml import Workspace
from segml.service.scores import FEW, scores, scores_at_once
from segml.wire.models import AskedScores
from trained_town import LATE

pytestmark = pytest.mark.slow


@pytest.fixture
def copied(town: Workspace, tmp_path: Path) -> Workspace:
    """Return a copy whose night of `LATE` is served."""
    shutil.copytree(town.folder, tmp_path / "copy")
    workspace = Workspace(tmp_path / "copy")
    workspace.nightly(LATE)
    return workspace


def test_scores_are_told_at_once_until_something_changes(copied: Workspace) -> None:
    asked = AskedScores(customers=["nobody", *range(1, 41)])
    assert scores_at_once(copied, asked) is None  # nothing is kept yet
    told = scores(copied, asked)
    assert scores_at_once(copied, asked) == scores(copied, asked) == told
    copied.models.rollback("churn", LATE)
    assert scores_at_once(copied, asked) is None  # the other version's scores come first
    other = scores(copied, asked)
    assert scores_at_once(copied, asked) == other
    assert other.models["churn"].version == 1 != told.models["churn"].version
    assert [one.scores for one in other.results] != [one.scores for one in told.results]


def test_what_may_take_long_is_never_told_at_once(copied: Workspace) -> None:
    few = AskedScores(customers=[1])
    scores(copied, few)
    assert scores_at_once(copied, few) is not None
    for long in (
        AskedScores(customers=[1], reasons=True),
        AskedScores(customers=[1], as_of=LATE - timedelta(days=1)),
        AskedScores(customers=[*range(FEW + 1)]),
        AskedScores(rows=[{}]),
    ):
        assert scores_at_once(copied, long) is None
