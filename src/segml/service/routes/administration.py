"""Who is known, and who did what: for admins only."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from segml.core.identity import Role
from segml.service.office import Admin, Here
from segml.wire.administration import Audit, EntryOf, MadeToken, NewToken, TokenOf, Tokens

router = APIRouter(tags=["administration"])


@router.get("/tokens")
def tokens(who: Admin, here: Here) -> Tokens:
    """Return every token, without its secret."""
    del who
    now: datetime = here.clock()
    return Tokens(
        tokens=[
            TokenOf(
                id=one.identity.id,
                name=one.identity.name,
                role=str(one.identity.role),
                created_at=one.created_at,
                expires_at=one.expires_at,
                revoked_at=one.revoked_at,
                holds=one.holds(now),
            )
            for one in here.workspace.records.tokens.all()
        ]
    )


@router.post("/tokens", status_code=201, operation_id="create_token")
def create(asked: NewToken, who: Admin, here: Here) -> MadeToken:
    """Create a token; its secret is told this once."""
    made, secret = here.workspace.records.tokens.create(
        asked.name, Role.named(asked.role), here.clock(), asked.expires_at
    )
    here.note(who, "token.create", made.id)
    return MadeToken(id=made.id, token=secret)


@router.delete("/tokens/{token}", status_code=204, operation_id="revoke_token")
def revoke(token: str, who: Admin, here: Here) -> None:
    """End a token for good; it may still be taken for a few seconds."""
    here.workspace.records.tokens.revoke(token, here.clock())
    here.note(who, "token.revoke", token)


@router.get("/audit")
def audit(
    who: Admin,
    here: Here,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    before: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
) -> Audit:
    """Return who changed something, saw many customers or took them out, the newest first."""
    del who
    found = here.workspace.records.audit.entries(limit, before)
    return Audit(
        entries=[
            EntryOf(
                id=one.id,
                at=one.at,
                who=one.who,
                role=None if one.role is None else str(one.role),
                action=one.action,
                what=one.what,
                rows=one.rows,
            )
            for one in found
        ]
    )
