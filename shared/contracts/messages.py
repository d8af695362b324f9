"""Events that notify states about messages to persons."""

from enum import StrEnum
from typing import ClassVar, Literal
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
    """The provider took the text, or the in-app inbox shows it; `segments` counts the parts of `text`."""

    type: ClassVar[str] = "message-sent"

    template_version: int
    text: str | None = None
    segments: int | None = None
    attempts: int


class MessageDelivered(MessageEvent):
    """The provider's receipt says that the text reached the phone."""

    type: ClassVar[str] = "message-delivered"


class MessageFailed(MessageEvent):
    """The message did not reach the person; `reason` says why, a human must look.

    It came too late to be sent (`expired`), was given up (`failed`), or did not get from the provider to
    the phone (`undelivered`). `text` is what was to be sent, where it had been put into words.
    """

    type: ClassVar[str] = "message-failed"

    outcome: Literal["expired", "failed", "undelivered"]
    reason: Code
    attempts: int
    text: str | None = None
    segments: int | None = None


class MessageWithheld(MessageEvent):
    """The message is not sent, now or ever: the region switched it off, or its person was erased."""

    type: ClassVar[str] = "message-withheld"

    reason: Code
    attempts: int
    text: str | None = None
    segments: int | None = None
