"""Events written beside the state they belong to, numbered and chained, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.chain import FIRST, Link
from shared.contracts.base import Event, SealedEvent
from shared.errors import Refused
from shared.postgres import Tx
from shared.tracing import current_traceparent

MOST_BYTES = 900_000
"""Below the broker's limit: a record it would refuse is refused here, before anything is committed."""


class Tip(NamedTuple):
    """The end of a chain: how many events it has, and the hash of the last."""

    sequence: int = 0
    hash: str = FIRST


@dataclass(frozen=True, slots=True)
class Stated:
    """An event with id, bytes and hash; `sequence` is its place 1, 2, 3 … in the chain of its key."""

    event: Event
    event_id: UUID
    body: bytes | None
    sequence: int
    previous: str
    hash: str


LOCK_TIPS = """
INSERT INTO chains (topic, key)
SELECT topic, key FROM unnest($1::text[], $2::text[]) AS stating (topic, key) ORDER BY topic, key
ON CONFLICT (topic, key) DO UPDATE SET sequence = chains.sequence
RETURNING topic, key, sequence, hash"""

ADD = """
INSERT INTO outbox (event_id, topic, key, type, dataschema, sequence, previous_hash, traceparent, occurred_at,
                    body)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
                     array_fill($8::text, ARRAY[cardinality($1::uuid[])]), $9::timestamptz[], $10::bytea[])
         AS stated (event_id, topic, key, type, dataschema, sequence, previous_hash, traceparent, occurred_at,
                    body)"""

ADD_AND_MOVE_TIPS = f"""
WITH told AS ({ADD})
UPDATE chains SET sequence = new.sequence, hash = new.hash
FROM unnest($11::text[], $12::text[], $13::bigint[], $14::text[]) AS new (topic, key, sequence, hash)
WHERE chains.topic = new.topic AND chains.key = new.key"""  # noqa: S608 only constants of our own go in


TIPS = "FROM unnest($2::text[], $3::text[], $6::bigint[], $11::text[]) AS tip (topic, key, sequence, hash)"
"""Where chains stand after the first event of each: the arguments of ADD, and as $11 the hashes."""

ADD_FIRST = f"""
WITH told AS ({ADD})
INSERT INTO chains (topic, key, sequence, hash) SELECT topic, key, sequence, hash {TIPS}"""


async def begin(tx: Tx, events: Sequence[Event]) -> list[Stated]:
    """Write events as `add` does, each the first of its key, whose row this transaction has inserted before.

    A key that has a chain already is an error of the caller: asyncpg.UniqueViolationError.
    """
    stated = chain(events, {})
    if stated:
        await tx.execute(ADD_FIRST, *arguments(stated), [one.hash for one in stated])
    return stated


async def add(tx: Tx, events: Sequence[Event]) -> list[Stated]:
    """Write events, in the order given, to be published after this transaction commits.

    Whoever else states events of these keys waits until then. That gives the transaction its id before the
    outbox ids are drawn, and makes id order the order within a key. Raises Refused `event-too-large` above
    900,000 bytes.
    """
    if not events:
        return []
    places = sorted({(event.topic, event.key) for event in events})
    rows = await tx.fetch(LOCK_TIPS, *map(list, zip(*places, strict=True)))
    stated = chain(events, {(r["topic"], r["key"]): Tip(r["sequence"], r["hash"]) for r in rows})
    last = {(one.event.topic, one.event.key): (one.sequence, one.hash) for one in stated}
    moved = [(*place, *tip) for place, tip in last.items()]
    await tx.execute(ADD_AND_MOVE_TIPS, *arguments(stated), *map(list, zip(*moved, strict=True)))
    return stated


def chain(events: Sequence[Event], tips: Mapping[tuple[str, str], Tip]) -> list[Stated]:
    """Give events their ids, numbers and hashes; a key without a tip begins a chain."""
    ends, stated = dict(tips), []
    for event in events:
        place = (event.topic, event.key)
        one = _next(event, ends.get(place, Tip()))
        ends[place] = Tip(one.sequence, one.hash)
        stated.append(one)
    return stated


def arguments(stated: Sequence[Stated]) -> tuple[Any, ...]:
    """The ten values of ADD, $1 to $10."""
    events = [s.event for s in stated]
    return (
        [s.event_id for s in stated],
        [e.topic for e in events],
        [e.key for e in events],
        [e.type for e in events],
        [e.dataschema() for e in events],
        [s.sequence for s in stated],
        [s.previous for s in stated],
        current_traceparent(),
        [e.occurred_at for e in events],
        [s.body for s in stated],
    )


def body(event: Event) -> bytes | None:
    """The bytes that are published: JSON without empty fields; None for a tombstone or a state.

    RuntimeError for an event whose private part is not sealed.
    """
    if event.is_tombstone or event.is_state:
        return None
    if isinstance(event, SealedEvent) and event.private is not None and event.sealed is None:
        raise RuntimeError(f"{event.type} was to be stated with its private part unsealed")
    raw = event.model_dump_json(exclude_none=True).encode()
    if len(raw) > MOST_BYTES:
        raise Refused(
            "event-too-large", f"the event has {len(raw)} bytes, {MOST_BYTES} are allowed", status=413
        )
    return raw


def _next(event: Event, tip: Tip) -> Stated:
    event_id, raw = uuid7(), body(event)
    time = event.occurred_at.astimezone(UTC).isoformat()
    place = (tip.sequence + 1, tip.hash)
    link = Link(event.topic, event.key, str(event_id), event.type, time, *place, raw or b"")
    return Stated(event, event_id, raw, link.sequence, link.previous, link.hash)
