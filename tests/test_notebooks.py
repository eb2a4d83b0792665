"""The notebooks run as they stand, on the public face alone, and are kept without outputs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import segml

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
PUBLIC = {
    "segml": {*segml.__all__, "demo", "fields"},
    "segml.datasets": {"oracle"},
}
PATIENCE = 300  # seconds for one cell on a busy machine

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code(path: Path) -> list[str]:
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def imported(source: str) -> Iterator[tuple[str, str]]:
    """Yield the module of segml and the name of each import; a plain import has no name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name[:5] == "segml")
        if isinstance(node, ast.ImportFrom) and node.module and node.module[:5] == "segml":
            yield from ((node.module, alias.name) for alias in node.names)


def outputs(path: Path, folder: Path) -> list[Any]:
    """Return what the cells of a notebook show, run in `folder`."""
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=PATIENCE, kernel_name="python3", resources=place).execute()
    return [out for cell in notebook.cells for out in cell.get("outputs", [])]


@pytest.mark.slow
@each_notebook
def test_a_notebook_runs_by_itself_and_shows_pictures(path: Path, tmp_path: Path) -> None:
    shown = outputs(path, tmp_path)
    kinds = [kind for out in shown for kind in out.get("data", {})]
    assert "image/png" in kinds
    assert "text/html" in kinds
    assert [out.text for out in shown if "Warning" in out.get("text", "")] == []


def test_the_story_is_numbered() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{n:02}" for n in range(1, 6)]
    for path, following in pairwise(NOTEBOOKS):
        assert f"({following.name})" in path.read_text("utf-8")


@each_notebook
def test_only_the_public_face_is_imported(path: Path) -> None:
    found = [one for source in code(path) for one in imported(source)]
    assert ("segml", "demo") in found
    for module, name in found:
        assert name in PUBLIC.get(module, ()) or (module, name) == ("segml", "")


def test_notebooks_are_kept_without_outputs() -> None:
    strip = [str(Path(sys.executable).with_name("nbstripout")), "--verify"]
    command = [*strip, "--extra-keys", "metadata.language_info", *map(str, NOTEBOOKS)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@each_notebook
def test_cells_have_ids(path: Path) -> None:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
