"""The engines that must agree.

To add an engine: its module and class in `_OTHERS`; the operators' truth tables and the agreement
tests run on it.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import polars as pl

from arranged_histories import ArrangedEngine
from segml.core.features import Feature
from segml.core.predicates import Predicate
from segml.engine.history import History
from segml.engine.reference import Reference

Ids = list[int | str]
Engine = Callable[[History, Mapping[str, Feature], Predicate], Ids]
Frame = Callable[[History, Mapping[str, Feature], Sequence[str]], pl.DataFrame]


def _engine(module: str, name: str, history: History, features: Mapping[str, Feature]) -> Any:
    """Return an engine over a history; imported late, so that a broken one fails its own tests."""
    return getattr(import_module(f"segml.engine.{module}"), name)(history, features)


def _members(module: str, name: str) -> Engine:
    return lambda history, features, predicate: _engine(module, name, history, features).members(
        predicate
    )


def _values(module: str, name: str) -> Frame:
    return lambda history, features, names: _engine(module, name, history, features).features(names)


_OTHERS = {
    module: name
    for module, name in {"polars": "PolarsEngine", "sql": "SqlEngine"}.items()
    if find_spec(f"segml.engine.{module}")
}
ENGINES: dict[str, Engine] = {
    "reference": lambda history, features, predicate: Reference.of(history, features).members(
        predicate
    ),
    "sets": lambda history, features, predicate: ArrangedEngine(history, features).members(
        predicate
    ),
    **{module: _members(module, name) for module, name in _OTHERS.items()},
}
FRAMES: dict[str, Frame] = {
    "sets": lambda history, features, names: ArrangedEngine(history, features).features(names),
    **{module: _values(module, name) for module, name in _OTHERS.items()},
}
