"""Events that review states about cases."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.contracts.base import (
    ERASED,
    ApplicationEvent,
    Code,
    Hidden,
    Paragraph,
    Private,
    PrivateKind,
    SealedEvent,
    Value,
    date,
)
from shared.contracts.deadlines import PolicyPart

TOPIC = "review.cases"


class Stage(StrEnum):
    """Where a case stands: waiting for acceptance, then the review stages of T10 to T13."""

    ACCEPTANCE = "acceptance"
    FIRST = "first"
    EXPERT = "expert"
    FINAL = "final"


class Outcome(StrEnum):
    """The recognition decision (T21, T23)."""

    APPROVED = "approved"
    REJECTED = "rejected"


class RequestedItem(Value):
    """One missing thing: the kind of material and what exactly is wanted, in the applicant's language."""

    kind: Code
    detail: Paragraph


class Reason(Value):
    """One reason of a rejection: code of domain list 12.10, its standard text, and what it means here."""

    code: Code
    text: str
    detail: Paragraph


class ListedGround(Value):
    """A reason of a rejection as the list has it: code of domain list 12.10 and its standard text."""

    code: Code
    text: str


class RequestedPrivate(Private):
    """What exactly is wanted of each kind, in the order of the kinds."""

    details: list[Paragraph]


class OpinionPrivate(Private):
    """What a reviewer or an expert thinks of the case."""

    opinion: Paragraph


class DecidedPrivate(Private):
    """The opinion behind a decision, and what each reason means here, in the order of the reasons."""

    opinion: Paragraph
    details: list[Paragraph] = Field(default_factory=list)


class NewerParts(Value):
    """What an act took from a newer version of the policy than the application's, as that version wants."""

    policy_version: int
    parts: tuple[PolicyPart, ...] = Field(min_length=1)


class CaseEvent(ApplicationEvent):
    """An event about one case; it names the region and the number so that readers need no look-up."""

    topic: ClassVar[str] = TOPIC

    acceptance_no: str
    region: Code


class SealedCaseEvent(CaseEvent, SealedEvent):
    """An event about one case with a private part."""


class CaseOpened(CaseEvent):
    """Review knows the application; it waits for acceptance until `acceptance_due_on` (N-12)."""

    type: ClassVar[str] = "case-opened"

    disease_code: Code
    policy_version: int
    received_on: date
    acceptance_budget_working_days: int
    acceptance_due_on: date
    due_provisional: bool = False


class ApplicationAccepted(CaseEvent):
    """An officer accepted the application; the main clock has a due date (T05)."""

    type: ClassVar[str] = "application-accepted"
    version: ClassVar[int] = 2

    accepted_by: Code
    policy_version: int
    clock_started_on: date
    budget_working_days: int
    due_on: date
    due_provisional: bool = False
    newer: NewerParts | None = None


class MaterialRequested(SealedCaseEvent):
    """A reviewer asked, once and completely, for what is missing (T14); `clock_paused_on` if it pauses."""

    type: ClassVar[str] = "material-requested"
    version: ClassVar[int] = 2
    private_kind: ClassVar[PrivateKind] = RequestedPrivate

    requested_by: Code
    stage: Stage
    round: int
    kinds: list[Code] = Field(min_length=1, max_length=60)
    answer_due_on: date
    clock_paused_on: date | None = None
    newer: NewerParts | None = None
    private: Hidden[RequestedPrivate] = None


class ReviewResumed(CaseEvent):
    """The asked-for material is there; the stage that asked goes on, the clock runs again."""

    type: ClassVar[str] = "review-resumed"
    version: ClassVar[int] = 2

    stage: Stage
    clock_resumed_on: date | None = None
    due_on: date
    due_provisional: bool = False
    newer: NewerParts | None = None


class ReviewForwarded(SealedCaseEvent):
    """A reviewer handed the case to the next stage with an opinion (T11, T13)."""

    type: ClassVar[str] = "review-forwarded"
    version: ClassVar[int] = 2
    private_kind: ClassVar[PrivateKind] = OpinionPrivate

    forwarded_by: Code
    from_stage: Stage
    to_stage: Stage
    newer: NewerParts | None = None
    private: Hidden[OpinionPrivate] = None


class ExpertOpinionGiven(SealedCaseEvent):
    """One expert recommends an outcome (T12)."""

    type: ClassVar[str] = "expert-opinion-given"
    private_kind: ClassVar[PrivateKind] = OpinionPrivate

    expert: Code
    recommendation: Outcome
    private: Hidden[OpinionPrivate] = None


class DecisionMade(SealedCaseEvent):
    """A named person decided; a rejection carries reasons and remedy (T21, T23, N-08)."""

    type: ClassVar[str] = "decision-made"
    version: ClassVar[int] = 2
    private_kind: ClassVar[PrivateKind] = DecidedPrivate

    outcome: Outcome
    decided_by: Code
    first_reviewer: Code
    policy_version: int
    reasons: list[ListedGround] = Field(default_factory=list)
    remedy: str | None = None
    newer: NewerParts | None = None
    private: Hidden[DecidedPrivate] = None


class DueDateCorrected(CaseEvent):
    """A due date moved because a calendar came or changed (N-13); it is provisional while a year is missing.

    `calendar_year` and `calendar_version` name the calendar that moved it, `policy_version` the policy whose
    own days did.
    """

    type: ClassVar[str] = "due-date-corrected"
    version: ClassVar[int] = 2

    due_before: date | None = None
    due_on: date
    due_provisional: bool = False
    calendar_year: int | None = None
    calendar_version: int | None = None
    policy_version: int | None = None


class CaseClosed(CaseEvent):
    """The case ended without a decision because the application was withdrawn (T24)."""

    type: ClassVar[str] = "case-closed"

    reason: Code


def items_of(event: MaterialRequested) -> list[RequestedItem]:
    """What was asked for, in words where the event was opened."""
    details = event.private.details if event.private else [ERASED] * len(event.kinds)
    return [RequestedItem(kind=k, detail=d) for k, d in zip(event.kinds, details, strict=True)]


def reasons_of(event: DecisionMade) -> list[Reason]:
    """Why the application was rejected, in words where the event was opened."""
    details = event.private.details if event.private else [ERASED] * len(event.reasons)
    return [Reason(code=g.code, text=g.text, detail=d) for g, d in zip(event.reasons, details, strict=True)]
