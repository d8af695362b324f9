"""What anyone may read about a region: its rules as a whole, its channels, its deadlines, its guide."""

from datetime import date, datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from services.catalog.api.answering import (
    OTHER_ANSWERS,
    At,
    Region,
    Sources,
    Wanted,
    answer,
    shelf_of,
)
from services.catalog.api.describing import part, told, told_many
from services.catalog.domain.composing import is_replaced, last_day
from services.catalog.domain.showing import plain, with_sources
from shared.contracts.calendars import CalendarDocument
from shared.contracts.guidance import PolicyChannel
from shared.contracts.policies import LayerVersion, RegionPolicy

router = APIRouter(prefix="/api/catalog/regions", tags=["regions"], responses=OTHER_ANSWERS)

LISTED = ("region", "version", "effective_from", "name", "admdvs", "benefit_name", "hotline")
GUIDE = (
    "notice",
    "guide",
    "checklist",
    "comparison",
    "online",
    "offline_verification",
    "benefit",
    "figures",
    "institution_rules",
    "renewal",
    "out_of_area",
    "remedy",
    "hotline",
    "hours",
    "offices",
    "sources",
)
TERMS = (
    "name",
    "admdvs",
    "divisions",
    "benefit_name",
    "matter_names",
    "agency",
    "applicant_classes",
    "application_types",
    "eligibility",
    "upload",
    "benefit_start",
    "notifications",
    "retention",
    "rejection_reasons",
)
DEADLINES = ("deadlines", "intake_mode", "intake_windows", "public_notice", "calendar_additions", "in_flight")


class VersionShown(BaseModel):
    """A published version of a region's policy."""

    version: int
    effective_from: date
    effective_to: date | None
    never_in_force: bool
    layers: list[LayerVersion]
    published_at: datetime


@router.get("", responses=told_many(part("RegionListed", LISTED)))
async def get_regions(request: Request, at: At = None, sources: Sources = False) -> Response:
    """List the regions with name, division code, benefit name, hotline and the version in force."""
    shelf = shelf_of(request)
    listed = []
    for document in await shelf.parts(shelf.regions(at), LISTED):
        part = {name: document[name] for name in LISTED if name in document}
        listed.append(part if sources else plain(part))
    return answer(request, listed)


@router.get("/{region}", responses=told(RegionPolicy))
async def get_region(request: Request, wanted: Wanted) -> Response:
    """Show a region's whole policy: the version in force, that of a day, or the one named."""
    return answer(request, wanted.shown(await wanted.document()))


@router.get("/{region}/versions", responses={200: {"model": list[VersionShown]}})
async def get_versions(request: Request, region: Region) -> Response:
    """List the published versions: for which days, made of which layers.

    `effective_to` is the last day on which a version is in force as far as is published now; a version that
    another one replaced before its first day has none, and neither has the one that holds until further.
    """
    versions = shelf_of(request).versions(region)
    shown = [
        VersionShown(
            version=version.version,
            effective_from=version.effective_from,
            effective_to=last_day(version, versions),
            never_in_force=is_replaced(version, versions),
            layers=[LayerVersion(**layer) for layer in version.layers or []],
            published_at=version.published_at,
        )
        for version in versions
    ]
    return answer(request, [version.model_dump(mode="json") for version in shown])


@router.get("/{region}/channels", responses=told_many(PolicyChannel))
async def get_channels(request: Request, wanted: Wanted) -> Response:
    """List the ways to apply, the recommended ones first as the region lists them."""
    return answer(request, wanted.shown((await wanted.document())["channels"]))


@router.get(
    "/{region}/deadlines",
    responses=told(part("RegionDeadlines", DEADLINES), calendars=list[CalendarDocument]),
)
async def get_deadlines(request: Request, wanted: Wanted) -> Response:
    """Show the time limits in working days, what moves them, and the calendars they are counted by."""
    document = await wanted.document()
    part = {name: document[name] for name in DEADLINES if name in document}
    calendars = [with_sources(calendar) for calendar in wanted.shelf.calendars()]
    return answer(request, {**wanted.shown(part), "calendars": calendars})


@router.get("/{region}/guide", responses=told(part("RegionGuide", GUIDE)))
async def get_guide(request: Request, wanted: Wanted) -> Response:
    """Show what applicants are told: notice, steps, check list, comparison, benefit, remedy, offices."""
    document = await wanted.document()
    return answer(request, wanted.shown({name: document[name] for name in GUIDE if name in document}))


@router.get("/{region}/terms", responses=told(part("RegionTerms", TERMS)))
async def get_terms(request: Request, wanted: Wanted) -> Response:
    """Show who may apply for what: classes, eligibility, types, limits of uploads, messages, reasons."""
    document = await wanted.document()
    return answer(request, wanted.shown({name: document[name] for name in TERMS if name in document}))
