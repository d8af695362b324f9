"""Waits until nothing moves any more: outboxes published, topics read, messages sent; bounded."""

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.stack import SERVICES, Stack
from shared.contracts.topics import TOPICS, Topic
from tests.support.bus import until
from tests.support.groups import id_of
from tests.support.observing import fetch

OUTBOX = """
SELECT coalesce((SELECT max(id) FROM outbox), 0) AS last, cursor, jsonb_array_length(holes) AS holes
FROM relay_checkpoint"""
QUEUE = """
SELECT count(*) AS waiting FROM messages WHERE channel = 'sms' AND state IN ('queued', 'sending', 'sent')"""


async def until_quiet(stack: Stack, within: float = 120) -> None:
    """Return when two looks in a row find nothing under way; AssertionError after `within` seconds."""
    before, found = None, None
    try:
        async with asyncio.timeout(within):
            while True:
                before, found = found, await _look(stack)
                if found == before and not found["under way"]:
                    return
                await asyncio.sleep(0.3)
    except TimeoutError:
        raise AssertionError(f"not quiet within {within} s: {found}") from None


async def _look(stack: Stack) -> dict[str, object]:
    under_way = [*await _unpublished(stack), *await _unread(stack), *await _unsent(stack)]
    last = [(await fetch(stack.database_as_admin(name), OUTBOX))[0]["last"] for name in SERVICES]
    return {"under way": under_way, "outboxes": last}


async def _unpublished(stack: Stack) -> list[str]:
    gaps = []
    for name in SERVICES:
        (row,) = await fetch(stack.database_as_admin(name), OUTBOX)
        if row["cursor"] < row["last"] or row["holes"]:
            gaps.append(f"{name} has published {row['cursor']} of {row['last']}, {row['holes']} holes")
    return gaps


async def _unsent(stack: Stack) -> list[str]:
    (row,) = await fetch(stack.database_as_admin("notify"), QUEUE)
    return [f"{row['waiting']} texts wait"] if row["waiting"] else []


async def _unread(stack: Stack) -> list[str]:
    pairs = [(f"{name}.{t.name}", t) for t in TOPICS for name in set(t.readers) & set(SERVICES)]
    try:
        return await behind(stack.kafka, pairs)
    except (KafkaError, OSError, TimeoutError) as error:
        return [f"Kafka: {type(error).__name__}"]


async def until_read(kafka: str, group: str, topic: Topic, within: float = 120) -> None:
    """Wait until a group has read a topic to its end and said so."""

    async def read() -> bool:
        return not await behind(kafka, [(group, topic)])

    await until(read, within, every=0.2)


async def behind(kafka: str, pairs: Iterable[tuple[str, Topic]]) -> list[str]:
    """Which groups have not read their topics to the end."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, request_timeout_ms=5000)
    reader = AIOKafkaConsumer(bootstrap_servers=kafka)
    found = []
    try:
        await admin.start()
        await reader.start()
        for group, topic in pairs:
            places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
            ends = await reader.end_offsets(places)
            committed = await admin.list_consumer_group_offsets(await id_of(admin, group))
            read = {place: max(0, one.offset) for place, one in committed.items()}
            left = sum(max(0, end - read.get(place, 0)) for place, end in ends.items())
            found += [f"{group} is {left} behind"] if left else []
        return found
    finally:
        await reader.stop()
        await admin.close()
