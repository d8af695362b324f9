"""What review makes of the applicant's acts: a case is opened, goes on with new material, or is closed."""

from datetime import date, datetime

from services.review.domain.case import Case, Status, clock_day, resumed_clock
from services.review.domain.deadlines import due_of, running_due
from services.review.domain.rules import Rules
from services.review.domain.turn import subject
from shared.calendar import Calendar, DueDay
from shared.clock import shanghai_date
from shared.contracts.applications import ApplicationSubmitted, MaterialSupplied
from shared.contracts.cases import CaseClosed, CaseEvent, CaseOpened, DueDateCorrected, ReviewResumed
from shared.contracts.deadlines import OnSupplement

WITHDRAWN = "withdrawn"


def received_on(submitted: ApplicationSubmitted) -> date:
    """Give the day in Asia/Shanghai on which an application was handed in."""
    return shanghai_date(submitted.occurred_at)


def open_case(submitted: ApplicationSubmitted, rules: Rules, due: DueDay, now: datetime) -> CaseOpened:
    """Open a case that waits for acceptance until a day; its clock counts from the receipt (N-12)."""
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
        )
    ]


def withdraw(case: Case, now: datetime) -> list[CaseEvent]:
    """Close the case of a withdrawn application unless it has ended before (T24, 12.4 guard 9)."""
    return [] if case.ended else [CaseClosed(**subject(case, now), reason=WITHDRAWN)]


def correct_due(case: Case, calendar: Calendar, now: datetime) -> list[DueDateCorrected]:
    """State the due date of an open case that was provisional, once its calendar years are known (N-13)."""
    due = due_of(case, calendar)
    if case.ended or due.on is None or due.provisional or not case.due_provisional:
        return []
    return [DueDateCorrected(**subject(case, now), due_before=case.due_on, due_on=due.on)]
