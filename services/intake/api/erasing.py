"""What staff do about persons: one asks for an erasure, another does it."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from uuid_utils.compat import uuid7

from services.intake import actions
from services.intake.actions import Asked
from shared.contracts.base import Paragraph, Value
from shared.reasons import require_nameless
from shared.visits import Visiting

router = APIRouter(
    prefix="/erasures",
    responses={
        401: {"description": "No access token, or one that is not valid."},
        403: {"description": "The role forbids it."},
        404: {"description": "`person-unknown`, or `erasure-unknown`."},
        409: {"description": "`application-open`, `four-eyes`, or `erasure-done`."},
        422: {"description": "`reason-names-person`."},
    },
)


class ErasureAsked(Value):
    """Whom to erase and why; the reason is kept for ever and names nobody."""

    person_id: UUID
    reason: Paragraph


class ErasureWaits(Value):
    """An erasure that another member of staff has to agree to."""

    erasure_id: UUID
    person_id: UUID
    asked_by: str
    asked_at: datetime


class ErasureDone(Value):
    """An erasure that was done; `papers` counts those that nobody else handed in."""

    erasure_id: UUID
    person_id: UUID
    asked_by: str
    approved_by: str
    papers: int


@router.post("", status_code=201, operation_id="post_erasure")
async def post_erasure(request: Request, asked: ErasureAsked, visit: Visiting) -> ErasureWaits:
    """Ask for a person's erasure; nothing is erased yet."""
    state = request.app.state
    visit.look.person_id = asked.person_id
    require_nameless(asked.reason)
    visit.look.reason = asked.reason
    wanted = Asked(asked.person_id, asked.reason, visit.staff.id)
    erasure = await actions.ask_to_erase(state.desk, uuid7(), wanted, state.now())
    return ErasureWaits(
        erasure_id=erasure.erasure_id,
        person_id=erasure.person_id,
        asked_by=erasure.asked_by,
        asked_at=erasure.asked_at,
    )


@router.post("/{erasure_id}/approval", status_code=201, operation_id="post_erasure_approval")
async def post_erasure_approval(request: Request, erasure_id: UUID, visit: Visiting) -> ErasureDone:
    """Agree to an erasure that another asked for; the person is erased for good."""
    state = request.app.state
    erased = await actions.erase(state.desk, erasure_id, visit.look, state.now())
    return ErasureDone(
        erasure_id=erasure_id,
        person_id=erased.erasure.person_id,
        asked_by=erased.erasure.asked_by,
        approved_by=visit.staff.id,
        papers=erased.papers,
    )
