"""Measured values, findings, and the person's age; pure."""

import re
import unicodedata
from datetime import date

from shared.calendar import months_before
from shared.contracts.evidence import Evidence, Finding, Measurement
from shared.contracts.standards import Aged, Comparison, Found, Measured
from shared.recognition.counting import MET, NOT_MET, NOT_SHOWN, Judged, enough
from shared.recognition.wording import COMPARISONS, SEXES, Said, joined, too_old, undated

MICRO = re.compile(r"^u(?=mol|g)")
"""The letter that stands for micro where a keyboard has no other."""

HOLDS = {
    Comparison.AT_LEAST: lambda value, threshold: value >= threshold,
    Comparison.MORE_THAN: lambda value, threshold: value > threshold,
    Comparison.AT_MOST: lambda value, threshold: value <= threshold,
    Comparison.LESS_THAN: lambda value, threshold: value < threshold,
}


def judge_measured(node: Measured, evidence: Evidence) -> Judged:
    """Compare what was measured with a threshold, for the sex it is for."""
    shown = [_measured(node, m, evidence) for m in evidence.measurements if m.measure == node.measure]
    return _counted(node.count, shown, Said("未见该项指标的报告", "no report of this measure was shown"))


def judge_found(node: Found, evidence: Evidence) -> Judged:
    """Look for what reports state, or for what must not be."""
    about = [one for one in evidence.findings if one.finding == node.finding]
    if not node.expected:
        return _excluded(about)
    shown = [_found(node, one, evidence.applied_on) for one in about]
    return _counted(node.count, shown, Said("未见相应的材料或记载", "nothing that states this was shown"))


def judge_aged(node: Aged, evidence: Evidence) -> Judged:
    """Compare the person's age on the day of the application."""
    age, need = evidence.patient.age, _ages(node)
    if age is None:
        return Judged(
            NOT_SHOWN, Said(f"未说明年龄，需{need.zh}", f"the age is not told, {need.en} is needed")
        )
    low, high = node.at_least or 0, age if node.at_most is None else node.at_most
    said = Said(f"年龄{age}周岁，需{need.zh}", f"the person is {age}, {need.en} is needed")
    return Judged(MET if low <= age <= high else NOT_MET, said)


def _counted(needed: int, shown: list[Judged], nothing: Said) -> Judged:
    fulfilment = enough(needed, [one.fulfilment for one in shown])
    if not shown:
        return Judged(fulfilment, nothing)
    told = [one.said for one in shown if one.fulfilment is MET or fulfilment is not MET]
    met = sum(one.fulfilment is MET for one in shown)
    if needed > 1:
        told.append(Said(f"符合的有{met}份，需{needed}份", f"{met} of {needed} that are needed meet this"))
    return Judged(fulfilment, joined(told))


def _measured(node: Measured, given: Measurement, evidence: Evidence) -> Judged:
    need = Said(
        f"需{COMPARISONS[node.compare].zh}{node.threshold:g}{node.unit}",
        f"{COMPARISONS[node.compare].en} {node.threshold:g} {node.unit} is needed",
    )
    said = Said(
        f"测得{given.value:g}{given.unit}，{need.zh}", f"measured {given.value:g} {given.unit}, {need.en}"
    )
    if _folded(given.unit) != _folded(node.unit):
        other = Said("，单位不同，无法比较", ", in another unit and so not compared")
        return Judged(NOT_SHOWN, Said(said.zh + other.zh, said.en + other.en))
    if not HOLDS[node.compare](given.value, node.threshold):
        return Judged(NOT_MET, said)
    of_whom = _of_the_sex(node, evidence, said)
    return of_whom or _dated(node.within_months, given.measured_on, evidence.applied_on, said)


def _of_the_sex(node: Measured, evidence: Evidence, said: Said) -> Judged | None:
    sex = evidence.patient.sex
    if node.sex is None or sex is node.sex:
        return None
    whose = SEXES[node.sex]
    if sex is None:
        untold = Said(
            f"{said.zh}，该标准仅限{whose.zh}，未说明性别", f"{said.en}, for {whose.en}; the sex is not told"
        )
        return Judged(NOT_SHOWN, untold)
    return Judged(NOT_MET, Said(f"该标准仅限{whose.zh}", f"this threshold is for {whose.en}"))


def _found(node: Found, given: Finding, on: date) -> Judged:
    if not given.present:
        return Judged(NOT_MET, Said("材料记载为无", "what was shown denies it"))
    return _dated(node.within_months, given.stated_on, on, Said("材料有相应记载", "what was shown states it"))


def _excluded(about: list[Finding]) -> Judged:
    if any(one.present for one in about):
        return Judged(NOT_MET, Said("存在应当排除的情形", "what must be excluded is stated"))
    if about:
        return Judged(MET, Said("已说明无应当排除的情形", "what must be excluded is denied"))
    return Judged(
        NOT_SHOWN, Said("未说明有无应当排除的情形", "nothing says whether what must be excluded is there")
    )


def _dated(months: int | None, told: date | None, on: date, said: Said) -> Judged:
    if months is None or (told and told >= months_before(on, months)):
        return Judged(MET, said)
    wrong = undated(months) if told is None else too_old(told, months)
    return Judged(
        NOT_SHOWN if told is None else NOT_MET, Said(f"{said.zh}，{wrong.zh}", f"{said.en}, which {wrong.en}")
    )


def _ages(node: Aged) -> Said:
    bounds = []
    if node.at_least is not None:
        bounds.append(Said(f"满{node.at_least}周岁", f"at least {node.at_least}"))
    if node.at_most is not None:
        bounds.append(Said(f"不超过{node.at_most}周岁", f"at most {node.at_most}"))
    return Said("且".join(one.zh for one in bounds), " and ".join(one.en for one in bounds))


def _folded(unit: str) -> str:
    """Read units alike that differ in width, raised digits, the sign for micro or the size of the litre."""
    plain = "".join(unicodedata.normalize("NFKC", unit).split()).replace("L", "l")
    return MICRO.sub("\N{GREEK SMALL LETTER MU}", plain)
