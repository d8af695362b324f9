"""Routes that tell what the recognition standard says: advice, of which only the look is kept."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from services.review import actions
from services.review.api.office import ANSWERS, At, By
from services.review.domain import Advised, CaseFile
from shared.contracts.evidence import Advice, Evidence, EvidenceShown
from shared.contracts.sourced import Grade
from shared.contracts.standards import Scope

router = APIRouter(prefix="/api/review/cases", tags=["cases"], responses=ANSWERS)


class ShownStandard(BaseModel):
    """Which standard was asked, where it was read, and how good that source is."""

    code: str
    name: str
    scope: Scope
    src: str
    grade: Grade
    note: str | None


class CaseAdvice(BaseModel):
    """What the standard says about the evidence, under the policy version that binds the case."""

    application_id: UUID
    disease_code: str
    policy_version: int
    standard: ShownStandard
    evidence: Evidence
    advice: Advice


@router.get("/{application_id}/advice")
async def get_advice(application_id: UUID, officer: By, at: At) -> CaseAdvice:
    """Tell what the standard says about the papers as they were handed in; what they hold is not read."""
    return _advice(*await actions.advise(at.desk, application_id, officer, EvidenceShown(), at.now()))


@router.post("/{application_id}/advice")
async def post_advice(application_id: UUID, entered: EvidenceShown, officer: By, at: At) -> CaseAdvice:
    """Tell what the standard says with what an officer read in the papers; that is not kept."""
    return _advice(*await actions.advise(at.desk, application_id, officer, entered, at.now()))


def _advice(file: CaseFile, advised: Advised) -> CaseAdvice:
    standard = advised.standard
    return CaseAdvice(
        application_id=file.case.application_id,
        disease_code=file.case.disease_code,
        policy_version=file.rules.version,
        standard=ShownStandard(
            code=standard.code,
            name=standard.name.v,
            scope=standard.scope.v,
            src=standard.tree.src,
            grade=standard.tree.grade,
            note=standard.tree.note,
        ),
        evidence=advised.evidence,
        advice=advised.advice,
    )
