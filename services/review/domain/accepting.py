"""An officer accepts an application, and the main clock has a due date (T05)."""

from datetime import datetime

from services.review.domain.case import clock_day, main_clock
from services.review.domain.claiming import Holder
from services.review.domain.deadlines import running_due
from services.review.domain.turn import CaseFile, require_turn, subject
from shared.contracts.cases import ApplicationAccepted, CaseEvent, Stage
from shared.contracts.deadlines import ClockStart, PolicyPart


def accept(file: CaseFile, holder: Holder, now: datetime) -> list[CaseEvent]:
    """Accept; the clock counts from acceptance or from receipt as the policy says (12.8 `clock_start`)."""
    require_turn(file, holder, {Stage.ACCEPTANCE}, now)
    case, rules = file.case, file.rules
    started_on = clock_day(case, now)
    if rules.clock_start is ClockStart.SUBMISSION:
        started_on = case.received_on
    elif rules.after_hours(now):
        started_on = file.calendar.add_working_days(started_on, 1).on
    due = running_due(main_clock(case, started_on, rules.sla_working_days), file.calendar)
    return [
        ApplicationAccepted(
            **subject(case, now),
            accepted_by=holder.officer.id,
            policy_version=rules.version,
            clock_started_on=started_on,
            budget_working_days=rules.sla_working_days,
            due_on=due.on,
            due_provisional=due.provisional,
            newer=rules.newer(PolicyPart.DEADLINES, PolicyPart.CALENDAR),
        )
    ]
