"""Events that review states about cases."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.contracts.base import ApplicationEvent, Code, Paragraph, Value, date

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


class CaseEvent(ApplicationEvent):
    """An event about one case; it names the region and the number so that readers need no look-up."""

    topic: ClassVar[str] = TOPIC

    acceptance_no: str
    region: Code


class CaseOpened(CaseEvent):
    """Review knows the application; it waits for acceptance until `acceptance_due_on` (N-12)."""

    type: ClassVar[str] = "case-opened"

    disease_code: Code
    policy_version: int
    received_on: date
    acceptance_budget_working_days: int
    acceptance_due_on: date


class ApplicationAccepted(CaseEvent):
    """An officer accepted the application; the main clock has a due date (T05)."""

    type: ClassVar[str] = "application-accepted"

    accepted_by: Code
    policy_version: int
    clock_started_on: date
    budget_working_days: int
    due_on: date
    due_provisional: bool = False


class MaterialRequested(CaseEvent):
    """A reviewer asked, once and completely, for what is missing (T14); `clock_paused_on` if it pauses."""

    type: ClassVar[str] = "material-requested"

    requested_by: Code
    stage: Stage
    round: int
    items: list[RequestedItem] = Field(min_length=1, max_length=60)
    answer_due_on: date
    clock_paused_on: date | None = None


class ReviewResumed(CaseEvent):
    """The asked-for material is there; the stage that asked goes on, the clock runs again."""

    type: ClassVar[str] = "review-resumed"

    stage: Stage
    clock_resumed_on: date | None = None
    due_on: date
    due_provisional: bool = False


class ReviewForwarded(CaseEvent):
    """A reviewer handed the case to the next stage with an opinion (T11, T13)."""

    type: ClassVar[str] = "review-forwarded"

    forwarded_by: Code
    from_stage: Stage
    to_stage: Stage
    opinion: Paragraph


class ExpertOpinionGiven(CaseEvent):
    """One expert recommends an outcome (T12)."""

    type: ClassVar[str] = "expert-opinion-given"

    expert: Code
    recommendation: Outcome
    opinion: Paragraph


class DecisionMade(CaseEvent):
    """A named person decided; a rejection carries reasons and remedy (T21, T23, N-08)."""

    type: ClassVar[str] = "decision-made"

    outcome: Outcome
    decided_by: Code
    first_reviewer: Code
    policy_version: int
    opinion: Paragraph
    reasons: list[Reason] = Field(default_factory=list)
    remedy: str | None = None


class CaseClosed(CaseEvent):
    """The case ended without a decision because the application was withdrawn (T24)."""

    type: ClassVar[str] = "case-closed"

    reason: Code
