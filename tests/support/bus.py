"""Writing to and reading from the real bus in tests."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from uuid_utils.compat import uuid7

from shared.chain import FIRST, Link
from shared.contracts.base import Event
from shared.contracts.topics import Topic
from shared.outbox import body


async def fresh_topic(kafka: str, like: Topic, partitions: int = 4) -> Topic:
    """A new topic with the properties of a registered one, under a name of its own."""
    topic = replace(like, name=f"{like.name}.{uuid4().hex[:8]}", partitions=partitions)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic.name, partitions, 1, topic_configs=dict(topic.configs))])
    finally:
        await admin.close()
    return topic


CHAINS: dict[tuple[str, str, int], str] = {}
"""The hashes of the events that tests sent, by topic, key and sequence number."""


def headers_of(
    event: Event, sequence: int, event_id: UUID | None = None, topic: str | None = None
) -> list[tuple[str, bytes]]:
    """The headers that the relay writes; the chain goes on from what was sent to the same topic before."""
    named = (topic or event.topic, event.key)
    previous = CHAINS.get((*named, sequence - 1), FIRST)
    event_id, time = event_id or uuid7(), event.occurred_at.astimezone(UTC).isoformat()
    link = Link(*named, str(event_id), event.type, time, sequence, previous, value_of(event) or b"")
    CHAINS.setdefault((*named, sequence), link.hash)
    texts = {
        "ce_specversion": "1.0",
        "ce_id": str(event_id),
        "ce_source": "mente/tests",
        "ce_type": event.type,
        "ce_time": time,
        "ce_subject": event.key,
        "ce_dataschema": event.dataschema(),
        "ce_sequence": str(sequence),
        "ce_previoushash": previous,
        "content-type": "application/json",
    }
    return [(name, text.encode()) for name, text in texts.items()]


def value_of(event: Event) -> bytes | None:
    """The bytes that the relay publishes; those of a state too."""
    return event.model_dump_json(exclude_none=True).encode() if event.is_state else body(event)


class Bus:
    """A producer and readers on one broker."""

    def __init__(self, kafka: str) -> None:
        self.kafka = kafka
        self._producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)

    async def __aenter__(self) -> "Bus":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def send(self, topic: str, events: Sequence[tuple[Event, int]], **ids: UUID) -> None:
        """Publish events with their sequence numbers, in order."""
        in_order = sorted(range(len(events)), key=lambda place: events[place][1])
        headers = {place: headers_of(*events[place], topic=topic, **ids) for place in in_order}
        for place, (event, _) in enumerate(events):
            await self.raw(topic, event.key.encode(), value_of(event), headers[place])

    async def raw(
        self, topic: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> None:
        """Publish any bytes."""
        await self._producer.send_and_wait(topic, value, key=key, headers=headers)

    async def read(self, topic: str, count: int, within: float = 60):
        """The first `count` records of a topic; fewer when they do not come in time (seconds)."""
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=self.kafka, auto_offset_reset="earliest")
        await consumer.start()
        found = []
        try:
            async with asyncio.timeout(within):
                while len(found) < count:
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found += records
        except TimeoutError:
            pass
        finally:
            await consumer.stop()
        return found


async def until(check, within: float = 60, every: float = 0.05):
    """Poll an async check until it is true; its value, or AssertionError after `within` seconds."""
    value = None
    try:
        async with asyncio.timeout(within):
            while not (value := await check()):
                await asyncio.sleep(every)
    except TimeoutError:
        raise AssertionError(f"not within {within} s: {check}") from None
    return value
