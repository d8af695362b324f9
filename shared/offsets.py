"""How far a consumer group has come: told to Kafka after PostgreSQL has committed, beside the next batch."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka.message import KafkaAckableMessage
from faststream.message import StreamMessage

log = structlog.get_logger()

PAUSE = 1.0
"""Seconds between two commits of a group: what a crash makes Kafka send again is dropped as a repeat."""

PATIENCE = 2.0
"""Seconds that a commit may take when the consumer must go on: the library would try for ever."""


class Offsets:
    """Tells Kafka how far a group has come, now and then and beside the work."""

    def __init__(self, *, pause: float = PAUSE, patience: float = PATIENCE) -> None:
        self._pause = pause
        self._patience = patience
        self._after: dict[TopicPartition, int] = {}
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def store(self, consumer: AIOKafkaConsumer, after: Mapping[TopicPartition, int]) -> None:
        """Remember the places up to which all is settled, and tell them soon."""
        self._after |= after
        if self._task is None or self._task.done():
            self._hurry.clear()
            self._task = asyncio.create_task(self._tell(consumer))

    async def stored(self) -> None:
        """Tell it now; what cannot be told within 2 s is left to be repeated."""
        self._hurry.set()
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=self._patience)
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _tell(self, consumer: AIOKafkaConsumer) -> None:
        while self._after:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._pause)
            after, self._after = self._after, {}
            # Whoever was given a place meanwhile tells it; naming it here would fail them all.
            mine = consumer.assignment()
            told = {place: offset for place, offset in after.items() if place in mine}
            try:
                if told:
                    await consumer.commit(told)
            except KafkaError as error:
                log.warning("offsets-not-stored", error=type(error).__name__)


class Settled(KafkaAckableMessage):
    """A batch whose acknowledgement does not keep the next one waiting."""

    offsets: Offsets

    @classmethod
    def of(cls, records: Any, consumer: Any, offsets: Offsets) -> Self:
        """A batch as FastStream passes it on; its records are read elsewhere."""
        message = cls(
            body=b"",
            raw_message=records,
            consumer=consumer,
            headers={},
            batch_headers=[],
            message_id="",
            correlation_id="",
            reply_to="",
            content_type=None,
            path={},
        )
        message.offsets = offsets
        return message

    async def ack(self) -> None:
        """Store the offsets of the batch, soon; a nack instead goes back to its beginning."""
        after = {TopicPartition(one.topic, one.partition): one.offset + 1 for one in self.raw_message}
        self.offsets.store(self.consumer, after)
        await StreamMessage.ack(self)


class DrainOnRevoke(ConsumerRebalanceListener):  # type: ignore[misc]
    """Lets the running batch and its commit end before partitions move to another process."""

    def __init__(self, offsets: Offsets) -> None:
        self.busy = asyncio.Lock()
        self.offsets = offsets

    async def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ARG002
        """Wait for the batch that is being settled, and for its offsets."""
        async with self.busy:
            await self.offsets.stored()

    async def end(self) -> None:
        """The same before the consumer leaves its group; a batch that takes over 3 s is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                await self.on_partitions_revoked(())

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Nothing to prepare."""
