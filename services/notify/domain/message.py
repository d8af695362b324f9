"""How far a message has come, and the one way it moves on and says so; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypedDict
from uuid import UUID

from services.notify.domain.announcing import Template
from shared.contracts.messages import (
    MessageChannel,
    MessageDelivered,
    MessageEvent,
    MessageFailed,
    MessageSent,
    MessageWithheld,
)


class State(StrEnum):
    """Where a message stands, lowest first; past the first two it only ever moves up."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    FAILED = "failed"
    UNDELIVERED = "undelivered"
    DELIVERED = "delivered"


_RANK = {state: rank for rank, state in enumerate(State)}
_REACHED_PROVIDER = frozenset({State.SENT, State.UNDELIVERED, State.DELIVERED})


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far a message has come; `attempts` counts the claims, and the last one fences all before it.

    While a message is `sending`, `due_at` is the end of the lease. `unclear` means that the provider may
    have taken the text although nobody heard so.
    """

    message_id: UUID
    application_id: UUID
    channel: MessageChannel
    template: Template
    template_version: int
    state: State
    attempts: int
    due_at: datetime
    unclear: bool = False
    text: str | None = None
    segments: int | None = None
    provider_id: str | None = None
    reason: str | None = None
    sent_at: datetime | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A message after a step, and the events that state it."""

    delivery: Delivery
    events: Sequence[MessageEvent] = ()


def evolve(delivery: Delivery, event: MessageEvent) -> Delivery:
    """Give the state after one more event about a message; how it is tried until then is in no event."""
    told = replace(delivery, settled_at=event.occurred_at, unclear=False)
    match event:
        case MessageSent():
            sent = replace(told, state=State.SENT, reason=None, sent_at=event.occurred_at)
            return replace(
                sent,
                template_version=event.template_version,
                attempts=event.attempts,
                text=event.text,
                segments=event.segments,
            )
        case MessageDelivered():
            return replace(told, state=State.DELIVERED, reason=None)
        case MessageFailed() | MessageWithheld():
            state = State.SUPPRESSED if isinstance(event, MessageWithheld) else State(event.outcome)
            ended = replace(told, state=state, reason=event.reason)
            return replace(ended, attempts=event.attempts, text=event.text, segments=event.segments)
    raise ValueError(f"{type(event).__name__} moves no message")


def advance(delivery: Delivery, to: State, now: datetime, reason: str | None = None) -> Change:
    """Move a message up to a state and say so; what it has reached or passed already changes nothing."""
    if _RANK[to] <= _RANK[delivery.state]:
        return Change(delivery)
    events = _stated(delivery, to, now, reason or to)
    for event in events:
        delivery = evolve(delivery, event)
    return Change(delivery, events)


def _stated(delivery: Delivery, to: State, now: datetime, reason: str) -> list[MessageEvent]:
    """State what a message becomes; one that was never said to be sent is said to be so first."""
    about = _About(
        application_id=delivery.application_id,
        message_id=delivery.message_id,
        channel=delivery.channel,
        template=delivery.template,
        occurred_at=now,
    )
    tried = _Tried(attempts=delivery.attempts, text=delivery.text, segments=delivery.segments)
    events: list[MessageEvent] = []
    if to in _REACHED_PROVIDER and delivery.sent_at is None:
        events.append(MessageSent(**about, template_version=delivery.template_version, **tried))
    match to:
        case State.DELIVERED:
            events.append(MessageDelivered(**about))
        case State.EXPIRED | State.FAILED | State.UNDELIVERED:
            events.append(MessageFailed(**about, outcome=to.value, reason=reason, **tried))
        case State.SUPPRESSED:
            events.append(MessageWithheld(**about, reason=reason, **tried))
    return events


class _About(TypedDict):
    application_id: UUID
    message_id: UUID
    channel: MessageChannel
    template: str
    occurred_at: datetime


class _Tried(TypedDict):
    attempts: int
    text: str | None
    segments: int | None
