"""What notify decides: who is told by which way, when a text is tried again, what a receipt changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.notify.domain.announcing import (
    IN_APP,
    SMS,
    Recipient,
    Template,
    message_id,
    useful_until,
)
from services.notify.domain.delivering import (
    Busy,
    Rejected,
    Taken,
    Unclear,
    Unknown,
    begin,
    note_receipt,
)
from services.notify.domain.message import Change, State
from services.notify.domain.withholding import drop, mobile_number, obstacle
from shared.contracts.messages import (
    MessageChannel,
    MessageDelivered,
    MessageFailed,
    MessageSent,
    MessageWithheld,
)
from tests.support.notify_deliveries import (
    APPLICATION,
    EVENT,
    KEY,
    LEASE,
    NOW,
    PATIENCE,
    PERSON,
    a_delivery,
    a_due_message,
    a_receipt,
    a_text_being_sent,
    an_announcement,
    erased,
    settled,
)


def test_one_event_has_one_message_id_per_recipient_and_way() -> None:
    assert message_id(EVENT, APPLICATION, SMS) == message_id(EVENT, APPLICATION, SMS)
    others = {message_id(EVENT, APPLICATION, IN_APP), message_id(APPLICATION, EVENT, SMS)}
    assert message_id(EVENT, APPLICATION, SMS) not in others


def test_a_message_id_sorts_by_the_time_of_its_event() -> None:
    made = message_id(EVENT, APPLICATION, SMS)
    assert made.bytes[:6] == EVENT.bytes[:6]
    assert made.version == 8


def test_a_request_is_worth_sending_until_the_day_of_the_answer_has_ended() -> None:
    asked = an_announcement(Template.MATERIAL_REQUESTED, {"on": "2026-12-08"})
    assert useful_until(asked, SMS) == datetime(2026, 12, 8, 16, 0, tzinfo=UTC)


def test_an_inbox_message_never_expires() -> None:
    assert useful_until(an_announcement(Template.SUBMITTED), IN_APP) is None


@pytest.mark.parametrize("phone", ["19900005678", "+86 199 0000 5678", "86-199-0000-5678", "008619900005678"])
def test_a_mobile_number_is_found_however_it_is_written(phone: str) -> None:
    assert mobile_number(phone) == "19900005678"


@pytest.mark.parametrize("phone", ["0812-3323000", "12393", "29900005678", "199000056789", None])
def test_a_landline_gets_no_text(phone: str | None) -> None:
    change = obstacle(a_due_message(phone=phone), NOW)
    assert change
    assert change.delivery.state is State.FAILED
    assert change.delivery.reason == "no_mobile_number"
    assert [type(event) for event in change.events] == [MessageFailed]


def test_a_switched_off_way_suppresses_the_message_and_says_why() -> None:
    change = obstacle(a_due_message(ways="in_app"), NOW)
    assert change
    assert (change.delivery.state, change.delivery.reason) == (State.SUPPRESSED, "switched_off")
    assert [(type(event), event.reason) for event in change.events] == [(MessageWithheld, "switched_off")]
    assert obstacle(a_due_message(a_delivery(channel=IN_APP), ways="in_app", phone=None), NOW) is None


def test_a_text_that_came_too_late_expires() -> None:
    change = obstacle(a_due_message(), NOW + timedelta(days=7))
    assert change
    assert change.delivery.state is State.EXPIRED
    assert [type(event) for event in change.events] == [MessageFailed]


@pytest.mark.parametrize("channel", [SMS, IN_APP])
def test_an_erased_person_is_told_nothing_more(channel: MessageChannel) -> None:
    change = obstacle(erased(a_due_message(a_delivery(channel=channel))), NOW + timedelta(days=8))
    assert change
    assert (change.delivery.state, change.delivery.reason) == (State.SUPPRESSED, "person-erased")
    assert [type(event) for event in change.events] == [MessageWithheld]


def test_a_text_without_a_readable_number_expires_when_it_is_late() -> None:
    change = obstacle(a_due_message(phone=None), NOW + timedelta(days=7))
    assert change
    assert change.delivery.state is State.EXPIRED


def test_an_answer_to_a_text_of_an_erased_person_changes_nothing_and_its_receipt_counts() -> None:
    dropped = drop(a_text_being_sent(), NOW)
    assert (dropped.delivery.state, dropped.delivery.reason) == (State.SUPPRESSED, "person-erased")
    assert settled(dropped.delivery, Unclear("timeout")) == Change(dropped.delivery)
    answered = settled(dropped.delivery, Taken("P-1"))
    assert answered.delivery.state is State.SUPPRESSED
    change = note_receipt(answered.delivery, a_receipt(), NOW)
    assert [type(event) for event in change.events] == [MessageSent, MessageDelivered]


def test_a_person_of_whom_nothing_was_sealed_is_not_an_erased_one() -> None:
    told_nothing = Recipient(APPLICATION, PERSON, "panzhihua", "PZH0123")
    assert not told_nothing.is_erased
    assert replace(told_nothing, key_id=KEY).is_erased


def test_a_text_the_provider_may_have_is_asked_for_before_it_is_dropped() -> None:
    unclear = settled(a_text_being_sent(), Unclear("timeout")).delivery
    late = NOW + timedelta(days=8)
    assert obstacle(a_due_message(unclear), late) is None
    assert obstacle(a_due_message(a_text_being_sent()), late) is None


def test_an_attempt_that_ended_in_silence_is_asked_for() -> None:
    first = a_text_being_sent()
    again = begin(first, "another text", 2, NOW + LEASE, LEASE)
    assert not first.unclear
    assert again.unclear
    assert again.attempts == 2
    assert (again.text, again.segments) == (first.text, 1)


def test_a_taken_text_is_sent() -> None:
    change = settled(a_text_being_sent(), Taken("P-1"))
    assert change.delivery.state is State.SENT
    assert change.delivery.provider_id == "P-1"
    assert [(type(e), e.attempts) for e in change.events if isinstance(e, MessageSent)] == [(MessageSent, 1)]


def test_a_text_found_delivered_at_the_provider_is_sent_and_delivered() -> None:
    change = settled(a_text_being_sent(), Taken("P-1", State.DELIVERED))
    assert change.delivery.state is State.DELIVERED
    assert [type(event) for event in change.events] == [MessageSent, MessageDelivered]


def test_a_rejected_text_fails_at_once_and_stays() -> None:
    change = settled(a_text_being_sent(), Rejected("invalid-phone"))
    assert (change.delivery.state, change.delivery.reason) == (State.FAILED, "invalid-phone")
    assert isinstance(change.events[0], MessageFailed)
    assert change.events[0].reason == "invalid-phone"


def test_a_busy_provider_is_tried_again_later_without_asking() -> None:
    change = settled(a_text_being_sent(), Busy("status-503"))
    assert change.delivery.state is State.QUEUED
    assert change.delivery.due_at > NOW
    assert not change.delivery.unclear
    assert not change.events


def test_a_pause_is_never_shorter_than_the_provider_asks_for() -> None:
    change = settled(a_text_being_sent(), Busy("status-429", after=timedelta(minutes=2)))
    assert change.delivery.due_at == NOW + timedelta(minutes=2)


def test_pauses_grow_up_to_a_limit_and_are_spread() -> None:
    pauses = [PATIENCE.pause(attempt, 0.999) for attempt in range(1, 50)]
    assert pauses == sorted(pauses)
    assert pauses[0] > timedelta(seconds=1.9)
    assert pauses[-1] <= PATIENCE.most
    assert PATIENCE.pause(5, 0) * 2 == timedelta(seconds=32)


def test_a_text_is_tried_for_hours_before_it_is_given_up() -> None:
    whole = sum((PATIENCE.pause(attempt, 0.5) for attempt in range(1, PATIENCE.tries)), timedelta())
    assert timedelta(hours=4) < whole < timedelta(days=1)


@pytest.mark.parametrize("answer", [Busy("status-503"), Unclear("timeout")])
def test_the_last_try_fails_the_message_with_its_reason(answer: Busy | Unclear) -> None:
    tired = replace(a_text_being_sent(), attempts=PATIENCE.tries)
    change = settled(tired, answer)
    assert change.delivery.state is State.FAILED
    assert change.delivery.reason == answer.reason
    assert isinstance(change.events[0], MessageFailed)
    assert change.events[0].attempts == PATIENCE.tries


def test_a_late_text_that_the_provider_does_not_know_expires() -> None:
    assert settled(a_text_being_sent(), Unknown()).delivery.state is State.EXPIRED
