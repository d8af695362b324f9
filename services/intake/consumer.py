"""What intake reads from Kafka: submissions of channels, what review did, what catalog published."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord
from pydantic import ValidationError

from services.intake import actions
from services.intake.actions import Desk
from services.intake.domain.submitting import Offer, TurnedAway, is_usable_key
from shared import signing
from shared.access import ROUTES, Channel, Channels
from shared.contracts.cases import (
    ApplicationAccepted,
    CaseClosed,
    CaseEvent,
    DecisionMade,
    ExpertOpinionGiven,
    MaterialRequested,
    ReviewForwarded,
    ReviewResumed,
)
from shared.contracts.policies import CalendarPublished, PolicyPublished
from shared.contracts.submissions import SubmissionOffered
from shared.contracts.topics import CALENDARS, CASES, POLICIES, SUBMISSIONS
from shared.errors import Refused, Unreadable
from shared.inbox import Consumer
from shared.postgres import Tx
from shared.problems import parse, problem
from shared.received import Reader, Received, header_texts, key_text, record_time
from shared.sealed_submissions import SubmissionKeys


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Who may hand submissions over on the bus, and the keys that open them."""

    channels: Channels
    keys: SubmissionKeys


def consumers(desk: Desk, letterbox: Letterbox, now: Callable[[], datetime]) -> list[Consumer]:
    """What moves applications: submissions and cases; these wait until a policy is here."""

    async def on_submission(tx: Tx, received: Sequence[Received[Offer | TurnedAway]]) -> None:
        await actions.answer_submissions(tx, desk, [one.event for one in received], now())

    return [
        Consumer("intake", SUBMISSIONS, {Offer: on_submission, TurnedAway: on_submission}, reader(letterbox)),
        Consumer(
            "intake",
            CASES,
            {
                ApplicationAccepted: on_case_event,
                MaterialRequested: on_case_event,
                ReviewResumed: on_case_event,
                ReviewForwarded: on_case_event,
                ExpertOpinionGiven: on_case_event,
                DecisionMade: on_case_event,
                CaseClosed: on_case_event,
            },
        ),
    ]


def catalog_consumers() -> list[Consumer]:
    """What fills the local copies of policies and calendars."""
    return [
        Consumer("intake", POLICIES, {PolicyPublished: on_policy_published}),
        Consumer("intake", CALENDARS, {CalendarPublished: on_calendar_published}),
    ]


async def on_case_event(tx: Tx, received: Sequence[Received[CaseEvent]]) -> None:
    """Move the applicant's view of distinct applications."""
    await actions.follow_cases(tx, [(one.event, one.sequence or 0) for one in received])


async def on_policy_published(tx: Tx, received: Sequence[Received[PolicyPublished]]) -> None:
    """Keep policies of distinct regions."""
    await actions.keep_policies(tx, [one.event for one in received])


async def on_calendar_published(tx: Tx, received: Sequence[Received[CalendarPublished]]) -> None:
    """Keep calendars of distinct years."""
    await actions.keep_calendars(tx, [one.event for one in received])


def reader(letterbox: Letterbox) -> Reader:
    """Read a record of `channel.submissions`: an offer, or why its known channel is turned away."""

    def read(record: ConsumerRecord[bytes | None, bytes | None]) -> Received[Any]:
        headers, key = header_texts(record), key_text(record)
        channel = letterbox.channels.get(headers.get(signing.CHANNEL, ""))
        if channel is None:
            raise Unreadable("channel-unknown", "the record names no registered channel")
        if not is_usable_key(key):
            raise Unreadable("key-unreadable", "a key is 1 to 128 printable ASCII characters without blanks")
        return Received(
            event=_offer(letterbox, record, channel, key),
            event_id=_event_id(record),
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=f"{channel.id}:{key}",
            type=SubmissionOffered.type,
            sequence=None,
            occurred_at=record_time(record),
            traceparent=headers.get("traceparent"),
            record=record,
        )

    return read


def _offer(
    letterbox: Letterbox, record: ConsumerRecord[bytes | None, bytes | None], channel: Channel, key: str
) -> Offer | TurnedAway:
    sealed, at = record.value or b"", record_time(record)
    try:
        letterbox.channels.verify_record(record.headers, record.key, sealed, at)
        ROUTES["intake.post_application"].admit_channel(channel)
        body = letterbox.keys.open(sealed)
        offered = parse(SubmissionOffered, body)
    except (Refused, Unreadable, ValidationError) as error:
        status, told = problem(error)
        why = Refused(told["code"], told["detail"], status=status, defects=told.get("defects", []))
        return TurnedAway(channel.id, key, why)
    return Offer(channel.id, channel.regions, key, sha256(body).digest(), offered, at)


def _event_id(record: ConsumerRecord[bytes | None, bytes | None]) -> UUID:
    """Name a record by its place and content: a topic that was emptied begins with new names."""
    place = f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp}".encode()
    return UUID(bytes=sha256(place + b"/" + (record.value or b"")).digest()[:16])
