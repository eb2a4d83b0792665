"""The models of a workspace: taught, judged, promoted, and asked."""
from dataclasses import dataclass, field
from datetime import date
import numpy as np, polars as pl
from segml.scoring.buying import BuyingStatistics, buying_statistics
from segml.scoring.labels import LABELS, Outcome
from segml.engine.sets import SetEngine
from segml.engine import bitmaps
from segml.scoring.past import Share

@dataclass
class Study:
    workspace: object
    spec: object
    as_of: date
    most: int = 50_000
    _kept: dict = field(default_factory=dict)
    def __post_init__(self):
        self.history = self.workspace.history(self.as_of)
        days = self.history.rows("orders").select(pl.col("day").min()).collect().item()
        self.first_day = days
        self.share=None
    def rows(self, day):
        if day not in self._kept:
            ws=self.workspace
            moment=ws._moments.at(day)
            rule=ws.segments.rule(self.spec.population)
            held=SetEngine(moment, ws.cache).members(rule.lower(day))
            codes=bitmaps.codes(held)
            if self.share is None: self.share=Share(0., min(1., self.most/max(len(codes),1)), 7)
            codes=codes[self.share.of(codes)]
            from segml.units import in_wire_units
            self._kept[day]=in_wire_units(moment.rows(codes, self.spec.features)).with_columns(code=pl.Series(codes))
        return self._kept[day]
    def labels(self, day, rows):
        return LABELS[self.spec.label](Outcome(self.history, day, self.spec.horizon), rows, self.spec.label_settings)
    def order_days(self, day):
        o=self.workspace.history(day).rows("orders").select("customer_id","day").collect()
        return buying_statistics(o["customer_id"].to_numpy(), o["day"].to_physical().to_numpy(), (day-date(1970,1,1)).days)[1]
