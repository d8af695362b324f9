"""What a channel shows the applicant, and what the applicant may still do."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from services.intake import actions
from services.intake.actions import Ask
from services.intake.api.door import Visit, visiting
from services.intake.domain.answering import Supplement, still_missing
from services.intake.domain.following import Application, Status, status_zh
from services.intake.domain.numbering import read_acceptance_no
from services.intake.domain.timeline import Entry
from shared.contracts.base import Paragraph, Value
from shared.contracts.cases import (
    DecisionMade,
    MaterialRequested,
    Outcome,
    Reason,
    RequestedItem,
    Stage,
    items_of,
    reasons_of,
)
from shared.contracts.submissions import Material, PhysicianOpinion
from shared.errors import Refused

router = APIRouter(
    prefix="/applications/{acceptance_no}",
    strict_content_type=False,
    responses={
        404: {"description": "`application-unknown`, also for one that is out of the channel's reach."}
    },
)


class Asked(Value):
    """What a reviewer asked for, and by when."""

    round: int
    items: list[RequestedItem]
    answer_due_on: date


class Decided(Value):
    """How the application ended, why, and what can be done about it."""

    outcome: Outcome
    reasons: list[Reason]
    remedy: str | None


class TimelineEntry(Value):
    """One thing that happened, in plain words."""

    type: str
    at: datetime
    sentence: str
    sentence_zh: str


class ApplicationView(Value):
    """An application as the applicant may see it; `due_on` stands still while `due_paused`."""

    acceptance_no: str
    application_id: UUID
    region: str
    disease_code: str
    application_type: str
    submitted_at: datetime
    status: Status
    status_zh: str
    stage: Stage | None
    due_on: date | None
    due_provisional: bool
    due_paused: bool
    asked: Asked | None
    decision: Decided | None
    ended_at: datetime | None
    timeline: list[TimelineEntry]
    not_supplied: list[str] | None = None

    @classmethod
    def of(cls, a: Application, entries: list[Entry], not_supplied: list[str] | None = None) -> Self:
        """Show an application with its timeline."""
        return cls(
            acceptance_no=a.acceptance_no,
            application_id=a.application_id,
            region=a.region,
            disease_code=a.disease_code,
            application_type=a.application_type,
            submitted_at=a.submitted_at,
            status=a.status,
            status_zh=status_zh(a),
            stage=a.stage,
            due_on=a.due_on,
            due_provisional=a.due_provisional,
            due_paused=a.due_paused,
            asked=_asked(a.asked) if a.asked else None,
            decision=_decided(a.decision) if a.decision else None,
            ended_at=a.ended_at,
            timeline=[_shown(entry) for entry in entries],
            not_supplied=not_supplied,
        )


class SupplementOffered(Value):
    """Papers that answer a request; what is a field of the form comes as a field."""

    materials: list[Material] = Field(default_factory=list, max_length=60)
    physician_opinion: PhysicianOpinion | None = None


class Withdrawal(Value):
    """Why an application is taken back, if the applicant says so."""

    reason: Paragraph | None = None


@router.get("", operation_id="get_application")
async def get_application(
    request: Request,
    acceptance_no: str,
    visit: Annotated[Visit, Depends(visiting("intake.get_application"), scope="function")],
) -> ApplicationView:
    """Show status, due date, what is asked for, outcome and timeline."""
    return ApplicationView.of(
        *await actions.find_application(request.app.state.desk, _ask(acceptance_no, visit))
    )


@router.post("/supplements", operation_id="post_supplement")
async def post_supplement(
    request: Request,
    acceptance_no: str,
    offered: SupplementOffered,
    visit: Annotated[Visit, Depends(visiting("intake.post_supplement"), scope="function")],
) -> ApplicationView:
    """Hand in what was asked for; `not_supplied` names kinds that are still missing."""
    desk, ask = request.app.state.desk, _ask(acceptance_no, visit)
    supplement = Supplement(tuple(offered.materials), offered.physician_opinion)
    asked = await actions.supply_material(desk, ask, supplement, visit.call.at)
    missing = still_missing(asked, supplement)
    return ApplicationView.of(*await actions.find_application(desk, ask), not_supplied=missing)


@router.post("/withdrawal", operation_id="post_withdrawal")
async def post_withdrawal(
    request: Request,
    acceptance_no: str,
    visit: Annotated[Visit, Depends(visiting("intake.post_withdrawal"), scope="function")],
    withdrawal: Withdrawal | None = None,
) -> ApplicationView:
    """Take the application back before a decision."""
    desk, ask = request.app.state.desk, _ask(acceptance_no, visit)
    await actions.withdraw(desk, ask, withdrawal.reason if withdrawal else None, visit.call.at)
    return ApplicationView.of(*await actions.find_application(desk, ask))


def _ask(typed: str, visit: Visit) -> Ask:
    number = read_acceptance_no(typed)
    if number is None:
        raise Refused(
            "acceptance-no-mistyped", "the number has a slip; compare it with the receipt", status=422
        )
    channel = visit.call.channel
    return Ask(channel.id, channel.regions, number, visit.look)


def _asked(event: MaterialRequested) -> Asked:
    return Asked(round=event.round, items=items_of(event), answer_due_on=event.answer_due_on)


def _decided(event: DecisionMade) -> Decided:
    return Decided(outcome=event.outcome, reasons=reasons_of(event), remedy=event.remedy)


def _shown(entry: Entry) -> TimelineEntry:
    return TimelineEntry(type=entry.type, at=entry.at, sentence=entry.sentence, sentence_zh=entry.sentence_zh)
