"""What staff do about evidence: one asks for an application's private parts, another agrees."""

import base64
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from uuid_utils.compat import uuid7

from services.intake import actions
from services.intake.actions import Wanted
from shared.contracts.base import Paragraph, Value
from shared.reasons import require_nameless
from shared.sealing import DataKey
from shared.visits import Visiting

router = APIRouter(
    prefix="/exports",
    responses={
        401: {"description": "No access token, or one that is not valid."},
        403: {"description": "The role forbids it."},
        404: {"description": "`application-unknown`, or `export-unknown`."},
        409: {"description": "`four-eyes`, `export-done`, or `person-erased`."},
        422: {"description": "`reason-names-person`."},
    },
)


class ExportAsked(Value):
    """Which application to open and why; the reason is kept for ever and names nobody."""

    application_id: UUID
    reason: Paragraph


class ExportWaits(Value):
    """An export that another member of staff has to agree to."""

    export_id: UUID
    application_id: UUID
    asked_by: str
    asked_at: datetime


class GivenKey(Value):
    """A data key, its secret as base64."""

    key_id: UUID
    algorithm: str
    secret: str


class ExportOpened(Value):
    """What opens one application: the keys of its person and of each paper, by name; who asked, and why."""

    export_id: UUID
    application_id: UUID
    asked_by: str
    asked_at: datetime
    reason: str
    approved_by: str
    key: GivenKey
    papers: dict[str, GivenKey]


@router.post("", status_code=201, operation_id="post_export")
async def post_export(request: Request, asked: ExportAsked, visit: Visiting) -> ExportWaits:
    """Ask for an application's private parts; nothing is given out yet."""
    state = request.app.state
    visit.look.applications = [asked.application_id]
    require_nameless(asked.reason)
    visit.look.reason = asked.reason
    wanted = Wanted(asked.application_id, asked.reason, visit.staff.id)
    export = await actions.ask_to_export(state.desk, uuid7(), wanted, state.now())
    return ExportWaits(
        export_id=export.export_id,
        application_id=export.application_id,
        asked_by=export.asked_by,
        asked_at=export.asked_at,
    )


@router.post("/{export_id}/approval", status_code=201, operation_id="post_export_approval")
async def post_export_approval(request: Request, export_id: UUID, visit: Visiting) -> ExportOpened:
    """Agree to an export that another asked for; the keys are given out once."""
    state = request.app.state
    opening = await actions.agree_to_export(state.desk, export_id, visit.look, state.now())
    return ExportOpened(
        export_id=export_id,
        application_id=opening.export.application_id,
        asked_by=opening.export.asked_by,
        asked_at=opening.export.asked_at,
        reason=opening.export.reason,
        approved_by=visit.staff.id,
        key=_given(opening.key),
        papers={name: _given(key) for name, key in opening.papers.items()},
    )


def _given(key: DataKey) -> GivenKey:
    secret = base64.b64encode(key.secret).decode()
    return GivenKey(key_id=key.key_id, algorithm=key.algorithm.value, secret=secret)
