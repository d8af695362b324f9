"""The HTTP API of intake, for signed channels."""

from fastapi import APIRouter, FastAPI

from services.intake.api import following, submitting, uploading
from services.intake.api.door import Door
from services.intake.api.submitting import Intake
from services.intake.domain.papers import MOST_BYTES
from shared import edge

MATERIALS_PATH = "/api/intake/materials"
BODY_LIMITS = {MATERIALS_PATH: MOST_BYTES}
"""Bytes of a request body, by path."""


def add_routes(app: FastAPI, door: Door, intake: Intake) -> None:
    """Add all routes; that of submissions runs in front of FastAPI, which only describes it."""
    app.state.door, app.state.desk = door, intake.desk
    router = APIRouter(prefix="/api/intake", tags=["intake"])
    router.include_router(submitting.described)
    router.include_router(uploading.router)
    router.include_router(following.router)
    app.include_router(router)
    edge.hot_route(app, "POST", submitting.PATH, submitting.post_application(door, intake))


__all__ = ["BODY_LIMITS", "Door", "Intake", "add_routes"]
