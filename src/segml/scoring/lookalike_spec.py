"""The declaration of lookalikes: what they look at, who may be found, beside what they are judged.

It is ``models/lookalike.toml``; a workspace's own takes the place of the one that comes with segml.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from segml.core.errors import RuleRefused, WorkspaceError, near
from segml.core.features import Feature, Score
from segml.core.tables import TABLE, Kind
from segml.rules.catalog import build
from segml.rules.parse import parse
from segml.scoring.lift import SIZES

SMALLEST, LARGEST = (round(100 * SIZES[end]) for end in (0, -1))
_COUNTED: Final = {
    column.name for column in TABLE["order_items"].columns if column.kind is Kind.TEXT
}


@dataclass(frozen=True, slots=True)
class LookalikeSpec:
    """What lookalikes are made of.

    Attributes
    ----------
    size
        Of a list, in percent of the candidates, unless another is asked for.
    spend, activity
        The fields by which customers spend most, and are equally active.
    candidates
        Who may be found: a rule in wire form. Seeds never are.
    features
        The fields that are looked at; those that tell nobody apart are left out by themselves.
    counts
        Columns of order lines whose words are counted, by their name for people.
    """

    size: float
    spend: str
    activity: str
    candidates: Mapping[str, Any]
    features: tuple[str, ...]
    counts: Mapping[str, str]


_KINDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "size": (int, float),
    "spend": str,
    "activity": str,
    "candidates": dict,
    "features": list,
    "counts": dict,
}


def check_size(size: float) -> float:
    """Return a size in percent; `WorkspaceError` for one at which no list can be judged."""
    if not SMALLEST <= size <= LARGEST:
        raise WorkspaceError(
            f"A lookalike is the {SMALLEST} to {LARGEST} percent most alike, the sizes it is "
            f"judged at; not {size:g}."
        )
    return size


def read_lookalike_spec(
    values: Mapping[str, Any], fields: Mapping[str, Feature], where: str
) -> LookalikeSpec:
    """Return the declaration; `WorkspaceError` with everything that is wrong with it.

    Parameters
    ----------
    values
        What the file says.
    fields
        The library's fields by name.
    where
        The file, for messages.
    """
    wrong = [*_shape(values)]
    wrong = wrong or [*_meaning(values, fields)]
    if wrong:
        lines = "".join(f"\n  - {one}" for one in wrong)
        raise WorkspaceError(f"{where} cannot be as it is:{lines}")
    return LookalikeSpec(**{**values, "features": tuple(dict.fromkeys(values["features"]))})


def _shape(values: Mapping[str, Any]) -> list[str]:
    """Return what is missing, unknown or of the wrong type."""
    found = [f"“{key}” is missing" for key in _KINDS if key not in values]
    found += [
        f"there is no setting “{key}”. {near(key, _KINDS)}".rstrip()
        for key in values
        if key not in _KINDS
    ]
    for key, kind in _KINDS.items():
        if key in values and (not isinstance(values[key], kind) or isinstance(values[key], bool)):
            named = "number" if isinstance(kind, tuple) else kind.__name__
            found.append(f"“{key}” is to be a {named}, not {values[key]!r}")
    return found


def _meaning(values: Mapping[str, Any], fields: Mapping[str, Feature]) -> list[str]:
    """Return what is impossible in values of the right types."""
    found = []
    try:
        check_size(values["size"])
    except WorkspaceError as error:
        found.append(str(error).rstrip("."))
    for name in (*values["features"], values["spend"], values["activity"]):
        if name not in fields:
            found.append(f"there is no field “{name}”. {near(str(name), fields)}".rstrip())
        elif isinstance(fields[name].form, Score):
            found.append(f"“{name}” is itself a score, which no lookalike looks at")
    for key in ("spend", "activity"):
        if values[key] in fields and fields[values[key]].kind is not Kind.NUMBER:
            found.append(f"“{key}” is to be a number, which “{values[key]}” is not")
    for name, column in values["counts"].items():
        if column not in _COUNTED:
            told = f"order lines have no words “{column}” for “{name}”; there are "
            found.append(told + ", ".join(sorted(_COUNTED)))
    try:
        parse(values["candidates"], build(fields))
    except RuleRefused as refused:
        found += [f"candidates: {problem}" for problem in refused.problems]
    return found
