"""Examples of what notify states about messages."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from deploy.contracts.examples.people import APPLICATION, at
from shared.contracts.base import Event
from shared.contracts.messages import (
    MessageChannel,
    MessageDelivered,
    MessageFailed,
    MessageSent,
    MessageWithheld,
)

TEXT = "【攀枝花医保】您的门诊慢特病认定申请(尾号PSJZ)已提交,可在“我的申请”查看进度。"


class _About(TypedDict):
    application_id: UUID
    message_id: UUID
    channel: MessageChannel
    template: str
    occurred_at: datetime


def _about(occurred_at: datetime, channel: MessageChannel = MessageChannel.SMS) -> _About:
    return _About(
        application_id=APPLICATION,
        message_id=UUID("019a5d1e-8800-7b20-8000-0000000000b1"),
        channel=channel,
        template="submitted",
        occurred_at=occurred_at,
    )


EXAMPLES: tuple[tuple[str, Event], ...] = (
    ("sms", MessageSent(**_about(at(9, 18, 4)), template_version=1, text=TEXT, segments=1, attempts=1)),
    ("in-app", MessageSent(**_about(at(9, 18, 4), MessageChannel.IN_APP), template_version=1, attempts=1)),
    ("sms", MessageDelivered(**_about(at(9, 18, 4, 1)))),
    (
        "number-not-in-use",
        MessageFailed(
            **_about(at(9, 18, 4, 2)),
            outcome="failed",
            reason="unknown-number",
            attempts=1,
            text=TEXT,
            segments=1,
        ),
    ),
    ("switched-off", MessageWithheld(**_about(at(9, 18, 4)), reason="switched_off", attempts=0)),
)
