"""A service's state made again from the topics alone, in a schema beside the live one, and compared with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import ConsumerRecord
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from deploy.audit.comparing import Comparison, compare
from deploy.audit.reading import Span, records_of, spans_of
from deploy.audit.tips import wait_until_published
from shared import inbox
from shared.errors import Refused, Unreadable
from shared.inbox import Consumer
from shared.postgres import AWAY, Database, migrate
from shared.received import Received
from shared.replaying import Compared, Replay

SCRATCH, AS_LIVE = "rebuilt", "rebuilt_live"
"""The schema in which the state is made again, and the one with the live tables as of one moment."""

LEFT_OUT = f"{AS_LIVE}.left_out"
BATCH = 500
"""Records per transaction, as the live consumers take them."""

Progress = Callable[[int, int], None]
"""Told how many of how many records are read."""

LOCK = "SELECT pg_try_advisory_lock(hashtext('rebuild'))"
DROP = f"DROP SCHEMA IF EXISTS {SCRATCH}, {AS_LIVE} CASCADE"
MAKE = f"CREATE SCHEMA {SCRATCH}; CREATE SCHEMA {AS_LIVE}"
NOTE_HANDLED = f"""
CREATE TABLE {AS_LIVE}.handled AS SELECT topic, event_id FROM public.inbox WHERE topic IN (SELECT unnest($1::text[]))"""
NOTE_GIVEN_UP = f"""
CREATE TABLE {LEFT_OUT} AS SELECT DISTINCT key FROM public.parked
WHERE key IS NOT NULL AND (state = 'discarded' OR (state = 'open' AND topic IN (SELECT unnest($1::text[]))))"""
INDEX = f"""
ALTER TABLE {AS_LIVE}.chains ADD PRIMARY KEY (topic, key);
ALTER TABLE {AS_LIVE}.progress ADD PRIMARY KEY (topic, key);
ALTER TABLE {AS_LIVE}.handled ADD PRIMARY KEY (topic, event_id);
ANALYZE {AS_LIVE}.chains, {AS_LIVE}.progress, {AS_LIVE}.handled"""
TIPS = f"SELECT key, sequence FROM {AS_LIVE}.chains WHERE topic = $1 AND key = ANY($2::text[])"
REACHED = f"SELECT key, sequence FROM {AS_LIVE}.progress WHERE topic = $1 AND key = ANY($2::text[])"
HANDLED = f"SELECT event_id FROM {AS_LIVE}.handled WHERE topic = $1 AND event_id = ANY($2::uuid[])"
LEAVE_OUT = f"INSERT INTO {LEFT_OUT} SELECT unnest($1::text[])"
LEAVE_OUT_NEW_KEYS = f"""
INSERT INTO {LEFT_OUT} SELECT person_id::text
FROM {AS_LIVE}.person_keys was FULL JOIN public.person_keys now USING (person_id) WHERE was IS DISTINCT FROM now"""
COUNT_LEFT_OUT = f"SELECT count(DISTINCT key) FROM {LEFT_OUT}"
MOVE_TIPS = f"""
WITH own AS (DELETE FROM {SCRATCH}.progress WHERE topic = ANY($1::text[]) RETURNING topic, key, sequence, hash)
INSERT INTO {SCRATCH}.chains (topic, key, sequence, hash) SELECT topic, key, sequence, hash FROM own"""
COUNT_STATED = f"SELECT count(*) FROM {SCRATCH}.outbox"


@dataclass(frozen=True, slots=True)
class Place:
    """Which service is rebuilt: its database as the owner of the tables, its migrations, and the broker."""

    service: str
    owner_url: str
    migrations: Sequence[Path]
    kafka: str


@dataclass(slots=True)
class Outcome:
    """What was read and what came of it; `faults` are sentences about records that do not fit."""

    comparison: Comparison = field(default_factory=Comparison)
    records: int = 0
    seconds: float = 0.0
    left_out: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether the topics tell exactly what the live tables say."""
        return not self.faults and self.comparison.live.hash == self.comparison.rebuilt.hash


async def rebuild(place: Place, replay: Replay, progress: Progress, *, keep: bool = False) -> Outcome:
    """Make the state again as it was when this began, compare, and drop the scratch unless it is kept.

    The live service goes on meanwhile. Raises Refused `rebuild-runs`, `relay-behind`, `rebuild-failed` or
    `database-away`, and KafkaSilent.
    """
    try:
        async with _owner(place.owner_url) as owner:
            if not await owner.fetchval(LOCK):
                raise Refused("rebuild-runs", f"{place.service} is being rebuilt already")
            await owner.execute(DROP)
            try:
                return await _rebuild(owner, place, replay, progress)
            finally:
                if not keep:
                    await owner.execute(DROP)
    except AWAY as error:
        told = f"the database of {place.service} does not answer ({type(error).__name__})"
        raise Refused("database-away", told) from error


async def _rebuild(owner: asyncpg.Connection, place: Place, replay: Replay, progress: Progress) -> Outcome:
    await owner.execute(MAKE)
    scratch = _within(place.owner_url, SCRATCH)
    await migrate(scratch, place.migrations)
    await _copy_live(owner, replay, place.service)
    await wait_until_published(owner, place.service)
    outcome, began = Outcome(), time.perf_counter()
    database = await Database.open(scratch, name="mente-rebuild", size=2)
    try:
        for one in replay.prepare:
            await database.execute(one)
        await _Reading(database, place, outcome, progress).read(replay.consumers)
        await replay.finish(database)
    finally:
        await database.close()
    outcome.seconds = time.perf_counter() - began
    await _settle(owner, replay, place.service, outcome)
    async with _owner(_within(place.owner_url, AS_LIVE)) as live, _owner(scratch) as rebuilt:
        outcome.comparison = await compare(live, rebuilt, replay.tables, LEFT_OUT)
    return outcome


async def _copy_live(owner: asyncpg.Connection, replay: Replay, service: str) -> None:
    """Copy the live tables as they are at one moment, and how far each chain was then."""
    compacted = [c.topic.name for c in replay.consumers if not c.in_sequence and c.topic.writer != service]
    async with owner.transaction(isolation="repeatable_read"):
        for table, how in replay.tables.items():
            if isinstance(how, Compared):
                await owner.execute(f"CREATE TABLE {AS_LIVE}.{table} AS TABLE public.{table}")
        for sql in (NOTE_HANDLED, NOTE_GIVEN_UP):
            await owner.execute(sql.replace("$1::text[]", _literal(compacted)))
    await owner.execute(INDEX)


async def _settle(owner: asyncpg.Connection, replay: Replay, service: str, outcome: Outcome) -> None:
    """Put the ends of the own chains where the service keeps them; see that nothing was stated."""
    own = [c.topic for c in replay.consumers if c.topic.writer == service]
    await owner.execute(MOVE_TIPS, [topic.name for topic in own])
    if any(not topic.in_sequence for topic in own):
        await owner.execute(LEAVE_OUT_NEW_KEYS)
    outcome.left_out = await owner.fetchval(COUNT_LEFT_OUT)
    if stated := await owner.fetchval(COUNT_STATED):
        outcome.faults.append(f"the handlers stated {stated} events; none of them was sent")


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
        batches = records_of(self._place.kafka, spans)
        read = consumer.reader
        try:
            while (messages := await asyncio.to_thread(next, batches, None)) is not None:
                for part in batched_list(messages, BATCH):
                    await self._take(consumer, [one for m in part if (one := _read(read, m))])
                    self._outcome.records += len(part)
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
