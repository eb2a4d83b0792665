"""A set of customers as a bitmap: bit i of the words is the customer with code i.

Words are 64-bit; bits beyond the last customer are 0. Bitmaps in a cache are shared by threads, so
they are never written to.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Codes = NDArray[np.int64]


def packed(held: pl.Series) -> Words:
    """Return a true-or-false column as a bitmap; who has no value is not in it."""
    bits = held.rechunk().to_arrow()
    valid, raw = bits.buffers()
    words = np.zeros(-(-len(held) // 64), dtype=np.uint64)
    size = -(-len(held) // 8)
    into = words.view(np.uint8)[:size]
    if raw is None or bits.offset % 8:
        into[:] = np.packbits(held.fill_null(value=False).to_numpy(), bitorder="little")
        return words
    inside = slice(bits.offset // 8, bits.offset // 8 + size)
    values = np.frombuffer(raw, dtype=np.uint8)[inside]
    if valid is None:
        into[:] = values
    else:
        np.bitwise_and(values, np.frombuffer(valid, dtype=np.uint8)[inside], out=into)
    if len(held) % 8:
        into[-1] &= (1 << len(held) % 8) - 1
    return words


def intersection(sets: Iterable[Words], size: int) -> Words:
    """Return who is in all of the sets; everyone of `size` customers where there are none."""
    return _joined(np.bitwise_and, sets, everyone(size))


def union(sets: Iterable[Words], size: int) -> Words:
    """Return who is in any of the sets; nobody of `size` customers where there are none."""
    return _joined(np.bitwise_or, sets, nobody(size))


def _joined(join: np.ufunc, sets: Iterable[Words], neutral: Words) -> Words:
    for words in sets:
        join(neutral, words, out=neutral)
    return neutral


def everyone(size: int) -> Words:
    """Return the set of all of `size` customers."""
    words = np.full(-(-size // 64), 2**64 - 1, dtype=np.uint64)
    if size % 64:
        words[-1] >>= np.uint64(64 - size % 64)
    return words


def nobody(size: int) -> Words:
    """Return the empty set."""
    return np.zeros(-(-size // 64), dtype=np.uint64)


def resized(words: Words, size: int) -> Words:
    """Return a set among `size` customers: later ones are not in it, those beyond left out."""
    length = -(-size // 64)
    if len(words) >= length:
        return words[:length] & everyone(size)
    return np.append(words, np.zeros(length - len(words), dtype=np.uint64))


def count(words: Words) -> int:
    """Return how many customers are in a set."""
    return int(np.bitwise_count(words).sum())


def holding(words: Words, codes: Codes) -> NDArray[np.bool_]:
    """Return of each code whether it is in the set; codes beyond its end are not."""
    inside = codes < 64 * len(words)
    within = np.where(inside, codes, 0)
    if not len(words):
        return inside
    found: NDArray[np.bool_] = (
        words[within >> 6] >> (within & 63).astype(np.uint64) & np.uint64(1) > 0
    )
    return found & inside


def holds(words: Words, code: int) -> bool:
    """Return whether a customer is in a set."""
    return bool(words[code // 64] >> np.uint64(code % 64) & np.uint64(1))


def codes(words: Words, most: int | None = None) -> Codes:
    """Return the codes of the members, ascending; at most so many."""
    stop = len(words) if most is None else most
    while stop < len(words) and count(words[:stop]) < (most or 0):
        stop *= 8  # the first members stand among the first words
    filled = np.flatnonzero(words[:stop])[:most]  # each of these words holds a member at least
    bits = np.unpackbits(words[filled].view(np.uint8), bitorder="little")
    places = np.flatnonzero(bits)[:most]
    return places if len(filled) == len(words) else (filled[places >> 6] << 6) | (places & 63)


def among(places: NDArray[Any], size: int) -> Words:
    """Return the set of the customers with the given codes."""
    words = nobody(size)
    np.bitwise_or.at(words, places >> 6, np.uint64(1) << (places & 63).astype(np.uint64))
    return words


def overlaps(sets: list[Words]) -> NDArray[np.int64]:
    """Return how many customers each two sets share, as a symmetric matrix.

    Words are taken in blocks that stay in a core's cache.
    """
    many = len(sets)
    shared = np.zeros((many, many), dtype=np.int64)
    if not many:
        return shared
    block = 4_096
    held = np.stack(sets)
    for start in range(0, held.shape[1], block):
        part = np.ascontiguousarray(held[:, start : start + block])
        for i in range(many):
            both = np.bitwise_count(part[i:] & part[i])
            shared[i, i:] += both.sum(axis=1, dtype=np.int64)
    upper = np.triu(shared, 1)
    return shared + upper.T
