"""When a case is due, worked out from its clock whenever it is asked."""

from dataclasses import dataclass
from datetime import date, datetime

from services.review.domain.case import Case
from shared import clock
from shared.calendar import Calendar
from shared.clock import Clock, Due, shanghai_date


@dataclass(frozen=True, slots=True)
class DueOn:
    """A day by which something must be done; provisional while a calendar year is missing."""

    on: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stands to its deadline today; `remaining` is in working days, below zero when overdue."""

    due_on: date | None
    provisional: bool
    remaining: int
    overdue: bool
    paused: bool


def running_due(running: Clock, calendar: Calendar) -> DueOn:
    """Give the due date of a running clock; ValueError for a paused one."""
    found = clock.due(running, calendar)
    if found.on is None:
        raise ValueError("a paused clock has no due date")
    return DueOn(found.on, found.provisional)


def due_of(case: Case, calendar: Calendar) -> Due:
    """Give the due date that the queue is sorted by; its day is None while the clock is paused."""
    return clock.due(case.clock, calendar)


def standing(case: Case, calendar: Calendar, now: datetime) -> Standing:
    """Work out remaining days and overdue for this moment; nothing of it is stored."""
    today, found = shanghai_date(now), clock.due(case.clock, calendar)
    return Standing(
        due_on=found.on,
        provisional=found.provisional,
        remaining=clock.remaining(case.clock, calendar, today),
        overdue=clock.is_overdue(case.clock, calendar, today),
        paused=case.clock.paused,
    )
