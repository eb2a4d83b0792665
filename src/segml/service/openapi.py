"""The OpenAPI document of the whole service; printed by ``python -m segml.service.openapi``."""

import json
import sys
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from segml.service.api import ERRORS, api
from segml.service.problems import MEDIA_TYPE
from segml.wire.models import AskedLookalike, AskedScores, LookalikeOf, Scores
from segml.wire.rules import AskedPreview, PreviewOf

# What BentoML answers, for its own document knows neither the other routes nor our errors.
BENTO: Final[dict[str, tuple[type[BaseModel], type[BaseModel], str]]] = {
    "/score": (AskedScores, Scores, "Return what the champions say of customers, or of rows."),
    "/preview": (AskedPreview, PreviewOf, "Count a rule exactly, with some of its members."),
    "/lookalike": (AskedLookalike, LookalikeOf, "Return who is most like some customers."),
}
_REFERENCE: Final = "#/components/schemas/{model}"


@cache
def document() -> dict[str, Any]:
    """Return the JSON API's routes and BentoML's together, with errors of one shape."""
    found = api(_nobody).openapi()
    shapes = [(asked, "validation") for asked, _, _ in BENTO.values()]
    shapes += [(told, "serialization") for _, told, _ in BENTO.values()]
    _, schemas = models_json_schema(shapes, ref_template=_REFERENCE)  # type: ignore[arg-type]
    found["components"]["schemas"] |= schemas["$defs"]
    for path, (asked, told, words) in BENTO.items():
        found["paths"][path] = {
            "post": {
                "tags": ["scores"],
                "operationId": f"bento{path.replace('/', '_')}",
                "summary": path[1:].capitalize(),
                "description": words,
                "requestBody": {"required": True, "content": _content(asked.__name__)},
                "responses": {
                    "200": {"description": "Answered", "content": _content(told.__name__)},
                    **{str(status): _error(one["description"]) for status, one in ERRORS.items()},
                },
            }
        }
    return found


def _content(name: str, media_type: str = "application/json") -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": _REFERENCE.format(model=name)}}}


def _error(words: str) -> dict[str, Any]:
    return {"description": words, "content": _content("ProblemDocument", MEDIA_TYPE)}


def _nobody() -> Any:
    raise AssertionError("a document asks no workspace")


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, sort_keys=True, ensure_ascii=False)
    sys.stdout.write("\n")
