"""segml: customer segmentation for restaurants, and anyone else with orders.

A rule is a set of customers at a date. Open a workspace, ask it::

    import segml
    from segml import fields as f

    restaurant = segml.Workspace("demo")
    restaurant.preview((f.lifetime_spend > 200) & f.order_items.where(category="wine").never())

Public are the names below, every field in `segml.fields`, the synthetic restaurant in `segml.demo`
and what is true of its guests in `segml.datasets.oracle`.
"""

from segml.core.errors import (
    Busy,
    ImportRefused,
    Problem,
    RuleRefused,
    SegmentInUse,
    SegmlError,
    Superseded,
    UnknownName,
    WorkspaceError,
)
from segml.segments.segment import Segment
from segml.settings import Settings
from segml.workspace import Workspace

__all__ = [
    "Busy",
    "ImportRefused",
    "Problem",
    "RuleRefused",
    "Segment",
    "SegmentInUse",
    "SegmlError",
    "Settings",
    "Superseded",
    "UnknownName",
    "Workspace",
    "WorkspaceError",
]
