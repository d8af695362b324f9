"""The route of what staff should know: calendar years that are missing."""

from datetime import date
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from services.review import actions
from services.review.actions import YearNotice
from services.review.api.office import ANSWERS, At, By

router = APIRouter(prefix="/api/review", tags=["notices"], responses=ANSWERS)


class ShownNotice(BaseModel):
    """A calendar year that is missing: since when, and how many open cases have a provisional day."""

    code: Literal["calendar-year-missing"]
    year: int
    since: date
    provisional_cases: int
    text: str
    text_zh: str


class Notices(BaseModel):
    """Everything that staff should know now; mostly nothing."""

    notices: list[ShownNotice]


@router.get("/notices")
async def get_notices(officer: By, at: At) -> Notices:  # noqa: ARG001
    """List what is missing, for everybody who can mend it or explain it."""
    return Notices(notices=[_shown(notice) for notice in await actions.missing_years(at.desk, at.now())])


def _shown(notice: YearNotice) -> ShownNotice:
    year, cases = notice.missing.year, notice.cases
    return ShownNotice(
        code="calendar-year-missing",
        year=year,
        since=notice.missing.since,
        provisional_cases=cases,
        text=f"The calendar of {year} is missing; of {cases} open cases the due date is provisional.",
        text_zh=f"{year}年节假日安排尚未录入，{cases}件在办案件的办结日期为暂定日期，录入后将自动更正。",
    )
