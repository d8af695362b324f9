"""How far a consumer group has come: told to Kafka after PostgreSQL has committed, beside the next batch."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka.message import KafkaAckableMessage
from faststream.message import StreamMessage

log = structlog.get_logger()


PAUSE = 0.1
"""Seconds between two commits of a group: what a crash makes Kafka send again is dropped as a repeat."""


class Offsets:
    """Tells Kafka how far a group has come, now and then and beside the work."""

    def __init__(self) -> None:
        self._after: dict[TopicPartition, int] = {}
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def store(self, consumer: AIOKafkaConsumer, records: Iterable[ConsumerRecord[Any, Any]]) -> None:
        """Remember that these records are settled, and tell it soon."""
        self._after |= {
            TopicPartition(record.topic, record.partition): record.offset + 1 for record in records
        }
        if self._task is None or self._task.done():
            self._hurry.clear()
            self._task = asyncio.create_task(self._tell(consumer))

    async def stored(self) -> None:
        """Tell it now, and wait until it is told."""
        self._hurry.set()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _tell(self, consumer: AIOKafkaConsumer) -> None:
        while self._after:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), PAUSE)
            after, self._after = self._after, {}
            try:
                await consumer.commit(after)
            except KafkaError as error:
                # Whoever has the partition next meets these records again and drops them as repeats.
                log.warning("offsets-not-stored", error=type(error).__name__)


class Settled(KafkaAckableMessage):
    """A batch whose acknowledgement does not keep the next one waiting."""

    offsets: Offsets

    async def ack(self) -> None:
        """Store the offsets of the batch, soon; a nack instead goes back to its beginning."""
        self.offsets.store(self.consumer, self.raw_message)
        await StreamMessage.ack(self)


class DrainOnRevoke(ConsumerRebalanceListener):  # type: ignore[misc]
    """Lets the running batch and its commit end before partitions move to another process."""

    def __init__(self, offsets: Offsets) -> None:
        self.busy = asyncio.Lock()
        self._offsets = offsets

    async def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ARG002
        """Wait for the batch that is being settled, and for its offsets."""
        async with self.busy:
            await self._offsets.stored()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Nothing to prepare."""
