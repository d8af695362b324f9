"""What review makes of the applicant's acts: a case is opened, goes on with new material, or is closed."""

from dataclasses import dataclass
from datetime import date, datetime

from services.review.domain.case import Case, Status, clock_day, resumed_clock
from services.review.domain.deadlines import running_due
from services.review.domain.rules import Rules
from services.review.domain.turn import subject
from shared.calendar import Calendar, DueDay
from shared.clock import shanghai_date
from shared.contracts.applications import ApplicationSubmitted, MaterialSupplied
from shared.contracts.cases import CaseClosed, CaseEvent, CaseOpened, DueDateCorrected, ReviewResumed
from shared.contracts.deadlines import OnSupplement, PolicyPart

WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class MovedBy:
    """What moved due dates: a calendar of a year, or a version of a policy with other days of its own."""

    calendar_year: int | None = None
    calendar_version: int | None = None
    policy_version: int | None = None


def received_on(submitted: ApplicationSubmitted) -> date:
    """Give the day in Asia/Shanghai on which an application was handed in."""
    return shanghai_date(submitted.occurred_at)


def open_case(submitted: ApplicationSubmitted, rules: Rules, due: DueDay, now: datetime) -> CaseOpened:
    """Open a case that waits for acceptance until a day; its clock counts from the receipt (N-12).

    The limit is that of the version which the application names, whatever is in force by now.
    """
    return CaseOpened(
        application_id=submitted.application_id,
        acceptance_no=submitted.acceptance_no,
        region=submitted.region,
        disease_code=submitted.disease_code,
        policy_version=rules.version,
        received_on=received_on(submitted),
        acceptance_budget_working_days=rules.acceptance_working_days,
        acceptance_due_on=due.on,
        due_provisional=due.provisional,
        occurred_at=now,
    )


def resume(
    case: Case, supplied: MaterialSupplied, rules: Rules, calendar: Calendar, now: datetime
) -> list[CaseEvent]:
    """Return the case to the stage that asked (T15); nothing happens if no such answer is awaited."""
    if case.status is not Status.ASKED or case.asked is None or supplied.round != case.asked.round:
        return []
    runs_on = rules.on_supplement is OnSupplement.RUN
    resumed_on = None if runs_on else clock_day(case, supplied.occurred_at)
    due = running_due(resumed_clock(case, resumed_on), calendar)
    return [
        ReviewResumed(
            **subject(case, now),
            stage=case.stage,
            clock_resumed_on=resumed_on,
            due_on=due.on,
            due_provisional=due.provisional,
            newer=rules.newer(PolicyPart.DEADLINES, PolicyPart.CALENDAR),
        )
    ]


def withdraw(case: Case, now: datetime) -> list[CaseEvent]:
    """Close the case of a withdrawn application unless it has ended before (T24, 12.4 guard 9)."""
    return [] if case.ended else [CaseClosed(**subject(case, now), reason=WITHDRAWN)]


def correct_due(case: Case, calendar: Calendar, moved_by: MovedBy, now: datetime) -> list[DueDateCorrected]:
    """State the due date of an open case anew if its day or its certainty is another one now (N-13).

    A paused clock has no due date to correct; the day by which an answer is due was told and never moves.
    """
    if case.ended or case.clock.paused:
        return []
    due = running_due(case.clock, calendar)
    if (due.on, due.provisional) == (case.due_on, case.due_provisional):
        return []
    return [
        DueDateCorrected(
            **subject(case, now),
            due_before=case.due_on,
            due_on=due.on,
            due_provisional=due.provisional,
            calendar_year=moved_by.calendar_year,
            calendar_version=moved_by.calendar_version,
            policy_version=moved_by.policy_version,
        )
    ]
