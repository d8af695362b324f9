"""Where and how a person must be insured for the region's rules to be theirs."""

from shared.contracts.base import Code, Value
from shared.contracts.sourced import MaybeKnown, Sourced
from shared.contracts.submissions import ApplicantClass


class Division(Value):
    """A county-level part of the pooling area with its division code."""

    code: Code
    name: Sourced[str]


class EnrolledClass(Value):
    """A class of applicants; `insutype` is 310 (employees) or 390 (residents) where it is fixed."""

    id: ApplicantClass
    name: Sourced[str]
    insutype: MaybeKnown[str]
    includes: Sourced[tuple[str, ...]] | None = None


class Eligibility(Value):
    """What enrolment must look like before an application is taken (F-P09, F-P44)."""

    enrolment_normal: Sourced[bool]
    no_arrears: Sourced[bool]
    out_of_area_filing_first: Sourced[bool]
    issuer_level_min: Sourced[int] | None = None
