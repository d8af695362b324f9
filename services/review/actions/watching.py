"""What operations watch: the queue in numbers, what of the catalog is here, and what of it is missing."""

from dataclasses import dataclass
from datetime import date, datetime

import structlog
from prometheus_client import Gauge

from services.review import domain, store
from services.review.actions.claiming import Desk
from services.review.domain import MissingYear
from shared.clock import shanghai_date
from shared.policy_versions import tell_versions

log = structlog.get_logger()

WAITING = Gauge("review_cases_waiting", "Cases that wait for an officer", ["region", "stage"])
OVERDUE = Gauge("review_cases_overdue", "Waiting cases past their due date", ["region", "stage"])
PROVISIONAL = Gauge(
    "review_cases_due_provisional", "Waiting cases whose due date lacks a calendar year", ["region", "stage"]
)
YEARS_MISSING = Gauge("review_calendar_years_missing", "Calendar years that are due and not here")


@dataclass(frozen=True, slots=True)
class YearNotice:
    """A missing calendar year, and how many open cases have a provisional due date because of it."""

    missing: MissingYear
    cases: int


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


async def missing_years(desk: Desk, now: datetime) -> list[YearNotice]:
    """List the calendar years that are missing now, each with the open cases that wait for it."""
    book = await desk.shelf.rulebook(desk.database)
    known = {calendar.year for calendar in book.years}
    return [
        YearNotice(one, await store.count_provisional(desk.database, date(one.year, 1, 1)))
        for one in domain.missing_years(known, shanghai_date(now))
    ]


class CatalogWatch:
    """Shows on /metrics which versions are held and which years are missing; warns of these once a day."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._warned_on = date.min

    async def look(self, now: datetime) -> None:
        """Set the gauges, and warn unless that was done today."""
        book = await self._desk.shelf.rulebook(self._desk.database)
        tell_versions({rules.region: rules.version for rules in book.newest()})
        missing = await missing_years(self._desk, now)
        YEARS_MISSING.set(len(missing))
        today = shanghai_date(now)
        if not book.years or today == self._warned_on:
            return
        for notice in missing:
            log.warning("calendar-year-missing", year=notice.missing.year, provisional_cases=notice.cases)
            self._warned_on = today
