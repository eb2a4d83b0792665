"""A rule edited by hand in a notebook and read in Python, or the other way round.

::

    builder = segml.Builder(restaurant, f.lifetime_spend > 200)
    builder                 # the page's builder, in a cell
    builder.rule            # what was edited, as JSON
    builder.save("spenders")
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import polars as pl

from segml import cli_options as options
from segml.client import Client
from segml.core.errors import SegmlError
from segml.rulebook import RuleLike, wire_of
from segml.segments.segment import Segment
from segml.widget.messages import OwnService, Service, answer
from segml.workspace import Workspace

try:
    import anywidget
    import traitlets
except ImportError as missing:
    raise ImportError(
        "segml.Builder needs anywidget: python -m pip install 'segml[notebooks]'"
    ) from missing

_STATIC: Final = Path(__file__).parent / "static"
_UNBUILT: Final = (
    "export default { render: ({ el }) => "
    "el.append('The builder is not built here; make ui builds it.') };"
)


class _WireRule(traitlets.TraitType[dict[str, Any], RuleLike]):
    """A rule in its wire form; a segment's id becomes the rule it stands for."""

    info_text = "a segment's id, a rule as JSON or a rule of segml.fields"

    def validate(self, obj: "Builder", value: RuleLike) -> dict[str, Any]:
        wire = _stored(obj._asked, value) if isinstance(value, str) else wire_of(value)
        if not isinstance(wire, Mapping):
            self.error(obj, value)
        return deepcopy(dict(wire))  # whoever changes it changes no segment


class Builder(anywidget.AnyWidget):
    """The page's builder in a notebook's cell.

    Parameters
    ----------
    asked
        A workspace, or a service that `segml.connect` gave.
    rule
        What is edited at first: a segment's id, a react-querybuilder group or a rule written in
        Python; nothing unless given.

    Attributes
    ----------
    rule
        What is edited, as a react-querybuilder group; it takes whatever the parameter does. An edit
        in the notebook arrives once, when it stands still; a condition that is not filled in is
        muted in it.
    count
        How many customers the rule keeps; None for a rule with problems, which the builder tells.
    as_of
        The night that was counted; None before the first count.

    Raises
    ------
    UnknownName
        From `rule`, where there is no such segment.

    Examples
    --------
    Follow what is edited: ``builder.observe(lambda change: print(change.new), "count")``.
    """

    _esm = _STATIC / "builder.js" if (_STATIC / "builder.js").is_file() else _UNBUILT
    _css = _STATIC / "builder.css" if (_STATIC / "builder.css").is_file() else ""

    rule = _WireRule().tag(sync=True)
    count = traitlets.Int(None, allow_none=True, read_only=True)
    as_of = traitlets.Instance(date, allow_none=True, read_only=True)

    def __init__(self, asked: Workspace | Client, rule: RuleLike | None = None) -> None:
        self._asked = asked
        self._service: Service = asked if isinstance(asked, Client) else OwnService(asked)
        super().__init__(**({} if rule is None else {"rule": rule}))
        self.on_msg(self._hear)

    def members(self, fields: Sequence[str] = ()) -> pl.DataFrame:
        """Return ``customer_id`` and `fields` of those whom the rule keeps, ascending."""
        return self._asked.members(self.rule, as_of=self.as_of, fields=fields)

    def save(
        self, name: str, *, title: str = "", description: str = "", tags: Sequence[str] = ()
    ) -> Segment | dict[str, Any]:
        """Save the rule as the next version of a segment and return that.

        Parameters
        ----------
        name
            The segment's id.
        title, description, tags
            For people; those of the version before when left out.

        Raises
        ------
        RuleRefused, ServiceRefused
            When the rule has problems.
        WorkspaceError
            When the id cannot be one, or belongs to a segment that comes with segml.
        """
        told: dict[str, Any] = {"title": title, "description": description}
        if isinstance(self._asked, Client):
            return self._asked.segments.save(name, self.rule, tags=tags, **told)
        told |= {"owner": options.user(), "at": options.now(), "tags": tags or None}
        return self._asked.segments.save(name, self.rule, **told)

    @traitlets.default("rule")
    def _nothing(self) -> dict[str, Any]:
        return {"combinator": "and", "rules": []}

    @traitlets.observe("rule")
    def _count(self, _change: object) -> None:
        count = as_of = None
        try:
            found = self._asked.preview(self.rule)
            count, as_of = found.count, found.as_of
        except SegmlError:
            pass  # the builder asks the same and tells why
        self.set_trait("count", count)
        self.set_trait("as_of", as_of)

    def _hear(self, _widget: object, message: Mapping[str, str], _buffers: object) -> None:
        # A thread answers: an edit that is counted must not keep the kernel from the next one,
        # which ends it.
        _threads().submit(lambda: self.send(answer(self._service, message)))


def _stored(asked: Workspace | Client, segment: str) -> Any:
    found = asked.segments.get(segment)
    return found.rule if isinstance(found, Segment) else found["rule"]


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(4, "builder")
