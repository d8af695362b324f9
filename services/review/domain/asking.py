"""An officer asks the applicant, once and completely, for what is missing (T14)."""

from collections.abc import Sequence
from datetime import datetime

from services.review.domain.case import Case, clock_day
from services.review.domain.claiming import Holder
from services.review.domain.rules import Rules
from services.review.domain.turn import CaseFile, require_turn, subject
from shared.contracts.cases import CaseEvent, MaterialRequested, RequestedItem, RequestedPrivate, Stage
from shared.contracts.deadlines import OnSupplement, PolicyPart
from shared.errors import Refused


def request_material(
    file: CaseFile, holder: Holder, items: Sequence[RequestedItem], now: datetime
) -> list[CaseEvent]:
    """Ask for a complete list of items; the clock pauses if the policy says so (12.8 `on_supplement`)."""
    require_turn(file, holder, set(Stage), now)
    _require_list(items)
    _require_rounds_left(file.case, file.rules)
    today = clock_day(file.case, now)
    answer_due = file.calendar.add_working_days(today, file.rules.supplement_answer_working_days)
    return [
        MaterialRequested(
            **subject(file.case, now),
            requested_by=holder.officer.id,
            stage=file.case.stage,
            round=file.case.rounds + 1,
            kinds=[item.kind for item in items],
            answer_due_on=answer_due.on,
            clock_paused_on=today if file.rules.on_supplement is OnSupplement.PAUSE else None,
            newer=file.rules.newer(PolicyPart.REVIEW, PolicyPart.DEADLINES, PolicyPart.CALENDAR),
            private=RequestedPrivate(details=[item.detail for item in items]),
        )
    ]


def _require_list(items: Sequence[RequestedItem]) -> None:
    kinds = [item.kind for item in items]
    if not kinds:
        raise Refused("items-missing", "a request names at least one material", status=422)
    if len(set(kinds)) < len(kinds):
        raise Refused("item-twice", "a request names each kind of material once", status=422)


def _require_rounds_left(case: Case, rules: Rules) -> None:
    if case.rounds >= rules.request_rounds:
        allowed = f"{rules.request_rounds} request(s) are allowed and were made"
        raise Refused("rounds-used-up", f"material may not be asked for again: {allowed}")
