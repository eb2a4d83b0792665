"""The models: who is champion, how good it was found to be, what may be promised of it."""

from typing import Annotated

from fastapi import APIRouter, Path

from segml.service.office import Here, Viewer
from segml.wire.models import ModelOf, ModelRow, Models

router = APIRouter(tags=["models"])
Name = Annotated[str, Path(max_length=100)]


@router.get("/models")
def models(who: Viewer, here: Here) -> Models:
    """Return every declared model with its latest champion."""
    del who
    return Models(models=[ModelRow(**row) for row in here.workspace.models.listed()])


@router.get("/models/{name}")
def model(name: Name, who: Viewer, here: Here) -> ModelOf:
    """Return a model's champions, the latest first, each with how it was judged."""
    del who
    return ModelOf(**here.workspace.models.told(name))
