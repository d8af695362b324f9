"""What every event handler must do, whichever service it belongs to; inherited by each consumer's test."""

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from uuid_utils.compat import uuid7

from shared import parked
from shared.contracts.base import Event
from shared.inbox import Consumer
from shared.kafka import Consumption
from shared.postgres import Database
from tests.support.bus import Bus, fresh_topic, headers_of, until
from tests.support.quiet import until_read


class HandlerBehaviour:
    """Inherit, and provide what the four methods below say."""

    async def open(self, servers) -> tuple[Database, Consumer]:
        """A fresh, migrated database in the state that the events need, and the consumer under test."""
        raise TypeError

    def events(self, count: int) -> list[tuple[Event, int]]:
        """So many events of distinct keys with their sequence numbers; each has an effect."""
        raise TypeError

    async def effects(self, database: Database) -> list:
        """Everything the handler has done, in an order that does not depend on the order of events."""
        raise TypeError

    @asynccontextmanager
    async def consuming(self, servers):
        database, consumer = await self.open(servers)
        topic = await fresh_topic(servers.stack.kafka, consumer.topic)
        consumer = replace(consumer, topic=topic)
        consumption = Consumption(servers.stack.kafka, database, [consumer])
        task = asyncio.create_task(consumption.run())
        try:
            async with Bus(servers.stack.kafka) as bus:
                yield database, consumer, bus
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await servers.discard(database)

    async def reached(self, database: Database, count: int):
        async def enough():
            return len(await self.effects(database)) >= count

        await until(enough)

    async def settled(self, servers, consumer: Consumer):
        """Wait until every record that was sent is settled, on whichever partition it is."""
        await until_read(servers.stack.kafka, consumer.group, consumer.topic)

    async def test_an_event_that_comes_twice_has_one_effect(self, servers):
        (first,) = self.events(1)
        async with self.consuming(servers) as (database, consumer, bus):
            event_id = uuid7()
            for _ in range(3):
                await bus.send(consumer.topic.name, [first], event_id=event_id)
            await bus.send(consumer.topic.name, [first])
            await self.reached(database, 1)
            effects = await self.effects(database)
            await self.settled(servers, consumer)
            assert await self.effects(database) == effects
            assert await parked.count_open(database) == 0

    async def test_the_order_across_keys_does_not_matter(self, servers):
        events = self.events(12)
        ends = []
        for order in (events, random.Random(7).sample(events, len(events))):
            async with self.consuming(servers) as (database, consumer, bus):
                await bus.send(consumer.topic.name, order)
                await self.reached(database, len(events))
                ends.append(await self.effects(database))
        assert ends[0] == ends[1]

    async def test_poison_is_parked_and_its_neighbours_flow_on(self, servers):
        events = self.events(6)
        poison = {
            "bad JSON": (b"k1", b"{not json", headers_of(*events[0])),
            "deep nesting": (b"k2", b"[" * 100_000, headers_of(*events[0])),
            "no key": (None, b"{}", headers_of(*events[0])),
            "a header that is not UTF-8": (b"k3", b"{}", [*headers_of(*events[0]), ("x", b"\xff\xfe")]),
            "no headers": (b"k4", b"{}", []),
            "a body that is not UTF-8": (b"k5", b'{"a": "\xff"}', headers_of(*events[0])),
        }
        async with self.consuming(servers) as (database, consumer, bus):
            for event, (key, value, headers) in zip(events, poison.values(), strict=True):
                await bus.raw(consumer.topic.name, key, value, headers)
                await bus.send(consumer.topic.name, [event])
            await self.settled(servers, consumer)
            assert len(await self.effects(database)) == len(events)
            rows = await parked.open_records(database)
            assert len(rows) == len(poison)
            kept = {(await parked.one(database, row["id"]))["body"] for row in rows}
            assert kept == {value for _, value, _ in poison.values()}

    async def test_an_unknown_type_is_passed(self, servers):
        (first,) = self.events(1)
        async with self.consuming(servers) as (database, consumer, bus):
            headers = [
                (name, b"moon-risen" if name == "ce_type" else value) for name, value in headers_of(*first)
            ]
            await bus.raw(consumer.topic.name, b"a key", b'{"new": true}', headers)
            await self.settled(servers, consumer)
            assert await self.effects(database) == []
            assert await parked.count_open(database) == 0

    async def test_a_field_that_this_reader_does_not_know_is_passed(self, servers):
        ((event, sequence),) = self.events(1)
        async with self.consuming(servers) as (database, consumer, bus):
            body = event.model_dump_json(exclude_none=True)[:-1] + ', "a_later_field": {"x": 1}}'
            await bus.raw(consumer.topic.name, event.key.encode(), body.encode(), headers_of(event, sequence))
            await self.reached(database, 1)

    async def test_an_outage_of_the_database_delays_and_loses_nothing(self, servers):
        events = self.events(10)
        async with self.consuming(servers) as (database, consumer, bus):
            await bus.send(consumer.topic.name, events[:5])
            await asyncio.to_thread(servers.kill, "postgres")
            await bus.send(consumer.topic.name, events[5:])
            await asyncio.to_thread(servers.start, "postgres")
            await self.reached(database, len(events))
            assert len(await self.effects(database)) == len(events)
            assert await parked.count_open(database) == 0
