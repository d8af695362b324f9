"""Messages on their way, as notify decides about them; no server is involved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.notify.domain.announcing import (
    SMS,
    Announcement,
    Details,
    Recipient,
    RegionRules,
    Template,
    message_id,
)
from services.notify.domain.delivering import (
    Busy,
    Patience,
    Receipt,
    Rejected,
    Taken,
    Unclear,
    Unknown,
    begin,
    settle,
)
from services.notify.domain.message import Change, Delivery, State
from services.notify.domain.withholding import Due
from shared.contracts.messages import (
    MessageChannel,
)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
EVENT = UUID("0193a5c0-1111-7222-8333-444455556666")
APPLICATION = UUID("0193a5c0-aaaa-7bbb-8ccc-ddddeeeeffff")
PERSON = UUID("5d2f0c0e-6a1b-8c3d-9e4f-00000000a001")
KEY = UUID("7c1e5a90-2f4b-4d68-9a3c-00000000c001")
LEASE = timedelta(seconds=30)
PATIENCE = Patience()


def a_delivery(
    state: State = State.QUEUED, channel: MessageChannel = SMS, template: Template = Template.ACCEPTED
) -> Delivery:
    attempts = 0 if state is State.QUEUED else 1
    return Delivery(
        message_id(EVENT, APPLICATION, channel), APPLICATION, channel, template, 1, state, attempts, NOW
    )


def a_text_being_sent() -> Delivery:
    return begin(a_delivery(), "【攀枝花医保】文字", 1, NOW, LEASE)


def a_due_message(
    delivery: Delivery | None = None, phone: str | None = "19900005678", ways: str = "sms in_app"
) -> Due:
    rules = RegionRules("panzhihua", 1, "攀枝花医保", "510400", ways={"application-accepted": ways.split()})
    recipient = Recipient(APPLICATION, PERSON, "panzhihua", "PZH0123", KEY, "box")
    return Due(delivery or a_delivery(), {}, NOW + timedelta(days=7), recipient, rules, phone)


def erased(due: Due) -> Due:
    return replace(due, recipient=replace(due.recipient, sealed=None), phone=None)


def a_receipt(state: State = State.DELIVERED) -> Receipt:
    return Receipt(str(a_delivery().message_id), "P-1", state, NOW)


def settled(delivery: Delivery, answer: Taken | Rejected | Busy | Unclear | Unknown) -> Change:
    return settle(delivery, answer, NOW, PATIENCE, 0.5)


def an_announcement(template: Template, details: Details | None = None) -> Announcement:
    return Announcement(EVENT, APPLICATION, template, NOW, details or {})
