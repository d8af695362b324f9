"""The route by which an officer sees in full, field by field and for a stated reason, what is masked."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from services.review import actions, domain
from services.review.api.acting import Body
from services.review.api.office import ANSWERS, At, By
from services.review.domain import PersonalField
from shared.contracts.base import Paragraph
from shared.visits import Visiting

router = APIRouter(prefix="/api/review/cases", tags=["cases"], responses=ANSWERS)


class Unmasking(Body):
    """Which fields and why; the reason is kept for ever and names nobody."""

    fields: Annotated[set[PersonalField], Field(min_length=1)]
    reason: Annotated[Paragraph, Field(min_length=4, max_length=200)]


class Unmasked(Body):
    """The wanted fields in full; None for what was not handed in."""

    application_id: UUID
    shown: dict[PersonalField, str | None]


@router.post("/{application_id}/unmask")
async def post_unmask(
    application_id: UUID, wanted: Unmasking, officer: By, at: At, visit: Visiting
) -> Unmasked:
    """Show fields in full; the record of looks keeps who, which and why."""
    visit.look.fields = sorted(wanted.fields)
    person = await actions.read_person(at.desk, application_id, officer, wanted.reason, at.now())
    visit.look.reason = wanted.reason
    return Unmasked(application_id=application_id, shown=domain.in_full(person, wanted.fields))
