"""Events written beside the state they belong to, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from uuid_utils.compat import uuid7

from shared.contracts.base import Event
from shared.errors import Refused
from shared.postgres import Tx
from shared.tracing import current_traceparent

MOST_BYTES = 900_000
"""Below the broker's limit: a record it would refuse is refused here, before anything is committed."""


@dataclass(frozen=True, slots=True)
class Stated:
    """An event and its place, 1, 2, 3 …, among the events of its key on its topic."""

    event: Event
    sequence: int


def number(events: Sequence[Event], after: int) -> list[Stated]:
    """Give the events of one key the sequence numbers that follow `after`."""
    return [Stated(event, after + place) for place, event in enumerate(events, start=1)]


ADD = """
INSERT INTO outbox (event_id, topic, key, type, dataschema, sequence, traceparent, occurred_at, body)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
                     array_fill($7::text, ARRAY[cardinality($1::uuid[])]), $8::timestamptz[], $9::bytea[])
         AS stated (event_id, topic, key, type, dataschema, sequence, traceparent, occurred_at, body)"""


async def add(tx: Tx, stated: Sequence[Stated]) -> None:
    """Write events to be published after this transaction commits.

    The caller has already locked or inserted the state row of each key in this transaction: that gives the
    transaction its id before the outbox ids are drawn, and makes id order the order within a key. Raises
    Refused `event-too-large` above 900,000 bytes.
    """
    if stated:
        await tx.execute(ADD, *arguments(stated))


def arguments(stated: Sequence[Stated]) -> tuple[Any, ...]:
    """The nine values of ADD, $1 to $9; Refused `event-too-large` above 900,000 bytes."""
    events = [s.event for s in stated]
    return (
        [uuid7() for _ in stated],
        [e.topic for e in events],
        [e.key for e in events],
        [e.type for e in events],
        [e.dataschema() for e in events],
        [s.sequence for s in stated],
        current_traceparent(),
        [e.occurred_at for e in events],
        [body(e) for e in events],
    )


def body(event: Event) -> bytes:
    """The bytes that are published: JSON without empty fields."""
    raw = event.model_dump_json(exclude_none=True).encode()
    if len(raw) > MOST_BYTES:
        raise Refused(
            "event-too-large", f"the event has {len(raw)} bytes, {MOST_BYTES} are allowed", status=413
        )
    return raw
