"""What is known of a case when a recognition standard is applied to it, and what the standard says then.

Nothing here names a person. Everything may be left out: what was not told is unknown, never absent.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from shared.contracts.base import Code, Line, Value, date
from shared.contracts.standards import Sex, Tier
from shared.contracts.submissions import PhysicianTitle

MOST = 200
"""The longest list of evidence of one kind; an application has at most 60 papers."""


Day = Annotated[date, Field(ge=date(1900, 1, 1))]
"""A day from which months can be counted back."""


class EvidencePaper(Value):
    """One paper; what is None was not told. `signers` are the titles of the physicians who signed it.

    `issuer_speciality` is the kind of specialist hospital (as 精神专科), or 综合 for a general one.
    """

    kind: Code
    issuer_level: int | None = Field(default=None, ge=1, le=3)
    issuer_tier: Tier | None = None
    issuer_speciality: Line | None = None
    department: Line | None = None
    issued_on: date | None = None
    signers: tuple[PhysicianTitle, ...] | None = Field(default=None, max_length=20)
    stamped: bool | None = None


class Stay(Value):
    """One inpatient stay, both days included."""

    admitted_on: Day
    discharged_on: Day

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> "Stay":
        if self.discharged_on < self.admitted_on:
            raise ValueError("a stay ends after it began")
        return self


class Visits(Value):
    """Treatment for the disease: days of outpatient visits, and inpatient stays."""

    outpatient: tuple[Day, ...] = Field(default=(), max_length=MOST)
    inpatient: tuple[Stay, ...] = Field(default=(), max_length=MOST)


class Measurement(Value):
    """A measured value as a report states it."""

    measure: Code
    value: float = Field(allow_inf_nan=False)
    unit: Line
    measured_on: date | None = None


class Finding(Value):
    """What a report states (`present`) or denies."""

    finding: Code
    present: bool
    stated_on: date | None = None


class Patient(Value):
    """Age in whole years on the day of the application, and sex."""

    age: int | None = Field(default=None, ge=0, le=150)
    sex: Sex | None = None


class EvidenceShown(Value):
    """Everything that was read from the papers of a case."""

    papers: tuple[EvidencePaper, ...] = Field(default=(), max_length=MOST)
    visits: Visits = Visits()
    measurements: tuple[Measurement, ...] = Field(default=(), max_length=MOST)
    findings: tuple[Finding, ...] = Field(default=(), max_length=MOST)
    patient: Patient = Patient()


class Evidence(EvidenceShown):
    """The evidence with the day of the application, from which months are counted back."""

    applied_on: Day


class Fulfilment(StrEnum):
    """What the evidence says about a node: enough, shown and not enough, or nothing certain."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_SHOWN = "not_shown"


class NodeAdvice(Value):
    """What the evidence says about one node of a standard, why, and the same of its parts."""

    id: Code
    text: Line
    fulfilment: Fulfilment
    reason_zh: str
    reason_en: str
    parts: tuple["NodeAdvice", ...] = ()


class Advice(Value):
    """What a standard says about the evidence as a whole; it never decides, and says so."""

    fulfilment: Fulfilment
    note_zh: str
    note_en: str
    tree: NodeAdvice


NodeAdvice.model_rebuild()
Advice.model_rebuild()
