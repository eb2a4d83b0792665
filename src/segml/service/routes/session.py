"""Who is asking, and of which restaurant on which day."""

from importlib.metadata import version

from fastapi import APIRouter

from segml.core.errors import WorkspaceError
from segml.service.office import STALE_AFTER, Here, Viewer
from segml.wire.session import Session

router = APIRouter(tags=["session"])


@router.get("/session")
def session(who: Viewer, here: Here) -> Session:
    """Say who is asking, what they may do, and how old the data is."""
    workspace = here.workspace
    try:
        as_of = workspace.latest.day()
    except WorkspaceError:
        as_of = None
    age = (here.current_day() - as_of).days if as_of else None
    return Session(
        name=who.name,
        role=str(who.role),
        workspace=workspace.folder.resolve().name,
        currency=workspace.settings.currency,
        time_zone=workspace.settings.time_zone,
        as_of=as_of,
        age_days=age,
        stale=age is not None and age > STALE_AFTER,
        version=version("segml"),
        mlflow=workspace.settings.tracking if workspace.settings.tracking[:4] == "http" else None,
        channels=["email", "sms"],
        export_cap=10_000,
    )
