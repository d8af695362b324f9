"""Outpatient visits and inpatient stays: how many, within when, and since when; pure."""

from collections.abc import Sequence
from datetime import date

from shared.calendar import months_before
from shared.contracts.evidence import Evidence
from shared.contracts.standards import Treated
from shared.recognition.counting import MET, NOT_MET, NOT_SHOWN, Judged
from shared.recognition.wording import Said, joined, span, within


def judge_treated(node: Treated, evidence: Evidence) -> Judged:
    """Count the treatment that was shown; too little of it is not met, none at all is not shown."""
    visits, stays = sorted(set(evidence.visits.outpatient)), evidence.visits.inpatient
    if not (visits and node.outpatient) and not (stays and node.inpatient):
        return Judged(
            NOT_SHOWN, Said(f"未见就诊记录，需{_need(node).zh}", f"{_need(node).en}; nothing was shown")
        )
    oldest = months_before(evidence.applied_on, node.within_months) if node.within_months else date.min
    visits_in = [day for day in visits if day >= oldest]
    stays_in = sum(stay.discharged_on >= oldest for stay in stays)
    is_enough = _visits_do(node, visits_in) or (node.inpatient is not None and stays_in >= node.inpatient)
    began = min([*visits, *(stay.admitted_on for stay in stays)])
    told = [_counted(node, len(visits_in), stays_in)]
    if node.since_months:
        told.append(_course(began, node.since_months))
    if is_enough and _is_long_enough(node, began, evidence.applied_on):
        return Judged(MET, joined(told))
    return Judged(NOT_MET, joined(told))


def _visits_do(node: Treated, days: Sequence[date]) -> bool:
    if node.outpatient is None or len(days) < node.outpatient:
        return False
    return not node.span_months or days[0] <= months_before(days[-1], node.span_months)


def _is_long_enough(node: Treated, began: date, on: date) -> bool:
    return not node.since_months or began <= months_before(on, node.since_months)


def _counted(node: Treated, visits: int, stays: int) -> Said:
    window = within(node.within_months) if node.within_months else Said("", "in all")
    need = _need(node)
    return Said(
        f"{window.zh}门诊{visits}次、住院{stays}次，需{need.zh}",
        f"outpatient visits {visits}, inpatient stays {stays} {window.en}; {need.en}",
    )


def _need(node: Treated) -> Said:
    ways = []
    if node.outpatient:
        length = span(node.span_months) if node.span_months else None
        zh, en = (f"（前后相隔至少{length.zh}）", f" over at least {length.en}") if length else ("", "")
        ways.append(Said(f"门诊{node.outpatient}次{zh}", f"{node.outpatient} outpatient visits{en}"))
    if node.inpatient:
        ways.append(Said(f"住院{node.inpatient}次", f"{node.inpatient} inpatient stays"))
    zh, en = "或".join(way.zh for way in ways), " or ".join(way.en for way in ways)
    return Said(zh, f"needed are {en}")


def _course(began: date, months: int) -> Said:
    length = span(months)
    return Said(
        f"最早的就诊在{began}，病程需满{length.zh}",
        f"treatment began on {began}, it must go back {length.en}",
    )
