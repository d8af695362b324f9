"""The letter of an evidence pack: an application and its decision in words, from its events alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

Facts = Mapping[str, Any]
Told = tuple[str, str, Facts, Facts]
"""An event: its type, the text of its time, its body, and its private part (empty while sealed)."""

SHANGHAI = timezone(timedelta(hours=8))
KINDS = {
    "new": "新申请 new",
    "renewal": "续期 renewal",
    "change": "变更 change",
    "institution_change": "定点医疗机构变更 change of institution",
}
CLASSES = {"employee": "职工 employee", "resident": "居民 resident", "flexible": "灵活就业 flexible"}
OUTCOMES = {"approved": "通过 APPROVED", "rejected": "不通过 REJECTED"}
OPEN = "尚未作出结论 none was made"
WITHDRAWN = "申请已撤回，未作出结论 none was made, the application was withdrawn"
SEALED = "（密封 sealed）"


def letter_of(events: Iterable[Told]) -> str:
    """The letter in Chinese and English; KeyError when there is no submission among the events."""
    told = {kind: (time, facts, private) for kind, time, facts, private in events}
    lines = [
        "门诊慢特病待遇认定情况说明",
        "Recognition of a chronic disease benefit: application and decision",
        "",
    ]
    lines += _asked(*told["application-submitted"])
    if "application-accepted" in told:
        lines += _accepted(*told["application-accepted"][:2])
    if "decision-made" in told:
        lines += _decided(*told["decision-made"])
    else:
        ended = {"application-withdrawn", "case-closed"} & set(told)
        lines += [f"结论 Decision: {WITHDRAWN if ended else OPEN}"]
    return "\n".join(lines) + "\n"


def _asked(time: str, facts: Facts, private: Facts) -> list[str]:
    papers = ", ".join(paper["kind"] for paper in facts["materials"])
    return [
        f"受理号 Acceptance number: {facts['acceptance_no']}",
        f"申请编号 Application id: {facts['application_id']}",
        f"申请人 Applicant: {private.get('applicant', {}).get('name', SEALED)}",
        f"地区 Region: {facts['region']}",
        f"申请类型 Asked for: {KINDS.get(facts['application_type'], facts['application_type'])}",
        f"病种代码 Disease code: {facts['disease_code']}",
        f"参保类别 Applicant's class: {CLASSES.get(facts['applicant_class'], facts['applicant_class'])}",
        f"材料 Papers: {papers}",
        f"提交时间 Submitted: {_shown(time)}, {facts['channel']}",
    ]


def _accepted(time: str, facts: Facts) -> list[str]:
    return [
        f"受理时间 Accepted: {_shown(time)}, {facts['accepted_by']}",
        f"受理时承诺办结日期 Due, as told on acceptance: {facts['due_on']} "
        f"({facts['budget_working_days']} 个工作日 working days)",
    ]


def _decided(time: str, facts: Facts, private: Facts) -> list[str]:
    lines = [
        f"结论 Decision: {OUTCOMES.get(facts['outcome'], facts['outcome'])}",
        f"作出时间 Decided: {_shown(time)}",
        f"复核人员 Decided by (final reviewer): {facts['decided_by']}",
        f"初审人员 First reviewer: {facts['first_reviewer']}",
        f"依据 Under: {facts['region']} 地区政策第 {facts['policy_version']} 版 "
        f"policy version {facts['policy_version']}",
    ]
    reasons = facts.get("reasons", [])
    details = private.get("details") or [SEALED] * len(reasons)
    if reasons:
        lines.append("不通过原因 Reasons:")
    lines += [f"- {r['text']} ({r['code']}): {said}" for r, said in zip(reasons, details, strict=True)]
    return [*lines, f"救济途径 Remedy: {facts['remedy']}"] if facts.get("remedy") else lines


def _shown(time: str) -> str:
    return f"{datetime.fromisoformat(time).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} (+08:00)"
