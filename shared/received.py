"""A Kafka record read as an event, with what its headers say about it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from aiokafka import ConsumerRecord
from pydantic import ValidationError

from shared.chain import FIRST, Link
from shared.contracts.base import Event
from shared.errors import Unreadable
from shared.postgres import Tx

NUL = "\x00"
"""The one character of Unicode that PostgreSQL does not take in a text."""

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Received(Generic[E]):
    """One event as it was read; `event` is None for a type that this reader does not know."""

    event: E
    event_id: UUID
    topic: str
    partition: int
    offset: int
    key: str
    type: str
    sequence: int | None
    occurred_at: datetime
    traceparent: str | None
    record: ConsumerRecord[bytes | None, bytes | None]
    previous: str = FIRST
    hash: str = FIRST


Reader = Callable[[ConsumerRecord[bytes | None, bytes | None]], Received[Any]]
"""Turns a record into what a handler takes; raises Unreadable."""

Handler = Callable[[Tx, list[Received[Any]]], Awaitable[None]]
"""Handles events of one type with distinct keys inside the transaction it is given."""


def event_reader(types: Sequence[type[Event]]) -> Reader:
    """A reader for our own topics: CloudEvents headers, the body by the contract of its type."""
    known = {kind.type: kind for kind in types}

    def read(record: ConsumerRecord[bytes | None, bytes | None]) -> Received[Any]:
        headers = header_texts(record)
        kind = known.get(_required(headers, "ce_type"))
        try:
            link = _link(record, headers)
            return Received(
                event=_event(kind, record.value, link) if kind else None,
                event_id=UUID(link.event_id),
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                key=link.key,
                type=link.type,
                sequence=link.sequence,
                occurred_at=datetime.fromisoformat(link.time),
                traceparent=headers.get("traceparent"),
                record=record,
                previous=link.previous,
                hash=link.hash,
            )
        except ValidationError as error:
            places = ", ".join(sorted({".".join(map(str, e["loc"])) or "body" for e in error.errors()}))
            raise Unreadable("body-unreadable", f"the body breaks its contract at: {places}"[:500]) from None
        except (ValueError, RecursionError) as error:
            raise Unreadable("record-unreadable", f"{type(error).__name__} in headers or body") from None

    return read


def _event(kind: type[Event], body: bytes | None, link: Link) -> Event:
    if body is None:
        return kind.read_tombstone(link.key, datetime.fromisoformat(link.time))
    return kind.read(body)


def header_texts(record: ConsumerRecord[bytes | None, bytes | None]) -> Mapping[str, str]:
    """The headers as text, without null ones; raises Unreadable `header-unreadable` for what is no text."""
    try:
        texts = {name: value.decode() for name, value in record.headers if value is not None}
    except UnicodeDecodeError:
        raise Unreadable("header-unreadable", "a header value is not UTF-8 text") from None
    if any(NUL in text for text in texts.values()):
        raise Unreadable("header-unreadable", "a header value holds a NUL character")
    return texts


def key_text(record: ConsumerRecord[bytes | None, bytes | None]) -> str:
    """The key as text; raises Unreadable `key-unreadable` when there is none or it is no UTF-8 text."""
    if not record.key:
        raise Unreadable("key-unreadable", "the record has no key")
    try:
        key = str(record.key.decode())
    except UnicodeDecodeError:
        raise Unreadable("key-unreadable", "the key is not UTF-8 text") from None
    if NUL in key:
        raise Unreadable("key-unreadable", "the key holds a NUL character")
    return key


def record_time(record: ConsumerRecord[bytes | None, bytes | None]) -> datetime:
    """When the broker or the producer stamped the record."""
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


def link_of(record: ConsumerRecord[bytes | None, bytes | None]) -> Link:
    """The record as a link of its key's chain; raises Unreadable when a header is missing."""
    return _link(record, header_texts(record))


def _link(record: ConsumerRecord[bytes | None, bytes | None], headers: Mapping[str, str]) -> Link:
    return Link(
        topic=record.topic,
        key=key_text(record),
        event_id=_required(headers, "ce_id"),
        type=_required(headers, "ce_type"),
        time=_required(headers, "ce_time"),
        sequence=int(_required(headers, "ce_sequence")),
        previous=_required(headers, "ce_previoushash"),
        body=record.value or b"",
    )


def _required(headers: Mapping[str, str], name: str) -> str:
    if name not in headers:
        raise Unreadable("header-missing", f"the header {name} is missing")
    return headers[name]
