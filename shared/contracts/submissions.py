"""What a channel offers, by HTTP or on `channel.submissions`, and what it is answered (F-P17 to F-P21)."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from shared.contracts.base import Code, ContentHash, Event, Line, Paragraph, Value, date


class ApplicationType(StrEnum):
    """The kinds of application of F-P17."""

    NEW = "new"
    RENEWAL = "renewal"
    CHANGE = "change"
    INSTITUTION_CHANGE = "institution_change"


class ApplicantClass(StrEnum):
    """Who applies, by enrolment (F-P04 to F-P06)."""

    EMPLOYEE = "employee"
    RESIDENT = "resident"
    FLEXIBLE = "flexible"


class PhysicianTitle(StrEnum):
    """Titles of physicians, lowest first."""

    ATTENDING = "attending"
    ASSOCIATE_CHIEF = "associate_chief"
    CHIEF = "chief"


class Person(Value):
    """The insured person as the channel has identified them; `id_type` is the national `psn_cert_type`."""

    name: Line
    id_type: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] = "01"
    id_number: Annotated[str, StringConstraints(min_length=4, max_length=32, pattern=r"^[0-9A-Za-z]+$")]
    phone: Annotated[str, StringConstraints(min_length=3, max_length=20, pattern=r"^[0-9+ -]+$")]
    address: Line | None = None


class Agent(Value):
    """The person who acts for the applicant, and by what relation (N-03)."""

    name: Line
    id_type: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] = "01"
    id_number: Annotated[str, StringConstraints(min_length=4, max_length=32, pattern=r"^[0-9A-Za-z]+$")]
    phone: Annotated[str, StringConstraints(min_length=3, max_length=20, pattern=r"^[0-9+ -]+$")]
    relation: Line


class Material(Value):
    """One uploaded paper, named by the hash of its content; `size` in bytes."""

    kind: Code
    content_hash: ContentHash
    content_type: Literal["application/pdf", "image/jpeg", "image/png", "image/heic"]
    size: int = Field(ge=1)
    issued_on: date | None = None
    issuer: Line | None = None
    issuer_level: int | None = Field(default=None, ge=1, le=3)
    stamped: bool | None = None


class PhysicianOpinion(Value):
    """The signed opinion of a physician of the diagnosing department (F-S14)."""

    physician: Line
    title: PhysicianTitle
    department: Line
    institution: Line
    opinion: Paragraph
    signed_on: date


class NoticeRead(Value):
    """Proof that the notice before the form was shown: its version and when (F-P17)."""

    version: Code
    read_at: AwareDatetime


class SubmissionOffered(Value):
    """One application as a channel hands it over; the same body by HTTP and on the bus."""

    type: ClassVar[str] = "submission-offered"
    version: ClassVar[int] = 1
    topic: ClassVar[str] = "channel.submissions"

    region: Code
    application_type: ApplicationType
    disease_code: Code
    applicant_class: ApplicantClass
    applicant: Person
    agent: Agent | None = None
    materials: list[Material] = Field(max_length=60)
    physician_opinion: PhysicianOpinion | None = None
    declared_true: bool = False
    notice: NoticeRead | None = None
    previous_acceptance_no: Code | None = None


class Defect(Value):
    """One thing that stops a submission or is warned of: code, field, and a sentence in both languages."""

    code: Code
    field: str
    detail: str
    detail_zh: str


class Receipt(Value):
    """The written receipt with date (F-X02); `body_hash` is the SHA-256 of the body as received."""

    acceptance_no: str
    application_id: UUID
    person_id: UUID
    region: Code
    submitted_at: AwareDatetime
    body_hash: ContentHash
    warnings: list[Defect] = Field(default_factory=list)


class ReceiptEvent(Event):
    """An answer to a record of `channel.submissions`; keyed by channel and submission key."""

    topic: ClassVar[str] = "intake.receipts"

    channel: str
    submission_key: str

    @property
    def key(self) -> str:
        return f"{self.channel}:{self.submission_key}"


class SubmissionReceived(ReceiptEvent):
    """The offered submission became an application, or had become one before."""

    type: ClassVar[str] = "submission-received"

    receipt: Receipt


class SubmissionRefused(ReceiptEvent):
    """The offered submission was not taken; every defect is listed."""

    type: ClassVar[str] = "submission-refused"

    code: str
    detail: str
    defects: list[Defect] = Field(default_factory=list)
