"""What anyone may read about a region: its rules as a whole, its channels, its deadlines, its guide."""

from fastapi import APIRouter, Request, Response

from services.catalog.api.answering import OTHER_ANSWERS, At, Region, Sources, Wanted, answer, shelf_of
from services.catalog.domain.showing import plain, with_sources

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
DEADLINES = ("deadlines", "intake_mode", "intake_windows", "public_notice", "calendar_additions", "in_flight")


@router.get("")
async def get_regions(request: Request, at: At = None, sources: Sources = False) -> Response:
    """List the regions with name, division code, benefit name, hotline and the version in force."""
    shelf = shelf_of(request)
    listed = []
    for document in await shelf.parts(shelf.regions(at), LISTED):
        part = {name: document[name] for name in LISTED if name in document}
        listed.append(part if sources else plain(part))
    return answer(request, listed)


@router.get("/{region}")
async def get_region(request: Request, wanted: Wanted) -> Response:
    """Show a region's whole policy: the version in force, that of a day, or the one named."""
    return answer(request, wanted.shown(await wanted.document()))


@router.get("/{region}/versions")
async def get_versions(request: Request, region: Region) -> Response:
    """List the published versions: from which day, made of which layers, written and published by whom."""
    shown = [
        {
            "version": version.version,
            "effective_from": version.effective_from,
            "layers": version.layers or [],
            "written_by": version.written_by,
            "published_by": version.published_by,
            "published_at": version.published_at,
        }
        for version in shelf_of(request).versions(region)
    ]
    return answer(request, shown)


@router.get("/{region}/channels")
async def get_channels(request: Request, wanted: Wanted) -> Response:
    """List the ways to apply, the recommended ones first as the region lists them."""
    return answer(request, wanted.shown((await wanted.document())["channels"]))


@router.get("/{region}/deadlines")
async def get_deadlines(request: Request, wanted: Wanted) -> Response:
    """Show the time limits in working days, what moves them, and the calendars they are counted by."""
    document = await wanted.document()
    part = {name: document[name] for name in DEADLINES if name in document}
    calendars = [with_sources(calendar) for calendar in wanted.shelf.calendars()]
    return answer(request, {**wanted.shown(part), "calendars": calendars})


@router.get("/{region}/guide")
async def get_guide(request: Request, wanted: Wanted) -> Response:
    """Show what applicants are told: notice, steps, check list, comparison, benefit, remedy, offices."""
    document = await wanted.document()
    return answer(request, wanted.shown({name: document[name] for name in GUIDE if name in document}))
