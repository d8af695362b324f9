"""Calendars as catalog publishes them: the days off and make-up working days of each year."""

from pydantic import Field

from shared.contracts.base import Line, Value, date
from shared.contracts.sourced import Grade


class HolidaySpan(Value):
    """A named stretch of days off, both ends included."""

    name: Line
    first: date
    last: date


class CalendarYear(Value):
    """Days off and make-up working days of one year, and the notice that sets them."""

    year: int = Field(ge=2004, le=2100)
    source: Line
    days_off: tuple[HolidaySpan, ...]
    make_up_working_days: tuple[date, ...] = ()
    grade: Grade | None = None


class CalendarDocument(CalendarYear):
    """The national calendar of one year as it is published."""

    version: int = Field(ge=1)
    grade: Grade
    announced_on: date
