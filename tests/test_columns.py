"""Columns are computed bucket by bucket, and nothing of a bucket stays behind but its words."""

from pathlib import Path

import polars as pl
import pytest

from segml.storage.buckets import mapped, write
from segml.storage.columns import computed

MAPS = Path("/proc/self/maps")


@pytest.mark.skipif(not MAPS.exists(), reason="the system does not tell what is mapped")
@pytest.mark.parametrize("kind", [pl.String, pl.List(pl.String)])
def test_words_do_not_keep_the_file_that_they_came_from(tmp_path: Path, kind: pl.DataType) -> None:
    texts = pl.Series("word", [f"a text that is longer than its view {n}" for n in range(1_000)])
    words = texts if kind == pl.String else texts.reshape((-1, 1)).arr.to_list()
    size = write(tmp_path, "texts.arrow", words.to_frame())

    def compute(_: int) -> pl.DataFrame:
        frame = mapped(tmp_path, "texts.arrow", size)
        assert "texts.arrow" in MAPS.read_text(encoding="utf-8")
        return frame

    found = computed(tmp_path / "scratch", 2, compute, lambda _: None)["word"]

    assert "texts.arrow" not in MAPS.read_text(encoding="utf-8")
    assert [one.dtype for one in found.words] == [kind, kind]
    assert pl.concat(found.words).explode().n_unique() == len(texts)
