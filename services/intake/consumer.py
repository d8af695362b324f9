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
from services.intake.actions import Desk, replaying
from services.intake.domain.submitting import Offer, TurnedAway, is_usable_key
from services.intake.store.replaying import Later
from shared import person_keys, signing
from shared.access import ROUTES, Channel, Channels
from shared.contracts.applications import (
    ApplicationRetired,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    MaterialSupplied,
)
from shared.contracts.base import Event
from shared.contracts.cases import (
    ApplicationAccepted,
    CaseClosed,
    CaseEvent,
    DecisionMade,
    DueDateCorrected,
    ExpertOpinionGiven,
    MaterialRequested,
    ReviewForwarded,
    ReviewResumed,
)
from shared.contracts.persons import PersonErased, PersonKeyMade
from shared.contracts.policies import CalendarPublished, PolicyPublished
from shared.contracts.submissions import SubmissionOffered
from shared.contracts.topics import APPLICATIONS, CALENDARS, CASES, PERSON_KEYS, POLICIES, SUBMISSIONS
from shared.errors import Refused, Unreadable
from shared.inbox import Consumer
from shared.postgres import Tx
from shared.problems import parse, problem
from shared.received import Handler, Reader, Received, header_texts, key_text, record_time
from shared.sealed_submissions import SubmissionKeys

FOLLOWED: tuple[type[CaseEvent], ...] = (
    ApplicationAccepted,
    MaterialRequested,
    ReviewResumed,
    ReviewForwarded,
    ExpertOpinionGiven,
    DecisionMade,
    DueDateCorrected,
    CaseClosed,
)
"""What review states and an applicant may see."""


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
            dict.fromkeys(FOLLOWED, on_case_event),
        ),
    ]


def catalog_consumers() -> list[Consumer]:
    """What fills the local copies of policies and calendars."""
    return [
        Consumer("intake", POLICIES, {PolicyPublished: on_policy_published}),
        Consumer("intake", CALENDARS, {CalendarPublished: on_calendar_published}),
    ]


def replayers() -> tuple[Consumer, ...]:
    """The topics that intake's state is made of, in the order in which a rebuild reads them."""
    policies, calendars = catalog_consumers()
    own: dict[type[Event], Handler] = {
        ApplicationSubmitted: on_own_submitted,
        MaterialSupplied: on_own_later,
        ApplicationWithdrawn: on_own_later,
        ApplicationRetired: on_own_later,
    }
    cases: dict[type[Event], Handler] = dict.fromkeys(FOLLOWED, on_case_event_again)
    keys: dict[type[Event], Handler] = {PersonKeyMade: on_key_made, PersonErased: on_person_erased}
    return (
        policies,
        calendars,
        Consumer("intake", APPLICATIONS, own),
        Consumer("intake", CASES, cases),
        Consumer("intake", PERSON_KEYS, keys),
    )


async def on_own_submitted(tx: Tx, received: Sequence[Received[ApplicationSubmitted]]) -> None:
    """Open the applications again."""
    await replaying.open_applications(tx, [one.event for one in received])


async def on_own_later(tx: Tx, received: Sequence[Received[Later]]) -> None:
    """Put what came later aside until it is its turn."""
    await replaying.put_aside(tx, [(one.event, one.sequence or 0) for one in received])


async def on_case_event_again(tx: Tx, received: Sequence[Received[CaseEvent]]) -> None:
    """Move the applicant's view, after what the applicant had done before."""
    await replaying.follow_in_turn(tx, [(one.event, one.sequence or 0) for one in received])


async def on_key_made(tx: Tx, received: Sequence[Received[PersonKeyMade]]) -> None:
    """Keep the keys as they were published."""
    await person_keys.keep(tx, [one.event for one in received])


async def on_person_erased(tx: Tx, received: Sequence[Received[PersonErased]]) -> None:
    """Delete the keys of erased persons."""
    await person_keys.forget(tx, [one.event for one in received])


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
