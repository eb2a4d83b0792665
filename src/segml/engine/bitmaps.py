"""A set of customers as a bitmap: bit i of the words is the customer with code i.

Words are 64-bit; bits beyond the last customer are 0. Bitmaps in a cache are shared by threads, so
they are never written to.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Codes = NDArray[np.int64]
_BLOCK: Final = 1_024  # words of a set that are looked at together with those of others
_THREADS: Final = 2
_LOW: Final = np.uint64(0x00FF_00FF_00FF_00FF)


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
    return _joined(np.bitwise_and, sets, everyone, size)


def union(sets: Iterable[Words], size: int) -> Words:
    """Return who is in any of the sets; nobody of `size` customers where there are none."""
    return _joined(np.bitwise_or, sets, nobody, size)


def _joined(
    join: np.ufunc, sets: Iterable[Words], neutral: Callable[[int], Words], size: int
) -> Words:
    first, *others = [*sets] or [neutral(size)]
    if not others:
        return first
    joined: Words = join(first, others[0])  # a new one, which the next are joined into
    for words in others[1:]:
        join(joined, words, out=joined)
    return joined


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
    missing = -(-size // 64) - len(words)
    if missing > 0:
        return np.append(words, np.zeros(missing, dtype=np.uint64))
    return words[: len(words) + missing] & everyone(size) if size % 64 else words[: size // 64]


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
    # Words that hold a member at least, of these the octets that do, of these the bits.
    filled = np.flatnonzero(words[:stop] != 0)[:most]
    octets = words[filled].view(np.uint8)
    held = np.flatnonzero(octets != 0)[:most]
    bits = np.unpackbits(octets[held], bitorder="little")
    places = np.flatnonzero(bits.view(np.bool_))[:most]
    octet = held[places >> 3]
    members: Codes = filled[octet >> 3] << 6 | (octet & 7) << 3 | places & 7
    return members


def among(places: NDArray[Any], size: int) -> Words:
    """Return the set of the customers with the given codes."""
    words = nobody(size)
    np.bitwise_or.at(words, places >> 6, np.uint64(1) << (places & 63).astype(np.uint64))
    return words


def overlaps(sets: list[Words]) -> NDArray[np.int64]:
    """Return how many customers each two sets share, as a symmetric matrix.

    Words are taken in blocks that stay in a core's cache, on two threads.
    """
    many = len(sets)
    shared = np.zeros((many, many), dtype=np.int64)
    if not many:
        return shared
    starts = range(0, len(sets[0]), _BLOCK)
    with ThreadPoolExecutor(_THREADS) as pool:
        parts = pool.map(partial(_pairs, sets), [starts[one::_THREADS] for one in range(_THREADS)])
        shared[np.triu_indices(many)] = sum(parts)
    return shared + np.triu(shared, 1).T


def _pairs(sets: list[Words], starts: Iterable[int]) -> NDArray[np.int64]:
    """Return how many customers of some blocks each two sets share, by `np.triu_indices`."""
    many = len(sets)
    ends = np.cumsum(range(many, 0, -1))
    held, both = np.zeros((2, many, _BLOCK), dtype=np.uint64)
    counts = np.empty((ends[-1], _BLOCK), dtype=np.uint8)
    total = np.zeros(ends[-1], dtype=np.int64)
    for start in starts:
        for row, words in zip(held, sets, strict=True):
            part = words[start : start + _BLOCK]
            row[: len(part)], row[len(part) :] = part, 0
        for one, end in enumerate(ends):
            np.bitwise_and(held[one:], held[one], out=both[one:])
            np.bitwise_count(both[one:], out=counts[end - many + one : end])
        total += _summed(counts)
    return total


def _summed(counts: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the sum of each row of a block's counts of bits, eight of them at a time.

    Each is at most 64, so of two neighbours a part of 16 bits holds 256 pairs and more. Numpy's own
    sum of bytes takes as long as counting the bits.
    """
    eights = counts.view(np.uint64)
    parts = (eights & _LOW) + (eights >> np.uint64(8) & _LOW)
    sums: NDArray[np.int64] = parts.sum(axis=1).view(np.uint16).reshape(-1, 4).sum(1, np.int64)
    return sums
