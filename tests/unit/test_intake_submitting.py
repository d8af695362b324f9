"""An offer becomes an application once, or is refused with its reasons."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.intake.domain import submitting
from services.intake.domain.following import Status, opened
from services.intake.domain.papers import facts_of
from services.intake.domain.submitting import (
    Known,
    Taken,
    TurnedAway,
    answer_unwritten,
    receipt_event,
    submit,
)
from shared.contracts.submissions import SubmissionReceived, SubmissionRefused
from shared.errors import Refused, Unavailable
from tests.support.intake import LOOKUP_KEY, NOON, a_draw, a_rulebook, an_id_number, an_offer, uploaded

RULES = a_rulebook()


def submitted(offer=None, known=None, rules=RULES):
    return submit(offer or an_offer(), rules, known or uploaded(), LOOKUP_KEY, a_draw())


def refusal(*args, **kwargs) -> Refused:
    with pytest.raises(Refused) as caught:
        submitted(*args, **kwargs)
    return caught.value


def test_a_submission_states_what_was_sent_and_under_which_policy():
    offer = an_offer()
    event = submitted(offer).event
    assert event.private.applicant == offer.offered.applicant
    assert event.materials == facts_of(LOOKUP_KEY, offer.offered.materials)
    hashes = [material.content_hash for material in offer.offered.materials]
    assert [one.content_hash for one in event.private.papers] == hashes
    assert (event.policy_version, event.channel, event.occurred_at) == (1, offer.channel, NOON)


def test_the_same_person_is_recognised_in_every_submission():
    one, other = submitted(), submitted(an_offer("key-2", disease_code="PZH-002"))
    assert one.event.person_id == other.event.person_id


def test_a_receipt_names_the_body_it_is_for():
    offer = an_offer()
    receipt = submitted(offer).receipt()
    assert receipt.body_hash == offer.body_hash.hex()
    assert receipt.submitted_at == NOON


def test_a_refusal_lists_the_defects():
    refused = refusal(an_offer(declared_true=False, notice=None))
    assert (refused.code, refused.status) == ("submission-invalid", 422)
    assert [d["code"] for d in refused.extra["defects"]] == ["truth-not-declared", "notice-not-read"]
    assert set(refused.extra["defects"][0]) == {"code", "field", "detail", "detail_zh"}


def test_an_unknown_region_is_a_defect():
    assert refusal(rules=None).extra["defects"][0]["code"] == "region-unknown"


def test_a_region_outside_the_channels_own_is_forbidden():
    refused = refusal(replace(an_offer(), serves=frozenset({"shangrao"})))
    assert (refused.code, refused.status) == ("region-outside-scope", 403)


def test_the_day_is_that_of_shanghai():
    assert submitting.shanghai_day(datetime(2026, 9, 18, 15, 59, tzinfo=UTC)).day == 18
    assert submitting.shanghai_day(datetime(2026, 9, 18, 16, 0, tzinfo=UTC)).day == 19


class TestReapplication:
    number = "14D2PF2DBSQQGV"

    def known(self, **changes) -> Known:
        earlier = replace(opened(submitted().event), status=Status.REJECTED, ended_at=NOON)
        return replace(uploaded(), previous={self.number: replace(earlier, **changes)})

    def test_it_is_linked_to_the_earlier_application(self):
        known = self.known()
        event = submitted(an_offer(previous_acceptance_no=self.number), known).event
        assert event.previous_application_id == known.previous[self.number].application_id

    def test_its_number_may_be_typed_as_people_type(self):
        event = submitted(an_offer(previous_acceptance_no="14d2-pf2d-bsqq-gv"), self.known()).event
        assert event.previous_application_id

    def test_it_waits_for_the_end_of_the_earlier_one(self):
        offer = an_offer(previous_acceptance_no=self.number)
        refused = refusal(offer, self.known(status=Status.ACCEPTED, ended_at=None))
        assert [d["code"] for d in refused.extra["defects"]] == ["previous-open"]

    @pytest.mark.parametrize("changes", [{"person_id": uuid4()}, None])
    def test_another_persons_number_looks_like_one_that_does_not_exist(self, changes):
        known = self.known(**changes) if changes else uploaded()
        refused = refusal(an_offer(previous_acceptance_no=self.number), known)
        assert [d["code"] for d in refused.extra["defects"]] == ["previous-unknown"]


class TestAnswers:
    def answer(self, offer, decided, earlier=None, still_open=None):
        return answer_unwritten(offer, decided, earlier or {}, still_open or {})

    def test_the_same_key_and_body_get_the_same_receipt(self):
        offer = an_offer()
        receipt = submitted(offer).receipt()
        answer = self.answer(offer, submitted(offer), {(offer.channel, offer.key): receipt})
        assert answer == Taken(receipt, replay=True)

    def test_a_repeat_is_answered_even_if_it_would_be_refused_today(self):
        offer = an_offer()
        receipt = submitted(offer).receipt()
        answer = self.answer(offer, Refused("submission-invalid", ""), {(offer.channel, offer.key): receipt})
        assert answer == Taken(receipt, replay=True)

    def test_the_same_key_with_another_body_is_refused(self):
        offer, other = an_offer(), an_offer(disease_code="PZH-002")
        earlier = {(offer.channel, offer.key): submitted(offer).receipt()}
        answer = self.answer(other, submitted(other), earlier)
        assert isinstance(answer, Refused)
        assert (answer.code, answer.status) == ("idempotency-key-reused", 409)

    def test_an_open_application_is_named(self):
        decided = submitted()
        event = decided.event
        still_open = {(event.person_id, event.region, event.disease_code): "14D2PF2DBSQQGV"}
        answer = self.answer(an_offer(), decided, still_open=still_open)
        assert isinstance(answer, Refused)
        assert (answer.code, answer.extra) == ("application-open", {"acceptance_no": "14D2PF2DBSQQGV"})

    def test_one_that_ended_at_this_moment_is_tried_again(self):
        assert isinstance(self.answer(an_offer(), submitted()), Unavailable)


class TestAnswersOnTheBus:
    def test_a_receipt_is_told(self):
        offer = an_offer()
        receipt = submitted(offer).receipt()
        event = receipt_event(offer, Taken(receipt, replay=True), NOON)
        assert isinstance(event, SubmissionReceived)
        assert (event.key, event.receipt) == (f"{offer.channel}:key-1", receipt)

    def test_a_refusal_is_told_with_its_defects(self):
        refused = refusal(an_offer(declared_true=False))
        event = receipt_event(TurnedAway("sichuan_app", "key-9", refused), refused, NOON)
        assert isinstance(event, SubmissionRefused)
        assert (event.key, event.code) == ("sichuan_app:key-9", "submission-invalid")
        assert event.defects[0].code == "truth-not-declared"

    def test_what_is_no_answer_yet_is_raised(self):
        with pytest.raises(Unavailable):
            receipt_event(an_offer(), Unavailable("try-again", ""), NOON)


@pytest.mark.parametrize("key", ["k", "0f8b6c1e-6a3e-4e0e-9f51-2d8e4c1b7a90", "x" * 128])
def test_a_usable_key_is_short_printable_text(key):
    assert submitting.is_usable_key(key)


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "a\x00b", "键", "a\n"])
def test_other_keys_are_not_usable(key):
    assert not submitting.is_usable_key(key)


def test_numbers_of_different_births_are_different_persons():
    other = an_offer(
        applicant={"name": "测试员", "id_number": an_id_number("19910101"), "phone": "19900001234"}
    )
    assert submitted(other).event.person_id != submitted().event.person_id
