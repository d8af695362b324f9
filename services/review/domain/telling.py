"""The history of a case in sentences, and what of it a viewer may read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import singledispatch

from services.review.domain.case import Case
from services.review.domain.claiming import Officer
from shared.contracts.cases import (
    ApplicationAccepted,
    CaseClosed,
    CaseEvent,
    CaseOpened,
    DecisionMade,
    DueDateCorrected,
    ExpertOpinionGiven,
    MaterialRequested,
    Outcome,
    ReviewForwarded,
    ReviewResumed,
    Stage,
)

STAGE_ZH: Mapping[Stage, str] = {
    Stage.ACCEPTANCE: "受理",
    Stage.FIRST: "初审",
    Stage.EXPERT: "专家评审",
    Stage.FINAL: "复核",
}
OUTCOME_ZH: Mapping[Outcome, str] = {Outcome.APPROVED: "通过", Outcome.REJECTED: "不通过"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened, in English and in Chinese."""

    en: str
    zh: str


def visible_to(officer: Officer, case: Case, events: Iterable[CaseEvent]) -> list[CaseEvent]:
    """Keep from an expert who has not spoken what the others recommend: each judges alone (T12)."""
    spoken = any(opinion.expert == officer.id for opinion in case.opinions)
    if case.stage is not Stage.EXPERT or case.ended or "expert" not in officer.roles or spoken:
        return list(events)
    return [event for event in events if not isinstance(event, ExpertOpinionGiven)]


@singledispatch
def tell(event: CaseEvent) -> Sentence:
    """Say in a sentence what happened, without a person's data."""
    return Sentence(event.type, event.type)


@tell.register
def _opened(event: CaseOpened) -> Sentence:
    received, due = event.received_on, event.acceptance_due_on
    return Sentence(
        f"The application was received on {received}; acceptance is due on {due}.",
        f"{received}收到申请，应于{due}前受理。",
    )


@tell.register
def _accepted(event: ApplicationAccepted) -> Sentence:
    return Sentence(
        f"{event.accepted_by} accepted the application; the decision is due on {event.due_on}.",
        f"{event.accepted_by}受理申请，应于{event.due_on}前办结。",
    )


@tell.register
def _asked(event: MaterialRequested) -> Sentence:
    who, due = event.requested_by, event.answer_due_on
    kinds = ", ".join(event.kinds)
    en = f"{who} asked for material ({kinds}), to be answered by {due}"
    zh = f"{who}一次性告知需补充材料{len(event.kinds)}项，请于{due}前补交"
    if event.clock_paused_on is None:
        return Sentence(f"{en}.", f"{zh}。")
    return Sentence(f"{en}; the clock is paused.", f"{zh}，期间暂停计时。")


@tell.register
def _resumed(event: ReviewResumed) -> Sentence:
    return Sentence(
        f"The applicant supplied material; {event.stage} review goes on, due on {event.due_on}.",
        f"申请人已补充材料，继续{STAGE_ZH[event.stage]}，应于{event.due_on}前办结。",
    )


@tell.register
def _forwarded(event: ReviewForwarded) -> Sentence:
    who = event.forwarded_by
    return Sentence(
        f"{who} forwarded the case from {event.from_stage} to {event.to_stage} review.",
        f"{who}将案件由{STAGE_ZH[event.from_stage]}转至{STAGE_ZH[event.to_stage]}。",
    )


@tell.register
def _advised(event: ExpertOpinionGiven) -> Sentence:
    return Sentence(
        f"The expert {event.expert} recommends: {event.recommendation}.",
        f"专家{event.expert}评审意见：{OUTCOME_ZH[event.recommendation]}。",
    )


@tell.register
def _decided(event: DecisionMade) -> Sentence:
    en = f"{event.decided_by} decided: {event.outcome}"
    zh = f"{event.decided_by}作出认定结论：{OUTCOME_ZH[event.outcome]}"
    if not event.reasons:
        return Sentence(f"{en}.", f"{zh}。")
    codes = ", ".join(reason.code for reason in event.reasons)
    texts = "；".join(reason.text for reason in event.reasons)
    return Sentence(f"{en} ({codes}).", f"{zh}（{texts}）。")


@tell.register
def _corrected(event: DueDateCorrected) -> Sentence:
    if event.due_provisional:
        return Sentence(
            f"Working days were arranged anew; the case is due on {event.due_on}, provisionally.",
            f"工作日安排有调整，办结日期暂定为 {event.due_on}。",
        )
    return Sentence(
        f"The working days are settled; the case is due on {event.due_on}.",
        f"工作日安排已公布或调整，办结日期确定为 {event.due_on}。",
    )


@tell.register
def _closed(event: CaseClosed) -> Sentence:
    return Sentence(
        f"The case is closed without a decision: {event.reason}.",
        "申请人已撤回申请，案件终止。",
    )
