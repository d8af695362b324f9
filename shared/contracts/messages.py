"""Events that notify states about messages to persons."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.contracts.base import ApplicationEvent, Code

TOPIC = "notify.messages"


class MessageChannel(StrEnum):
    """By which way a message reaches the person."""

    SMS = "sms"
    IN_APP = "in_app"


class MessageEvent(ApplicationEvent):
    """An event about one message to one person by one channel."""

    topic: ClassVar[str] = TOPIC

    message_id: UUID
    channel: MessageChannel
    template: Code


class MessageSent(MessageEvent):
    """The provider took the text, or the in-app inbox shows it; `segments` counts SMS parts."""

    type: ClassVar[str] = "message-sent"

    template_version: int
    segments: int | None = None
    attempts: int


class MessageDelivered(MessageEvent):
    """The provider's receipt says that the text reached the phone."""

    type: ClassVar[str] = "message-delivered"


class MessageFailed(MessageEvent):
    """The message did not reach the person; `reason` says why, a human must look."""

    type: ClassVar[str] = "message-failed"

    reason: Code
    attempts: int
