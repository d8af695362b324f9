"""What happened to an application, one plain sentence an event, for a layman, in both languages."""

from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch

from services.intake.domain.following import STAGE_ZH
from shared.contracts.applications import (
    ApplicationRetired,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    MaterialSupplied,
)
from shared.contracts.base import ApplicationEvent
from shared.contracts.cases import (
    ApplicationAccepted,
    CaseClosed,
    DecisionMade,
    DueDateCorrected,
    ExpertOpinionGiven,
    MaterialRequested,
    Outcome,
    ReviewForwarded,
    ReviewResumed,
    Stage,
)
from shared.contracts.retention import Disposal

STAGE_EN = {
    Stage.ACCEPTANCE: "acceptance",
    Stage.FIRST: "first review",
    Stage.EXPERT: "expert review",
    Stage.FINAL: "final review",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline."""

    type: str
    at: datetime
    sentence: str
    sentence_zh: str


def entry(event: ApplicationEvent) -> Entry:
    """Tell an event in plain words; names of officers and opinions of experts stay inside the agency."""
    sentence, sentence_zh = _sentences(event)
    return Entry(event.type, event.occurred_at, sentence, sentence_zh)


def submitted_entry(acceptance_no: str, at: datetime) -> Entry:
    """The first line of every timeline."""
    return Entry(
        ApplicationSubmitted.type,
        at,
        f"The application was submitted under number {acceptance_no} and waits for acceptance.",
        f"申请已提交，受理号 {acceptance_no}，等待受理。",
    )


@singledispatch
def _sentences(event: ApplicationEvent) -> tuple[str, str]:
    return event.type, event.type


@_sentences.register
def _(event: MaterialSupplied) -> tuple[str, str]:
    count = len(event.materials) + event.with_opinion
    return f"Further papers were supplied: {count}.", f"已补充提交 {count} 份材料。"


@_sentences.register
def _(event: ApplicationWithdrawn) -> tuple[str, str]:  # noqa: ARG001
    return "The applicant took the application back.", "申请人已撤回申请。"


@_sentences.register
def _(event: ApplicationAccepted) -> tuple[str, str]:
    days, due = event.budget_working_days, event.due_on
    sentence = f"The application was accepted; the decision takes at most {days} working days, until {due}."
    sentence_zh = f"申请已受理，将在 {days} 个工作日内（{due} 前）办结。"
    if event.due_provisional:
        sentence += " That day may move: the holidays of the year are not announced yet."
        sentence_zh += "该年度节假日安排尚未公布，日期可能调整。"
    return sentence, sentence_zh


@_sentences.register
def _(event: MaterialRequested) -> tuple[str, str]:
    count, until = len(event.kinds), event.answer_due_on
    sentence = f"Further papers are needed until {until}: {count}, see the list."
    sentence_zh = f"需补充 {count} 项材料，请于 {until} 前按清单补交。"
    if event.clock_paused_on:
        sentence += " The waiting time is not counted."
        sentence_zh += "等待补交期间不计入办理时限。"
    return sentence, sentence_zh


@_sentences.register
def _(event: ReviewResumed) -> tuple[str, str]:
    stage, stage_zh = STAGE_EN[event.stage], STAGE_ZH[event.stage]
    return (
        f"The papers have arrived; {stage} goes on and ends by {event.due_on}.",
        f"补充材料已收到，继续{stage_zh}，将于 {event.due_on} 前办结。",
    )


@_sentences.register
def _(event: ReviewForwarded) -> tuple[str, str]:
    stage, stage_zh = STAGE_EN[event.to_stage], STAGE_ZH[event.to_stage]
    return f"The application moved on to {stage}.", f"申请已进入{stage_zh}环节。"


@_sentences.register
def _(event: ExpertOpinionGiven) -> tuple[str, str]:  # noqa: ARG001
    return "An expert gave an opinion.", "一位评审专家已出具意见。"


@_sentences.register
def _(event: DecisionMade) -> tuple[str, str]:
    if event.outcome is Outcome.APPROVED:
        return "The application was approved.", "审核通过。"
    reasons = "；".join(reason.text for reason in event.reasons)
    return (
        "The application was rejected; the outcome gives the reasons and what can be done.",
        f"审核不通过（{reasons}），详细原因和救济途径见审核结果。",
    )


@_sentences.register
def _(event: DueDateCorrected) -> tuple[str, str]:
    if event.due_provisional:
        return (
            f"Holidays were arranged anew; the application is decided by about {event.due_on}.",
            f"节假日安排有调整，办结日期暂定为 {event.due_on}。",
        )
    return (
        f"The holidays are settled; the application is decided by {event.due_on}.",
        f"节假日安排已公布或调整，办结日期确定为 {event.due_on}。",
    )


@_sentences.register
def _(event: CaseClosed) -> tuple[str, str]:  # noqa: ARG001
    return "The case was closed without a decision.", "办理已终止，未作出认定结论。"


@_sentences.register
def _(event: ApplicationRetired) -> tuple[str, str]:
    if event.disposal is Disposal.ARCHIVE:
        return (
            "The retention period is over: the papers go to the archive.",
            "材料保管期限届满，移入档案保存。",
        )
    return "The retention period is over: the papers are erased.", "材料保管期限届满，按规定销毁。"
