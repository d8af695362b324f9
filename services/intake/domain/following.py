"""An application as the applicant sees it: the fold of its events, whoever stated them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import singledispatch
from uuid import UUID

from shared.contracts.applications import (
    ApplicationRetired,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    MaterialSupplied,
    Paper,
)
from shared.contracts.base import ApplicationEvent
from shared.contracts.cases import (
    ApplicationAccepted,
    CaseClosed,
    DecisionMade,
    DueDateCorrected,
    MaterialRequested,
    Outcome,
    ReviewForwarded,
    ReviewResumed,
    Stage,
)
from shared.contracts.retention import Disposal


class Status(StrEnum):
    """Where an application stands (domain list 12.2)."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    IN_REVIEW = "in_review"
    PENDING_SUPPLEMENT = "pending_supplement"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


STATUS_ZH = {
    Status.SUBMITTED: "已提交，待受理",
    Status.ACCEPTED: "已受理",
    Status.IN_REVIEW: "审核中",
    Status.PENDING_SUPPLEMENT: "待补充材料",
    Status.APPROVED: "审核通过",
    Status.REJECTED: "审核不通过",
    Status.WITHDRAWN: "已撤回",
}
STAGE_ZH = {Stage.ACCEPTANCE: "受理", Stage.FIRST: "初审", Stage.EXPERT: "专家评审", Stage.FINAL: "复核"}
OWN_EVENTS = ApplicationSubmitted | MaterialSupplied | ApplicationWithdrawn | ApplicationRetired
AFTER_THE_END = DecisionMade | ApplicationRetired


@dataclass(frozen=True, slots=True)
class Application:
    """One person, one disease, one type, one region; `sequence` counts the events that intake stated.

    `retired` says what became of its papers when the retention period was over.
    `followed` is the number of the last event of its case that came here.
    """

    application_id: UUID
    acceptance_no: str
    channel: str
    region: str
    disease_code: str
    application_type: str
    applicant_class: str
    person_id: UUID
    policy_version: int
    submitted_at: datetime
    previous_application_id: UUID | None = None
    status: Status = Status.SUBMITTED
    stage: Stage | None = None
    sequence: int = 1
    due_on: date | None = None
    due_provisional: bool = False
    due_paused: bool = False
    round: int = 0
    asked: MaterialRequested | None = None
    answered: str | None = None
    decision: DecisionMade | None = None
    ended_at: datetime | None = None
    papers: tuple[str, ...] = ()
    retired: Disposal | None = None
    followed: int = 0


def opened(event: ApplicationSubmitted) -> Application:
    """The state after the first event of an application (T03)."""
    return Application(
        event.application_id,
        event.acceptance_no,
        event.channel,
        event.region,
        event.disease_code,
        event.application_type,
        event.applicant_class,
        event.person_id,
        event.policy_version,
        event.occurred_at,
        event.previous_application_id,
        papers=names(event.materials),
    )


def names(materials: Iterable[Paper]) -> tuple[str, ...]:
    """The names of papers, each once."""
    return tuple(sorted({material.name for material in materials}))


def evolve(application: Application, events: Iterable[ApplicationEvent]) -> Application:
    """Apply events in order; late events never move an application that has ended (domain list 12.4)."""
    for event in events:
        if isinstance(event, OWN_EVENTS):
            application = replace(application, sequence=application.sequence + 1)
        if application.ended_at is None or isinstance(event, AFTER_THE_END):
            application = _apply(event, application)
    return application


def status_zh(application: Application) -> str:
    """The status in the words the applicant reads."""
    text = STATUS_ZH[application.status]
    if application.status is Status.IN_REVIEW and application.stage:
        return f"{text}（{STAGE_ZH[application.stage]}）"
    return text


@singledispatch
def _apply(event: ApplicationEvent, application: Application) -> Application:  # noqa: ARG001
    return application


@_apply.register
def _(event: MaterialSupplied, application: Application) -> Application:
    back = _standing_at(application, application.stage or Stage.ACCEPTANCE)
    papers = tuple(sorted({*application.papers, *names(event.materials)}))
    return replace(back, asked=None, answered=event.fingerprint, papers=papers)


@_apply.register(ApplicationWithdrawn)
@_apply.register(CaseClosed)
def _(event: ApplicationEvent, application: Application) -> Application:
    return _ended(application, Status.WITHDRAWN, event.occurred_at)


@_apply.register
def _(event: ApplicationAccepted, application: Application) -> Application:
    accepted = replace(application, status=Status.ACCEPTED, stage=Stage.FIRST)
    return replace(accepted, due_on=event.due_on, due_provisional=event.due_provisional)


@_apply.register
def _(event: MaterialRequested, application: Application) -> Application:
    return replace(
        application,
        status=Status.PENDING_SUPPLEMENT,
        stage=event.stage,
        round=event.round,
        asked=event,
        due_paused=event.clock_paused_on is not None,
    )


@_apply.register
def _(event: ReviewResumed, application: Application) -> Application:
    back = replace(_standing_at(application, event.stage), asked=None)
    return replace(back, due_on=event.due_on, due_provisional=event.due_provisional, due_paused=False)


@_apply.register
def _(event: DueDateCorrected, application: Application) -> Application:
    return replace(application, due_on=event.due_on, due_provisional=event.due_provisional)


@_apply.register
def _(event: ReviewForwarded, application: Application) -> Application:
    return _standing_at(application, event.to_stage)


@_apply.register
def _(event: DecisionMade, application: Application) -> Application:
    status = Status.APPROVED if event.outcome is Outcome.APPROVED else Status.REJECTED
    decided = _ended(application, status, event.occurred_at)
    return replace(decided, decision=event)


@_apply.register
def _(event: ApplicationRetired, application: Application) -> Application:
    retired = replace(application, retired=event.disposal, papers=())
    if event.disposal is Disposal.ARCHIVE or application.decision is None:
        return retired
    unread = {"key_id": None, "sealed": None, "private": None}
    return replace(retired, decision=application.decision.model_copy(update=unread))


def _standing_at(application: Application, stage: Stage) -> Application:
    status = Status.SUBMITTED if stage is Stage.ACCEPTANCE else Status.IN_REVIEW
    return replace(application, status=status, stage=stage)


def _ended(application: Application, status: Status, at: datetime) -> Application:
    return replace(application, status=status, stage=None, asked=None, due_paused=False, ended_at=at)
