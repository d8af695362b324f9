"""The applicant's view is the fold of the events, and late ones never move what has ended."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from services.intake.domain.answering import withdraw
from services.intake.domain.following import STATUS_ZH, Status, evolve, opened, status_zh
from services.intake.domain.submitting import submit
from services.intake.domain.timeline import entry, submitted_entry
from shared.contracts import applications, cases
from shared.contracts.applications import ApplicationRetired, ApplicationWithdrawn, MaterialSupplied
from shared.contracts.base import ERASED
from shared.contracts.cases import (
    ApplicationAccepted,
    CaseClosed,
    DecisionMade,
    DueDateCorrected,
    ExpertOpinionGiven,
    MaterialRequested,
    Outcome,
    Reason,
    RequestedItem,
    ReviewForwarded,
    ReviewResumed,
    Stage,
    items_of,
    reasons_of,
)
from shared.contracts.retention import Disposal
from tests.support.intake import LOOKUP_KEY, NOON, a_draw, a_rulebook, an_offer, uploaded
from tests.support.private import told

APPLICATION = opened(submit(an_offer(), a_rulebook(), uploaded(), LOOKUP_KEY, a_draw()).event)
ITEM = RequestedItem(kind="physician_opinion", detail="请补充医师认定意见")
CASE = {
    "application_id": APPLICATION.application_id,
    "occurred_at": NOON,
    "acceptance_no": APPLICATION.acceptance_no,
    "region": "panzhihua",
}


def accepted(**changes):
    values = {
        "accepted_by": "officer-1",
        "policy_version": 1,
        "clock_started_on": date(2026, 9, 18),
        "budget_working_days": 15,
        "due_on": date(2026, 10, 15),
    }
    return ApplicationAccepted(**CASE, **{**values, **changes})


def retired(**changes):
    values = {
        **{"application_id": APPLICATION.application_id, "occurred_at": NOON},
        **{"disposal": Disposal.ERASE, "policy_version": 1, "due_on": date(2037, 1, 1)},
        **{"run_id": UUID(int=3), "asked_by": "operator", "approved_by": "supervisor"},
    }
    return ApplicationRetired(**{**values, **changes})


def corrected():
    return DueDateCorrected(**CASE, due_before=date(2026, 10, 15), due_on=date(2026, 10, 16))


def requested(stage=Stage.FIRST, **changes):
    values = {
        "requested_by": "officer-2",
        "stage": stage,
        "round": 1,
        "items": [ITEM],
        "answer_due_on": date(2026, 10, 9),
        "clock_paused_on": date(2026, 9, 21),
    }
    return told(MaterialRequested, **CASE, **{**values, **changes})


def supplied():
    return told(
        MaterialSupplied, application_id=APPLICATION.application_id, occurred_at=NOON, round=1, materials=[]
    )


def resumed(stage=Stage.FIRST):
    return ReviewResumed(**CASE, stage=stage, due_on=date(2026, 10, 20))


def forwarded(to=Stage.EXPERT):
    return told(
        ReviewForwarded,
        **CASE,
        forwarded_by="officer-2",
        from_stage=Stage.FIRST,
        to_stage=to,
        opinion="请专家评审",
    )


def advised():
    return told(
        ExpertOpinionGiven, **CASE, expert="expert-1", recommendation=Outcome.REJECTED, opinion="不符合"
    )


def decided(outcome=Outcome.APPROVED, **changes):
    values = {
        "outcome": outcome,
        "decided_by": "officer-3",
        "first_reviewer": "officer-2",
        "policy_version": 1,
        "opinion": "同意",
    }
    return told(DecisionMade, **CASE, **{**values, **changes})


def rejected():
    reason = Reason(code="RECORD_TOO_OLD", text="病历资料超过规定期限", detail="检查报告为2025年1月")
    return decided(Outcome.REJECTED, reasons=[reason], remedy="可申请行政复议。")


def withdrawn():
    return told(ApplicationWithdrawn, application_id=APPLICATION.application_id, occurred_at=NOON)


def closed():
    return CaseClosed(**CASE, reason="withdrawn")


def after(*events):
    return evolve(APPLICATION, events)


@pytest.mark.parametrize(
    ("events", "status", "shown"),
    [
        ([], Status.SUBMITTED, "已提交，待受理"),
        ([accepted()], Status.ACCEPTED, "已受理"),
        ([accepted(), forwarded()], Status.IN_REVIEW, "审核中（专家评审）"),
        ([accepted(), forwarded(Stage.FINAL)], Status.IN_REVIEW, "审核中（复核）"),
        ([accepted(), requested()], Status.PENDING_SUPPLEMENT, "待补充材料"),
        ([accepted(), requested(), supplied()], Status.IN_REVIEW, "审核中（初审）"),
        ([requested(Stage.ACCEPTANCE), supplied()], Status.SUBMITTED, "已提交，待受理"),
        ([accepted(), decided()], Status.APPROVED, "审核通过"),
        ([accepted(), rejected()], Status.REJECTED, "审核不通过"),
        ([withdrawn()], Status.WITHDRAWN, "已撤回"),
        ([accepted(), closed()], Status.WITHDRAWN, "已撤回"),
    ],
)
def test_the_status_follows_the_events_and_is_shown_in_chinese(events, status, shown):
    application = after(*events)
    assert application.status is status
    assert status_zh(application) == shown


def test_every_status_has_a_chinese_name():
    assert set(STATUS_ZH) == set(Status)


def test_acceptance_gives_a_due_date():
    assert after(accepted()).due_on == date(2026, 10, 15)
    assert after(accepted(due_provisional=True)).due_provisional


def test_a_request_shows_what_is_asked_and_stops_the_due_date():
    application = after(accepted(), requested())
    assert items_of(application.asked) == [ITEM]
    assert (application.asked.answer_due_on, application.round) == (date(2026, 10, 9), 1)
    assert application.due_paused
    assert not after(accepted(), requested(clock_paused_on=None)).due_paused


def test_the_due_date_moves_on_when_the_papers_are_there():
    application = after(accepted(), requested(), supplied(), resumed())
    assert (application.due_on, application.due_paused, application.asked) == (
        date(2026, 10, 20),
        False,
        None,
    )


def test_a_rejection_carries_reasons_and_remedy():
    application = after(accepted(), rejected())
    assert [reason.code for reason in reasons_of(application.decision)] == ["RECORD_TOO_OLD"]
    assert application.decision.remedy == "可申请行政复议。"
    assert application.ended_at == NOON


def test_an_experts_opinion_changes_nothing_that_is_seen():
    assert after(accepted(), advised()) == after(accepted())


@pytest.mark.parametrize("late", [accepted(), requested(), resumed(), forwarded(), advised()])
def test_late_events_never_move_what_was_taken_back(late):
    assert after(withdrawn(), late) == after(withdrawn())


def test_a_decision_that_crossed_a_withdrawal_holds():
    assert after(withdrawn(), decided()).status is Status.APPROVED


def test_what_is_retired_keeps_its_outcome_and_names_no_paper_any_more():
    before, application = after(decided()), after(decided(), retired())
    assert before.papers
    assert (application.retired, application.papers) == (Disposal.ERASE, ())
    assert (application.status, application.ended_at) == (before.status, before.ended_at)
    assert application.sequence == before.sequence + 1


def test_what_was_erased_keeps_no_words_and_what_was_archived_does():
    told_before = rejected()
    erased, archived = (after(told_before, retired(disposal=one)) for one in Disposal)
    assert [reason.detail for reason in reasons_of(erased.decision)] == [ERASED]
    assert (erased.decision.sealed, archived.decision) == (None, told_before)


def test_only_own_events_count_in_the_sequence():
    assert after().sequence == 1
    assert after(accepted(), requested()).sequence == 1
    assert after(accepted(), requested(), supplied(), withdrawn()).sequence == 3


def test_every_event_has_a_sentence_in_both_languages():
    events = [
        *(accepted(), requested(), supplied(), resumed(), forwarded(), advised(), decided(), rejected()),
        *(withdrawn(), closed(), retired(), retired(disposal=Disposal.ARCHIVE)),
    ]
    for event in events:
        line = entry(event)
        assert line.type == event.type
        assert line.sentence.endswith(".")
        assert line.sentence_zh.endswith("。")


def test_a_corrected_due_date_is_provisional_no_longer():
    view = evolve(APPLICATION, [accepted(due_provisional=True), corrected()])
    assert (view.due_on, view.due_provisional) == (date(2026, 10, 16), False)


def test_what_the_applicant_states_tells_how_much_of_the_case_had_come():
    asked = replace(evolve(APPLICATION, [accepted(), requested()]), followed=3)
    (event,) = withdraw(asked, None, NOON)
    assert event.followed == 3


def test_every_event_that_intake_follows_is_told():
    def types(module):
        return {
            value.type
            for value in vars(module).values()
            if hasattr(value, "type") and value.topic == module.TOPIC
        }

    events = (accepted(), requested(), resumed(), forwarded(), advised(), decided(), corrected(), closed())
    told = {entry(event).sentence for event in events}
    assert len(told) == len(types(cases)) - 1, "case-opened is inside the agency"
    assert types(applications) == {
        "application-submitted",
        "material-supplied",
        "application-withdrawn",
        "application-retired",
    }


def test_the_timeline_names_no_officer_and_no_experts_opinion():
    lines = [entry(event) for event in (accepted(), requested(), forwarded(), advised(), rejected())]
    text = "".join(line.sentence + line.sentence_zh for line in lines)
    assert not any(word in text for word in ("officer", "expert-1", "不符合", "请专家评审"))


def test_a_provisional_due_date_says_so():
    assert "日期可能调整" in entry(accepted(due_provisional=True)).sentence_zh
    assert "可能" not in entry(accepted()).sentence_zh


def test_the_first_line_names_the_number():
    line = submitted_entry(APPLICATION.acceptance_no, NOON + timedelta(seconds=1))
    assert APPLICATION.acceptance_no in line.sentence_zh
