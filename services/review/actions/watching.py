"""What operations watch: the queue in numbers, and whether the catalog has arrived."""

from datetime import datetime

from prometheus_client import Gauge

from services.review import store
from services.review.actions.claiming import Desk
from shared.clock import shanghai_date

WAITING = Gauge("review_cases_waiting", "Cases that wait for an officer", ["region", "stage"])
OVERDUE = Gauge("review_cases_overdue", "Waiting cases past their due date", ["region", "stage"])
PROVISIONAL = Gauge(
    "review_cases_due_provisional", "Waiting cases whose due date lacks a calendar year", ["region", "stage"]
)


async def count_queue(desk: Desk, now: datetime) -> None:
    """Set the gauges of the queue to what the database holds."""
    counted = await store.count_waiting(desk.database, shanghai_date(now))
    for gauge in (WAITING, OVERDUE, PROVISIONAL):
        gauge.clear()
    for backlog in counted:
        WAITING.labels(backlog.region, backlog.stage).set(backlog.waiting)
        OVERDUE.labels(backlog.region, backlog.stage).set(backlog.overdue)
        PROVISIONAL.labels(backlog.region, backlog.stage).set(backlog.provisional)


async def catalog_gap(desk: Desk) -> str | None:
    """Tell what of the catalog is missing for work to begin; None when there are policies and calendars."""
    book = await desk.shelf.rulebook(desk.database)
    if not book.versions:
        return "no region's policy has arrived yet"
    return None if book.years else "no calendar has arrived yet"
