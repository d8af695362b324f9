"""How staff change policies: drafts are written, checked, compared, published by a second person."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.catalog import actions
from services.catalog.actions import Writing
from services.catalog.api.answering import shelf_of
from services.catalog.domain.checking import Report
from services.catalog.domain.drafting import Draft, standing_of
from services.catalog.domain.places import File
from shared.access import ROUTES, Staff
from shared.contracts.base import Line, Paragraph
from shared.reasons import require_nameless

ANSWERS: dict[int | str, dict[str, Any]] = {
    401: {"description": "No access token, or one that is not valid."},
    403: {"description": "The role forbids it."},
    404: {"description": "There is no such draft or file."},
    409: {
        "description": "`four-eyes`, `draft-unchecked`, `draft-outdated`, `draft-published`, `-withdrawn`."
    },
    422: {"description": "`policy-unreadable` or `draft-fails`, with line and every reason."},
    503: {"description": "The database is away, or others publish at the same time; try again later."},
}
router = APIRouter(prefix="/api/catalog", tags=["editing"], responses=ANSWERS)


async def _editor(request: Request, authorization: Annotated[str | None, Header()] = None) -> Staff:
    staff: Staff = await request.app.state.door.staff(authorization)
    ROUTES[f"catalog.{request.scope['route'].name}"].admit_staff(staff)
    return staff


Editor = Annotated[Staff, Depends(_editor)]
"""A member of staff who holds one of the roles of the route."""

Key = Annotated[
    str, Path(pattern=r"^[a-z]+(:[a-z0-9_-]{1,40})?$", description="for example region:panzhihua")
]


Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="a published version")]


class PolicyFile(BaseModel):
    """A policy file as text; `name` is what errors call it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Line = "file.yaml"
    text: str = Field(min_length=1, max_length=900_000)


class DraftWritten(PolicyFile):
    """A changed policy file, what its writer says about the change, and the version that it was written on.

    The newest version is taken to be that one if it is not named; a draft on an older one is not published.
    """

    note: Paragraph
    based_on: int | None = Field(default=None, ge=0, le=2**31 - 1)


class DraftShown(BaseModel):
    """A draft and how it stands."""

    draft_id: UUID
    key: str
    standing: str
    based_on: int
    effective_from: date
    note: str
    written_by: str
    written_at: datetime
    steps: list[dict[str, Any]]


class Checked(BaseModel):
    """What a check found; `passed` when there are no errors."""

    passed: bool
    errors: list[str]
    warnings: list[str]
    vectors: int
    regions: list[str]


class Changed(BaseModel):
    """One value that a draft changes."""

    path: str
    before: Any
    after: Any


class Stated(BaseModel):
    """A version that was published."""

    topic: str
    key: str
    version: int
    effective_from: date | None


@router.get("/files")
async def get_files(request: Request, editor: Editor) -> list[dict[str, Any]]:  # noqa: ARG001
    """List the published versions of every policy file, and how each stands."""
    shelf = shelf_of(request)
    found = await actions.published_sheets(shelf.database)
    return [
        {
            "key": sheet.key,
            "version": sheet.version,
            "effective_from": sheet.effective_from,
            "standing": standing_of(sheet, versions, shelf.today()),
            "written_by": sheet.written_by,
            "published_by": sheet.published_by,
            "published_at": sheet.published_at,
        }
        for versions in found.values()
        for sheet in versions
    ]


@router.get("/files/{key}/versions/{version}")
async def get_file(request: Request, key: Key, version: Number, editor: Editor) -> Response:  # noqa: ARG001
    """Give a published version of a policy file as it was written."""
    text = await actions.file_text(shelf_of(request).database, key, version)
    return Response(text, media_type="application/yaml; charset=utf-8")


@router.post("/checks")
async def post_check(request: Request, file: PolicyFile, editor: Editor) -> Checked:  # noqa: ARG001
    """Check a file with what is published; nothing is kept."""
    shelf = shelf_of(request)
    report = await actions.check_file(shelf.database, File(file.name, file.text), shelf.now())
    return _checked(report)


@router.get("/drafts")
async def get_drafts(request: Request, editor: Editor) -> list[DraftShown]:  # noqa: ARG001
    """List the latest drafts, newest first."""
    return [_shown(draft) for draft in await actions.list_drafts(shelf_of(request).database)]


@router.post("/drafts", status_code=201)
async def post_draft(request: Request, written: DraftWritten, editor: Editor) -> DraftShown:
    """Keep a changed policy file as a draft."""
    require_nameless(written.note)
    shelf = shelf_of(request)
    writing = Writing(File(written.name, written.text), written.note, editor.id, written.based_on)
    return _shown(await actions.write_draft(shelf.database, writing, shelf.now()))


@router.get("/drafts/{draft_id}")
async def get_draft(request: Request, draft_id: UUID, editor: Editor) -> DraftShown:  # noqa: ARG001
    """Show a draft and how it stands."""
    return _shown(await actions.find_draft(shelf_of(request).database, draft_id))


@router.get("/drafts/{draft_id}/changes")
async def get_changes(request: Request, draft_id: UUID, editor: Editor) -> list[Changed]:  # noqa: ARG001
    """Tell value by value what a draft changes in the file that it is based on."""
    found = await actions.compare_draft(shelf_of(request).database, draft_id)
    return [Changed(path=one.path, before=one.before, after=one.after) for one in found]


@router.post("/drafts/{draft_id}/check")
async def post_draft_check(request: Request, draft_id: UUID, editor: Editor) -> Checked:
    """Check a draft; one that passes may be published by somebody else."""
    shelf = shelf_of(request)
    return _checked(await actions.check_draft(shelf.database, draft_id, editor.id, shelf.now()))


@router.post("/drafts/{draft_id}/publication", status_code=201)
async def post_publication(request: Request, draft_id: UUID, editor: Editor) -> list[Stated]:
    """Publish a checked draft that somebody else wrote; tells every version that it made."""
    shelf = shelf_of(request)
    published = await actions.publish_draft(shelf.database, draft_id, editor.id, shelf.now())
    return [
        Stated(topic=one.topic, key=one.key, version=one.version, effective_from=one.effective_from)
        for one in published
    ]


@router.post("/drafts/{draft_id}/withdrawal", status_code=201)
async def post_draft_withdrawal(request: Request, draft_id: UUID, editor: Editor) -> DraftShown:
    """Take back a draft that is not published."""
    shelf = shelf_of(request)
    return _shown(await actions.withdraw_draft(shelf.database, draft_id, editor.id, shelf.now()))


def _shown(draft: Draft) -> DraftShown:
    return DraftShown(
        draft_id=draft.draft_id,
        key=draft.key,
        standing=draft.standing,
        based_on=draft.based_on,
        effective_from=draft.effective_from,
        note=draft.note,
        written_by=draft.written_by,
        written_at=draft.written_at,
        steps=[{"step": taken.step, "by": taken.by, "at": taken.at} for taken in draft.steps],
    )


def _checked(report: Report) -> Checked:
    return Checked(
        passed=report.passed,
        errors=list(report.errors),
        warnings=list(report.warnings),
        vectors=report.vectors,
        regions=list(report.regions),
    )
