"""Examples of what review states about cases."""

from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from deploy.contracts.examples.people import ACCEPTANCE_NO, APPLICATION, REGION, SEALED, at
from shared.contracts.base import Event
from shared.contracts.cases import (
    ApplicationAccepted,
    CaseClosed,
    CaseOpened,
    DecidedPrivate,
    DecisionMade,
    DueDateCorrected,
    ExpertOpinionGiven,
    ListedGround,
    MaterialRequested,
    OpinionPrivate,
    Outcome,
    RequestedPrivate,
    ReviewForwarded,
    ReviewResumed,
    Stage,
)

REMEDY = (
    "如不服本认定结论，您可以自知道该结论之日起60日内依法申请行政复议，也可以依法向人民法院提起行政诉讼。"
)


class _About(TypedDict):
    application_id: UUID
    acceptance_no: str
    region: str
    occurred_at: datetime


def _about(occurred_at: datetime) -> _About:
    return _About(
        application_id=APPLICATION, acceptance_no=ACCEPTANCE_NO, region=REGION, occurred_at=occurred_at
    )


EXAMPLES: tuple[tuple[str, Event], ...] = (
    (
        "waiting",
        CaseOpened(
            **_about(at(9, 18, 4)),
            disease_code="SL-001",
            policy_version=1,
            received_on=date(2026, 9, 18),
            acceptance_budget_working_days=5,
            acceptance_due_on=date(2026, 9, 24),
        ),
    ),
    (
        "due-across-a-holiday",
        ApplicationAccepted(
            **_about(at(9, 21, 1, 30)),
            accepted_by="officer-1",
            policy_version=1,
            clock_started_on=date(2026, 9, 21),
            budget_working_days=15,
            due_on=date(2026, 10, 19),
        ),
    ),
    (
        "opinion-missing",
        MaterialRequested(
            **_about(at(9, 22, 7)),
            requested_by="first-1",
            stage=Stage.FIRST,
            round=1,
            kinds=["physician_opinion", "diagnosis_certificate"],
            answer_due_on=date(2026, 10, 13),
            clock_paused_on=date(2026, 9, 22),
            private=RequestedPrivate(
                details=[
                    "请由二级及以上医疗机构副主任医师出具认定意见并签名。",
                    "诊断证明书未加盖医院公章，请重新开具后上传。",
                ]
            ),
            **SEALED,
        ),
    ),
    (
        "clock-runs-again",
        ReviewResumed(
            **_about(at(9, 24, 2, 10)),
            stage=Stage.FIRST,
            clock_resumed_on=date(2026, 9, 24),
            due_on=date(2026, 10, 21),
        ),
    ),
    (
        "to-experts",
        ReviewForwarded(
            **_about(at(9, 28, 3)),
            forwarded_by="first-1",
            from_stage=Stage.FIRST,
            to_stage=Stage.EXPERT,
            private=OpinionPrivate(opinion="材料齐全，请专家就诊断依据提出意见。"),
            **SEALED,
        ),
    ),
    (
        "approval-recommended",
        ExpertOpinionGiven(
            **_about(at(9, 29, 5)),
            expert="expert-1",
            recommendation=Outcome.APPROVED,
            private=OpinionPrivate(opinion="诊断明确，检查结果支持，建议认定。"),
            **SEALED,
        ),
    ),
    (
        "approved",
        DecisionMade(
            **_about(at(9, 30, 2)),
            outcome=Outcome.APPROVED,
            decided_by="final-1",
            first_reviewer="first-1",
            policy_version=1,
            private=DecidedPrivate(opinion="符合认定标准，予以认定。"),
            **SEALED,
        ),
    ),
    (
        "rejected",
        DecisionMade(
            **_about(at(9, 30, 2)),
            outcome=Outcome.REJECTED,
            decided_by="final-1",
            first_reviewer="first-1",
            policy_version=1,
            reasons=[ListedGround(code="RECORD_TOO_OLD", text="病历资料超过规定期限")],
            remedy=REMEDY,
            private=DecidedPrivate(
                opinion="检查报告超过六个月，不予认定。",
                details=["检查报告日期为2026年1月15日，距申请日已超过六个月。"],
            ),
            **SEALED,
        ),
    ),
    (
        "year-announced",
        DueDateCorrected(**_about(at(9, 25, 2)), due_before=date(2026, 10, 21), due_on=date(2026, 10, 22)),
    ),
    ("withdrawn", CaseClosed(**_about(at(9, 21, 6)), reason="withdrawn")),
)
