"""A batch of records is settled: handled, dropped as a repeat, or parked; never lost, never in the way."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from shared import inbox, parked
from shared.errors import Refused, Unavailable, Unreadable
from shared.inbox import Consumer
from shared.postgres import AWAY, PASSING, Database
from shared.received import Received

TRIES = 5
IN_A_ROW = 20
"""So many records parked one after the other mean that the reader is broken, not the records."""

PASSES: tuple[type[BaseException], ...] = (*PASSING, Unavailable)
log = structlog.get_logger()
Batch = Sequence[ConsumerRecord[bytes | None, bytes | None]]


class ReaderBroken(Exception):
    """Record after record failed: the deploy is bad, so the consumer stops and says so."""


class Settler:
    """Settles the batches of one consumer."""

    def __init__(
        self,
        database: Database,
        consumer: Consumer,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._consumer = consumer
        self._read = consumer.reader
        self._sleep = sleep
        self._failed_in_a_row = 0
        self._foreign = consumer.topic.writer == "channels"

    async def settle(self, records: Batch) -> None:
        """Handle every record or park it; raises ReaderBroken after 20 failures in a row.

        Raises Unavailable when the database stays away: nothing was settled then, read the batch again.
        """
        readable: list[Received[Any]] = []
        for record in records:
            try:
                readable.append(self._read(record))
            except Unreadable as error:
                await self._park(record, None, (error.code, error.detail, 1))
        if readable:
            await self._settle(readable)

    async def park_undecodable(self, place: TopicPartition, offset: int) -> None:
        """Park the place of a record whose bytes the client library cannot hand over."""
        record = ConsumerRecord(
            topic=place.topic,
            partition=place.partition,
            offset=offset,
            timestamp=0,
            timestamp_type=0,
            key=None,
            value=None,
            checksum=None,
            serialized_key_size=-1,
            serialized_value_size=-1,
            headers=(),
        )
        await self._park(record, None, ("header-key-unreadable", "a header name in its batch is no text", 1))

    async def _settle(self, batch: Sequence[Received[Any]]) -> None:
        try:
            keys_to_drain = await self._with_patience(batch)
        except _GivenUp as given_up:
            if len(batch) == 1:
                await self._park(batch[0].record, batch[0], given_up.why)
                return
            middle = len(batch) // 2
            await self._settle(batch[:middle])
            await self._settle(batch[middle:])
            return
        self._failed_in_a_row = 0
        for key in keys_to_drain:
            await parked.redrive(self._database, self._consumer, key, ("reader", "the gap was filled"))

    async def _with_patience(self, batch: Sequence[Received[Any]]) -> set[str]:
        """Try until it works, or until it is clear that it will not."""
        tries, pause = 0, 0.05
        while True:
            tries += 1
            try:
                return await self._commit(batch)
            except AWAY as error:
                log.warning("database-away", error=type(error).__name__, group=self._consumer.group)
                if pause > 5:
                    raise Unavailable("database-away", "the database stays away") from error
                tries -= 1
            except PASSES as error:
                if tries >= (TRIES if len(batch) == 1 else 2):
                    raise _GivenUp(error, tries) from error
            except Exception as error:
                # Tried once more when alone: a database that dies in mid-statement fails in many ways.
                if tries >= (2 if len(batch) == 1 else 1):
                    raise _GivenUp(error, tries) from error
            await self._sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311
            pause *= 2

    async def _commit(self, batch: Sequence[Received[Any]]) -> set[str]:
        async with self._database.transaction() as tx:
            found = await inbox.enter(tx, self._consumer, batch)
            await inbox.handle(tx, self._consumer, found.due)
            for received in found.held:
                await parked.park(
                    tx, received.record, received, ("held", "an earlier event of this key waits", 0)
                )
            for received in found.broken:
                await parked.park(tx, received.record, received, (inbox.BROKEN, inbox.NO_LINK, 0))
            for received in found.early:
                await parked.park(tx, received.record, received, ("gap", "an earlier event is missing", 0))
        for received in found.broken:
            log.error("chain-broken", topic=received.topic, key=received.key, sequence=received.sequence)
        for received in found.early:
            log.error("event-too-early", topic=received.topic, key=received.key, sequence=received.sequence)
        return found.filled_gaps

    async def _park(
        self,
        record: ConsumerRecord[bytes | None, bytes | None],
        received: Received[Any] | None,
        why: tuple[str, str, int],
    ) -> None:
        """Park one record and its inbox row together: a copy of it on another offset is then a repeat."""
        while True:
            try:
                async with self._database.transaction() as tx:
                    if received is not None:
                        await tx.fetch(inbox.ENTER, [received.event_id], received.topic)
                    is_new = await parked.park(
                        tx, record, received, why, hold=not self._consumer.topic.stands_alone
                    )
                break
            except AWAY:
                await self._sleep(1)
        if not is_new:
            return  # the batch was given back after this record had been parked
        place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        log.error("record-parked", code=why[0], reason=why[1], **place)
        if received is None and self._foreign:
            return  # whoever writes there may write rubbish: that says nothing about this reader
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= IN_A_ROW:
            raise ReaderBroken(f"{self._failed_in_a_row} records in a row failed on {record.topic}")


class _GivenUp(Exception):
    """A batch will not go through as it is; `why` is what the parked row says."""

    def __init__(self, error: BaseException, tries: int) -> None:
        super().__init__(str(error))
        if isinstance(error, Refused | Unavailable | Unreadable):
            self.why = (error.code, error.detail, tries)
        else:
            # A driver's message may quote values, and values are personal data: the class name has to do.
            self.why = ("handler-failed", f"{type(error).__module__}.{type(error).__name__}", tries)
