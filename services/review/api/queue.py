"""The route of the queue: who waits, the most urgent first, page by page."""

import re
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.review import actions
from services.review.actions import START, Place, QueueAsk, QueueEntry
from services.review.api.office import ANSWERS, At, By
from services.review.api.standing import Deadline, Held, deadline, held, name_of
from shared.contracts.base import Code
from shared.contracts.cases import Stage
from shared.errors import Refused
from shared.visits import Visiting, get_looks

router = APIRouter(prefix="/api/review", tags=["queue"], responses=ANSWERS)
PLACE = re.compile(r"(\d{4}-\d\d-\d\d)_([0-9a-f-]{36})")


class QueueCase(BaseModel):
    """One line of the queue."""

    application_id: UUID
    acceptance_no: str
    region: str
    stage: Stage
    disease_code: str
    disease_name: str | None
    received_on: date
    deadline: Deadline
    claim: Held | None


class Queue(BaseModel):
    """A page of the queue; `next` goes into the parameter `after`, it is None behind the last page."""

    cases: list[QueueCase]
    next: str | None


class Wanted(BaseModel):
    """Which part of the queue: of these stages, of this region, from a page's end on, so many cases."""

    stage: list[Stage] = Field(default=[], max_length=4)
    region: Code | None = None
    after: str = Field(default="", max_length=60)
    limit: int = Field(default=20, ge=1, le=100)


@router.get("/queue")
async def get_queue(
    officer: By,
    at: At,
    visit: Visiting,
    wanted: Annotated[Wanted, Query()],
) -> Queue:
    """List waiting cases of the caller's regions by due date; of one region or of some stages only."""
    now = at.now()
    ask = QueueAsk(wanted.stage, wanted.region, _place(wanted.after), wanted.limit)
    page = await actions.read_queue(at.desk, officer, ask, now)
    visit.look.applications = [entry.waiting.case.application_id for entry in page]
    last = page[-1].waiting.place if len(page) == wanted.limit else None
    return Queue(
        cases=[_line(entry, now) for entry in page],
        next=f"{last.due_on}_{last.application_id}" if last else None,
    )


router.add_api_route("/looks", get_looks)


def _line(entry: QueueEntry, now: datetime) -> QueueCase:
    case = entry.waiting.case
    return QueueCase(
        application_id=case.application_id,
        acceptance_no=case.acceptance_no,
        region=case.region,
        stage=case.stage,
        disease_code=case.disease_code,
        disease_name=name_of(entry.rules.disease_names, case.disease_code),
        received_on=case.received_on,
        deadline=deadline(entry.standing),
        claim=held(entry.waiting.claim, now),
    )


def _place(after: str) -> Place:
    if not after:
        return START
    found = PLACE.fullmatch(after)
    try:
        if found:
            return Place(date.fromisoformat(found[1]), UUID(found[2]))
    except ValueError:
        pass
    raise Refused("place-unreadable", "`after` is the `next` of the page before", status=422)
