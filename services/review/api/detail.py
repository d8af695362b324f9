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
from services.review.domain import Dossier, Identity, Paper, Status
from shared.contracts.cases import CaseEvent, Outcome, Stage
from shared.contracts.submissions import ApplicantClass, ApplicationType, PhysicianOpinion

router = APIRouter(prefix="/api/review/cases", tags=["cases"], responses=ANSWERS)
COMMON = {"application_id", "acceptance_no", "region", "occurred_at"}


class ShownPerson(BaseModel):
    """A person, masked."""

    name: str
    id_type: str
    id_number: str


class ShownApplication(BaseModel):
    """What intake told: who applies for what by which way."""

    application_type: ApplicationType
    applicant_class: ApplicantClass
    channel: str
    submitted_at: datetime
    applicant: ShownPerson
    agent: ShownPerson | None
    agent_relation: str | None
    previous_application_id: UUID | None


class ShownMaterial(BaseModel):
    """One paper; `round` is 0 for the application itself, else the request that it answers."""

    kind: str
    name: str | None
    content_hash: str
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
    return ShownApplication(
        application_type=dossier.application_type,
        applicant_class=dossier.applicant_class,
        channel=dossier.channel,
        submitted_at=dossier.submitted_at,
        applicant=_person(dossier.applicant),
        agent=_person(dossier.agent) if dossier.agent else None,
        agent_relation=dossier.agent_relation,
        previous_application_id=dossier.previous_application_id,
    )


def _person(person: Identity) -> ShownPerson:
    return ShownPerson(
        name=domain.masked_name(person.name),
        id_type=person.id_type,
        id_number=domain.masked_number(person.id_number),
    )


def _material(paper: Paper, names: Mapping[str, str] | None) -> ShownMaterial:
    material = paper.material
    return ShownMaterial(
        kind=material.kind,
        name=name_of(names, material.kind),
        content_hash=material.content_hash,
        content_type=material.content_type,
        size=material.size,
        round=paper.round,
        issued_on=material.issued_on,
        issuer=material.issuer,
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
        facts=event.model_dump(mode="json", exclude=COMMON, exclude_none=True),
    )
