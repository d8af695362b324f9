"""What anyone may ask for a disease: search, its standard, its papers, where it is treated."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.catalog import forms
from services.catalog.api.answering import OTHER_ANSWERS, Asked, Code, Wanted, answer
from services.catalog.api.describing import told, told_many, without
from services.catalog.domain.finding import Entitlement, Sought, entitlement, find_institutions, form_at
from services.catalog.domain.searching import SearchIndex
from services.catalog.domain.showing import find_diseases, with_sources
from shared.contracts.benefits import Institution
from shared.contracts.diseases import Disease, NationalCode
from shared.contracts.evidence import Advice, Evidence, EvidenceShown
from shared.contracts.materials import MaterialRule
from shared.contracts.policies import RegionPolicy
from shared.contracts.sourced import Grade, Sourced
from shared.contracts.standards import Scope, Standard
from shared.contracts.submissions import ApplicationType
from shared.errors import Refused
from shared.recognition import judge

router = APIRouter(prefix="/api/catalog/regions/{region}", tags=["diseases"], responses=OTHER_ANSWERS)


class StandardAsked(BaseModel):
    """Which standard was asked, where it was read, and how good that source is."""

    code: str
    name: str
    scope: Scope
    src: str
    grade: Grade
    note: str | None


class AdviceGiven(BaseModel):
    """What a standard says about evidence, and under which policy version."""

    policy_version: int
    standard: StandardAsked
    advice: Advice


class PdfResponse(Response):
    """A PDF, for the description of the route."""

    media_type = "application/pdf"


Query64 = Annotated[str, Query(max_length=64, description="code, name, everyday name or pinyin, or a part")]


class Situation(BaseModel):
    """What decides which papers are needed."""

    disease: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="for example PZH-001")
    application_type: ApplicationType = ApplicationType.NEW
    agent: bool = Field(default=False, description="whether an agent applies for the person")
    minor: bool = Field(default=False, description="whether the person is under 18")
    channel: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="tells the form of papers there"
    )


@router.get("/diseases", responses=told_many(Disease))
async def get_diseases(request: Request, wanted: Wanted, q: Query64 = "") -> Response:
    """List the diseases of the catalogue, or find them by everyday names and pinyin."""
    policy = await _policy(wanted)
    found = find_diseases(policy.diseases, q)
    return answer(request, [wanted.shown(with_sources(disease)) for disease in found])


@router.get("/diseases/{code}", responses=told(Disease, recognition_standard=Standard, national=NationalCode))
async def get_disease(request: Request, wanted: Wanted, code: Code) -> Response:
    """Show a disease under its three codes, with its recognition standard."""
    policy = await _policy(wanted)
    disease, standard = _disease(policy, code), policy.standard_of(code)
    national = next((n for n in policy.national_codes if n.code == disease.national_code.v), None)
    shown = {
        **wanted.shown(with_sources(disease)),
        "recognition_standard": wanted.shown(with_sources(standard)) if standard else None,
        "national": wanted.shown(with_sources(national)) if national else None,
    }
    return answer(request, shown)


@router.post("/diseases/{code}/advice")
async def post_advice(wanted: Wanted, code: Code, evidence: EvidenceShown) -> AdviceGiven:
    """Tell what the recognition standard says about evidence that names nobody; nothing is kept.

    Months are counted back from `at`, or from today. It advises: a named person decides.
    """
    policy = await _policy(wanted)
    _disease(policy, code)
    standard = policy.standard_of(code)
    if standard is None:
        raise Refused("standard-unknown", "no recognition standard of the disease is known", status=404)
    tree = standard.tree
    judged = Evidence(**dict(evidence), applied_on=wanted.day)
    told = {"code": standard.code, "name": standard.name.v, "scope": standard.scope.v}
    asked = StandardAsked(**told, src=tree.src, grade=tree.grade, note=tree.note)
    return AdviceGiven(policy_version=policy.version, standard=asked, advice=judge(tree.v, judged))


@router.get("/standards", responses=told_many(without(Standard, "tree"), diseases=list[str]))
async def get_standards(request: Request, wanted: Wanted, q: Query64 = "") -> Response:
    """List the recognition standards that the region's province knows, or find some; without their trees.

    `diseases` are the region's own that are judged by it: none where the region has not taken the disease,
    or where nobody knows whether it has.
    """
    policy = await _policy(wanted)
    shown = []
    for standard in SearchIndex.of(policy.standards).find(q):
        own = [disease.code for disease in policy.diseases if disease.standard == standard.code]
        head = {name: value for name, value in with_sources(standard).items() if name != "tree"}
        shown.append({**wanted.shown(head), "diseases": own})
    return answer(request, shown)


@router.get("/standards/{code}", responses=told(Standard))
async def get_standard(request: Request, wanted: Wanted, code: Code) -> Response:
    """Show a recognition standard with its tree."""
    policy = await _policy(wanted)
    standard = next((one for one in policy.standards if one.code == code), None)
    if standard is None:
        raise Refused("standard-unknown", "the region knows no such standard", status=404)
    return answer(request, wanted.shown(with_sources(standard)))


@router.get("/materials", responses=told_many(MaterialRule, form_at_channel=Sourced[str]))
async def get_materials(
    request: Request, wanted: Wanted, situation: Annotated[Situation, Query()]
) -> Response:
    """Give the check list of papers for a situation: which, in which form, with example."""
    policy = await _policy(wanted)
    _disease(policy, situation.disease)
    rules = policy.materials_for(
        situation.disease,
        situation.application_type,
        has_agent=situation.agent,
        is_minor=situation.minor,
    )
    form = _form_at(policy, situation.channel)
    shown = [wanted.shown({**with_sources(rule), **form}) for rule in rules]
    return answer(request, shown)


@router.get("/form", response_class=PdfResponse)
async def get_form(request: Request, wanted: Wanted) -> Response:
    """Give the blank application form as a PDF (F-S10)."""
    policy = await _policy(wanted)
    name = f"{wanted.region}-form-{wanted.version}.pdf"
    given = answer(request, await asyncio.to_thread(forms.blank_form, policy), "application/pdf")
    given.headers["content-disposition"] = f'inline; filename="{name}"'
    return given


@router.get("/institutions", responses=told_many(Institution, entitlement=Entitlement))
async def get_institutions(request: Request, wanted: Wanted, sought: Annotated[Sought, Query()]) -> Response:
    """List the designated institutions by level, place and what they may treat."""
    policy = await _policy(wanted)
    if sought.disease:
        _disease(policy, sought.disease)
    found = find_institutions(policy, sought)
    shown = [wanted.shown(with_sources(one)) for one in found]
    if sought.disease:
        told = [{"entitlement": entitlement(policy, one, sought.disease)} for one in found]
        shown = [one | more for one, more in zip(shown, told, strict=True)]
    return answer(request, shown)


async def _policy(wanted: Asked) -> RegionPolicy:
    return await wanted.shelf.policy(wanted.region, wanted.version)


def _disease(policy: RegionPolicy, code: str) -> Disease:
    disease = policy.disease(code)
    if disease is None:
        raise Refused("disease-unknown", "the disease is not in the region's catalogue", status=404)
    return disease


def _form_at(policy: RegionPolicy, channel_id: str | None) -> dict[str, Any]:
    if channel_id is None:
        return {}
    if all(channel.id != channel_id for channel in policy.channels):
        raise Refused("channel-unknown", "the region has no such channel", status=404)
    form = form_at(policy, channel_id)
    return {"form_at_channel": with_sources(form.form)} if form else {}
