"""Rules about papers: which are needed when, in which alternatives, and what they must look like."""

from collections.abc import Collection
from enum import StrEnum

from shared.contracts.base import Code, Value
from shared.contracts.sourced import Sourced
from shared.contracts.submissions import ApplicationType, PhysicianTitle


class NeededBy(StrEnum):
    """Until when a required paper must be there: it stops the submission, or only the decision."""

    SUBMISSION = "submission"
    DECISION = "decision"


class Condition(Value):
    """When a rule applies; what is left empty holds for all."""

    diseases: tuple[Code, ...] = ()
    application_types: tuple[ApplicationType, ...] = ()
    by_agent: bool = False
    by_minor: bool = False

    def holds(self, disease_code: str, application_type: str, *, has_agent: bool, is_minor: bool) -> bool:
        """Tell whether the rule applies to such an application."""
        return (
            (not self.diseases or disease_code in self.diseases)
            and (not self.application_types or application_type in self.application_types)
            and (has_agent or not self.by_agent)
            and (is_minor or not self.by_minor)
        )


class MaterialRule(Value):
    """One requirement; met by every kind of one alternative in `any_of`, or waived by a kind of `unless`.

    A paper older than `max_age_months` at submission is a warning to the applicant; the reviewer decides.
    `legal_basis` names the law by which more than an ID document may be asked for (N-04).
    """

    kind: Code
    name: Sourced[str]
    required: Sourced[bool]
    any_of: Sourced[tuple[tuple[str, ...], ...]]
    needed_by: Sourced[NeededBy]
    unless: tuple[Code, ...] = ()
    when: Condition = Condition()
    max_age_months: Sourced[int] | None = None
    issuer_level_min: Sourced[int] | None = None
    issuer_designated: Sourced[bool] | None = None
    stamp: Sourced[bool] | None = None
    signer_title_min: Sourced[PhysicianTitle] | None = None
    form: Sourced[str] | None = None
    hint: Sourced[str] | None = None
    example: Sourced[str] | None = None
    must_show: Sourced[tuple[str, ...]] | None = None
    signer_department: Sourced[str] | None = None
    available_at: Sourced[tuple[str, ...]] | None = None
    legal_basis: Sourced[str] | None = None

    @property
    def accepted_kinds(self) -> frozenset[str]:
        """All kinds of paper that serve this requirement."""
        return frozenset(kind for alternative in self.any_of.v for kind in alternative)

    def is_met_by(self, kinds: Collection[str]) -> bool:
        """Tell whether papers of these kinds meet the requirement or make it needless."""
        given = set(kinds)
        return bool(given & set(self.unless)) or any(
            given.issuperset(alternative) for alternative in self.any_of.v
        )

    def stops_submission(self, kinds: Collection[str]) -> bool:
        """Tell whether an application with these kinds of paper cannot be submitted for want of this one."""
        return self.required.v and self.needed_by.v is NeededBy.SUBMISSION and not self.is_met_by(kinds)


class MaterialForm(Value):
    """In which form papers are handed over in a kind of channel: original, copy, file (F-P50, F-S17)."""

    kind: Code
    form: Sourced[str]


class UploadLimits(Value):
    """What may be uploaded; sizes in MiB."""

    max_file_mib: Sourced[int]
    max_submission_mib: Sourced[int]
    max_files: Sourced[int]
    content_types: Sourced[tuple[str, ...]]
