"""What a region's policy puts on the blank form; what nobody verified is left out or marked."""

from collections.abc import Iterator
from typing import Any

from shared.contracts.guidance import PolicyChannel
from shared.contracts.materials import Condition, MaterialRule
from shared.contracts.policies import RegionPolicy
from shared.contracts.sourced import Grade, MaybeKnown, Sourced
from shared.contracts.submissions import ApplicationType, PhysicianTitle

Words = dict[str, Any]

APPLICATION_FORM = "application_form"
PHYSICIAN_OPINION = "physician_opinion"
TITLE = "门诊慢特病病种待遇认定申请表"
UNVERIFIED = "＊"
"""Stands behind a choice or a paper that is a default of the product; a note on the form explains it."""

TYPES = {
    ApplicationType.NEW: "新申请",
    ApplicationType.RENEWAL: "续期（复审）",
    ApplicationType.CHANGE: "变更",
    ApplicationType.INSTITUTION_CHANGE: "定点医疗机构变更",
}
SIGNERS = {
    PhysicianTitle.ATTENDING: "主治医师及以上",
    PhysicianTitle.ASSOCIATE_CHIEF: "副主任医师及以上",
    PhysicianTitle.CHIEF: "主任医师",
}


def form_words(policy: RegionPolicy) -> Words:
    """Say all that stands on the form of this version; null is a line to write on."""
    words: Words = {
        "title": _title(policy),
        "region": _told(policy.name),
        "benefit": _told(policy.benefit_name),
        "version": policy.version,
        "effective_from": policy.effective_from.isoformat(),
        "agency": _told(policy.agency),
        "hotline": _told(policy.hotline),
        "hours": _told(policy.hours),
        "classes": [_marked(one.name.v, one.name) for one in policy.applicant_classes],
        "types": [_marked(TYPES[one], policy.application_types) for one in policy.application_types.v],
        "signer": _signer(policy),
        "materials": [_material(rule) for rule in policy.materials],
        "channels": list(_ways_to_apply(policy)),
    }
    return words | {"mark": UNVERIFIED if UNVERIFIED in str(words) else None}


def _told(value: Sourced[str] | MaybeKnown[str]) -> str | None:
    """Give a value that may be told as a fact; a default of the product may not."""
    return None if value.grade is Grade.UNVERIFIED else value.v


def _marked(text: str, *values: Sourced[Any]) -> str:
    return text + UNVERIFIED if any(value.grade is Grade.UNVERIFIED for value in values) else text


def _title(policy: RegionPolicy) -> str:
    rules = (rule for rule in policy.materials if rule.kind == APPLICATION_FORM)
    named = (_told(rule.name) for rule in rules)
    return (next(named, None) or TITLE).strip("《》")


def _signer(policy: RegionPolicy) -> Words | None:
    """Find what the region asks of the physician who signs (F-S14)."""
    asking = (PHYSICIAN_OPINION, APPLICATION_FORM)
    for rule in sorted((r for r in policy.materials if r.kind in asking), key=lambda r: asking.index(r.kind)):
        if rule.signer_title_min and rule.signer_title_min.grade is not Grade.UNVERIFIED:
            department = rule.signer_department
            return {
                "title": SIGNERS[rule.signer_title_min.v],
                "department": _told(department) if department else None,
            }
    return None


def _material(rule: MaterialRule) -> Words:
    """Name a paper, and whether all must bring it or only who the condition is about."""
    whom, types = (
        _whom(rule.when),
        "、".join(TYPES[one].split("（")[0] for one in rule.when.application_types),
    )
    must = rule.required.v and not whom and not rule.unless
    notes = [*whom, *([types] if types else []), *(["可由其他材料代替"] if rule.unless else [])]
    return {
        "name": _marked(rule.name.v, rule.name),
        "need": _marked("必须" if must else "视情况", rule.required),
        "when": f"{'；'.join(notes)}{'时必须' if rule.required.v and whom else ''}" if notes else "",
    }


def _whom(when: Condition) -> list[str]:
    about = {"委托他人代办": when.by_agent, "未成年人": when.by_minor, "部分病种": bool(when.diseases)}
    return [whom for whom, holds in about.items() if holds]


def _ways_to_apply(policy: RegionPolicy) -> Iterator[Words]:
    for channel in policy.channels:
        if _takes_applications(channel):
            yield {"name": _marked(channel.name.v, channel.name), "way_in": _told(channel.way_in)}


def _takes_applications(channel: PolicyChannel) -> bool:
    takes = channel.takes_applications
    return takes.v is True and takes.grade is not Grade.UNVERIFIED
