"""The oracle on frames: features and rules in Polars, straight from a history.

What a rule needs is computed together, one pass per table; each leaf is evaluated once; a past
(`Before`) is the same rule on an earlier history. Production asks `sets`; the agreement tests hold
the two to each other.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from segml.core.calendar import earlier
from segml.core.features import Feature
from segml.core.predicates import (
    Before,
    Events,
    Predicate,
    events_of,
    field_names,
    pasts_of,
)
from segml.core.tables import CustomerId, Kind
from segml.engine.history import History
from segml.engine.polars_features import snapshot
from segml.engine.polars_rules import Columns, expression


class PolarsEngine:
    """Features and rules over one history.

    Parameters
    ----------
    history
        The facts visible at `as_of`.
    features
        The features that rules may name.
    """

    def __init__(
        self,
        history: History,
        features: Mapping[str, Feature],
    ) -> None:
        self._history = history
        self._features = features
        # What held on earlier days, shared with the engines of those days: pasts of pasts recur.
        self._held: dict[tuple[date, Predicate], pl.DataFrame] = {}

    def features(self, names: Sequence[str]) -> pl.DataFrame:
        """Return ``customer_id`` and the named features in stored units, one row per customer."""
        return self._frame(tuple(names), ()).rename({f"f{i}": name for i, name in enumerate(names)})

    def members(self, predicate: Predicate) -> list[CustomerId]:
        """Return the customers for whom `predicate` holds, ascending."""
        held = self.evaluate([predicate])
        return held.filter(pl.col("p0"))["customer_id"].to_list()

    def evaluate(self, predicates: Sequence[Predicate], also: Sequence[str] = ()) -> pl.DataFrame:
        """Return ``customer_id``, ``p0``, ``p1``, … (true or false), then the features of `also`.

        One row per customer of the universe, ascending. What the predicates share is computed
        once.
        """
        events = tuple(dict.fromkeys(e for p in predicates for e in events_of(p)))
        pasts = tuple(dict.fromkeys(b for p in predicates for b in pasts_of(p)))
        fields = frozenset[str]().union(*(field_names(p) for p in predicates), also)
        names = tuple(sorted(fields))
        frame = self._frame(names, events)
        frame = self._with_pasts(frame, pasts)
        columns = self._columns(names, events, pasts)
        held = [
            expression(predicate, columns).alias(f"p{i}") for i, predicate in enumerate(predicates)
        ]
        values = [pl.col(f"f{names.index(name)}").alias(name) for name in also]
        return frame.select("customer_id", *held, *values)

    def _frame(self, names: tuple[str, ...], events: tuple[Events, ...]) -> pl.DataFrame:
        forms = [self._features[name].form for name in names]
        return snapshot(forms, events, self._history).collect(engine="streaming")

    def _with_pasts(self, frame: pl.DataFrame, pasts: tuple[Before, ...]) -> pl.DataFrame:
        """Add a column per past: those in the universe then and now for whom the rule held."""
        for days in dict.fromkeys(past.days for past in pasts):
            self._hold(days, [past.item for past in pasts if past.days == days])
        for i, past in enumerate(pasts):
            held = self._held[earlier(self._history.as_of, past.days), past.item]
            then = held.rename({"held": f"t{i}"})
            frame = frame.join(then, on="customer_id", how="left", maintain_order="left")
        return frame.with_columns(pl.col(f"t{i}").fill_null(value=False) for i in range(len(pasts)))

    def _hold(self, days: int, items: Sequence[Predicate]) -> None:
        """Evaluate on an earlier day what has not been evaluated on it yet."""
        history = self._history.before(days)
        new = [item for item in dict.fromkeys(items) if (history.as_of, item) not in self._held]
        if new:
            engine = PolarsEngine(history, self._features)
            engine._held = self._held
            held = engine.evaluate(new)
            for i, item in enumerate(new):
                self._held[history.as_of, item] = held.select("customer_id", held=f"p{i}")

    def _columns(
        self, names: tuple[str, ...], events: tuple[Events, ...], pasts: tuple[Before, ...]
    ) -> Columns:
        def field(name: str) -> tuple[pl.Expr, Kind]:
            return pl.col(f"f{names.index(name)}"), self._features[name].kind

        def computed(part: Events | Before) -> pl.Expr:
            if isinstance(part, Before):
                return pl.col(f"t{pasts.index(part)}")
            return pl.col(f"e{events.index(part)}")

        return Columns(field, computed)
