"""An oracle of working days that shares nothing with the product: the package chinesecalendar."""

from datetime import date, datetime, timedelta, timezone

import chinese_calendar

YEARS = {2025, 2026}
"""The years whose arrangements Mente has published; every other year counts Monday to Friday."""

SHANGHAI = timezone(timedelta(hours=8))


def shanghai_day(moment: datetime) -> date:
    """The day of a moment where the applicants live."""
    return moment.astimezone(SHANGHAI).date()


def is_working_day(day: date) -> bool:
    """Whether offices work on that day."""
    return chinese_calendar.is_workday(day) if day.year in YEARS else day.weekday() < 5


def working_days_after(start: date, count: int) -> date:
    """The last of so many working days after a day that is not counted itself."""
    day = start
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def is_provisional(start: date, due: date) -> bool:
    """Whether a due date rests on a year whose arrangement is not published."""
    return not {start.year, due.year} <= YEARS
