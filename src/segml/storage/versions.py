"""The versions of models that a workspace scores with, and from which day on each was champion.

A copy of what the registry holds, so that scoring needs no registry. Law kept: a date is scored by
the version that was champion then, whatever came after, so past scores can be computed again.

::

    versions/churn/3f2a….json     a model, named for its digest
    versions/reigns.json          by model, who was champion from which day on
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any, Final

from segml.core.errors import WorkspaceError
from segml.scoring.model import Model
from segml.storage.atomic import write_text
from segml.storage.watched import Watched

FILE: Final = "reigns.json"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Reign:
    """A version that is champion from a day on.

    Attributes
    ----------
    since
        The first day it scores.
    digest
        Of the model.
    version
        Its number in the registry.
    """

    since: date
    digest: str
    version: int


class Versions:
    """The versions of one workspace; safe from several threads.

    Parameters
    ----------
    root
        The folder ``versions``; made when it is needed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._reigns = Watched(root / FILE, self._read)
        self._models: dict[str, Model] = {}
        self._lock = Lock()

    def reigns(self) -> Mapping[str, tuple[Reign, ...]]:
        """Return by model every reign, the earliest first."""
        return self._reigns.value()

    def reign(self, name: str, as_of: date | None = None) -> Reign | None:
        """Return who was champion on a day (the latest without one); None for nobody."""
        known = self.reigns().get(name, ())
        return max(
            (one for one in known if as_of is None or one.since <= as_of),
            key=lambda one: one.since,
            default=None,
        )

    def champion(self, name: str, as_of: date | None = None) -> Model | None:
        """Return the model that was champion on a day (the latest without one)."""
        found = self.reign(name, as_of)
        return None if found is None else self.model(name, found.digest)

    def model(self, name: str, digest: str) -> Model:
        """Return a version; `WorkspaceError` when its file is missing or damaged."""
        with self._lock:
            if digest in self._models:
                return self._models[digest]
        path = self._root / name / f"{digest}.json"
        try:
            found = Model.from_document(path.read_text(encoding="utf-8"))
            if found.digest != digest:
                raise WorkspaceError(f"its digest is {found.digest}")
        except (OSError, UnicodeDecodeError, WorkspaceError) as error:
            raise WorkspaceError(
                f"The model {path} cannot be used ({error}). Run segml train {name} again."
            ) from None
        with self._lock:
            self._models[digest] = found
        return found

    def keep(self, model: Model) -> None:
        """Write a version, which is then only read."""
        path = self._root / model.name / f"{model.digest}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, model.document)

    def crown(self, name: str, reign: Reign) -> None:
        """Make a kept version champion from a day on, until the next one's day."""
        known = {model: [*reigns] for model, reigns in self.reigns().items()}
        others = [one for one in known.get(name, []) if one.since != reign.since]
        known[name] = sorted([*others, reign], key=lambda one: one.since)
        plain = {
            model: [asdict(one) | {"since": one.since.isoformat()} for one in reigns]
            for model, reigns in known.items()
        }
        write_text(self._root / FILE, json.dumps({"format": _FORMAT, "reigns": plain}, indent=1))

    def _read(self) -> dict[str, tuple[Reign, ...]]:
        path = self._root / FILE
        if not path.exists():
            return {}
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))["reigns"]
            return {name: tuple(map(_reign, reigns)) for name, reigns in plain.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WorkspaceError(
                f"{path} cannot be read ({error}). Remove it and run segml train again."
            ) from None


def _reign(plain: Mapping[str, Any]) -> Reign:
    return Reign(date.fromisoformat(plain["since"]), plain["digest"], plain["version"])
