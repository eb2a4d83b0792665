"""The models that are declared: those that come with segml, and those of a workspace.

Each is a TOML file named for its model; `LOOKALIKE` says what lookalikes look at instead. A
workspace's own take the place of shipped ones of the same name, so a horizon or a threshold is
changed by a copy.
"""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from segml.core.errors import WorkspaceError
from segml.library.features import FEATURES
from segml.scoring.lookalike_spec import LookalikeSpec, read_lookalike_spec
from segml.scoring.spec import ModelSpec, read_spec

FOLDER: Final = "models"
LOOKALIKE: Final = "lookalike.toml"


def declared(workspace: Path) -> dict[str, ModelSpec]:
    """Return every declaration by name; `WorkspaceError` for one that cannot be."""
    found = {
        path.stem: path
        for folder in (shipped_folder(), workspace / FOLDER)
        for path in sorted(folder.glob("*.toml"))
        if path.name != LOOKALIKE
    }
    specs = {name: read_spec(name, _values(path), FEATURES) for name, path in found.items()}
    fields: dict[str, str] = {}
    for name, spec in specs.items():
        if spec.field in fields:
            raise WorkspaceError(
                f"The models “{fields[spec.field]}” and “{name}” both give “{spec.field}”. "
                f"Name the field of {found[name]} otherwise."
            )
        fields[spec.field] = name
    return specs


def lookalikes_declared(workspace: Path) -> LookalikeSpec:
    """Return what lookalikes look at; `WorkspaceError` for a declaration that cannot be."""
    own = workspace / FOLDER / LOOKALIKE
    path = own if own.is_file() else shipped_folder() / LOOKALIKE
    return read_lookalike_spec(_values(path), FEATURES, str(path))


@cache
def shipped_folder() -> Path:
    """Return the folder of the declarations that come with segml."""
    installed = Path(str(files("segml"))) / FOLDER
    return installed if installed.is_dir() else Path(str(files("segml"))).parents[1] / FOLDER


def _values(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise WorkspaceError(f"{path} is no declaration that can be read: {error}.") from None
