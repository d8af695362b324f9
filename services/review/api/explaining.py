"""The route that accounts for a deadline day by day."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from services.review import actions
from services.review.api.office import ANSWERS, At, By
from services.review.domain import CaseFile
from shared.clock import Account, Day

router = APIRouter(prefix="/api/review/cases", tags=["cases"], responses=ANSWERS)


class ShownDay(BaseModel):
    """One day of the account: counted or not, why, and how many working days are used up by then."""

    day: date
    counted: bool
    reason: str
    text: str
    used: int
    provisional: bool


class ShownPause(BaseModel):
    """A paused stretch; `last` is None while it goes on."""

    first: date
    last: date | None
    reason: str


class Explanation(BaseModel):
    """The account of the clock that counts now, with the notices that its calendar rests on."""

    application_id: UUID
    clock: str
    budget_working_days: int
    due_on: date | None
    provisional: bool
    missing_years: list[int]
    days: list[ShownDay]
    pauses: list[ShownPause]
    calendar_sources: dict[int, str]


@router.get("/{application_id}/deadline")
async def get_deadline(application_id: UUID, officer: By, at: At) -> Explanation:
    """Tell for every day whether it counts towards the deadline, and why."""
    file, account = await actions.explain_deadline(at.desk, application_id, officer, at.now())
    return _explanation(file, account)


def _explanation(file: CaseFile, account: Account) -> Explanation:
    years = {day.day.year for day in account.days}
    return Explanation(
        application_id=file.case.application_id,
        clock="main" if file.case.main_clock else "acceptance",
        budget_working_days=file.case.clock.total,
        due_on=account.due.on,
        provisional=account.due.provisional,
        missing_years=list(account.due.missing_years),
        days=[_day(day) for day in account.days],
        pauses=[ShownPause(first=p.first, last=p.last, reason=p.reason) for p in account.paused],
        calendar_sources={y: source for y, source in file.calendar.years.items() if y in years},
    )


def _day(day: Day) -> ShownDay:
    return ShownDay(
        day=day.day,
        counted=day.counted,
        reason=day.reason,
        text=day.text_zh,
        used=day.used,
        provisional=day.provisional,
    )
