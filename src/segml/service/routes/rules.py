"""Rules: what they may name, how many they keep, what they are as SQL, why they keep somebody."""

import hashlib
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from segml.core.identity import Identity
from segml.service.catalogs import catalog_of
from segml.service.office import Here, Office, Viewer, masked, sees_names
from segml.wire.rules import (
    AskedPreview,
    AskedReasons,
    AskedSql,
    CatalogOf,
    Explanation,
    People,
    PreviewOf,
    Sql,
    Suggestions,
)

router = APIRouter(tags=["rules"])


@router.get("/catalog", response_model=CatalogOf)
def catalog(who: Viewer, here: Here, request: Request) -> Response:
    """Return everything that a rule may name; with an ETag, for it seldom changes."""
    del who
    body = catalog_of(here.workspace).model_dump_json()
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


@router.get("/catalog/values")
def values(
    who: Viewer,
    here: Here,
    field: Annotated[str, Query(max_length=100)],
    event: Annotated[str | None, Query(max_length=100)] = None,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    as_of: date | None = None,
) -> Suggestions:
    """Return values of a field that customers have, the most common first."""
    del who
    found = here.workspace.people.suggestions(field, event=event, part=q, as_of=as_of)[:limit]
    return Suggestions(values=[{"value": value, "count": many} for value, many in found])


@router.post("/preview", operation_id="preview_rule", response_model=PreviewOf)
def preview(asked: AskedPreview, who: Viewer, here: Here) -> Response:
    """Count a rule exactly; a newer preview of the same session ends an older one."""
    # As it is sent, which saves FastAPI a second thread for every key that is pressed.
    return Response(preview_of(asked, who, here).model_dump_json(), media_type="application/json")


def preview_of(asked: AskedPreview, who: Identity, here: Office) -> PreviewOf:
    """Return what a preview answers."""
    session = asked.session and (who.id, asked.session)
    found = here.workspace.preview(asked.rule, as_of=asked.as_of, session=session)
    told = found.as_json()
    return PreviewOf(**told | {"sample": masked(told["sample"], who)})


@router.post("/sql")
def sql(asked: AskedSql, who: Viewer, here: Here) -> Sql:
    """Print a rule as one SQL query over the stored tables."""
    del who
    return Sql(sql=here.workspace.sql(asked.rule, as_of=asked.as_of, dialect=asked.dialect))


@router.post("/explain")
def explain(asked: AskedReasons, who: Viewer, here: Here) -> Explanation:
    """Say why a customer is in a segment or a rule, or why not."""
    del who
    found = here.workspace.explain(asked.customer_id, asked.asked, as_of=asked.as_of)
    return Explanation(**found.as_json())


@router.get("/customers")
def customers(
    who: Viewer,
    here: Here,
    q: Annotated[str, Query(min_length=1, max_length=200)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    as_of: date | None = None,
) -> People:
    """Find customers by the beginning of their id; from marketers on, by a part of their name."""
    by_name = sees_names(who)
    found = here.workspace.people.search(q, most=limit, as_of=as_of, by_name=by_name)
    here.seen(who, "a search", len(found))
    return People(customers=masked(found, who))
