"""A client that no record can stop."""

import asyncio
from typing import Any, cast

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, CorruptRecordException, KafkaError

Records = list[ConsumerRecord[Any, Any]]
Found = dict[TopicPartition, Records]
MOST_RECORDS = 500
log = structlog.get_logger()


class SteppingConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """Steps over a record that the client library cannot decode, after telling where it stands.

    A header name that is not UTF-8 fails inside the library again and again and stops the partition; no
    parser sees it, and what follows it in its batch fails with it. What the same call had taken from other
    partitions is dropped there, although their positions have moved: so they go back. It also waits for
    records itself, so that an idle loop does not sleep past one.
    """

    def __init__(self, *topics: str, undecodable: dict[str, Any], **options: Any) -> None:
        super().__init__(*topics, **options)
        self._undecodable = undecodable
        self._turns = 0

    async def getmany(self, *, timeout_ms: int = 0, max_records: int | None = None) -> Found:
        """As the library's, of every partition whose position is known, but never stuck on one record."""
        before = self._positions()
        try:
            # Without positions at most one record: the library drops nothing before it has taken something.
            return await self._library_getmany(
                *before, timeout_ms=max(timeout_ms, 400), max_records=max_records if before else 1
            )
        except (ConsumerStoppedError, asyncio.CancelledError):
            raise
        except Exception as error:
            mine = self.assignment()
            for place, position in before.items():
                if place in mine:
                    self.seek(place, position)
            if isinstance(error, KafkaError) and not isinstance(error, CorruptRecordException):
                raise
            log.error("record-undecodable", error=type(error).__name__)
        return await self._next_in_turn(max_records or MOST_RECORDS)

    def _positions(self) -> dict[TopicPartition, int]:
        """Of the partitions that have one; asking the library would wait for the others."""
        owned = self._subscription.subscription and self._subscription.subscription.assignment
        states = {place: owned.state_value(place) for place in owned.tps} if owned else {}
        return {place: state.position for place, state in states.items() if state.has_valid_position}

    async def _library_getmany(self, *partitions: TopicPartition, **options: Any) -> Found:
        return cast(Found, await super().getmany(*partitions, **options))

    async def _next_in_turn(self, most: int) -> Found:
        """Of the next partition that has something, what stands before a record that cannot be read.

        One partition at a time: a rebalance in between cannot take away one and leave another.
        """
        places = sorted(self._positions())
        failed: Exception | None = None
        for _ in places:
            self._turns += 1
            place = places[self._turns % len(places)]
            try:
                if records := await self._up_to_the_unreadable(place, most):
                    return {place: records}
            except (KafkaError, ConsumerStoppedError) as error:
                failed = error  # a corrupt record stays; the other partitions go on
        if failed is not None:
            raise failed
        return {}

    async def _up_to_the_unreadable(self, place: TopicPartition, most: int) -> Records:
        records: Records = []
        while len(records) < most and await self.position(place) < (self.highwater(place) or 0):
            try:
                found = await self._library_getmany(place, timeout_ms=2000, max_records=1)
            except (KafkaError, ConsumerStoppedError):
                if not records:
                    raise
                break
            except Exception:
                if not records:
                    await self._step_over(place)
                break
            if not found:
                break
            records += found[place]
        return records

    async def _step_over(self, place: TopicPartition) -> None:
        position = await self.position(place)
        park, offsets = self._undecodable[place.topic]
        await park(place, position)
        self.seek(place, position + 1)
        offsets.store(self, {place: position + 1})
