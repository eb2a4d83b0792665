"""What sets of customers say about each other: who is shared, who moved, whose money it is."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from segml.engine import bitmaps
from segml.engine.arithmetic import quotient
from segml.engine.bitmaps import Words


def overlap(sets: Mapping[str, Words]) -> pl.DataFrame:
    """Return how many customers each two segments share.

    Returns
    -------
    pl.DataFrame
        ``segment`` and one column per segment; on the diagonal stand the sizes.
    """
    names = list(sets)
    shared = bitmaps.overlaps(list(sets.values()))
    columns = {name: shared[:, i] for i, name in enumerate(names)}
    return pl.DataFrame({"segment": pl.Series(names, dtype=pl.String)} | columns)


def combinations(sets: Mapping[str, Words]) -> list[tuple[tuple[str, ...], int]]:
    """Return how many customers are in just which of the segments, the most first.

    Those who are in none are left out. Of 62 segments at most, for a customer's segments are
    written as the bits of one number.
    """
    names = list(sets)
    size = 64 * max((len(words) for words in sets.values()), default=0)
    found = np.zeros(size, dtype=np.int64)
    for place, words in enumerate(sets.values()):
        bits = np.unpackbits(bitmaps.resized(words, size).view(np.uint8), bitorder="little")
        found |= bits.astype(np.int64) << place
    kinds, many = np.unique(found[found > 0], return_counts=True)
    told = [
        (tuple(name for place, name in enumerate(names) if kind >> place & 1), int(count))
        for kind, count in zip(kinds.tolist(), many, strict=True)
    ]
    return sorted(told, key=lambda one: (-one[1], one[0]))


def revenue(sets: Mapping[str, Words], universe: Words, spend: pl.Series) -> pl.DataFrame:
    """Return what part of everybody's spend each segment's members spent.

    Parameters
    ----------
    sets, universe
        Members by segment, and everybody known.
    spend
        In minor units, by customer code; missing for whom it is not known.

    Returns
    -------
    pl.DataFrame
        ``segment, members, customer_share, spend, revenue_share``; the spend in minor units, shares
        from 0 to 1, missing where there is nothing to share.
    """
    amounts = spend.cast(pl.Int64).fill_null(0).to_numpy()
    rows = [
        (name, bitmaps.count(held), _total(amounts, held))
        for name, held in ({"": universe} | dict(sets)).items()
    ]
    frame = pl.DataFrame(rows, schema=["segment", "members", "spend"], orient="row")
    everybody, all_spend = frame.row(0)[1:]
    shares = [
        quotient(pl.col(part), pl.lit(whole)).alias(name)
        for part, whole, name in (
            ("members", everybody, "customer_share"),
            ("spend", all_spend, "revenue_share"),
        )
    ]
    order = ("segment", "members", "customer_share", "spend", "revenue_share")
    return frame[1:].with_columns(shares).select(order)


def _total(amounts: np.ndarray[tuple[int], np.dtype[np.int64]], held: Words) -> int:
    bits = np.unpackbits(held.view(np.uint8), count=len(amounts), bitorder="little")
    return int(np.add.reduce(amounts, where=bits.view(bool)))


def moves(before: Words, after: Words) -> tuple[Words, Words]:
    """Return who entered and who left from one set to another, among the codes of the later."""
    size = 64 * max(len(before), len(after))
    was, now = (bitmaps.resized(words, size) for words in (before, after))
    moved = was ^ now
    return moved & now, moved & was


def trend(tallies: Sequence[tuple[object, int, int, int]]) -> pl.DataFrame:
    """Return ``as_of, count, entered, left`` of a segment, the earliest night first."""
    schema = {"as_of": pl.Date, "count": pl.Int64, "entered": pl.Int64, "left": pl.Int64}
    return pl.DataFrame(tallies, schema=schema, orient="row").sort("as_of")
