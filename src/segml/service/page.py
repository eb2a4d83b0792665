"""The page's files, which ``make ui`` builds; every address of the page is its index."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import FileResponse, RedirectResponse, Response

from segml.service.guard import PAGE
from segml.service.office import Viewer
from segml.service.problems import Refused

router = APIRouter()
FOLDER: Final = Path(str(files("segml"))) / "service" / "static"
_HASHED: Final = "public, max-age=31536000, immutable"


@router.get("/")
def home(who: Viewer) -> Response:
    """Lead to the page."""
    del who
    return RedirectResponse(f"{PAGE}/", 307)


@router.get(PAGE)
def bare(who: Viewer) -> Response:
    """Lead to the page."""
    return home(who)


@router.get(PAGE + "/{path:path}")
def page(path: str, who: Viewer) -> Response:
    """Give a file of the page, or its index."""
    del who
    if not (FOLDER / "index.html").is_file():
        raise Refused(404, "not-built", "The page is not built here; make ui builds it.")
    file = (FOLDER / path).resolve()
    if file.is_relative_to(FOLDER.resolve()) and file.is_file():
        hashed = path.startswith("assets/")
        return FileResponse(file, headers={"Cache-Control": _HASHED if hashed else "no-cache"})
    if path.startswith("assets/"):
        raise Refused(404, "not-found", "There is nothing at this address.")
    return FileResponse(FOLDER / "index.html", headers={"Cache-Control": "no-cache"})
