"""The HTTP API of review, for staff."""

from fastapi import APIRouter

from services.review.api import acting, advising, detail, explaining, noticing, queue, unmasking
from services.review.api.office import Office

ROUTERS: tuple[APIRouter, ...] = (
    queue.router,
    detail.router,
    explaining.router,
    advising.router,
    noticing.router,
    unmasking.router,
    acting.router,
)
"""All routes; they expect an `Office` in `app.state.office`."""

__all__ = ["ROUTERS", "Office"]
