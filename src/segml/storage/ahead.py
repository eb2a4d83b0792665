"""Ahead is how two cores share an import: the next item is made while this one is used."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


def ahead(items: Generator[_T, None, None]) -> Generator[_T, None, None]:
    """Yield the items of a generator, each made in a thread of its own while the last is in use.

    All of the generator runs in that one thread, its end as well, because a database's connection
    belongs to the thread that opened it. What it raises is raised here, in its place.
    """
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, items, None)
        try:
            while (item := coming.result()) is not None:
                coming = maker.submit(next, items, None)
                yield item
        finally:
            maker.submit(items.close).result()
