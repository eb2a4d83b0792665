"""The demo: a large restaurant is made piece by piece, and is the same as in one go."""

from pathlib import Path

import pytest

from segml import Workspace, demo


@pytest.mark.slow
def test_pieces_make_the_same_restaurant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = demo.make(tmp_path / "whole", 60_000, 5, lambda _step, _share: None)
    monkeypatch.setattr(demo, "PIECE", 50_000)
    shares: list[float] = []
    pieces = demo.make(tmp_path / "pieces", 60_000, 5, lambda _step, share: shares.append(share))
    assert pieces == whole
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert [p.name for p in sorted((tmp_path / "pieces" / "data").iterdir()) if p.is_dir()] == [
        "000",
        "001",
    ]
    both = [Workspace(tmp_path / name).members("vip-customers") for name in ("whole", "pieces")]
    assert both[0].equals(both[1])
