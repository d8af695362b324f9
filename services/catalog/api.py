"""The public reading side: regions, diseases, papers, channels, deadlines and guide texts."""

import hashlib
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from pydantic import BaseModel, Field

from services.catalog.actions import Shelf
from services.catalog.domain.showing import find_diseases, plain, with_sources
from shared.contracts.submissions import ApplicationType
from shared.errors import Refused

Region = Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,40}$", description="for example panzhihua")]
Sources = Annotated[
    bool, Query(description="true: every value as {v, src, grade, origin, note, conflict} instead of v alone")
]
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="the newest if it is left out")]
Wanted = Annotated[str, Query(max_length=64, description="code, name or everyday name, or a part of it")]
OTHER_ANSWERS: dict[int | str, dict[str, Any]] = {
    304: {"description": "Not changed since the ETag in If-None-Match."},
    404: {"description": "There is no such region, version or disease."},
    422: {"description": "A parameter does not have the expected form."},
    503: {"description": "The database is away; try again later."},
}


class PapersFor(BaseModel):
    """What decides which papers are needed."""

    disease: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="for example PZH-001")
    application_type: ApplicationType = ApplicationType.NEW
    agent: bool = Field(default=False, description="whether an agent applies for the person")
    minor: bool = Field(default=False, description="whether the person is under 18")
    sources: bool = Field(default=False, description="as everywhere")


def add_routes(app: FastAPI, shelf: Shelf) -> None:
    """Add all routes of the reading side; anyone may call them."""
    router = APIRouter(prefix="/api/catalog", responses=OTHER_ANSWERS)
    _add_region_routes(router, shelf)
    _add_paper_routes(router, shelf)
    app.include_router(router)


def _add_region_routes(router: APIRouter, shelf: Shelf) -> None:
    @router.get("/regions")
    async def get_regions(request: Request, sources: Sources = False) -> Response:
        """List the regions with name, division code, benefit name, hotline and policy version."""
        wanted = {"region", "version", "effective_from", "name", "admdvs", "benefit_name", "hotline"}
        shown = [_show(policy, sources) for policy in await shelf.policies()]
        return _answer(request, [{k: v for k, v in one.items() if k in wanted} for one in shown])

    @router.get("/regions/{region}")
    async def get_region(
        request: Request, region: Region, version: Version = None, sources: Sources = False
    ) -> Response:
        """Show a region's whole policy in one version."""
        return _answer(request, _show(await shelf.policy(region, version), sources))

    @router.get("/regions/{region}/channels")
    async def get_channels(request: Request, region: Region, sources: Sources = False) -> Response:
        """List the ways to apply."""
        policy = await shelf.policy(region)
        return _answer(request, [_show(channel, sources) for channel in policy.channels])

    @router.get("/regions/{region}/deadlines")
    async def get_deadlines(request: Request, region: Region, sources: Sources = False) -> Response:
        """Show the time limits in working days, what moves them, and the calendars they are counted by."""
        policy = await shelf.policy(region)
        calendars = [with_sources(calendar) for calendar in await shelf.calendars()]
        return _answer(request, {"deadlines": _show(policy.deadlines, sources), "calendars": calendars})

    @router.get("/regions/{region}/guide")
    async def get_guide(request: Request, region: Region, sources: Sources = False) -> Response:
        """Show the notice before the form, the steps, the benefit and the remedy, with hotline and hours."""
        policy = await shelf.policy(region)
        wanted = ("notice", "guide", "benefit", "remedy", "hotline", "hours", "sources")
        shown = _show(policy, sources)
        return _answer(request, {name: shown[name] for name in wanted})


def _add_paper_routes(router: APIRouter, shelf: Shelf) -> None:
    @router.get("/regions/{region}/diseases")
    async def get_diseases(
        request: Request, region: Region, q: Wanted = "", sources: Sources = False
    ) -> Response:
        """List the diseases of the catalogue, or find them by everyday names."""
        policy = await shelf.policy(region)
        return _answer(request, [_show(disease, sources) for disease in find_diseases(policy.diseases, q)])

    @router.get("/regions/{region}/materials")
    async def get_materials(
        request: Request, region: Region, wanted: Annotated[PapersFor, Query()]
    ) -> Response:
        """List the papers for a disease and kind of application, for an agent or a minor if it is one."""
        policy = await shelf.policy(region)
        if policy.disease(wanted.disease) is None:
            raise Refused("disease-unknown", "the disease is not in the region's catalogue", status=404)
        rules = policy.materials_for(
            wanted.disease, wanted.application_type, has_agent=wanted.agent, is_minor=wanted.minor
        )
        return _answer(request, [_show(rule, wanted.sources) for rule in rules])


def _show(part: BaseModel, sources: bool) -> Any:
    return with_sources(part) if sources else plain(part)


def _answer(request: Request, content: Any) -> Response:
    """Answer with the content, or with 304 if the caller has it already."""
    body = orjson.dumps(content)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": etag, "cache-control": "no-cache"}
    held = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in held or "*" in held:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
