"""Events that intake states about applications."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.base import ApplicationEvent, Code, Paragraph
from shared.contracts.submissions import (
    Agent,
    ApplicantClass,
    ApplicationType,
    Material,
    NoticeRead,
    Person,
    PhysicianOpinion,
)

TOPIC = "intake.applications"


class ApplicationSubmitted(ApplicationEvent):
    """A channel handed an application over and holds its number (T03)."""

    type: ClassVar[str] = "application-submitted"
    topic: ClassVar[str] = TOPIC

    acceptance_no: str
    region: Code
    policy_version: int
    channel: Code
    application_type: ApplicationType
    disease_code: Code
    applicant_class: ApplicantClass
    person_id: UUID
    applicant: Person
    agent: Agent | None = None
    materials: list[Material]
    physician_opinion: PhysicianOpinion | None = None
    notice: NoticeRead
    previous_application_id: UUID | None = None


class MaterialSupplied(ApplicationEvent):
    """The applicant answered a request for material (T15); `round` counts the requests from 1."""

    type: ClassVar[str] = "material-supplied"
    topic: ClassVar[str] = TOPIC

    round: int
    materials: list[Material]
    physician_opinion: PhysicianOpinion | None = None


class ApplicationWithdrawn(ApplicationEvent):
    """The applicant took the application back before a decision (T24)."""

    type: ClassVar[str] = "application-withdrawn"
    topic: ClassVar[str] = TOPIC

    reason: Paragraph | None = None
