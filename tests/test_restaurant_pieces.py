"""A synthetic restaurant made piece by piece is the one made at once."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from segml.datasets import restaurant
from segml.datasets.restaurant import RestaurantPlan, chunks, shares, write_restaurant


def test_the_pieces_are_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restaurant, "BLOCKS_PER_CHUNK", 2)
    monkeypatch.setattr(restaurant, "CHUNK", 5_000)
    plan = RestaurantPlan(customers=10_300, seed=7, first_day=date(2026, 4, 1))
    rows = write_restaurant(tmp_path / "whole", plan)
    pieces = shares(plan, 5_000)
    assert pieces == [range(2), range(2, 4), range(4, 5)]
    assert shares(plan, 5_001) == [range(4), range(4, 5)]
    seen: list[tuple[int, int]] = []
    counts = [
        write_restaurant(tmp_path / str(at), plan, lambda *one: seen.append(one), piece)
        for at, piece in enumerate(pieces)
    ]
    assert seen == [(2_500, 5_000), (5_000, 5_000)] * 2 + [(300, 300)]
    made = list(chunks(plan))
    for name, count in rows.items():
        whole = pl.read_parquet(tmp_path / "whole" / f"{name}.parquet")
        assert sum(one.get(name, 0) for one in counts) == count
        files = [tmp_path / str(at) / f"{name}.parquet" for at in range(3)]
        joined = pl.concat(pl.read_parquet(file) for file in files if file.exists())
        assert joined.equals(whole), name
        held = pl.concat(pl.DataFrame(one[name]) for one in made if name in one)
        assert held.equals(whole), name
        own = [pl.DataFrame(one[name]) for one in chunks(plan, pieces[1]) if name in one]
        assert all(one.equals(pl.read_parquet(files[1])) for one in own)
