"""Records as the relay makes them, without a broker."""

from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.chain import FIRST
from shared.contracts.base import Event
from shared.outbox import body
from shared.publishing import kafka_record


def record_of(
    event: Event, sequence: int, *, event_id: UUID | None = None, traceparent: str | None = None
) -> dict[str, Any]:
    """Key, value, headers and timestamp of an event's record, made from its outbox row."""
    row: Any = {
        "event_id": event_id or uuid7(),
        "topic": event.topic,
        "key": event.key,
        "type": event.type,
        "dataschema": event.dataschema(),
        "sequence": sequence,
        "previous_hash": FIRST,
        "traceparent": traceparent,
        "occurred_at": event.occurred_at,
        "body": body(event),
    }
    return kafka_record(row, b"mente/intake")


def headers_written(event: Event, sequence: int) -> dict[str, str]:
    """The headers of an event's record as text."""
    return {name: value.decode() for name, value in record_of(event, sequence)["headers"]}
