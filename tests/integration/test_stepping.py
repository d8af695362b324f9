"""A consumer that no record can stop, on a topic of real Kafka."""

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import CorruptRecordException

from shared.contracts.topics import APPLICATIONS
from shared.offsets import Offsets
from shared.stepping import SteppingConsumer
from tests.support.bus import fresh_topic, until
from tests.support.poison import send_unreadable_header_names


async def test_what_was_taken_from_other_partitions_beside_an_unreadable_record_is_taken_again(servers):
    topic = (await fresh_topic(servers.stack.kafka, APPLICATIONS)).name
    sent, read = [], []
    async with _stepping(servers.stack.kafka, topic) as (consumer, stepped_over):
        for unreadable in range(4):
            sent += await _send_to_each(servers.stack.kafka, topic)
            await send_unreadable_header_names(servers.stack.kafka, topic, [unreadable])
            await asyncio.sleep(1)  # the client fetches ahead, so that one call finds them all

            async def all_read():
                read.extend(await _read(consumer))
                return set(read) >= set(sent) and len(stepped_over) == unreadable + 1  # noqa: B023

            await until(all_read, within=20)
    assert sorted(read) == sorted(sent)


async def test_a_partition_that_is_corrupt_on_disk_keeps_no_other_from_being_read(servers):
    topic = (await fresh_topic(servers.stack.kafka, APPLICATIONS)).name
    sent = await _send_to_each(servers.stack.kafka, topic)
    (segment,) = (servers.stack.home / "kafka").rglob(f"{topic}-2/*.log")
    raw = bytearray(segment.read_bytes())
    raw[-2] ^= 1
    segment.write_bytes(raw)
    read = []
    async with _stepping(servers.stack.kafka, topic) as (consumer, stepped_over):

        async def others_read():
            with suppress(CorruptRecordException):
                read.extend(await _read(consumer))
            return len(read) == 3

        await until(others_read, within=20)
        with pytest.raises(CorruptRecordException):
            await until(partial(_read, consumer), within=20)
    assert sorted(read) == sorted(place for place in sent if place[0] != 2)
    assert stepped_over == []


@asynccontextmanager
async def _stepping(kafka, topic):
    stepped_over, offsets = [], Offsets()

    async def park(place, offset):
        stepped_over.append((place.partition, offset))

    options = {"group_id": topic, "auto_offset_reset": "earliest", "enable_auto_commit": False}
    undecodable = {topic: (park, offsets)}
    async with SteppingConsumer(
        topic, undecodable=undecodable, bootstrap_servers=kafka, **options
    ) as consumer:
        yield consumer, stepped_over
        await offsets.stored()


async def _send_to_each(kafka, topic):
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        done = [await producer.send_and_wait(topic, b"{}", partition=partition) for partition in range(4)]
    return [(one.partition, one.offset) for one in done]


async def _read(consumer):
    found = await consumer.getmany(max_records=500)
    return [(record.partition, record.offset) for records in found.values() for record in records]
