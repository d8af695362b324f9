"""A client that no record can stop."""

import asyncio
from typing import Any, cast

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

Records = list[ConsumerRecord[Any, Any]]
Found = dict[TopicPartition, Records]
MOST_RECORDS = 500
log = structlog.get_logger()


class SteppingConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """Steps over a record that the client library cannot decode, after telling where it stands.

    A header name that is not UTF-8 fails inside the library again and again and stops the partition; no
    parser sees it. What the same call had taken from other partitions is dropped there, although their
    positions have moved: so they go back. It also waits for records itself, so that an idle loop does not
    sleep past one.
    """

    def __init__(self, *topics: str, undecodable: dict[str, Any], **options: Any) -> None:
        super().__init__(*topics, **options)
        self._undecodable = undecodable

    async def getmany(self, *, timeout_ms: int = 0, max_records: int | None = None) -> Found:
        """As the library's, of every partition whose position is known, but never stuck on one record."""
        before = self._positions()
        if not before:
            await asyncio.sleep(0.05)
            return {}
        try:
            return await self._library_getmany(
                *before, timeout_ms=max(timeout_ms, 400), max_records=max_records
            )
        except (ConsumerStoppedError, asyncio.CancelledError):
            raise
        except Exception as error:
            mine = self.assignment()
            for place, position in before.items():
                if place in mine:
                    self.seek(place, position)
            if isinstance(error, KafkaError):
                raise
            log.error("record-undecodable", error=type(error).__name__)
        return await self._one_by_one((max_records or MOST_RECORDS) // len(before) + 1)

    def _positions(self) -> dict[TopicPartition, int]:
        """Of the partitions that have one; asking the library would wait for the others."""
        owned = self._subscription.subscription and self._subscription.subscription.assignment
        states = {place: owned.state_value(place) for place in owned.tps} if owned else {}
        return {place: state.position for place, state in states.items() if state.has_valid_position}

    async def _library_getmany(self, *partitions: TopicPartition, **options: Any) -> Found:
        return cast(Found, await super().getmany(*partitions, **options))

    async def _one_by_one(self, most: int) -> Found:
        """Of each partition, at most `most` records that stand before the next one that cannot be read."""
        found: Found = {}
        for place in self._positions():
            try:
                records = await self._up_to_the_unreadable(place, most)
            except Exception:
                if not found:
                    raise
                break
            if records:
                found[place] = records
        return found

    async def _up_to_the_unreadable(self, place: TopicPartition, most: int) -> Records:
        records: Records = []
        while len(records) < most and await self.position(place) < (self.highwater(place) or 0):
            try:
                found = await self._library_getmany(place, timeout_ms=2000, max_records=1)
            except Exception as error:
                if not records:
                    if isinstance(error, KafkaError):
                        raise
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
