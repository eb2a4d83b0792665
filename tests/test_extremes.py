"""The largest and smallest so many values, beside sorting all of them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segml.engine import bitmaps, extremes

Numbers = st.one_of(
    st.lists(st.none() | st.integers(-5, 5), min_size=1, max_size=200),
    st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=200),
)


@given(Numbers, st.data(), st.booleans(), st.sampled_from((1, 3, 1 << 16)))
def test_they_are_those_that_sorting_finds(
    numbers: list[float | None], data: st.DataObject, largest: bool, sample: int
) -> None:
    values = pl.Series(numbers, dtype=pl.Float64 if any(map(_fraction, numbers)) else pl.Int32)
    known = [n is not None and data.draw(st.integers(0, 3)) > 0 for n in numbers]
    if not any(known):
        return
    wanted = data.draw(st.integers(1, sum(known)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(extremes, "_SAMPLE", sample)  # so few that the threshold is often missed
        held = bitmaps.packed(pl.Series(known))
        inside, codes = extremes.extremes(values, held, wanted, largest=largest)
    ordered = sorted((n for n, one in zip(numbers, known, strict=True) if one), reverse=largest)
    last = ordered[wanted - 1]
    beyond = [
        n is not None and one and (n > last if largest else n < last)
        for n, one in zip(numbers, known, strict=True)
    ]
    assert bitmaps.codes(inside).tolist() == np.flatnonzero(beyond).tolist()
    assert codes.tolist() == [
        code for code, one in enumerate(known) if one and numbers[code] == last
    ]


def _fraction(number: float | None) -> bool:
    return isinstance(number, float)


@pytest.mark.parametrize("largest", [True, False])
def test_a_sample_that_says_nothing(largest: bool) -> None:
    """Every value that is sampled is missing: all are looked at."""
    size = 1 << 18
    values = np.arange(size, dtype=np.int32)
    column = pl.Series(values).set(pl.Series(values % 4 == 0), None)
    known = bitmaps.packed(column.is_not_null())
    inside, codes = extremes.extremes(column, known, 3, largest=largest)
    found = [*bitmaps.codes(inside), *codes]
    assert sorted(found) == ([size - 3, size - 2, size - 1] if largest else [1, 2, 3])
