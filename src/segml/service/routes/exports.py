"""Members as CSV files. A file is written while it is fetched, so none lies about."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import StreamingResponse

from segml.core.errors import UnknownName
from segml.core.identity import Identity
from segml.exporting import Export, Top
from segml.service.office import Here, Marketer, Office
from segml.storage.records.exports import Export as Kept
from segml.storage.records.exports import ExportFile
from segml.wire.actions import AskedExport, ExportOf, Exports, FileOf, MadeExport

router = APIRouter(tags=["exports"])
Number = Annotated[int, Path(ge=0, lt=2**31)]


@router.post("/exports", status_code=201, operation_id="make_export")
def make(asked: AskedExport, who: Marketer, here: Here) -> MadeExport:
    """Prepare an export; its files can be fetched for an hour."""
    found = here.workspace.exporting.prepared(
        asked.asked,
        fields=asked.fields,
        channel=asked.channel,
        top=Top(asked.top.n, asked.top.by) if asked.top else None,
        split=asked.split,
        as_of=asked.as_of,
    )
    what = asked.segment or here.workspace.segments.rule(asked.asked).digest
    kept = kept_export(here, who, what, found)
    told = _told(here, kept).model_dump()
    return MadeExport(**told, members=found.members, without_consent=found.without_consent)


@router.get("/exports", operation_id="exports")
def exports(who: Marketer, here: Here, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> Exports:
    """Return what was taken out, the newest first."""
    del who
    found = here.workspace.records.exports.all(limit=limit)
    return Exports(exports=[_told(here, one) for one in found])


@router.get(
    "/exports/{export}/{file}",
    operation_id="export_file",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "The file."}},
)
def fetch(
    export: Number,
    file: Annotated[str, Path(max_length=100)],
    who: Marketer,
    here: Here,
    bom: Annotated[bool, Query(description="Begin as Excel wants UTF-8 to begin.")] = False,
) -> StreamingResponse:
    """Return one file of an export."""
    found = here.exports.get(export)
    pieces = {f"{one.name}.csv": one for one in found.pieces} if found else {}
    if file not in pieces:
        raise UnknownName("export", f"{export}/{file}", pieces)
    here.note(who, "export.fetch", f"{export}/{file}", pieces[file].rows)
    attached = {"Content-Disposition": f'attachment; filename="{file}"'}
    body: Iterator[bytes] = pieces[file].stream(bom=bom)
    return StreamingResponse(body, headers=attached, media_type="text/csv; charset=utf-8")


def kept_export(here: Office, who: Identity, what: str, found: Export) -> Kept:
    """Write an export into the log and hold it ready; return its entry."""
    files = tuple(ExportFile(f"{one.name}.csv", one.rows) for one in found.pieces)
    kept = here.workspace.records.exports.add(
        here.clock(), who.name, what, found.as_of, found.columns, found.channel, files
    )
    here.exports.keep(kept.id, found)
    here.note(who, "export.make", f"{kept.id} of {what}", found.rows)
    return kept


def _told(here: Office, kept: Kept) -> ExportOf:
    held = here.exports.get(kept.id) is not None
    return ExportOf(
        id=kept.id,
        at=kept.at,
        who=kept.who,
        what=kept.what,
        as_of=kept.as_of,
        fields=[*kept.fields],
        channel=kept.channel,
        rows=kept.rows,
        files=[
            FileOf(
                name=file.name,
                rows=file.rows,
                url=f"/api/v1/exports/{kept.id}/{file.name}" if held else None,
            )
            for file in kept.files
        ],
    )
