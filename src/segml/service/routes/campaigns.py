"""Campaigns before they are sent: their arithmetic, kept, and their recipients as a file."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path

from segml.campaigns import Plan
from segml.service.office import Here, Marketer, Office, Viewer
from segml.service.routes.exports import kept_export
from segml.storage.records.plans import Plan as Kept
from segml.wire.actions import AskedPlan, FileOf, PlanOf, Plans, SavedPlan

router = APIRouter(tags=["campaigns"])
_ASKED = ("segment", "rule")


@router.post("/campaigns/plan", operation_id="plan_campaign")
def plan(asked: AskedPlan, who: Viewer, here: Here) -> PlanOf:
    """Return who would get a campaign, who would not, and what it could show."""
    del who
    return PlanOf(**_plan(here, asked).as_json())


@router.post("/campaigns", status_code=201, operation_id="save_campaign")
def save(asked: AskedPlan, who: Marketer, here: Here) -> SavedPlan:
    """Save a campaign's plan; the same plan is saved once."""
    found = _plan(here, asked)
    document = found.as_json() | {name: getattr(asked, name) for name in _ASKED}
    kept = here.workspace.records.plans.add(here.clock(), who.name, found.digest, document)
    here.note(who, "campaign.plan", f"{kept.id}", found.recipients)
    return _told(kept)


@router.get("/campaigns", operation_id="campaigns")
def campaigns(who: Viewer, here: Here) -> Plans:
    """Return the saved plans, the newest first."""
    del who
    return Plans(plans=[_told(one) for one in here.workspace.records.plans.all()])


@router.post("/campaigns/{plan}/recipients", status_code=201, operation_id="recipients")
def recipients(
    plan: Annotated[int, Path(ge=0, lt=2**31)], who: Marketer, here: Here
) -> list[FileOf]:
    """Prepare the files of a saved plan's recipients, as they are on its day."""
    document = here.workspace.records.plans.get(plan).document
    again = here.workspace.campaigns.plan(
        document["segment"] or document["rule"],
        document["channel"],
        as_of=date.fromisoformat(document["as_of"]),
        holdout=document["holdout_share"],
        suppress_days=document["suppress_days"],
        campaign=document["campaign"],
    )
    found = here.workspace.exporting.recipients(again)
    kept = kept_export(here, who, f"campaign {plan}", found)
    return [
        FileOf(name=one.name, rows=one.rows, url=f"/api/v1/exports/{kept.id}/{one.name}")
        for one in kept.files
    ]


def _plan(here: Office, asked: AskedPlan) -> Plan:
    return here.workspace.campaigns.plan(
        asked.asked,
        asked.channel,
        as_of=asked.as_of,
        holdout=asked.holdout,
        suppress_days=asked.suppress_days,
        campaign=asked.campaign,
    )


def _told(kept: Kept) -> SavedPlan:
    asked: dict[str, Any] = {name: kept.document[name] for name in _ASKED}
    told = {name: one for name, one in kept.document.items() if name not in _ASKED}
    return SavedPlan(
        id=kept.id, at=kept.at, who=kept.who, digest=kept.digest, plan=PlanOf(**told), **asked
    )
