"""B9: the audit of a topic against a raw consumer that only counts."""

import asyncio
import os
import time
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition

from deploy.audit.verifying import Claim, verify
from shared.contracts.topics import APPLICATIONS
from tests.bench.pairs import Comparison, Goal, alternate
from tests.bench.place import Place
from tests.support.bus import fresh_topic, headers_of, value_of
from tests.support.samples import an_application_submitted, an_application_withdrawn

KEYS = 240_000
PARTITIONS = 12


async def audit_rate(place: Place) -> Comparison:
    """Events per second of which every chain is followed by all cores, against one raw consumer's."""
    topic = (await fresh_topic(place.kafka, APPLICATIONS, partitions=PARTITIONS)).name
    await asyncio.to_thread(_fill, place.kafka, topic)
    comparison = Comparison("B9", "audit verify / raw confluent consume", "events/s", Goal(0.3, 0.6, 0.9))
    await asyncio.to_thread(_raw, place.kafka, topic)
    return await alternate(
        comparison,
        lambda: asyncio.to_thread(_audit, place.kafka, topic),
        lambda: asyncio.to_thread(_raw, place.kafka, topic),
    )


def _fill(kafka: str, topic: str) -> None:
    """Two chained events for each key."""
    producer = Producer({"bootstrap.servers": kafka, "compression.type": "zstd", "linger.ms": 20})
    for _ in range(KEYS):
        first = an_application_submitted(uuid4())
        second = an_application_withdrawn(first.application_id)
        for sequence, event in enumerate((first, second), 1):
            headers = headers_of(event, sequence, topic=topic)
            producer.produce(topic, value_of(event), event.key.encode(), headers=headers)
            producer.poll(0)
    producer.flush(60)


def _audit(kafka: str, topic: str) -> float:
    began = time.perf_counter()
    found = verify(kafka, Claim([topic]), os.cpu_count() or 1, lambda _count: None)
    seconds = time.perf_counter() - began
    if found.breaks or found.events[topic] != 2 * KEYS:
        raise SystemExit(f"the audit found {found.breaks[:1]} in {found.events[topic]} events")
    return 2 * KEYS / seconds


def _raw(kafka: str, topic: str) -> float:
    settings = {"group.id": uuid4().hex, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    consumer = Consumer({"bootstrap.servers": kafka, **settings})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    count, began = 0, time.perf_counter()
    while count < 2 * KEYS:
        count += len(consumer.consume(10_000, 1))
    rate = count / (time.perf_counter() - began)
    consumer.close()
    return rate
