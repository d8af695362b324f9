"""Region policies as catalog publishes them: versioned data, every value with its source."""

from typing import ClassVar

from pydantic import Field, model_validator

from shared.contracts.base import Code, ContentHash, Event, Line, Value, date
from shared.contracts.calendars import CalendarDocument, CalendarYear
from shared.contracts.deadlines import Deadlines, Remedy, ReviewRules
from shared.contracts.materials import MaterialRule, UploadLimits
from shared.contracts.messages import MessageChannel
from shared.contracts.retention import Retention
from shared.contracts.sourced import Grade, MaybeKnown, Sourced
from shared.contracts.submissions import ApplicantClass, ApplicationType


class Division(Value):
    """A county-level part of the pooling area with its division code."""

    code: Code
    name: Sourced[str]


class EnrolledClass(Value):
    """A class of applicants; `insutype` is 310 (employees) or 390 (residents) where it is fixed."""

    id: ApplicantClass
    name: Sourced[str]
    insutype: MaybeKnown[str]


class Eligibility(Value):
    """What enrolment must look like before an application is taken (F-P09, F-P44)."""

    enrolment_normal: Sourced[bool]
    no_arrears: Sourced[bool]
    out_of_area_filing_first: Sourced[bool]


class Disease(Value):
    """One disease of the region's catalogue under its local code.

    `re_review_years` is 0 where no periodic review is needed; `annual_cap_yuan` is a sum or words such as
    `as_inpatient`; `excludes` names the diseases that cannot be held beside it.
    """

    code: Code
    name: Sourced[str]
    aliases: Sourced[tuple[str, ...]]
    disease_class: MaybeKnown[str]
    national_code: MaybeKnown[str]
    re_review_years: MaybeKnown[int]
    annual_cap_yuan: MaybeKnown[int | str]
    ends_at_age: Sourced[int] | None = None
    excludes: Sourced[tuple[str, ...]] | None = None


class Catalogue(Value):
    """What is known about the region's disease list as a whole; `complete` says whether all are here."""

    title: Sourced[str]
    count: MaybeKnown[int]
    complete: Sourced[bool]


class RejectionReason(Value):
    """A reason code of a rejection and its standard wording (12.10)."""

    code: Code
    text_zh: Sourced[str]


class Notice(Value):
    """The notice shown before the form (办理须知); `version` is what a submission says was read."""

    version: Code
    text: Sourced[str]


class PolicyChannel(Value):
    """A way to apply: who runs it, how to get in and what it can do."""

    id: Code
    name: Sourced[str]
    kind: Code
    owner: MaybeKnown[str]
    way_in: Sourced[str]
    takes_applications: MaybeKnown[bool]
    functions: Sourced[tuple[str, ...]] | None = None
    recommended: Sourced[bool] | None = None


class GuideText(Value):
    """A titled text for applicants: a step of the guide or a fact about the benefit."""

    id: Code
    title: Line
    body: Sourced[str]


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


class SourceTitle(Value):
    """What the short name of a source stands for, and how good that source is."""

    src: Line
    title: Line
    grade: Grade


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

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "RegionPolicy":
        codes = [d.code for d in self.diseases]
        _once("disease", codes)
        _once("material", [m.kind for m in self.materials])
        _once("rejection reason", [r.code for r in self.rejection_reasons])
        _once("channel", [c.id for c in self.channels])
        _once("message event", [e.event for e in self.notifications.by_event])
        for disease in self.diseases:
            _known(f"{disease.code} excludes", disease.excludes.v if disease.excludes else (), codes)
        for rule in self.materials:
            _known(f"material {rule.kind} names", rule.when.diseases, codes)
        return self


class PolicyPublished(Event):
    """A version of a region's policy is in force; `content_hash` is the SHA-256 of the document."""

    type: ClassVar[str] = "policy-published"
    topic: ClassVar[str] = "catalog.policies"

    region: Code
    policy_version: int
    content_hash: ContentHash
    document: RegionPolicy

    @property
    def key(self) -> str:
        return self.region


class CalendarPublished(Event):
    """The calendar of a year is known; `content_hash` is the SHA-256 of the document."""

    type: ClassVar[str] = "calendar-published"
    topic: ClassVar[str] = "catalog.calendars"

    year: int
    calendar_version: int
    content_hash: ContentHash
    document: CalendarDocument

    @property
    def key(self) -> str:
        return str(self.year)


def _once(what: str, codes: list[str]) -> None:
    double = sorted({code for code in codes if codes.count(code) > 1})
    if double:
        raise ValueError(f"{what} named twice: {', '.join(double)}")


def _known(what: str, named: tuple[str, ...], codes: list[str]) -> None:
    strangers = sorted(set(named) - set(codes))
    if strangers:
        raise ValueError(f"{what} unknown diseases: {', '.join(strangers)}")
