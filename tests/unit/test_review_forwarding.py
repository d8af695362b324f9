"""The policy says which stages a case passes, and experts judge each alone."""

import pytest

from services.review import domain
from services.review.domain import Status
from shared.contracts.cases import Outcome, Stage
from shared.errors import Refused
from tests.support.cases import (
    EXPERT_1,
    EXPERT_2,
    EXPERT_3,
    FINAL,
    FIRST,
    an_officer,
    at_expert,
    at_final,
    at_first,
    expert_rules,
    some_rules,
)


def test_a_case_goes_to_the_final_reviewer_where_experts_are_not_required():
    story = at_first().forward()
    assert (story.case.stage, story.case.status) == (Stage.FINAL, Status.WAITING)
    assert story.case.first_reviewer == FIRST.id


def test_a_case_does_not_bypass_the_experts_where_they_are_required():
    with pytest.raises(Refused, match="wrong-next-stage") as caught:
        at_first(expert_rules()).forward(to=Stage.FINAL)
    assert caught.value.extra["next_stages"] == [Stage.EXPERT]


def test_experts_are_not_asked_where_they_are_not_wanted():
    with pytest.raises(Refused, match="wrong-next-stage"):
        at_first().forward(to=Stage.EXPERT)


@pytest.mark.parametrize("stage", [Stage.EXPERT, Stage.FINAL])
def test_the_first_reviewer_chooses_where_the_policy_is_silent(stage):
    assert at_first(some_rules(expert_review=None)).forward(to=stage).case.stage is stage


@pytest.mark.parametrize("stage", [Stage.ACCEPTANCE, Stage.FIRST])
def test_a_case_does_not_go_back(stage):
    with pytest.raises(Refused, match="wrong-next-stage"):
        at_first().forward(to=stage)


def test_two_experts_who_agree_bring_a_case_to_the_final_reviewer():
    story = at_expert().advise(EXPERT_1).advise(EXPERT_2).forward(EXPERT_2)
    assert story.case.stage is Stage.FINAL
    assert story.case.first_reviewer == FIRST.id


def test_one_expert_is_no_quorum():
    with pytest.raises(Refused, match="quorum-missing"):
        at_expert().advise(EXPERT_1).forward(EXPERT_1)


def test_discord_calls_for_a_third_expert():
    story = at_expert().advise(EXPERT_1).advise(EXPERT_2, Outcome.REJECTED)
    with pytest.raises(Refused, match="quorum-missing"):
        story.forward(EXPERT_1)
    assert story.advise(EXPERT_3, Outcome.REJECTED).forward(EXPERT_3).case.stage is Stage.FINAL


def test_an_expert_has_one_voice():
    with pytest.raises(Refused, match="opinion-given"):
        at_expert().advise(EXPERT_1).advise(EXPERT_1)


def test_only_experts_advise_and_only_at_their_stage():
    with pytest.raises(Refused, match="role-missing"):
        at_expert().advise(FINAL)
    with pytest.raises(Refused, match="wrong-stage"):
        at_first().advise(EXPERT_1)


def test_the_final_reviewer_does_not_forward():
    with pytest.raises(Refused, match="wrong-stage"):
        at_final().forward(FINAL)


def test_an_expert_does_not_see_what_the_others_recommend_before_speaking():
    story = at_expert().advise(EXPERT_1)
    seen = [event.type for event in domain.visible_to(EXPERT_2, story.case, story.events)]
    assert seen == ["case-opened", "application-accepted", "review-forwarded"]


def test_an_expert_who_has_spoken_sees_the_others():
    story = at_expert().advise(EXPERT_1).advise(EXPERT_2)
    assert list(domain.visible_to(EXPERT_1, story.case, story.events)) == story.events


def test_the_final_reviewer_sees_every_opinion():
    story = at_expert().advise(EXPERT_1).advise(EXPERT_2).forward(EXPERT_1)
    both = an_officer("final-1", "expert", "final_reviewer")
    assert list(domain.visible_to(both, story.case, story.events)) == story.events
