"""What a receipt of the provider changes, whenever it comes, and in which states a message may be."""

from dataclasses import replace
from datetime import date, timedelta
from functools import reduce
from itertools import permutations

import pytest

from services.notify.domain.announcing import (
    IN_APP,
    SMS,
    Template,
    useful_until,
)
from services.notify.domain.delivering import (
    Rejected,
    Taken,
    Unclear,
    note_receipt,
    show,
)
from services.notify.domain.message import Change, State, advance, evolve
from shared.contracts.messages import (
    MessageDelivered,
    MessageEvent,
    MessageFailed,
    MessageSent,
)
from tests.support.notify_deliveries import (
    APPLICATION,
    EVENT,
    NOW,
    a_delivery,
    a_receipt,
    a_text_being_sent,
    an_announcement,
    settled,
)


def test_a_receipt_before_the_answer_counts_and_the_answer_adds_nothing_but_the_id() -> None:
    early = note_receipt(a_text_being_sent(), replace(a_receipt(), provider_id=None), NOW)
    assert early.delivery.state is State.DELIVERED
    assert [type(event) for event in early.events] == [MessageSent, MessageDelivered]
    late = settled(early.delivery, Taken("P-1"))
    assert late.delivery == replace(early.delivery, provider_id="P-1")
    assert not late.events
    assert settled(early.delivery, Unclear("timeout")).delivery == early.delivery


def test_a_receipt_for_a_text_that_waits_to_be_asked_for_ends_the_wait() -> None:
    unclear = settled(a_text_being_sent(), Unclear("timeout")).delivery
    change = note_receipt(unclear, a_receipt(), NOW)
    assert change.delivery.state is State.DELIVERED
    assert not change.delivery.unclear


def test_receipts_in_any_order_and_number_end_in_the_same_state() -> None:
    receipts = [a_receipt(State.UNDELIVERED), a_receipt(), a_receipt(), a_receipt(State.UNDELIVERED)]
    for order in permutations(receipts):
        delivery, events = a_text_being_sent(), list[MessageEvent]()
        for receipt in order:
            change = note_receipt(delivery, receipt, NOW)
            delivery = change.delivery
            events += change.events
        assert delivery.state is State.DELIVERED
        assert sum(isinstance(event, MessageSent) for event in events) == 1
        assert sum(isinstance(event, MessageDelivered) for event in events) == 1
        assert sum(isinstance(event, MessageFailed) for event in events) <= 1


def test_an_undelivered_text_is_stated_as_failed() -> None:
    sent = settled(a_text_being_sent(), Taken("P-1")).delivery
    change = note_receipt(sent, a_receipt(State.UNDELIVERED), NOW)
    assert [(type(e), e.reason) for e in change.events if isinstance(e, MessageFailed)] == [
        (MessageFailed, "undelivered")
    ]


def test_a_given_up_text_that_arrived_after_all_is_delivered() -> None:
    failed = settled(a_text_being_sent(), Rejected("blocked")).delivery
    assert note_receipt(failed, a_receipt(), NOW).delivery.state is State.DELIVERED


@pytest.mark.parametrize("state", list(State))
def test_a_message_never_moves_down(state: State) -> None:
    order = list(State)
    for to in order[: order.index(state) + 1]:
        change = advance(a_delivery(state), to, NOW)
        assert change == Change(a_delivery(state))


def test_an_inbox_message_is_sent_when_it_is_shown() -> None:
    change = show(a_delivery(channel=IN_APP), NOW)
    assert change.delivery.state is State.SENT
    assert isinstance(change.events[0], MessageSent)
    assert change.events[0].segments is None
    assert change.events[0].occurred_at == NOW


def test_the_date_of_an_answer_is_read_as_a_day_in_china() -> None:
    asked = an_announcement(Template.MATERIAL_REQUESTED, {"on": date(2026, 11, 24).isoformat()})
    assert useful_until(asked, SMS) == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    "states", list(permutations([State.SENT, State.UNDELIVERED, State.DELIVERED, State.FAILED]))
)
def test_however_a_message_moves_it_is_the_fold_of_what_was_stated(states: tuple[State, ...]) -> None:
    moved, events = a_text_being_sent(), list[MessageEvent]()
    for minutes, state in enumerate(states):
        change = advance(moved, state, NOW + timedelta(minutes=minutes), state)
        moved = change.delivery
        events += change.events

    folded = reduce(evolve, events, a_delivery())

    assert replace(folded, due_at=moved.due_at) == moved
    assert (moved.text, moved.attempts) == ("【攀枝花医保】文字", 1)


def test_an_event_that_is_not_about_a_message_is_refused() -> None:
    about = {"application_id": APPLICATION, "message_id": EVENT, "channel": SMS, "template": "accepted"}
    with pytest.raises(ValueError, match="MessageEvent moves no message"):
        evolve(a_delivery(), MessageEvent(**about, occurred_at=NOW))
