"""What review needs of a region's policy: limits, switches, route, reasons, remedy, papers for a decision."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from shared.clock import SHANGHAI
from shared.contracts.calendars import CalendarYear
from shared.contracts.cases import NewerParts
from shared.contracts.deadlines import AfterHours, ClockStart, ExpertReview, OnSupplement, PolicyPart
from shared.contracts.materials import MaterialRule, NeededBy
from shared.contracts.policies import RegionPolicy

FIELDS: Mapping[PolicyPart, tuple[str, ...]] = {
    PolicyPart.DEADLINES: (
        "sla_working_days",
        "supplement_answer_working_days",
        "clock_start",
        "on_supplement",
        "closes_at",
    ),
    PolicyPart.REVIEW: ("request_rounds", "expert_review", "expert_quorum"),
    PolicyPart.MATERIALS: ("needed_for_decision", "material_names"),
    PolicyPart.REASONS: ("reasons",),
    PolicyPart.REMEDY: ("remedy",),
    PolicyPart.CALENDAR: ("calendar_additions",),
}
"""What review applies of each part of a policy; the other fields are always those of the pinned version.

So is the limit of acceptance: it runs from receipt, under the version that was in force then.
"""

HOUR = re.compile(r"(?<!\d)(?:[01]?\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class Rules:
    """One version of a region's policy as review applies it; limits are working days.

    `expert_review` is None where the first reviewer chooses; `closes_at` is None where an acceptance after
    hours counts on its day. `follows` are the parts that bind applications in flight once this version is in
    force; `newer_parts` are those that were taken from `newer_version`.
    """

    region: str
    version: int
    name: str
    admdvs: str
    sla_working_days: int
    acceptance_working_days: int
    supplement_answer_working_days: int
    request_rounds: int
    clock_start: ClockStart
    on_supplement: OnSupplement
    expert_review: ExpertReview | None
    expert_quorum: int
    reasons: Mapping[str, str]
    remedy: str
    needed_for_decision: tuple[MaterialRule, ...] = ()
    disease_names: Mapping[str, str] | None = None
    material_names: Mapping[str, str] | None = None
    closes_at: time | None = None
    calendar_additions: tuple[CalendarYear, ...] = ()
    effective_from: date = date.min
    follows: frozenset[PolicyPart] = frozenset()
    newer_version: int | None = None
    newer_parts: frozenset[PolicyPart] = frozenset()

    def after_hours(self, moment: datetime) -> bool:
        """Tell whether an acceptance at this moment counts on the next working day (policy switch)."""
        return self.closes_at is not None and moment.astimezone(SHANGHAI).time() >= self.closes_at

    def newer(self, *applied: PolicyPart) -> NewerParts | None:
        """Name what an act that applied these parts took from a newer version; None if that is nothing."""
        taken = tuple(part for part in PolicyPart if part in applied and part in self.newer_parts)
        if self.newer_version is None or not taken:
            return None
        return NewerParts(policy_version=self.newer_version, parts=taken)


def bound_by(pinned: Rules, newest: Rules) -> Rules:
    """Give the rules of a case: the pinned ones, but what the newest in force wants to bind it from there.

    A part that says the same in both versions is not counted as taken from the newer one.
    """
    if newest.version <= pinned.version:
        return pinned
    taken = frozenset(part for part in newest.follows if differ(part, pinned, newest))
    if not taken:
        return pinned
    fields = {name: getattr(newest, name) for part in taken for name in FIELDS[part]}
    return replace(pinned, **fields, newer_version=newest.version, newer_parts=taken)


def differ(part: PolicyPart, one: Rules, other: Rules) -> bool:
    """Tell whether two versions say something else in a part, as far as review applies it."""
    return any(getattr(one, name) != getattr(other, name) for name in FIELDS[part])


def rules_of(policy: RegionPolicy) -> Rules:
    """Take from a published policy what review applies."""
    limits, review = policy.deadlines, policy.review
    return Rules(
        region=policy.region,
        version=policy.version,
        name=policy.name.v,
        admdvs=policy.admdvs.v,
        sla_working_days=limits.sla_working_days.v,
        acceptance_working_days=limits.acceptance_working_days.v,
        supplement_answer_working_days=limits.supplement_answer_working_days.v,
        request_rounds=review.material_request_rounds.v,
        clock_start=limits.clock_start.v,
        on_supplement=limits.on_supplement.v,
        expert_review=review.expert_review.v,
        expert_quorum=review.expert_quorum.v,
        reasons={reason.code: reason.text_zh.v for reason in policy.rejection_reasons},
        remedy=policy.remedy.text_zh.v,
        needed_for_decision=tuple(r for r in policy.materials if _is_needed_for_decision(r)),
        disease_names={disease.code: disease.name.v for disease in policy.diseases},
        material_names={rule.kind: rule.name.v for rule in policy.materials},
        closes_at=_closing_time(policy),
        calendar_additions=policy.calendar_additions,
        effective_from=policy.effective_from,
        follows=frozenset(part for part in PolicyPart if policy.follows_newest(part)),
    )


def _is_needed_for_decision(rule: MaterialRule) -> bool:
    return rule.required.v and rule.needed_by.v is NeededBy.DECISION


def _closing_time(policy: RegionPolicy) -> time | None:
    if policy.deadlines.after_hours_acceptance.v is AfterHours.SAME_DAY:
        return None
    hours = HOUR.findall(policy.hours.v or "")
    return max((time.fromisoformat(hour.zfill(5)) for hour in hours), default=None)
