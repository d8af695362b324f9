"""A case gone through again under other rules, by the very acts of review, and its due date compared; pure.

Every act is done once more at its moment by the officer who did it. Nothing of it is stated or kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from deploy.policy.differences import Difference, Kind
from deploy.policy.past import Past
from deploy.policy.sides import Side, Sides
from services.review.domain import (
    LEASE,
    ROLE_OF,
    Case,
    CaseFile,
    Claim,
    Dossier,
    Holder,
    Officer,
    accept,
    due_of,
    evolve,
    fold,
    open_case,
    received_on,
    request_material,
    resume,
)
from shared import clock
from shared.calendar import Calendar, DayKind, days_after
from shared.clock import Due
from shared.contracts.applications import MaterialSupplied
from shared.contracts.cases import (
    ApplicationAccepted,
    CaseEvent,
    CaseOpened,
    DueDateCorrected,
    MaterialRequested,
    ReviewResumed,
    items_of,
)
from shared.errors import Refused

MOST_DAYS = 3
"""So many days of a changed calendar are named."""

LATER, EARLIER, UNCHANGED, CERTAIN = "later", "earlier", "unchanged", "same day, and certain"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A case as it would stand, and the acts that would have been refused."""

    file: CaseFile
    refused: tuple[Refused, ...] = ()

    @property
    def case(self) -> Case:
        """The state of the case."""
        return self.file.case


def as_it_was(past: Past, side: Side) -> Replayed:
    """Give the case as review stated it; opened under the side's rules if review has not said anything."""
    events = past.acts or (_opened(past, side),)
    return Replayed(_file(past, fold(events), side))


def as_it_would_be(past: Past, sides: Sides) -> Replayed:
    """Go through the case under the rules of the draft; where only calendars change, review counts anew."""
    if sides.same_policy:
        return as_it_was(past, sides.after)
    file = _file(past, evolve(None, _opened(past, sides.after)), sides.after)
    refused: list[Refused] = []
    for event in past.acts:
        for stated in _again(event, file, past, refused):
            file = replace(file, case=evolve(file.case, stated))
    return Replayed(file, tuple(refused))


def compare_due(before: Replayed, after: Replayed) -> tuple[str, Difference | None]:
    """Tell how the due date moves, and the difference unless it stays."""
    was, would = _due(before), _due(after)
    if was == would or was.on is None or would.on is None:
        return UNCHANGED, None
    moved = {-1: EARLIER, 0: CERTAIN, 1: LATER}[(would.on > was.on) - (would.on < was.on)]
    if moved == CERTAIN and would.provisional:
        moved = UNCHANGED
    whose = "decision" if after.case.main_clock else "acceptance"
    reason = "; ".join(_reasons(before, after, would.on))
    return moved, Difference(Kind.DEADLINE, f"{whose} {moved}", _told(was), _told(would), reason)


def is_late(one: Replayed, today: date) -> bool:
    """Tell whether the due date has passed, or had when the case ended."""
    return clock.is_overdue(one.case.clock, one.file.calendar, today)


def refused_requests(one: Replayed) -> Iterator[Difference]:
    """Tell the acts of officers that the draft would have refused."""
    for refusal in one.refused:
        yield Difference(Kind.REQUESTS, f"refused: {refusal.code}", "done", "refused", refusal.detail)


def _opened(past: Past, side: Side) -> CaseOpened:
    submitted = past.submitted
    due = side.book.first_due(side.rules, received_on(submitted))
    return open_case(submitted, side.rules, due, submitted.occurred_at)


def _file(past: Past, case: Case, side: Side) -> CaseFile:
    dossier = Dossier(past.submitted, past.supplied)
    return CaseFile(case=case, claim=Claim(), dossier=dossier, rules=side.rules, calendar=side.calendar)


def _again(event: CaseEvent, file: CaseFile, past: Past, refused: list[Refused]) -> Sequence[CaseEvent]:
    """Do an act once more; one that the rules refuse stays as it was, because it has happened."""
    if isinstance(event, CaseOpened | DueDateCorrected):
        return []
    try:
        return _acted(event, file, past)
    except Refused as refusal:
        refused.append(refusal)
        return [event]


def _acted(event: CaseEvent, file: CaseFile, past: Past) -> Sequence[CaseEvent]:
    at = event.occurred_at
    match event:
        case ApplicationAccepted():
            return accept(*_seated(file, event.accepted_by, event), at)
        case MaterialRequested():
            return request_material(*_seated(file, event.requested_by, event), items_of(event), at)
        case ReviewResumed() if supplied := next((s for s in past.supplied if _answers(s, file.case)), None):
            return resume(file.case, supplied, file.rules, file.calendar, at)
    return [event]


def _answers(supplied: MaterialSupplied, case: Case) -> bool:
    return case.asked is not None and supplied.round == case.asked.round


def _seated(file: CaseFile, staff: str, event: CaseEvent) -> tuple[CaseFile, Holder]:
    """Put the officer who acted before the case again."""
    officer = Officer(staff, frozenset(ROLE_OF.values()), frozenset({file.rules.admdvs}))
    claim = Claim(1, staff, event.occurred_at + LEASE)
    return replace(file, claim=claim), Holder(officer, claim.token)


def _due(one: Replayed) -> Due:
    """Give the due date; for a case that waits for papers, as if they had come on the day of the request."""
    found = due_of(one.case, one.file.calendar)
    running = one.case.clock
    if found.on is None:
        return clock.due(clock.resume(running, running.entries[-1].on), one.file.calendar)
    return found


def _told(due: Due) -> str:
    return f"{due.on}{' (provisional)' if due.provisional else ''}"


def _reasons(before: Replayed, after: Replayed, until: date) -> Iterator[str]:
    was, would = before.case.clock, after.case.clock
    if was.total != would.total:
        yield f"{was.total} → {would.total} working days"
    if was.entries[0].on != would.entries[0].on:
        yield f"counts from {would.entries[0].on} instead of {was.entries[0].on}"
    rules, new = before.file.rules, after.file.rules
    if rules.on_supplement is not new.on_supplement and after.case.rounds:
        yield f"while papers are asked for: {rules.on_supplement.value} → {new.on_supplement.value}"
    first, last = min(was.entries[0].on, would.entries[0].on), max(until, _last(before))
    changed = list(_changed_days(first, last, before.file.calendar, after.file.calendar))
    yield from changed[:MOST_DAYS]
    if len(changed) > MOST_DAYS:
        yield f"and {len(changed) - MOST_DAYS} more days"


def _last(before: Replayed) -> date:
    return _due(before).on or date.min


def _changed_days(first: date, last: date, was: Calendar, would: Calendar) -> Iterator[str]:
    for day in days_after(first, last):
        old, new = was.is_working_day(day), would.is_working_day(day)
        if old.working != new.working:
            yield f"{day} {_day_told(new)}"
    known = sorted({day.year for day in (first, last)} & (set(would.years) - set(was.years)))
    yield from (f"the calendar of {year} is known" for year in known)


def _day_told(day: DayKind) -> str:
    if day.working:
        return "becomes a working day"
    return f"becomes a day off{f' ({day.name})' if day.name else ''}"
