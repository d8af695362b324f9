"""Region policies as catalog publishes them: versioned data, every value with its source."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, model_validator

from shared.contracts.base import Code, ContentHash, Event, Value, date
from shared.contracts.benefits import BenefitFigure, Institution, InstitutionRules, OutOfArea, Renewal
from shared.contracts.calendars import CalendarDocument, CalendarYear
from shared.contracts.deadlines import Deadlines, Follows, InFlightRule, PolicyPart, Remedy, ReviewRules
from shared.contracts.diseases import Catalogue, Disease, NationalCode
from shared.contracts.enrolment import Division, Eligibility, EnrolledClass
from shared.contracts.guidance import (
    ComparisonRow,
    GuideText,
    IntakeWindow,
    Notice,
    Office,
    OfflineVerification,
    OnlineTerms,
    PolicyChannel,
)
from shared.contracts.materials import MaterialForm, MaterialRule, UploadLimits
from shared.contracts.messages import MessageChannel
from shared.contracts.retention import Retention
from shared.contracts.sourced import MaybeKnown, Sourced, SourceTitle
from shared.contracts.standards import Standard
from shared.contracts.submissions import ApplicationType


class RejectionReason(Value):
    """A reason code of a rejection and its standard wording (12.10)."""

    code: Code
    text_zh: Sourced[str]


class EventChannels(Value):
    """By which ways a person hears of an event; `event` is the event's type."""

    event: Code
    channels: Sourced[tuple[MessageChannel, ...]]


class Notifications(Value):
    """Switches of the messages to persons; neutral wording does not even name the kind of benefit.

    `entry` is what all channels of the region call the list of one's applications, at most four characters.
    """

    by_event: tuple[EventChannels, ...]
    neutral_wording: Sourced[bool]
    entry: Sourced[str] | None = None


class RegionPolicy(Value):
    """Everything a region's rules say, in one version; a decision keeps the version it was taken under."""

    region: Code
    version: int = Field(ge=1)
    effective_from: date
    name: Sourced[str]
    province: Sourced[str]
    admdvs: Sourced[str]
    divisions: tuple[Division, ...]
    benefit_name: Sourced[str]
    matter_names: Sourced[tuple[str, ...]]
    agency: Sourced[str]
    sms_signature: Sourced[str]
    hotline: Sourced[str]
    hours: MaybeKnown[str]
    applicant_classes: tuple[EnrolledClass, ...]
    application_types: Sourced[tuple[ApplicationType, ...]]
    eligibility: Eligibility
    intake_mode: Sourced[str]
    public_notice: Sourced[bool]
    catalogue: Catalogue
    diseases: tuple[Disease, ...] = Field(min_length=1)
    materials: tuple[MaterialRule, ...] = Field(min_length=1)
    deadlines: Deadlines
    review: ReviewRules
    remedy: Remedy
    retention: Retention
    rejection_reasons: tuple[RejectionReason, ...] = Field(min_length=1)
    notice: Notice
    upload: UploadLimits
    channels: tuple[PolicyChannel, ...]
    guide: tuple[GuideText, ...]
    benefit: tuple[GuideText, ...]
    notifications: Notifications
    calendar_additions: tuple[CalendarYear, ...] = ()
    sources: tuple[SourceTitle, ...] = ()
    in_flight: tuple[InFlightRule, ...] = ()
    national_codes: tuple[NationalCode, ...] = ()
    standards: tuple[Standard, ...] = ()
    institutions: tuple[Institution, ...] = ()
    institution_rules: InstitutionRules | None = None
    intake_windows: tuple[IntakeWindow, ...] = ()
    material_forms: tuple[MaterialForm, ...] = ()
    offline_verification: OfflineVerification | None = None
    figures: tuple[BenefitFigure, ...] = ()
    renewal: Renewal | None = None
    out_of_area: OutOfArea | None = None
    online: OnlineTerms | None = None
    checklist: tuple[GuideText, ...] = ()
    comparison: tuple[ComparisonRow, ...] = ()
    offices: tuple[Office, ...] = ()
    public_notice_working_days: MaybeKnown[int] | None = None
    benefit_start: MaybeKnown[str] | None = None

    def disease(self, code: str) -> Disease | None:
        """Find a disease of the catalogue by its local code."""
        return next((d for d in self.diseases if d.code == code), None)

    def materials_for(
        self, disease_code: str, application_type: str, *, has_agent: bool = False, is_minor: bool = False
    ) -> list[MaterialRule]:
        """List the material rules that apply, required or not, at submission or later."""
        return [
            rule
            for rule in self.materials
            if rule.when.holds(disease_code, application_type, has_agent=has_agent, is_minor=is_minor)
        ]

    def rejection_reason(self, code: str) -> RejectionReason | None:
        """Find a reason of rejection by its code."""
        return next((r for r in self.rejection_reasons if r.code == code), None)

    def channels_for(self, event_type: str) -> tuple[MessageChannel, ...]:
        """Tell by which ways a person hears of an event; none for an event that is not listed."""
        found = (e.channels.v for e in self.notifications.by_event if e.event == event_type)
        return next(found, ())

    def standard_of(self, disease_code: str) -> Standard | None:
        """Find the recognition standard of a disease; None if the disease or its standard is not here."""
        disease = self.disease(disease_code)
        wanted = disease.standard if disease else None
        return next((s for s in self.standards if s.code == wanted), None)

    def follows_newest(self, part: PolicyPart) -> bool:
        """Tell whether applications in flight follow this version in a part instead of the pinned one."""
        return any(rule.part is part and rule.follows.v is Follows.NEWEST for rule in self.in_flight)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "RegionPolicy":
        _each_once(self)
        codes = [d.code for d in self.diseases]
        for disease in self.diseases:
            _known(f"{disease.code} excludes", disease.excludes.v if disease.excludes else (), codes)
        for rule in self.materials:
            _known(f"material {rule.kind} names", rule.when.diseases, codes)
        return self


