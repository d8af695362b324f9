"""The route of one case: what was handed in, who did what, and what may come next; persons are masked."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, JsonValue

from services.review import actions, domain
from services.review.actions import CaseView
from services.review.api.office import ANSWERS, At, By
from services.review.api.standing import Deadline, Held, deadline, held, name_of
from services.review.domain import Dossier, Filed, Status
from shared.contracts.base import ERASED
from shared.contracts.cases import (
    CaseEvent,
    DecisionMade,
    ExpertOpinionGiven,
    MaterialRequested,
    Outcome,
    ReviewForwarded,
    Stage,
    items_of,
    reasons_of,
)
from shared.contracts.submissions import Agent, ApplicantClass, ApplicationType, Person, PhysicianOpinion
from shared.masks import HIDDEN, masked_name, masked_number, masked_phone

router = APIRouter(prefix="/api/review/cases", tags=["cases"], responses=ANSWERS)
COMMON = {"application_id", "acceptance_no", "region", "occurred_at", "key_id", "sealed", "kinds"}


class ShownPerson(BaseModel):
    """A person, masked; of an address only that there is one. `POST …/unmask` shows more, for a reason."""

    name: str
    id_type: str
    id_number: str
    phone: str
    address: str | None


class ShownApplication(BaseModel):
    """What intake told: who applies for what by which way; nobody is named once they were erased."""

    application_type: ApplicationType
    applicant_class: ApplicantClass
    channel: str
    submitted_at: datetime
    applicant: ShownPerson | None
    agent: ShownPerson | None
    agent_relation: str | None
    previous_application_id: UUID | None


class ShownMaterial(BaseModel):
    """One paper; `round` is 0 for the application itself, else the request that it answers."""

    kind: str
    name: str | None
    content_hash: str | None
    content_type: str
    size: int
    round: int
    issued_on: date | None
    issuer: str | None
    issuer_level: int | None
    stamped: bool | None


class ShownRequest(BaseModel):
    """The request that waits for the applicant."""

    round: int
    kinds: list[str]
    answer_due_on: date


class ShownEvent(BaseModel):
    """One step of the history in a sentence, with the facts of the event."""

    type: str
    at: datetime
    sentence: str
    sentence_zh: str
    facts: dict[str, JsonValue]


class CaseDetail(BaseModel):
    """A case as staff see it; without the kinds in `missing_for_approval` it cannot be approved."""

    application_id: UUID
    acceptance_no: str
    region: str
    region_name: str
    status: Status
    stage: Stage
    outcome: Outcome | None
    disease_code: str
    disease_name: str | None
    policy_version: int
    received_on: date
    accepted_by: str | None
    first_reviewer: str | None
    deadline: Deadline
    claim: Held | None
    application: ShownApplication
    materials: list[ShownMaterial]
    physician_opinion: PhysicianOpinion | None
    missing_for_approval: list[str]
    asked: ShownRequest | None
    request_rounds_left: int
    next_stages: list[Stage]
    history: list[ShownEvent]


@router.get("/{application_id}")
async def get_case(application_id: UUID, officer: By, at: At) -> CaseDetail:
    """Show one case with its papers and its history."""
    now = at.now()
    return _detail(await actions.read_case(at.desk, application_id, officer, now), now)


def _detail(view: CaseView, now: datetime) -> CaseDetail:
    case, dossier, rules = view.file.case, view.file.dossier, view.file.rules
    return CaseDetail(
        application_id=case.application_id,
        acceptance_no=case.acceptance_no,
        region=case.region,
        region_name=rules.name,
        status=case.status,
        stage=case.stage,
        outcome=case.outcome,
        disease_code=case.disease_code,
        disease_name=name_of(rules.disease_names, case.disease_code),
        policy_version=case.policy_version,
        received_on=case.received_on,
        accepted_by=case.accepted_by,
        first_reviewer=case.first_reviewer,
        deadline=deadline(view.standing),
        claim=held(view.file.claim, now),
        application=_application(dossier),
        materials=[_material(paper, rules.material_names) for paper in dossier.papers],
        physician_opinion=dossier.physician_opinion,
        missing_for_approval=[rule.kind for rule in view.missing],
        asked=_request(case.asked),
        request_rounds_left=max(0, rules.request_rounds - case.rounds),
        next_stages=sorted(domain.next_stages(case, rules)),
        history=[_event(event) for event in view.events],
    )


def _application(dossier: Dossier) -> ShownApplication:
    submitted, private = dossier.submitted, dossier.submitted.private
    agent = private.agent if private else None
    return ShownApplication(
        application_type=submitted.application_type,
        applicant_class=submitted.applicant_class,
        channel=submitted.channel,
        submitted_at=submitted.occurred_at,
        applicant=_person(private.applicant) if private else None,
        agent=_person(agent) if agent else None,
        agent_relation=agent.relation if agent else None,
        previous_application_id=submitted.previous_application_id,
    )


def _person(person: Person | Agent) -> ShownPerson:
    return ShownPerson(
        name=masked_name(person.name),
        id_type=person.id_type,
        id_number=masked_number(person.id_number),
        phone=masked_phone(person.phone),
        address=HIDDEN if isinstance(person, Person) and person.address else None,
    )


def _material(filed: Filed, names: Mapping[str, str] | None) -> ShownMaterial:
    material, private = filed.paper, filed.private
    return ShownMaterial(
        kind=material.kind,
        name=name_of(names, material.kind),
        content_hash=private.content_hash if private else None,
        content_type=material.content_type,
        size=material.size,
        round=filed.round,
        issued_on=material.issued_on,
        issuer=private.issuer if private else None,
        issuer_level=material.issuer_level,
        stamped=material.stamped,
    )


def _request(asked: domain.Asked | None) -> ShownRequest | None:
    if asked is None:
        return None
    return ShownRequest(round=asked.round, kinds=list(asked.kinds), answer_due_on=asked.answer_due_on)


def _event(event: CaseEvent) -> ShownEvent:
    told = domain.tell(event)
    return ShownEvent(
        type=event.type,
        at=event.occurred_at,
        sentence=told.en,
        sentence_zh=told.zh,
        facts=_facts(event),
    )


def _facts(event: CaseEvent) -> dict[str, JsonValue]:
    facts: dict[str, JsonValue] = event.model_dump(mode="json", exclude=COMMON, exclude_none=True)
    match event:
        case MaterialRequested():
            facts["items"] = [item.model_dump(mode="json") for item in items_of(event)]
        case DecisionMade():
            facts["opinion"] = event.private.opinion if event.private else ERASED
            facts["reasons"] = [reason.model_dump(mode="json") for reason in reasons_of(event)]
        case ReviewForwarded() | ExpertOpinionGiven():
            facts["opinion"] = event.private.opinion if event.private else ERASED
    return facts
