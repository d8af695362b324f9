"""The HTTP API of catalog: anyone reads; policy editors write drafts and publishers publish them."""

from fastapi import APIRouter

from services.catalog.api import diseases, editing, regions
from services.catalog.api.keeping import KeptAnswers

READING: tuple[APIRouter, ...] = (regions.router, diseases.router)
"""Routes for anyone; they expect a `Shelf` in `app.state.shelf`."""

EDITING: tuple[APIRouter, ...] = (editing.router,)
"""Routes for staff; they expect a `StaffDoor` in `app.state.door` too."""

PUBLISHED = "/api/catalog/regions"
"""How the paths of READING begin: what is answered there changes with a publication or a day, not before."""

__all__ = ["EDITING", "PUBLISHED", "READING", "KeptAnswers"]