class LayerVersion(Value):
    """A layer of a policy (national, of a province, of a region) and which version of it was used."""

    layer: Code
    version: int = Field(ge=1)


class PolicyPublished(Event):
    """A version of a region's policy is in force from a day on; `content_hash` is the SHA-256 of it.

    `layers` are what it was made of; `written_by` and `published_by` are two people, and neither is there
    when the policy came with the product.
    """

    type: ClassVar[str] = "policy-published"
    version: ClassVar[int] = 2
    topic: ClassVar[str] = "catalog.policies"

    region: Code
    policy_version: int
    content_hash: ContentHash
    document: RegionPolicy
    layers: tuple[LayerVersion, ...] = ()
    written_by: Code | None = None
    published_by: Code | None = None

    @property
    def key(self) -> str:
        return self.region


class CalendarPublished(Event):
    """The calendar of a year is known; `content_hash` is the SHA-256 of the document."""

    type: ClassVar[str] = "calendar-published"
    version: ClassVar[int] = 2
    topic: ClassVar[str] = "catalog.calendars"

    year: int
    calendar_version: int
    content_hash: ContentHash
    document: CalendarDocument
    written_by: Code | None = None
    published_by: Code | None = None

    @property
    def key(self) -> str:
        return str(self.year)


def _each_once(policy: RegionPolicy) -> None:
    _once("disease", [d.code for d in policy.diseases])
    _once("material", [m.kind for m in policy.materials])
    _once("rejection reason", [r.code for r in policy.rejection_reasons])
    _once("channel", [c.id for c in policy.channels])
    _once("message event", [e.event for e in policy.notifications.by_event])
    _once("national code", [n.code for n in policy.national_codes])
    _once("standard", [s.code for s in policy.standards])
    _once("institution", [i.code for i in policy.institutions])
    _once("part in flight", [r.part for r in policy.in_flight])


def _once(what: str, codes: Sequence[str]) -> None:
    double = sorted({code for code in codes if codes.count(code) > 1})
    if double:
        raise ValueError(f"{what} named twice: {', '.join(double)}")


def _known(what: str, named: tuple[str, ...], codes: list[str]) -> None:
    strangers = sorted(set(named) - set(codes))
    if strangers:
        raise ValueError(f"{what} unknown diseases: {', '.join(strangers)}")
