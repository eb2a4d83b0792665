"""The engines that must agree.

To add an engine: a line of `FRAMES`; the operators' truth tables and the agreement tests run it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import polars as pl

from arranged_histories import ArrangedEngine
from segml.core.features import Feature
from segml.core.predicates import Predicate
from segml.engine.history import History
from segml.engine.polars import PolarsEngine
from segml.engine.reference import Reference
from segml.engine.sql import SqlEngine


class Engine(Protocol):
    """Says for whom a predicate holds."""

    def members(self, predicate: Predicate) -> list[int | str]: ...


class FrameEngine(Engine, Protocol):
    """Gives the values of features as well."""

    def features(self, names: Sequence[str]) -> pl.DataFrame: ...


FRAMES: Final[dict[str, Callable[[History, Mapping[str, Feature]], FrameEngine]]] = {
    "sets": ArrangedEngine,
    "polars": PolarsEngine,
    "sql": SqlEngine,
}
ENGINES: Final[dict[str, Callable[[History, Mapping[str, Feature]], Engine]]] = {
    "reference": Reference.of,
    **FRAMES,
}
