"""Switches of the clock, of the review and of the remedy that a region sets."""

from enum import StrEnum

from shared.contracts.base import Value
from shared.contracts.sourced import MaybeKnown, Sourced


class ClockStart(StrEnum):
    """The day from which the main clock counts (F-P38)."""

    SUBMISSION = "submission"
    ACCEPTANCE = "acceptance"


class OnSupplement(StrEnum):
    """What the main clock does while material is asked for."""

    PAUSE = "pause"
    RESTART = "restart"
    RUN = "run"


class OnWaiting(StrEnum):
    """What the main clock does during offline verification, expert review or public notice."""

    PAUSE = "pause"
    RUN = "run"


class AfterHours(StrEnum):
    """On which day an acceptance after closing time counts."""

    SAME_DAY = "same_day"
    NEXT_WORKING_DAY = "next_working_day"


class ExpertReview(StrEnum):
    """Whether a case passes the expert stage; where this is unknown the first reviewer chooses."""

    REQUIRED = "required"
    NOT_REQUIRED = "not_required"


class PolicyPart(StrEnum):
    """The parts of a policy of which each can bind the applications in flight in its newest version."""

    DEADLINES = "deadlines"
    REVIEW = "review"
    MATERIALS = "materials"
    REASONS = "reasons"
    REMEDY = "remedy"
    CALENDAR = "calendar"


class Follows(StrEnum):
    """Which version binds an application in flight: that of its submission, or the newest in force."""

    PINNED = "pinned"
    NEWEST = "newest"


class InFlightRule(Value):
    """Which version binds applications in flight in one part; a part that is not named is pinned."""

    part: PolicyPart
    follows: Sourced[Follows]


class Extension(Value):
    """How often and by how many working days the main clock may be extended (N-12)."""

    max_times: Sourced[int]
    max_working_days: Sourced[int]
    reason_must_be_told: Sourced[bool]


class Deadlines(Value):
    """All time limits, in working days, and what moves them (12.8)."""

    sla_working_days: Sourced[int]
    acceptance_working_days: Sourced[int]
    deemed_accepted_if_silent: Sourced[bool]
    clock_start: Sourced[ClockStart]
    after_hours_acceptance: Sourced[AfterHours]
    on_supplement: Sourced[OnSupplement]
    on_offline_verification: Sourced[OnWaiting]
    on_expert_review: Sourced[OnWaiting]
    on_public_notice: Sourced[OnWaiting]
    supplement_answer_working_days: Sourced[int]
    extension: Extension
    warn_before_working_days: Sourced[tuple[int, ...]]


class ReviewRules(Value):
    """Who must look at a case, and how often material may be asked for."""

    body: Sourced[str]
    expert_review: MaybeKnown[ExpertReview]
    expert_quorum: Sourced[int]
    four_eyes: Sourced[bool]
    material_request_rounds: Sourced[int]


class Remedy(Value):
    """What a rejected person is told about remedies (N-08)."""

    reconsideration_days: Sourced[int]
    text_zh: Sourced[str]
    text_en: Sourced[str]
    appeal_channels: MaybeKnown[tuple[str, ...]]
    appeal_answer_working_days: MaybeKnown[int]
    appeal_lodge_working_days: MaybeKnown[int] | None = None
