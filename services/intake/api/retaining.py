"""What staff do about retention: they look at what is due; one asks that it goes, another agrees."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from uuid_utils.compat import uuid7

from services.intake import actions
from services.intake.domain.retaining import Kind, Overview
from services.intake.domain.submitting import shanghai_day
from shared.contracts.base import Paragraph, Value
from shared.errors import Refused
from shared.reasons import require_nameless
from shared.visits import Visiting

MOST = 1000

router = APIRouter(
    responses={
        401: {"description": "No access token, or one that is not valid."},
        403: {"description": "The role forbids it."},
        404: {"description": "`retention-unknown`."},
        409: {"description": "`nothing-due`, `four-eyes`, `retention-agreed`, or `retention-not-agreed`."},
        422: {"description": "`reason-names-person`, or `day-in-past`."},
    }
)


class DueApplication(Value):
    """An application that is due, and since when."""

    application_id: UUID
    acceptance_no: str
    region: str
    kind: Kind
    ended_at: datetime
    due_on: date


class RetentionShown(Value):
    """What is due on a day: the numbers, and some of the applications, oldest first."""

    due: Overview
    applications: list[DueApplication]


class RetentionAsked(Value):
    """Why what is due should go; the reason is kept for ever and names nobody."""

    reason: Paragraph


class RunWaits(Value):
    """What was asked for, and what was due then; another member of staff has to agree."""

    run_id: UUID
    asked_by: str
    asked_at: datetime
    due: Overview


class RunAgreed(Value):
    """A run that two people agreed to; batches do it."""

    run_id: UUID
    asked_by: str
    approved_by: str


class BatchDone(Value):
    """What a batch did, by what it counts, how much is known to be left, and whether it was the last."""

    run_id: UUID
    done: Mapping[str, int]
    left: int
    finished: bool


@router.get("/retention", operation_id="get_retention")
async def get_retention(
    request: Request,
    visit: Visiting,
    on: date | None = None,
    after: UUID | None = None,
    most: Annotated[int, Query(ge=0, le=MOST)] = MOST,
) -> RetentionShown:
    """Show what is due on a day, today if none is named; nothing changes. `after` gives the next page."""
    state, now = request.app.state, request.app.state.now()
    day = on or shanghai_day(now)
    if day < shanghai_day(now):
        raise Refused("day-in-past", "a day of today or later can be looked at", status=422)
    found = await actions.list_due(state.desk, day, now, after, most)
    visit.look.applications = [one.application_id for one in found]
    overview = await actions.overlook(state.desk, day, now)
    return RetentionShown(due=overview, applications=[DueApplication(**one._asdict()) for one in found])


@router.post("/retention-runs", status_code=201, operation_id="post_retention_run")
async def post_retention_run(request: Request, asked: RetentionAsked, visit: Visiting) -> RunWaits:
    """Ask that what is due now goes; nothing goes yet."""
    state, now, run_id = request.app.state, request.app.state.now(), uuid7()
    require_nameless(asked.reason)
    visit.look.reason = asked.reason
    due = await actions.ask_to_retire(state.desk, run_id, visit.staff.id, asked.reason, now)
    return RunWaits(run_id=run_id, asked_by=visit.staff.id, asked_at=now, due=due)


@router.post("/retention-runs/{run_id}/approval", status_code=201, operation_id="post_retention_approval")
async def post_retention_approval(request: Request, run_id: UUID, visit: Visiting) -> RunAgreed:
    """Agree to what another asked for."""
    state = request.app.state
    run = await actions.agree_to_retire(state.desk, run_id, visit.look, state.now())
    return RunAgreed(run_id=run_id, asked_by=run.asked_by, approved_by=run.require_approval())


@router.post("/retention-runs/{run_id}/batches", status_code=201, operation_id="post_retention_batch")
async def post_retention_batch(request: Request, run_id: UUID, visit: Visiting) -> BatchDone:  # noqa: ARG001
    """Do a part of what was agreed to, and tell what is left; call it until it was the last."""
    state = request.app.state
    batch = await actions.retire_some(state.desk, run_id, state.now())
    return BatchDone(run_id=run_id, done=batch.done, left=batch.left, finished=batch.finished)
