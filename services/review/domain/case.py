"""A case: what review holds of an application, as the fold of the events that review has stated about it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache, singledispatch
from uuid import UUID

from shared import clock
from shared.clock import Clock, shanghai_date
from shared.contracts.cases import (
    ApplicationAccepted,
    CaseClosed,
    CaseEvent,
    CaseOpened,
    DecisionMade,
    DueDateCorrected,
    ExpertOpinionGiven,
    MaterialRequested,
    Outcome,
    ReviewForwarded,
    ReviewResumed,
    Stage,
)


class Status(StrEnum):
    """Whose turn it is: an officer's (`waiting` is the queue), the applicant's, or nobody's any more."""

    WAITING = "waiting"
    ASKED = "asked"
    DECIDED = "decided"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Part:
    """A person who acted at a stage."""

    stage: Stage
    staff: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one expert recommends (T12)."""

    expert: str
    recommendation: Outcome


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that waits for the applicant's answer (T14)."""

    round: int
    kinds: tuple[str, ...]
    answer_due_on: date


@dataclass(frozen=True, slots=True)
class Case:
    """The state of a case; `sequence` counts its stated events, budgets are working days.

    `due_on` is the day that was stated last for the clock that counts now: None while that is paused.
    `changed_at` is the time of the last event.
    """

    application_id: UUID
    acceptance_no: str
    region: str
    disease_code: str
    policy_version: int
    received_on: date
    acceptance_clock: Clock
    opened_at: datetime
    changed_at: datetime
    due_on: date | None = None
    due_provisional: bool = False
    status: Status = Status.WAITING
    stage: Stage = Stage.ACCEPTANCE
    sequence: int = 1
    main_clock: Clock | None = None
    accepted_by: str | None = None
    first_reviewer: str | None = None
    parts: tuple[Part, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    rounds: int = 0
    asked: Asked | None = None
    outcome: Outcome | None = None
    closed_because: str | None = None

    @property
    def clock(self) -> Clock:
        """The clock that counts now: for acceptance until T05, for the decision after it."""
        return self.main_clock or self.acceptance_clock

    @property
    def ended(self) -> bool:
        return self.status in {Status.DECIDED, Status.CLOSED}


def fold(events: Iterable[CaseEvent]) -> Case:
    """Work out the state from all events of one case, in order; ValueError if there are none."""
    case: Case | None = None
    for event in events:
        case = evolve(case, event)
    if case is None:
        raise ValueError("a case begins with case-opened")
    return case


def evolve(case: Case | None, event: CaseEvent) -> Case:
    """Give the state after one more event; ValueError unless `case-opened` comes first and once."""
    if case is None:
        if not isinstance(event, CaseOpened):
            raise ValueError("a case begins with case-opened")
        return _opened(event)
    return replace(_changed(event, case), sequence=case.sequence + 1, changed_at=event.occurred_at)


def main_clock(case: Case, started_on: date, budget: int) -> Clock:
    """Start the clock of the decision; one that counts from receipt shares the pauses of acceptance (T05)."""
    if started_on == case.received_on:
        return Clock(budget, case.acceptance_clock.entries)
    return clock.start(budget, started_on, "accepted")


def resumed_clock(case: Case, on: date | None) -> Clock:
    """Let the clock run on if it was paused; a running one begins again (12.8); no day, no change."""
    if on is None:
        return case.clock
    turn = clock.resume if case.clock.paused else clock.restart
    return turn(case.clock, on, "material supplied")


def clock_day(case: Case, moment: datetime) -> date:
    """Give the day in Asia/Shanghai for an act on the clock, never before the act that came last."""
    return max(shanghai_date(moment), case.clock.entries[-1].on)


def _opened(event: CaseOpened) -> Case:
    return Case(
        application_id=event.application_id,
        acceptance_no=event.acceptance_no,
        region=event.region,
        disease_code=event.disease_code,
        policy_version=event.policy_version,
        received_on=event.received_on,
        acceptance_clock=_clock_from_receipt(event.acceptance_budget_working_days, event.received_on),
        opened_at=event.occurred_at,
        changed_at=event.occurred_at,
        due_on=event.acceptance_due_on,
        due_provisional=event.due_provisional,
    )


@lru_cache(maxsize=256)
def _clock_from_receipt(budget: int, received_on: date) -> Clock:
    return clock.start(budget, received_on, "received")


@singledispatch
def _changed(event: CaseEvent, case: Case) -> Case:
    raise ValueError(f"{event.type} does not change the case {case.application_id}")


@_changed.register
def _accepted(event: ApplicationAccepted, case: Case) -> Case:
    main = main_clock(case, event.clock_started_on, event.budget_working_days)
    stopped = _stopped(_with_part(case, event.accepted_by), event.occurred_at)
    accepted = replace(stopped, stage=Stage.FIRST, accepted_by=event.accepted_by, main_clock=main)
    return replace(accepted, due_on=event.due_on, due_provisional=event.due_provisional)


@_changed.register
def _asked(event: MaterialRequested, case: Case) -> Case:
    asked = Asked(round=event.round, kinds=tuple(event.kinds), answer_due_on=event.answer_due_on)
    case = _with_part(case, event.requested_by)
    if event.clock_paused_on:
        case = _with_clock(case, clock.pause(case.clock, event.clock_paused_on, "material requested"))
        case = replace(case, due_on=None, due_provisional=False)
    return replace(case, status=Status.ASKED, rounds=event.round, asked=asked)


@_changed.register
def _resumed(event: ReviewResumed, case: Case) -> Case:
    case = _with_clock(case, resumed_clock(case, event.clock_resumed_on))
    back = replace(case, status=Status.WAITING, stage=event.stage, asked=None)
    return replace(back, due_on=event.due_on, due_provisional=event.due_provisional)


@_changed.register
def _forwarded(event: ReviewForwarded, case: Case) -> Case:
    first = event.forwarded_by if event.from_stage is Stage.FIRST else case.first_reviewer
    return replace(_with_part(case, event.forwarded_by), stage=event.to_stage, first_reviewer=first)


@_changed.register
def _advised(event: ExpertOpinionGiven, case: Case) -> Case:
    opinion = Opinion(event.expert, event.recommendation)
    return replace(_with_part(case, event.expert), opinions=(*case.opinions, opinion))


@_changed.register
def _decided(event: DecisionMade, case: Case) -> Case:
    decided = replace(case, status=Status.DECIDED, outcome=event.outcome)
    return _stopped(_with_part(decided, event.decided_by), event.occurred_at)


@_changed.register
def _closed(event: CaseClosed, case: Case) -> Case:
    closed = replace(case, status=Status.CLOSED, asked=None, closed_because=event.reason)
    return _stopped(closed, event.occurred_at)


@_changed.register
def _corrected(event: DueDateCorrected, case: Case) -> Case:
    return replace(case, due_on=event.due_on, due_provisional=event.due_provisional)


def _with_part(case: Case, staff: str) -> Case:
    part = Part(case.stage, staff)
    return case if part in case.parts else replace(case, parts=(*case.parts, part))


def _with_clock(case: Case, running: Clock) -> Case:
    return replace(case, main_clock=running) if case.main_clock else replace(case, acceptance_clock=running)


def _stopped(case: Case, moment: datetime) -> Case:
    return _with_clock(case, clock.stop(case.clock, clock_day(case, moment), "ended"))
