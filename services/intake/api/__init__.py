"""The HTTP API of intake, for signed channels."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, FastAPI, Request

from services.intake.api import erasing, exporting, following, retaining, submitting, uploading
from services.intake.api.door import Door
from services.intake.api.submitting import Intake
from services.intake.domain.papers import MOST_BYTES
from shared import edge
from shared.signin import StaffDoor
from shared.visits import Reception, get_looks

JWK = dict[str, Any]

MATERIALS_PATH = "/api/intake/materials"
BODY_LIMITS = {MATERIALS_PATH: MOST_BYTES}
"""Bytes of a request body, by path."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Who comes in: channels and staff; the public key to which channels seal what they put on the bus."""

    channels: Door
    staff: StaffDoor
    submission_key: JWK
    now: Callable[[], datetime]


def add_routes(app: FastAPI, doors: Doors, intake: Intake) -> None:
    """Add all routes; that of submissions runs in front of FastAPI, which only describes it."""
    app.state.door, app.state.now = doors.channels, doors.now
    app.state.reception = Reception("intake", intake.desk.database, doors.staff, doors.now)
    app.state.desk, app.state.submission_key = intake.desk, doors.submission_key
    router = APIRouter(prefix="/api/intake", tags=["intake"])
    router.include_router(submitting.described)
    router.include_router(uploading.router)
    router.include_router(following.router)
    router.include_router(erasing.router)
    router.include_router(exporting.router)
    router.include_router(retaining.router)
    router.add_api_route("/submission-key", get_submission_key, operation_id="get_submission_key")
    router.add_api_route("/looks", get_looks, operation_id="get_looks")
    app.include_router(router)
    edge.hot_route(app, "POST", submitting.PATH, submitting.post_application(doors.channels, intake))


async def get_submission_key(request: Request) -> JWK:
    """Show the public key (JWK) to which a channel seals what it puts on `channel.submissions`."""
    key: JWK = request.app.state.submission_key
    return key


__all__ = ["BODY_LIMITS", "Door", "Doors", "Intake", "add_routes"]
