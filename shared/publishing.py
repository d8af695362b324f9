"""Outbox rows as Kafka records: CloudEvents 1.0 in binary mode, sent in whole batches per partition."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import murmur2

from shared.postgres import Database, Row

BATCH_BYTES = 256 * 1024


Outgoing = Row | dict[str, Any]
"""A row of the outbox, or one whose body was read later."""


Bodies = Callable[[Database, Collection[str]], Awaitable[Mapping[str, bytes]]]
"""Reads the bodies of states, as they stand now, by key; one that is gone is missing."""


async def with_states(
    database: Database, states: Mapping[str, Bodies], rows: Sequence[Row]
) -> Sequence[Outgoing]:
    """Give the rows of states, by type of event, the body that they have now."""
    found: dict[tuple[str, str], bytes] = {}
    for kind, bodies in states.items():
        if keys := {row["key"] for row in rows if row["type"] == kind}:
            found |= {(kind, key): body for key, body in (await bodies(database, keys)).items()}
    if not found:
        return rows
    return [{**row, "body": found.get((row["type"], row["key"]), row["body"])} for row in rows]


class Publisher:
    """An idempotent producer that keeps the order of the rows it is given within each partition."""

    def __init__(self, kafka: str, service: str) -> None:
        self._source = f"mente/{service}".encode()
        self._producer = AIOKafkaProducer(
            bootstrap_servers=kafka,
            client_id=f"{service}-relay",
            acks="all",
            enable_idempotence=True,
            linger_ms=0,  # the relay hands over whole batches: waiting for more would only add delay
            max_batch_size=BATCH_BYTES,
            max_request_size=2 * 1024 * 1024,
            compression_type="zstd",
            request_timeout_ms=8_000,  # less than a process has to end
        )

    async def start(self) -> None:
        """Connect; raises KafkaError while no broker answers."""
        await self._producer.start()

    async def stop(self, grace: float) -> None:
        """Disconnect; what is not acknowledged within `grace` seconds is left to the next publisher."""
        stopping = asyncio.create_task(self._producer.stop())
        await asyncio.wait({stopping}, timeout=grace)
        if not stopping.done():
            await self._abandon()
        await stopping

    async def _abandon(self) -> None:
        """Let go of what waits: the library alone would go on for ever, and reach an unidentified broker."""
        sending = self._producer._sender.sender_task
        if sending is None:
            return
        # What is on its way comes back first: a second cancellation, or a batch gone, would break the sender.
        sending.cancel()
        await asyncio.wait({sending})
        accumulator = self._producer._message_accumulator
        for batch in (*chain.from_iterable(accumulator._batches.values()), *accumulator._pending_batches):
            batch.future.cancel()

    async def enqueue(self, rows: Sequence[Outgoing]) -> list[asyncio.Future[Any]]:
        """Hand all rows over, in order; the returned futures resolve when the broker has them on disk.

        Raises KafkaError when a topic does not exist or a batch is refused.
        """
        by_partition: dict[TopicPartition, list[Outgoing]] = {}
        for row in rows:
            place = await self._partition_of(row["topic"], row["key"])
            by_partition.setdefault(place, []).append(row)
        sent = await asyncio.gather(*(self._send(place, rows) for place, rows in by_partition.items()))
        return [future for futures in sent for future in futures]

    async def _partition_of(self, topic: str, key: str) -> TopicPartition:
        partitions = self._producer.client.cluster.partitions_for_topic(topic)
        if not partitions:
            partitions = await self._producer.partitions_for(topic)
        return TopicPartition(topic, partition_of(key, len(partitions)))

    async def _send(self, place: TopicPartition, rows: Sequence[Outgoing]) -> list[asyncio.Future[Any]]:
        futures: list[asyncio.Future[Any]] = []
        batch = self._producer.create_batch()
        for row in rows:
            record = kafka_record(row, self._source)
            if batch.append(**record) is None:
                futures.append(await self._producer.send_batch(batch, place.topic, partition=place.partition))
                batch = self._producer.create_batch()
                batch.append(**record)
        futures.append(await self._producer.send_batch(batch, place.topic, partition=place.partition))
        return futures


def kafka_record(row: Outgoing, source: bytes) -> dict[str, Any]:
    """An outbox row as Kafka takes it: CloudEvents headers, key, body, time of the event in milliseconds."""
    occurred_at = row["occurred_at"]
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(row["event_id"]).encode()),
        ("ce_source", source),
        ("ce_type", row["type"].encode()),
        ("ce_time", occurred_at.isoformat().encode()),
        ("ce_subject", row["key"].encode()),
        ("ce_dataschema", row["dataschema"].encode()),
        ("ce_sequence", b"%d" % row["sequence"]),
        ("ce_previoushash", row["previous_hash"].encode()),
        ("content-type", b"application/json"),
    ]
    if row["traceparent"]:
        headers.append(("traceparent", row["traceparent"].encode()))
    return {
        "timestamp": int(occurred_at.timestamp() * 1000),
        "key": row["key"].encode(),
        "value": row["body"],
        "headers": headers,
    }


@lru_cache(maxsize=65536)
def partition_of(key: str, partitions: int) -> int:
    """The partition of a key, by the partitioner that Kafka's own clients use."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)
