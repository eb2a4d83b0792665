"""The demo: a large restaurant is made piece by piece, and is the same as in one go."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from segml import Workspace, WorkspaceError, demo
from segml.storage.records.runs import RunState
from small_town import content


@pytest.mark.slow
def test_pieces_make_the_same_restaurant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = demo.restaurant(tmp_path / "whole", customers=60_000, seed=5)
    monkeypatch.setattr(demo, "PIECE", 50_000)
    pieces = demo.restaurant(tmp_path / "pieces", customers=60_000, seed=5)
    folders = [path.name for path in sorted((tmp_path / "pieces" / "data").iterdir())]
    assert [name for name in folders if name.isdigit()] == ["000", "001"]
    both = [one.members("vip-customers") for one in (whole, pieces)]
    assert both[0].equals(both[1])
    assert both[0].height > 1_000


def test_a_restaurant_is_made_once_and_another_is_refused(tmp_path: Path) -> None:
    made = demo.restaurant(tmp_path, customers=120)
    assert [f"{day}" for day in made.nights.all()] == ["2026-06-24", "2026-07-01"]
    assert made.members("email-subscribers").height > 20
    before = content(tmp_path / "nights")
    demo.restaurant(tmp_path, customers=120)
    assert content(tmp_path / "nights") == before
    with pytest.raises(WorkspaceError, match="another workspace"):
        demo.restaurant(tmp_path, customers=130)


@pytest.mark.slow
def test_a_demo_has_scores_and_its_progress_only_grows(tmp_path: Path) -> None:
    shares: list[float] = []
    at = datetime(2026, 7, 1, 9, tzinfo=UTC)
    report = demo.make(
        tmp_path, 1_200, 5, lambda _step, share: shares.append(share), clock=lambda: at
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    found = {one.segment: one for one in report.segments}
    for name in ("churn-risk-high", "tier-upgrade-eligible"):
        assert found[name].count, found[name].unavailable
    runs = Workspace(tmp_path).records.runs.all()
    last, past, *trainings = runs
    assert (last.kind, last.as_of - past.as_of) == ("night", timedelta(days=demo.DAYS_BETWEEN))
    assert {one.what for one in trainings} == {"churn", "tier_upgrade"}
    assert {one.state for one in runs} == {RunState.DONE}
