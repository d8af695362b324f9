"""A service's state made again from the topics alone, beside the live tables, and compared with them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka import ConsumerRecord
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from deploy.audit.comparing import Comparison, compare
from deploy.audit.reading import Span, records_of, spans_of
from deploy.audit.scratch import (
    COUNT_LEFT_OUT,
    COUNT_STATED,
    LEFT_OUT,
    Place,
    connection,
    copy_live,
    scratch_database,
    settle,
)
from deploy.audit.tips import wait_until_published
from shared import inbox
from shared.errors import Refused, Unreadable
from shared.inbox import Consumer
from shared.postgres import AWAY, Database
from shared.received import Received
from shared.replaying import Replay

BATCH = 500
"""Records per transaction, as the live consumers take them."""

Progress = Callable[[int, int], None]
"""Told how many of how many records are read."""

TIPS = "SELECT key, sequence FROM live.chains WHERE topic = $1 AND key = ANY($2::text[])"
REACHED = "SELECT key, sequence FROM live.progress WHERE topic = $1 AND key = ANY($2::text[])"
HANDLED = "SELECT event_id FROM live.handled WHERE topic = $1 AND event_id = ANY($2::uuid[])"
LEAVE_OUT = "INSERT INTO live.left_out SELECT unnest($1::text[])"


@dataclass(slots=True)
class Outcome:
    """What was read and what came of it; `faults` are sentences about records that do not fit.

    `left_out` counts keys that were not compared, `given_up` those of them of which staff gave a record up or
    have one set aside, `unreadable` records that no reader can read.
    """

    comparison: Comparison = field(default_factory=Comparison)
    records: int = 0
    seconds: float = 0.0
    left_out: int = 0
    given_up: int = 0
    unreadable: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether the topics tell exactly what the live tables say."""
        return not self.faults and self.comparison.live.hash == self.comparison.rebuilt.hash

    @property
    def whole(self) -> bool:
        """Whether nothing was passed over but what moved on meanwhile."""
        return not (self.given_up or self.unreadable)


async def rebuild(place: Place, replay: Replay, progress: Progress, *, keep: bool = False) -> Outcome:
    """Make the state again as it was when this began, compare, and drop the scratch unless it is kept.

    The live service goes on meanwhile; of its database nothing is touched, and read in one transaction.
    Raises Refused `rebuild-runs`, `relay-behind`, `rebuild-failed` or `database-away`, and KafkaSilent.
    """
    try:
        async with (
            scratch_database(place, keep=keep),
            connection(place.live_url) as live,
            connection(place.scratch_url) as scratch,
        ):
            return await _rebuild((live, scratch), place, replay, progress)
    except AWAY as error:
        told = f"the database of {place.service} does not answer ({type(error).__name__})"
        raise Refused("database-away", told) from error


async def _rebuild(
    between: tuple[asyncpg.Connection, asyncpg.Connection], place: Place, replay: Replay, progress: Progress
) -> Outcome:
    live, scratch = between
    own = [one.topic for one in replay.consumers if one.topic.writer == place.service]
    compacted = [c.topic.name for c in replay.consumers if not c.in_sequence and c.topic not in own]
    await copy_live(live, scratch, replay.tables, compacted)
    await wait_until_published(live, place.service)
    outcome, began = Outcome(given_up=await scratch.fetchval(COUNT_LEFT_OUT)), time.perf_counter()
    database = await Database.open(place.scratch_url, name="mente-rebuild", size=2)
    try:
        for one in replay.prepare:
            await database.execute(one)
        await _Reading(database, place, outcome, progress).read(replay.consumers)
        await replay.finish(database)
    finally:
        await database.close()
    outcome.seconds = time.perf_counter() - began
    await settle(live, scratch, own)
    outcome.left_out = await scratch.fetchval(COUNT_LEFT_OUT)
    if stated := await scratch.fetchval(COUNT_STATED):
        outcome.faults.append(f"the handlers stated {stated} events; none of them was sent")
    async with connection(place.scratch_url, "live") as copied:
        outcome.comparison = await compare(copied, scratch, replay.tables, LEFT_OUT)
    return outcome


