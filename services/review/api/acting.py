"""Routes by which officers act: claim and release, accept, ask, forward, advise, decide."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.review import actions
from services.review.api.office import ANSWERS, Acting, At, By
from services.review.domain import CaseFile, Ground, Handover, Recommendation, Ruling, Status
from shared.contracts.base import Code, Paragraph
from shared.contracts.cases import Outcome, RequestedItem, Stage

router = APIRouter(prefix="/api/review/cases/{application_id}", tags=["acts"], responses=ANSWERS)


class Body(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MaterialRequest(Body):
    """Everything that is missing, in one list (T14)."""

    items: Annotated[list[RequestedItem], Field(min_length=1, max_length=60)]


class Forwarding(Body):
    """To which stage the case goes, and the opinion that goes with it (T11, T13)."""

    to_stage: Stage
    opinion: Paragraph


class ExpertOpinion(Body):
    """What an expert recommends (T12): `approve` or `reject`; the outcomes' own names are understood too."""

    recommendation: Annotated[str, Field(pattern=r"^(approve|approved|reject|rejected)$")]
    opinion: Paragraph


class GivenReason(Body):
    """A reason of a rejection: a code of the region's list and what it means here."""

    code: Code
    detail: Paragraph


class Decision(Body):
    """The decision, with reasons if it is a rejection (T21, T23)."""

    outcome: Outcome
    opinion: Paragraph
    reasons: Annotated[list[GivenReason], Field(max_length=20)] = []


class ClaimAnswer(BaseModel):
    """The claim that was taken or renewed; the number goes into the header `Claim-Token` of every act."""

    claim_token: int
    expires_at: datetime


class CaseAnswer(BaseModel):
    """How a case stands after an act; the claim has ended with it."""

    application_id: UUID
    acceptance_no: str
    status: Status
    stage: Stage
    outcome: Outcome | None
    due_on: date | None
    due_provisional: bool
    answer_due_on: date | None


@router.post("/claim")
async def post_claim(application_id: UUID, officer: By, at: At) -> ClaimAnswer:
    """Take a case for 15 minutes, or renew the claim."""
    now = at.now()
    claim = await actions.claim_case(at.desk, application_id, officer, now)
    return ClaimAnswer(claim_token=claim.token, expires_at=claim.expires_at or now)


@router.post("/release", status_code=204)
async def post_release(act: Acting, at: At) -> None:
    """Give a case back to the queue."""
    await actions.release_case(at.desk, act.application_id, act.holder, at.now())


@router.post("/accept")
async def post_accept(act: Acting, at: At) -> CaseAnswer:
    """Accept the application; the clock of the decision has a due date from then on."""
    return _answer(await actions.accept(at.desk, act, at.now()))


@router.post("/material-requests", status_code=201)
async def post_material_request(act: Acting, asked: MaterialRequest, at: At) -> CaseAnswer:
    """Ask the applicant, once and completely, for what is missing."""
    return _answer(await actions.request_material(at.desk, act, asked.items, at.now()))


@router.post("/forward")
async def post_forward(act: Acting, forwarding: Forwarding, at: At) -> CaseAnswer:
    """Hand the case to the experts or to the final reviewer."""
    handover = Handover(forwarding.to_stage, forwarding.opinion)
    return _answer(await actions.forward(at.desk, act, handover, at.now()))


@router.post("/opinions", status_code=201)
async def post_opinion(act: Acting, opinion: ExpertOpinion, at: At) -> CaseAnswer:
    """Record an expert's recommendation."""
    outcome = Outcome.APPROVED if opinion.recommendation.startswith("approve") else Outcome.REJECTED
    given = Recommendation(outcome, opinion.opinion)
    return _answer(await actions.give_opinion(at.desk, act, given, at.now()))


@router.post("/decision", status_code=201)
async def post_decision(act: Acting, decision: Decision, at: At) -> CaseAnswer:
    """Decide the case as a second person."""
    grounds = tuple(Ground(reason.code, reason.detail) for reason in decision.reasons)
    ruling = Ruling(decision.outcome, decision.opinion, grounds)
    return _answer(await actions.decide(at.desk, act, ruling, at.now()))


def _answer(file: CaseFile) -> CaseAnswer:
    case = file.case
    return CaseAnswer(
        application_id=case.application_id,
        acceptance_no=case.acceptance_no,
        status=case.status,
        stage=case.stage,
        outcome=case.outcome,
        due_on=case.due_on,
        due_provisional=case.due_provisional,
        answer_due_on=case.asked.answer_due_on if case.asked else None,
    )
