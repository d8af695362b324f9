"""Events that intake states about applications."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    ApplicationEvent,
    Code,
    ContentHash,
    Hidden,
    Line,
    Paragraph,
    Private,
    PrivateKind,
    SealedEvent,
    Value,
    date,
)
from shared.contracts.retention import Disposal
from shared.contracts.submissions import (
    Agent,
    ApplicantClass,
    ApplicationType,
    Defect,
    Material,
    NoticeRead,
    Person,
    PhysicianOpinion,
)

TOPIC = "intake.applications"


class Paper(Value):
    """What may be known of a paper without knowing the person; `size` in bytes.

    `name` is a keyed hash of its content: it finds the paper, and says nothing to whoever has another copy.
    """

    name: ContentHash
    kind: Code
    content_type: Literal["application/pdf", "image/jpeg", "image/png", "image/heic"]
    size: int = Field(ge=1)
    issued_on: date | None = None
    issuer_level: int | None = Field(default=None, ge=1, le=3)
    stamped: bool | None = None


class PaperPrivate(Private):
    """What of a paper leads to the person: its content, and who issued it."""

    content_hash: ContentHash
    issuer: Line | None = None


class SubmittedPrivate(Private):
    """Who applies, and the private part of each paper, in the order of the papers."""

    applicant: Person
    agent: Agent | None = None
    papers: list[PaperPrivate]
    physician_opinion: PhysicianOpinion | None = None


class SuppliedPrivate(Private):
    """The private part of each paper supplied, in their order, and a physician's opinion."""

    papers: list[PaperPrivate]
    physician_opinion: PhysicianOpinion | None = None


class WithdrawnPrivate(Private):
    """Why the applicant took the application back, in their own words."""

    reason: Paragraph


class ApplicationSubmitted(SealedEvent):
    """A channel handed an application over and holds its number (T03)."""

    type: ClassVar[str] = "application-submitted"
    topic: ClassVar[str] = TOPIC
    private_kind: ClassVar[PrivateKind] = SubmittedPrivate

    acceptance_no: str
    region: Code
    policy_version: int
    channel: Code
    application_type: ApplicationType
    disease_code: Code
    applicant_class: ApplicantClass
    person_id: UUID
    materials: list[Paper]
    notice: NoticeRead
    previous_application_id: UUID | None = None
    warnings: list[Defect] = Field(default_factory=list)
    private: Hidden[SubmittedPrivate] = None


class MaterialSupplied(SealedEvent):
    """The applicant answered a request for material (T15); `round` counts the requests from 1.

    `fingerprint` tells this answer from another one (HMAC-SHA256 under a key that only intake has);
    `followed` is the number of the last event of the case that intake had followed by then.
    """

    type: ClassVar[str] = "material-supplied"
    topic: ClassVar[str] = TOPIC
    private_kind: ClassVar[PrivateKind] = SuppliedPrivate

    round: int
    materials: list[Paper]
    with_opinion: bool = False
    fingerprint: ContentHash
    followed: int = 0
    private: Hidden[SuppliedPrivate] = None


class ApplicationWithdrawn(SealedEvent):
    """The applicant took the application back before a decision (T24).

    `followed` is the number of the last event of the case that intake had followed by then.
    """

    type: ClassVar[str] = "application-withdrawn"
    topic: ClassVar[str] = TOPIC
    private_kind: ClassVar[PrivateKind] = WithdrawnPrivate

    followed: int = 0
    private: Hidden[WithdrawnPrivate] = None


class ApplicationRetired(ApplicationEvent):
    """The retention period of an application ended: its papers are erased or archived, by word of two people.

    `due_on` is the first day on which that was right, by the policy version named; the run asked and agreed
    to is `run_id`; `followed` is the number of the last event of the case that intake had followed by then. A
    paper that another application holds stays with that one.
    """

    type: ClassVar[str] = "application-retired"
    topic: ClassVar[str] = TOPIC

    disposal: Disposal
    policy_version: int
    due_on: date
    run_id: UUID
    asked_by: Code
    approved_by: Code
    followed: int = 0


def paper(material: Material, name: str) -> Paper:
    """What may be known of a paper without knowing the person; its name in hex."""
    return Paper(
        name=name,
        kind=material.kind,
        content_type=material.content_type,
        size=material.size,
        issued_on=material.issued_on,
        issuer_level=material.issuer_level,
        stamped=material.stamped,
    )


def paper_private(material: Material) -> PaperPrivate:
    """What of a paper leads to the person."""
    return PaperPrivate(content_hash=material.content_hash, issuer=material.issuer)
