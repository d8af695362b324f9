"""The records of topics as links of their chains, straight from Kafka and hundreds at a time."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import cast

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from shared.chain import Link

AT_ONCE = 500
"""Records; more at once take longer each, because they no longer fit into the caches of a core."""

PAUSE = 0.2
"""Seconds that a batch which is not full is waited for."""

PATIENCE = 10.0
"""Seconds that Kafka may take to answer."""


class KafkaSilent(Exception):
    """Kafka did not answer, or not to the end."""


@dataclass(frozen=True, slots=True)
class Span:
    """The records of one partition from offset `begin` up to `end`, which is not part of it."""

    topic: str
    partition: int
    begin: int
    end: int


def spans_of(kafka: str, topics: Iterable[str]) -> list[Span]:
    """Everything that is on these topics now; raises KafkaSilent."""
    consumer = _consumer(kafka)
    try:
        found = []
        for topic in topics:
            for partition in consumer.list_topics(topic, PATIENCE).topics[topic].partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), PATIENCE)
                found.append(Span(topic, partition, low, high))
        return found
    except KafkaException as error:
        raise KafkaSilent(str(error.args[0])) from None
    finally:
        consumer.close()


def cluster_of(kafka: str) -> str:
    """The identity of the cluster that answers; raises KafkaSilent."""
    consumer = _consumer(kafka)
    try:
        return str(consumer.list_topics(timeout=PATIENCE).cluster_id)
    except KafkaException as error:
        raise KafkaSilent(str(error.args[0])) from None
    finally:
        consumer.close()


def records_of(
    kafka: str, spans: Iterable[Span], at_once: int = AT_ONCE
) -> Generator[list[Message], None, None]:
    """Batches of records, in order within each partition, until every span is read; raises KafkaSilent."""
    left = {(span.topic, span.partition): span.end for span in spans if span.begin < span.end}
    consumer = _consumer(kafka)
    consumer.assign([TopicPartition(s.topic, s.partition, s.begin) for s in spans if s.begin < s.end])
    heard = time.monotonic()
    try:
        while left:
            batch = consumer.consume(at_once, PAUSE)
            if batch:
                heard = time.monotonic()
            elif time.monotonic() - heard > PATIENCE:
                raise KafkaSilent(f"no record came for {PATIENCE:.0f} s; {len(left)} partitions are not read")
            yield [message for message in batch if message.error() is None]
            for place, offset in _reached(batch).items():
                if offset >= left.get(place, offset + 1):
                    del left[place]
    finally:
        consumer.close()


def link_of(message: Message) -> Link | None:
    """The record as a link of its chain; None when it is no event of ours."""
    try:
        headers = dict(cast("list[tuple[str, bytes]]", message.headers() or []))
        return Link(
            topic=str(message.topic()),
            key=bytes(message.key() or b"").decode(),
            event_id=headers["ce_id"].decode(),
            type=headers["ce_type"].decode(),
            time=headers["ce_time"].decode(),
            sequence=int(headers["ce_sequence"]),
            previous=headers["ce_previoushash"].decode(),
            body=bytes(message.value() or b""),
        )
    except (KeyError, ValueError, AttributeError):
        return None


def _reached(batch: list[Message]) -> dict[tuple[str, int], int]:
    """The next offset of each partition that the batch speaks of; at its end that comes without a record."""
    reached = {}
    for message in batch:
        place = (str(message.topic()), int(message.partition() or 0))
        reached[place] = int(message.offset() or 0) + (message.error() is None)
    return reached


def _consumer(kafka: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": "audit",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            # What waits to be read is bounded, so that a long log needs no more memory than a short one.
            "fetch.message.max.bytes": 256 * 1024,
            "fetch.max.bytes": 1024 * 1024,
            "queued.max.messages.kbytes": 2 * 1024,
            "fetch.queue.backoff.ms": 2,
        }
    )
