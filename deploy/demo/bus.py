"""The bus as a channel and an onlooker use it: publish submissions, and see records by key as they come."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from shared.contracts.base import Event
from shared.contracts.submissions import SubmissionOffered
from shared.contracts.topics import APPLICATIONS, CASES, EVENTS, MESSAGES, RECEIPTS, SUBMISSIONS

WATCHED = (RECEIPTS, APPLICATIONS, CASES, MESSAGES)
KINDS: Mapping[str, type[Event]] = {kind.type: kind for kind in EVENTS}
PATIENCE = 60.0
"""Seconds that an awaited record may take."""

AT_ONCE = 2_000


@dataclass(frozen=True)
class Seen:
    """One record on the bus; `at` is when it happened, `published_at` when it was sent to Kafka."""

    topic: str
    partition: int
    offset: int
    key: str
    type: str
    at: datetime
    published_at: datetime
    body: bytes

    @cached_property
    def event(self) -> Event:
        """The record read by its contract."""
        return KINDS[self.type].read(self.body)

    @property
    def place(self) -> str:
        """Where the record lies: topic, partition and offset."""
        return f"{self.topic} partition {self.partition} offset {self.offset}"


Enough = Callable[[Sequence[Seen]], bool]


class Bus:
    """Sees every event that was published after it was opened, once and in order for each key.

    The bus may carry a record again under the same event id, so that one is passed over as every reader does.
    """

    def __init__(self, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
        self._consumer = consumer
        self._producer = producer
        self._ids: set[bytes] = set()
        self._seen: defaultdict[str, list[Seen]] = defaultdict(list)
        self._waiting: defaultdict[str, list[tuple[Enough, asyncio.Future[None]]]] = defaultdict(list)

    def seen(self, key: str) -> list[Seen]:
        """The records with this key so far."""
        return list(self._seen[key])

    def everything(self) -> list[Seen]:
        """All records so far."""
        return [one for records in self._seen.values() for one in records]

    async def until(self, key: str, enough: Enough, within: float = PATIENCE) -> list[Seen]:
        """Wait until the records with this key are enough; TimeoutError after so many seconds."""
        if not enough(self._seen[key]):
            arrived = asyncio.get_running_loop().create_future()
            self._waiting[key].append((enough, arrived))
            async with asyncio.timeout(within):
                await arrived
        return self.seen(key)

    async def publish(self, key: str, body: bytes, headers: Mapping[str, str]) -> Seen:
        """Publish a signed submission on `channel.submissions`; answers when Kafka has it."""
        encoded = [(name, value.encode()) for name, value in headers.items()]
        placed = await self._producer.send_and_wait(SUBMISSIONS.name, body, key.encode(), headers=encoded)
        at = datetime.fromtimestamp(placed.timestamp / 1000, UTC)
        return Seen(placed.topic, placed.partition, placed.offset, key, SubmissionOffered.type, at, at, body)

    async def watch(self) -> None:
        """Take records in until cancelled."""
        while True:
            batches = await self._consumer.getmany(timeout_ms=1_000, max_records=AT_ONCE)
            for records in batches.values():
                for record in records:
                    self._take(record)

    def _take(self, record: ConsumerRecord[bytes | None, bytes | None]) -> None:
        headers = dict(record.headers)
        if record.key is None or "ce_type" not in headers or headers["ce_id"] in self._ids:
            return
        self._ids.add(headers["ce_id"])
        seen = Seen(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key.decode(),
            type=headers["ce_type"].decode(),
            at=datetime.fromisoformat(headers["ce_time"].decode()),
            published_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
            body=record.value or b"",
        )
        self._seen[seen.key].append(seen)
        if seen.key in self._waiting:
            self._wake(seen.key)

    def _wake(self, key: str) -> None:
        patient = []
        for enough, arrived in self._waiting.pop(key):
            if arrived.done():
                continue
            if enough(self._seen[key]):
                arrived.set_result(None)
            else:
                patient.append((enough, arrived))
        if patient:
            self._waiting[key] = patient


@asynccontextmanager
async def open_bus(kafka: str) -> AsyncIterator[Bus]:
    """Begin to watch at the end of every topic, and end with the block."""
    # Without a group every partition is ours, and nobody's place is kept.
    consumer = AIOKafkaConsumer(
        *(topic.name for topic in WATCHED), bootstrap_servers=kafka, client_id="mente-demo", group_id=None
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, client_id="mente-demo", acks="all", enable_idempotence=True, linger_ms=5
    )
    async with AsyncExitStack() as ending:
        for client in (consumer, producer):
            ending.push_async_callback(client.stop)
            await client.start()
        await _to_the_end(consumer)
        bus = Bus(consumer, producer)
        watching = asyncio.create_task(bus.watch())
        ending.push_async_callback(_end, watching)
        yield bus


def has(*types: str) -> Enough:
    """Enough once there is a record of each type; a type named twice is awaited twice."""

    def enough(records: Sequence[Seen]) -> bool:
        found = [record.type for record in records]
        return all(found.count(kind) >= types.count(kind) for kind in types)

    return enough


async def _end(watching: asyncio.Task[None]) -> None:
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def _to_the_end(consumer: AIOKafkaConsumer) -> None:
    # Now, and not when the first records are asked for: what happens in between would be missed.
    for place, offset in (await consumer.end_offsets(consumer.assignment())).items():
        consumer.seek(place, offset)
