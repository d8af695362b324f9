"""The words of advice, in Chinese for officers and applicants and in English beside it; pure."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from shared.contracts.standards import Comparison, Issuer, Sex, Tier
from shared.contracts.submissions import PhysicianTitle


class Said(NamedTuple):
    """One sentence in both languages, without its full stop."""

    zh: str
    en: str


NEVER_DECIDES = Said(
    "以上为对照认定标准的参考意见，不是认定结论；认定由具名的经办人员作出。",
    "This is advice by the recognition standard, not a decision; a named person decides.",
)

KINDS = {
    "application_form": Said("申请表", "application form"),
    "diagnosis_certificate": Said("疾病诊断证明书", "diagnosis certificate"),
    "discharge_record": Said("出院记录", "discharge record"),
    "discharge_summary": Said("出院小结", "discharge summary"),
    "imaging_report": Said("影像学报告", "imaging report"),
    "inpatient_record": Said("住院病历", "inpatient record"),
    "outpatient_record": Said("门诊病历", "outpatient record"),
    "pathology_report": Said("病理报告", "pathology report"),
    "physician_opinion": Said("医师认定意见", "physician's opinion"),
    "test_report": Said("检查检验报告", "test report"),
}
TITLES = {
    PhysicianTitle.ATTENDING: Said("主治医师", "attending physician"),
    PhysicianTitle.ASSOCIATE_CHIEF: Said("副主任医师", "associate chief physician"),
    PhysicianTitle.CHIEF: Said("主任医师", "chief physician"),
}
SEXES = {Sex.MALE: Said("男性", "men"), Sex.FEMALE: Said("女性", "women")}
COMPARISONS = {
    Comparison.AT_LEAST: Said("≥", "at least"),
    Comparison.MORE_THAN: Said("＞", "more than"),
    Comparison.AT_MOST: Said("≤", "at most"),
    Comparison.LESS_THAN: Said("＜", "less than"),
}
LEVELS = {1: "一级", 2: "二级", 3: "三级"}
TIERS = {Tier.FIRST: "grade A", Tier.SECOND: "grade B", Tier.THIRD: "grade C"}


def joined(said: Iterable[Said]) -> Said:
    """Join sentences, each once, in the order they came."""
    once = list(dict.fromkeys(said))
    return Said("；".join(one.zh for one in once), "; ".join(one.en for one in once))


def kind(code: str) -> Said:
    """Name a kind of paper; one that has no name here goes by its code."""
    return KINDS.get(code, Said(code, code))


def either(kinds: Iterable[str]) -> Said:
    """Name kinds of paper of which one is enough."""
    names = [kind(one) for one in kinds]
    return Said("或".join(one.zh for one in names), " or ".join(one.en for one in names))


def hospital(level: int, tier: Tier | None) -> Said:
    """Name a hospital's level and, where it is known, its tier."""
    graded = f" {TIERS[tier]}" if tier else ""
    return Said(f"{LEVELS[level]}{tier.value if tier else ''}医院", f"a level {level}{graded} hospital")


def wanted(issuer: Issuer) -> Said:
    """Name the hospitals that may issue a paper."""
    ways = [] if issuer.level is None else [_or_above(issuer.level, issuer.tier)]
    if issuer.speciality:
        ways.append(Said(issuer.speciality, f"a specialist hospital ({issuer.speciality})"))
    return Said("或".join(way.zh for way in ways), " or ".join(way.en for way in ways))


def within(months: int) -> Said:
    """Name a look-back, in whole years where it is some."""
    length = span(months)
    return Said(f"近{length.zh}内", f"within the last {length.en}")


def span(months: int) -> Said:
    """Name a length of time, in whole years where it is some."""
    if months % 12 == 0:
        return Said(f"{months // 12}年", _plural(months // 12, "year"))
    return Said(f"{months}个月", _plural(months, "month"))


def too_old(told: date, months: int) -> Said:
    """Say that something lies before a look-back."""
    window = within(months)
    return Said(f"日期为{told}，需{window.zh}", f"is of {told}, one {window.en} is needed")


def undated(months: int) -> Said:
    """Say that it is not known whether something lies within a look-back."""
    window = within(months)
    return Said(f"未注明日期，需{window.zh}", f"bears no date, one {window.en} is needed")


def _or_above(level: int, tier: Tier | None) -> Said:
    highest = level == max(LEVELS) and tier in {None, Tier.FIRST}
    graded = f" {TIERS[tier]}" if tier else ""
    return Said(
        f"{LEVELS[level]}{tier.value if tier else ''}{'' if highest else '及以上'}",
        f"level {level}{graded}{'' if highest else ' or above'}",
    )


def _plural(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
