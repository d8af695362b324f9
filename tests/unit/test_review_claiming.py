"""A case is worked on by one officer at a time, and only by one who may."""

from datetime import timedelta

import pytest

from services.review import domain
from services.review.domain import LEASE, Claim, Holder
from shared.contracts.cases import Stage
from shared.errors import Refused
from tests.support.cases import (
    EXPERT_1,
    FINAL,
    FIRST,
    OFFICER,
    Story,
    an_officer,
    at_expert,
    at_final,
    at_first,
    some_rules,
)
from tests.support.samples import NOON


def refusal(call, *arguments):
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return caught.value.code, caught.value.status


def test_a_claim_lasts_fifteen_minutes():
    claim = domain.granted(Claim(), OFFICER, NOON)
    assert claim == Claim(1, "officer-1", NOON + timedelta(minutes=15))
    assert claim.held(NOON + LEASE - timedelta(seconds=1))
    assert not claim.held(NOON + LEASE)


def test_a_case_that_another_holds_cannot_be_claimed():
    claim = domain.granted(Claim(), OFFICER, NOON)
    assert refusal(domain.granted, claim, FIRST, NOON + timedelta(minutes=14)) == ("case-claimed", 409)


def test_claiming_again_renews_the_lease_and_keeps_the_token():
    claim = domain.granted(Claim(), OFFICER, NOON)
    renewed = domain.granted(claim, OFFICER, NOON + timedelta(minutes=10))
    assert renewed == Claim(1, "officer-1", NOON + timedelta(minutes=25))


def test_a_claim_that_ran_out_goes_to_the_next_with_a_greater_token():
    claim = domain.granted(Claim(), OFFICER, NOON)
    assert domain.granted(claim, FIRST, NOON + LEASE).token == 2


def test_a_claim_that_ran_out_and_is_taken_again_by_its_holder_gets_a_new_token():
    claim = domain.granted(Claim(), OFFICER, NOON)
    assert domain.granted(claim, OFFICER, NOON + LEASE).token == 2


def test_the_token_never_goes_back_when_a_case_is_released():
    released = domain.released(domain.granted(Claim(), OFFICER, NOON))
    assert released == Claim(1)
    assert domain.granted(released, FIRST, NOON).token == 2


def test_a_claim_that_ran_out_does_not_accept():
    story = Story()
    holder = story.claimed(OFFICER)
    late = NOON + LEASE
    assert refusal(domain.accept, story.file, holder, late) == ("claim-lost", 409)


def test_an_old_token_does_not_accept_after_another_took_the_case():
    story = Story()
    former = story.claimed(OFFICER)
    story.claimed(an_officer("officer-2", "acceptance_officer"))
    assert refusal(domain.accept, story.file, former, NOON) == ("claim-lost", 409)


def test_the_token_of_another_does_not_accept():
    story = Story()
    token = story.claimed(OFFICER).token
    thief = Holder(an_officer("officer-2", "acceptance_officer"), token)
    assert refusal(domain.accept, story.file, thief, NOON) == ("claim-lost", 409)


def test_an_act_ends_the_claim():
    story = Story()
    holder = story.claimed(OFFICER)
    story.accept()
    assert story.file.claim.holder is None
    assert story.file.claim.token > holder.token


def test_a_region_outside_the_scope_stays_closed():
    stranger = an_officer("officer-9", "acceptance_officer", areas=("361100",))
    assert refusal(domain.require_region, some_rules(), stranger) == ("region-outside-scope", 403)
    story = Story()
    assert refusal(story.accept, stranger) == ("region-outside-scope", 403)


def test_the_queue_is_that_of_the_officers_regions():
    rules = [some_rules(), some_rules(region="shangrao", admdvs="361100")]
    both = an_officer("supervisor-1", "supervisor", areas=("510400", "361100"))
    assert domain.regions_in_scope(rules, OFFICER, None) == ["panzhihua"]
    assert domain.regions_in_scope(rules, both, "shangrao") == ["shangrao"]
    assert refusal(domain.regions_in_scope, rules, OFFICER, "shangrao") == ("region-outside-scope", 403)


@pytest.mark.parametrize(
    ("story", "wrong"),
    [(Story, FIRST), (at_first, OFFICER), (at_expert, FINAL), (at_final, FIRST)],
    ids=["acceptance", "first", "expert", "final"],
)
def test_each_stage_asks_for_its_role(story, wrong):
    other = an_officer("somebody-else", *wrong.roles)
    assert refusal(domain.require_seat, story().case, other) == ("role-missing", 403)


def test_who_forwarded_a_case_does_not_judge_it_again():
    story = at_final()
    both = an_officer(FIRST.id, "first_reviewer", "final_reviewer")
    assert refusal(domain.require_seat, story.case, both) == ("four-eyes", 403)


def test_who_accepted_a_case_does_not_decide_it():
    both = an_officer(OFFICER.id, "acceptance_officer", "final_reviewer")
    assert refusal(domain.require_seat, at_final().case, both) == ("four-eyes", 403)


def test_an_expert_of_a_case_does_not_decide_it():
    story = at_expert(expert_quorum=1).advise(EXPERT_1).forward(EXPERT_1)
    both = an_officer(EXPERT_1.id, "expert", "final_reviewer")
    assert refusal(domain.require_seat, story.case, both) == ("four-eyes", 403)


def test_the_first_reviewer_does_not_sit_among_the_experts():
    both = an_officer(FIRST.id, "first_reviewer", "expert")
    assert refusal(domain.require_seat, at_expert().case, both) == ("four-eyes", 403)


def test_who_accepted_may_do_the_first_review():
    both = an_officer(OFFICER.id, "acceptance_officer", "first_reviewer")
    assert at_first().forward(both).case.first_reviewer == OFFICER.id


def test_a_case_that_waits_for_the_applicant_cannot_be_taken():
    assert refusal(domain.require_seat, at_first().ask(FIRST).case, FIRST) == ("material-awaited", 409)


def test_an_act_of_another_stage_is_refused():
    story = at_first()
    assert refusal(story.accept, FIRST) == ("wrong-stage", 409)
    assert story.case.stage is Stage.FIRST