class _Reading:
    """Reads topics one after the other, up to where the live service was."""

    def __init__(self, database: Database, place: Place, outcome: Outcome, progress: Progress) -> None:
        self._database = database
        self._place = place
        self._outcome = outcome
        self._progress = progress
        self._total = 0

    async def read(self, consumers: Sequence[Consumer]) -> None:
        """Read everything that is on the topics now."""
        names = [one.topic.name for one in consumers]
        spans = await asyncio.to_thread(spans_of, self._place.kafka, names)
        self._total = sum(span.end - span.begin for span in spans)
        for consumer in consumers:
            await self._read(consumer, [span for span in spans if span.topic == consumer.topic.name])

    async def _read(self, consumer: Consumer, spans: Sequence[Span]) -> None:
        batches = records_of(self._place.kafka, spans, BATCH)
        read = consumer.reader
        try:
            while (messages := await asyncio.to_thread(next, batches, None)) is not None:
                readable = [one for m in messages if (one := _read(read, m))]
                self._outcome.unreadable += len(messages) - len(readable)
                await self._take(consumer, readable)
                self._outcome.records += len(messages)
                self._progress(self._outcome.records, self._total)
        finally:
            batches.close()

    async def _take(self, consumer: Consumer, batch: list[Received[Any]]) -> None:
        try:
            due = await self._known_to_live(consumer, batch)
            async with self._database.transaction() as tx:
                found = await inbox.enter(tx, consumer, due)
                await inbox.handle(tx, consumer, found.due)
        except Exception as error:
            # A driver's message may quote values: the class name has to do.
            told = f"records of {consumer.topic.name} could not be handled: {type(error).__name__}"
            raise Refused("rebuild-failed", told) from error
        for one in (*found.early, *found.broken, *found.held):
            self._outcome.faults.append(
                f"{one.topic} {one.key}, event {one.sequence} does not follow from the one before it; "
                "`mente audit verify` tells more"
            )

    async def _known_to_live(self, consumer: Consumer, batch: list[Received[Any]]) -> list[Received[Any]]:
        """What the live service had stated or handled at the moment at which its tables were copied."""
        topic, is_own = consumer.topic, consumer.topic.writer == self._place.service
        if topic.in_sequence:
            sql = TIPS if is_own else REACHED
            rows = await self._database.fetch(sql, topic.name, list({one.key for one in batch}))
            reached = {row["key"]: row["sequence"] for row in rows}
            return [one for one in batch if (one.sequence or 0) <= reached.get(one.key, 0)]
        if is_own:
            return batch
        rows = await self._database.fetch(HANDLED, topic.name, [one.event_id for one in batch])
        handled = {row["event_id"] for row in rows}
        new = [one.key for one in batch if one.event_id not in handled]
        if new:
            await self._database.execute(LEAVE_OUT, new)
        return [one for one in batch if one.event_id in handled]


def _read(read: Callable[[Any], Received[Any]], message: Message) -> Received[Any] | None:
    """Read a record; None for one that no reader of ours can read: the live service parked it."""
    try:
        return read(record_of(message))
    except Unreadable:
        return None


def record_of(message: Message) -> ConsumerRecord[bytes | None, bytes | None]:
    """A record of the fast client as one of the client that the services use."""
    kind, at = message.timestamp()
    headers: Any = message.headers() or []
    key, value = message.key(), message.value()
    return ConsumerRecord(
        topic=str(message.topic()),
        partition=int(message.partition() or 0),
        offset=int(message.offset() or 0),
        timestamp=0 if kind == TIMESTAMP_NOT_AVAILABLE else at,
        timestamp_type=0,
        key=None if key is None else bytes(key),
        value=None if value is None else bytes(value),
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=list(headers),
    )
