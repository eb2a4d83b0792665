"""The models that are declared: those that come with segml, and those of a workspace.

Each is a TOML file named for its model. A workspace's own take the place of shipped ones of the
same name, so a horizon or a threshold is changed by a copy.
"""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

from segml.core.errors import WorkspaceError
from segml.library.features import FEATURES
from segml.scoring.spec import ModelSpec, read_spec

FOLDER = "models"


def declared(workspace: Path) -> dict[str, ModelSpec]:
    """Return every declaration by name; `WorkspaceError` for one that cannot be."""
    found = {
        path.stem: path
        for folder in (shipped_folder(), workspace / FOLDER)
        for path in sorted(folder.glob("*.toml"))
    }
    specs = {name: _read(path) for name, path in found.items()}
    fields: dict[str, str] = {}
    for name, spec in specs.items():
        if spec.field in fields:
            raise WorkspaceError(
                f"The models “{fields[spec.field]}” and “{name}” both give “{spec.field}”. "
                f"Name the field of {found[name]} otherwise."
            )
        fields[spec.field] = name
    return specs


@cache
def shipped_folder() -> Path:
    """Return the folder of the declarations that come with segml."""
    installed = Path(str(files("segml"))) / FOLDER
    return installed if installed.is_dir() else Path(str(files("segml"))).parents[1] / FOLDER


def _read(path: Path) -> ModelSpec:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise WorkspaceError(f"{path} is no model that can be read: {error}.") from None
    return read_spec(path.stem, values, FEATURES)
