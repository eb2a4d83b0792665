"""segml: customer segmentation for restaurants, and anyone else with orders.

A rule is a set of customers at a date. Open a workspace, ask it::

    import segml
    from segml import fields as f

    restaurant = segml.Workspace("demo")
    restaurant.preview((f.lifetime_spend > 200) & f.order_items.where(category="wine").never())

A service is asked with the same verbs: ``segml.connect(url, token)``. ``segml.Builder(restaurant)``
is the page's builder in a notebook (it needs ``segml[notebooks]``). Public are the names below,
every field in `segml.fields`, the synthetic restaurant in `segml.demo` and what is true of its
guests in `segml.datasets.oracle`. A name is loaded when it is first used, so that a process which
serves, or only talks to a service, loads no more than it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from segml.client import connect
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
    from segml.widget.builder import Builder
    from segml.workspace import Workspace

__all__ = [
    "Builder",
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
    "connect",
]
_ELSEWHERE: Final = {
    "Builder": "segml.widget.builder",
    "Segment": "segml.segments.segment",
    "Settings": "segml.settings",
    "Workspace": "segml.workspace",
    "connect": "segml.client",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ELSEWHERE.get(name, "segml.core.errors")), name)


def __dir__() -> list[str]:
    return [*__all__]
