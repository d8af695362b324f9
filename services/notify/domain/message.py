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
_MISSED = frozenset({State.EXPIRED, State.FAILED, State.UNDELIVERED})


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


def advance(delivery: Delivery, to: State, now: datetime, reason: str | None = None) -> Change:
    """Move a message up to a state and say so; what it has reached or passed already changes nothing."""
    if _RANK[to] <= _RANK[delivery.state]:
        return Change(delivery)
    first_sent = to in _REACHED_PROVIDER and delivery.sent_at is None
    moved = replace(
        delivery,
        state=to,
        reason=reason if to in _MISSED or to is State.SUPPRESSED else None,
        sent_at=now if first_sent else delivery.sent_at,
        settled_at=now,
        unclear=False,
    )
    return Change(moved, _stated(moved, first_sent=first_sent))


def _stated(moved: Delivery, *, first_sent: bool) -> list[MessageEvent]:
    """State what a message has become; one that was never said to be sent is said to be so first."""
    about = _About(
        application_id=moved.application_id,
        message_id=moved.message_id,
        channel=moved.channel,
        template=moved.template,
        occurred_at=moved.settled_at or moved.due_at,
    )
    events: list[MessageEvent] = []
    if first_sent:
        events.append(
            MessageSent(
                **about,
                template_version=moved.template_version,
                segments=moved.segments,
                attempts=moved.attempts,
            )
        )
    if moved.state is State.DELIVERED:
        events.append(MessageDelivered(**about))
    if moved.state in _MISSED:
        events.append(MessageFailed(**about, reason=moved.reason or moved.state, attempts=moved.attempts))
    return events


class _About(TypedDict):
    application_id: UUID
    message_id: UUID
    channel: MessageChannel
    template: str
    occurred_at: datetime
