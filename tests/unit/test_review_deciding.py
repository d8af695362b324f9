"""A decision is taken once, by a second person, with reasons and remedy where the answer is no."""

import pytest

from services.review import domain
from services.review.domain import Ground, Status
from shared.contracts.cases import Outcome, reasons_of
from shared.contracts.submissions import PhysicianTitle
from shared.errors import Refused
from tests.support.cases import (
    FINAL,
    FIRST,
    OFFICER,
    an_officer,
    an_opinion,
    at_final,
    at_first,
    opinion_rule,
    some_rules,
)

TOO_OLD = Ground("RECORD_TOO_OLD", "出院记录为2025年1月，已超过六个月。")


def test_an_approval_names_who_decided_and_who_reviewed_first():
    story = at_final().decide()
    assert (story.last.decided_by, story.last.first_reviewer) == (FINAL.id, FIRST.id)
    assert (story.last.outcome, story.last.policy_version) == (Outcome.APPROVED, 1)
    assert (story.last.reasons, story.last.remedy) == ([], None)
    assert (story.case.status, story.case.outcome) == (Status.DECIDED, Outcome.APPROVED)


def test_a_rejection_carries_standard_reason_plain_text_and_remedy():
    story = at_final().decide(FINAL, Outcome.REJECTED, TOO_OLD)
    (reason,) = reasons_of(story.last)
    assert (reason.code, reason.text, reason.detail) == (
        "RECORD_TOO_OLD",
        "病历资料超过规定期限",
        TOO_OLD.detail,
    )
    assert story.last.remedy == "可自知道之日起60日内申请行政复议。"


@pytest.mark.parametrize(
    ("grounds", "code"),
    [
        ((), "reason-missing"),
        ((Ground("NO_SUCH_CODE", "无"),), "reason-unknown"),
        ((TOO_OLD, TOO_OLD), "reason-twice"),
    ],
)
def test_a_rejection_needs_reasons_of_the_regions_list(grounds, code):
    with pytest.raises(Refused) as caught:
        at_final().decide(FINAL, Outcome.REJECTED, *grounds)
    assert (caught.value.code, caught.value.status) == (code, 422)


def test_an_approval_carries_no_reasons_of_rejection():
    with pytest.raises(Refused, match="reason-needless"):
        at_final().decide(FINAL, Outcome.APPROVED, TOO_OLD)


def test_who_reviewed_first_does_not_decide():
    with pytest.raises(Refused, match="four-eyes"):
        at_final().decide(an_officer(FIRST.id, "final_reviewer"))


def test_who_accepted_does_not_decide():
    with pytest.raises(Refused, match="four-eyes"):
        at_final().decide(an_officer(OFFICER.id, "final_reviewer"))


def test_who_asked_for_material_at_first_review_does_not_decide():
    asker = an_officer("first-2", "first_reviewer")
    story = at_first().ask(asker).supply().forward(FIRST)
    with pytest.raises(Refused, match="four-eyes"):
        story.decide(an_officer(asker.id, "final_reviewer"))


def test_the_final_reviewer_who_asked_for_material_decides():
    assert at_final().ask(FINAL).supply().decide().case.outcome is Outcome.APPROVED


def test_a_case_is_not_decided_before_its_final_review():
    with pytest.raises(Refused, match="wrong-stage"):
        at_first().decide()


def test_a_case_is_decided_once():
    story = at_final().decide()
    with pytest.raises(Refused) as caught:
        story.decide(an_officer("final-2", "final_reviewer"))
    assert (caught.value.code, caught.value.status) == ("case-decided", 409)


def test_a_withdrawn_case_is_not_decided():
    with pytest.raises(Refused, match="case-closed"):
        at_final().withdraw().decide()


def test_a_case_that_waits_for_material_is_not_decided():
    with pytest.raises(Refused, match="material-awaited"):
        at_final().ask(FINAL).decide()


def test_nothing_is_approved_while_a_paper_for_the_decision_is_missing():
    rules = some_rules(needed_for_decision=(opinion_rule(),))
    with pytest.raises(Refused) as caught:
        at_final(rules).decide()
    assert (caught.value.code, caught.value.extra["missing"]) == ("material-missing", ["physician_opinion"])


def test_a_missing_paper_does_not_stop_a_rejection():
    rules = some_rules(needed_for_decision=(opinion_rule(),))
    assert at_final(rules).decide(FINAL, Outcome.REJECTED, TOO_OLD).case.outcome is Outcome.REJECTED


def test_a_supplied_opinion_makes_an_approval_possible():
    rules = some_rules(needed_for_decision=(opinion_rule(),))
    story = at_first(rules).ask(FIRST, "physician_opinion").supply(opinion=an_opinion())
    assert story.forward().decide().case.outcome is Outcome.APPROVED


def test_an_opinion_signed_below_the_needed_title_does_not_serve():
    rules = some_rules(needed_for_decision=(opinion_rule(),))
    story = at_final(rules, physician_opinion=an_opinion(PhysicianTitle.ATTENDING))
    assert [rule.kind for rule in domain.lacking_papers(story.file, story.now)] == ["physician_opinion"]
