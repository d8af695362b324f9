"""The way every service consumes, tried with a small handler on real PostgreSQL and Kafka."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiokafka import ConsumerRecord
from prometheus_client import REGISTRY

from shared import inbox, outbox, parked
from shared import postgres as postgres_module
from shared.contracts.applications import ApplicationSubmitted, ApplicationWithdrawn
from shared.contracts.topics import APPLICATIONS
from shared.errors import Unavailable
from shared.inbox import Consumer
from shared.postgres import Database, migrate
from shared.settling import IN_A_ROW, ReaderBroken, Settler
from tests.support.bus import headers_of, until
from tests.support.handler_behaviour import HandlerBehaviour
from tests.support.poison import send_unreadable_header_names
from tests.support.samples import NOON, an_application_submitted, an_application_withdrawn

SHARED = Path(postgres_module.__file__).parent / "migrations"
SEEN = "CREATE TABLE seen (key text, type text, at bigint GENERATED ALWAYS AS IDENTITY)"
BROKEN = UUID(int=666)


class Handlers:
    """Writes down what it is given; breaks on one id until it is mended, and on one waits for another."""

    def __init__(self):
        self.mended = False
        self.known = True

    async def on_submitted(self, tx, received):
        if not self.mended and any(r.event.application_id == BROKEN for r in received):
            raise KeyError("a bug on one id")
        if not self.known:
            raise Unavailable("not-yet", "something is not there yet")
        await self.write(tx, received)

    async def on_withdrawn(self, tx, received):
        await self.write(tx, received)

    async def write(self, tx, received):
        rows = [(r.key, r.type) for r in received]
        await tx.executemany("INSERT INTO seen (key, type) VALUES ($1, $2)", rows)


class TestConsuming(HandlerBehaviour):
    @pytest.fixture(autouse=True)
    def _handlers(self):
        self.handlers = Handlers()

    async def open(self, servers):
        url = await servers.fresh_database("review")
        await migrate(url, [SHARED])
        database = await Database.open(url, name="test")
        await database.execute(SEEN)
        handlers = {
            ApplicationSubmitted: self.handlers.on_submitted,
            ApplicationWithdrawn: self.handlers.on_withdrawn,
        }
        return database, Consumer("review", APPLICATIONS, handlers)

    def events(self, count):
        return [(an_application_submitted(UUID(int=n), person_id=UUID(int=n)), 1) for n in range(count)]

    async def effects(self, database):
        return sorted((r["key"], r["type"]) for r in await database.fetch("SELECT key, type FROM seen"))

    async def in_order(self, database, key):
        rows = await database.fetch("SELECT type FROM seen WHERE key = $1 ORDER BY at", str(key))
        return [row["type"] for row in rows]

    async def test_what_follows_a_parked_event_waits_behind_it_and_is_redriven_in_order(self, servers):
        others = self.events(5)
        async with self.consuming(servers) as (database, consumer, bus):
            story = [(an_application_submitted(BROKEN), 1), (an_application_withdrawn(BROKEN), 2)]
            await bus.send(consumer.topic.name, [story[0], *others, story[1]])
            await self.reached(database, len(others))

            async def both_wait():
                return await parked.count_open(database) == 2

            await until(both_wait)
            codes = [row["code"] for row in await parked.open_records(database)]
            assert codes == ["handler-failed", "held"]
            who = ("operator", "the bug is mended")
            with pytest.raises(KeyError):
                await parked.redrive(database, consumer, str(BROKEN), who)
            self.handlers.mended = True
            assert await parked.redrive(database, consumer, str(BROKEN), who, dry_run=True) == 1
            assert await self.in_order(database, BROKEN) == []
            assert await parked.redrive(database, consumer, str(BROKEN), who) == 2
            assert await self.in_order(database, BROKEN) == ["application-submitted", "application-withdrawn"]
            assert await parked.count_open(database) == 0

    async def test_a_place_that_another_broker_gave_away_again_is_parked_again(self, servers):
        database, consumer = await self.open(servers)

        def record(timestamp):
            return ConsumerRecord(
                consumer.topic.name, 0, 7, timestamp, 0, b"k", b"{", None, 1, 1, [("ce_id", b"x")]
            )

        kept = []
        for timestamp in (1_700_000_000_000, 1_700_000_000_000, 1_800_000_000_000):
            async with database.transaction() as tx:
                kept.append(await parked.park(tx, record(timestamp), None, ("unreadable", "no event", 1)))
        await database.close()
        assert kept == [True, False, True]

    async def test_after_a_parked_record_is_discarded_the_next_one_can_be_handled(self, servers):
        async with self.consuming(servers) as (database, consumer, bus):
            story = [(an_application_submitted(BROKEN), 1), (an_application_withdrawn(BROKEN), 2)]
            await bus.send(consumer.topic.name, story)

            async def both_wait():
                return await parked.count_open(database) == 2

            await until(both_wait)
            row = (await parked.open_records(database))[0]
            await parked.discard(database, row["id"], ("operator", "written by a broken channel"))
            await parked.redrive(database, consumer, str(BROKEN), ("operator", "go on"))
            assert await self.in_order(database, BROKEN) == ["application-withdrawn"]
            assert await database.fetchval("SELECT count(body) FROM parked") == 0, "the bytes go"

    async def test_an_event_that_overtook_its_predecessor_waits_for_it(self, servers):
        key = uuid4()
        first = an_application_submitted(key)
        async with self.consuming(servers) as (database, consumer, bus):
            headers = headers_of(first, 1, topic=consumer.topic.name)
            await bus.send(consumer.topic.name, [(an_application_withdrawn(key), 2)])

            async def waits():
                return await parked.count_open(database) == 1

            await until(waits)
            await bus.raw(consumer.topic.name, str(key).encode(), outbox.body(first), headers)
            await self.reached(database, 2)
            assert await self.in_order(database, key) == ["application-submitted", "application-withdrawn"]

    async def test_what_waits_for_a_gap_goes_on_when_the_process_ended_right_after_filling_it(self, servers):
        database, consumer = await self.open(servers)
        settler, key = Settler(database, consumer), uuid4()
        events = [an_application_submitted(key), an_application_withdrawn(key)]
        first, second = (
            replace(_record(consumer, event, place, place), key=str(key).encode(), value=outbox.body(event))
            for place, event in enumerate(events, 1)
        )
        await settler.settle([second])
        async with database.transaction() as tx:
            found = await inbox.enter(tx, consumer, [consumer.reader(first)])
            await inbox.handle(tx, consumer, found.due)
        assert await parked.count_open(database) == 1
        await settler.settle([first])
        assert await self.in_order(database, key) == ["application-submitted", "application-withdrawn"]
        assert await parked.count_open(database) == 0
        await database.close()

    async def test_an_event_that_does_not_name_its_predecessor_waits_for_a_human(self, servers):
        key = uuid4()
        events = [an_application_submitted(key), an_application_withdrawn(key), an_application_withdrawn(key)]
        async with self.consuming(servers) as (database, consumer, bus):
            topic = consumer.topic.name
            headers = [headers_of(event, place, topic=topic) for place, event in enumerate(events, 1)]
            forged = [outbox.body(event) for event in events]
            forged[0] = forged[0].replace(b'"panzhihua"', b'"shangrao"')
            for raw, named in zip(forged, headers, strict=True):
                await bus.raw(topic, str(key).encode(), raw, named)
            await self.settled(servers, consumer)
            assert await self.in_order(database, key) == ["application-submitted"]
            codes = [row["code"] for row in await parked.open_records(database)]
            assert codes == ["chain-broken", "held"]
            assert (
                await parked.redrive(database, consumer, str(key), ("auditor", "compared with intake")) == 2
            )
            assert len(await self.in_order(database, key)) == 3

    async def test_an_event_whose_ground_is_missing_is_tried_five_times_and_then_waits(self, servers):
        self.handlers.known = False
        async with self.consuming(servers) as (database, consumer, bus):
            await bus.send(consumer.topic.name, self.events(1))

            async def waits():
                return await parked.count_open(database) == 1

            await until(waits)
            (row,) = await parked.open_records(database)
            assert (row["code"], row["attempts"]) == ("not-yet", 5)

    async def test_twenty_failures_in_a_row_stop_the_consumer_and_say_so(self, servers):
        database, consumer = await self.open(servers)
        settler = Settler(database, consumer)
        event = an_application_submitted(BROKEN)
        rows = [_record(consumer, event, n) for n in range(30)]
        with pytest.raises(ReaderBroken):
            await settler.settle(rows)
        assert await parked.count_open(database) == 20
        await database.close()

    async def test_a_header_name_that_is_not_text_costs_no_other_record(self, servers):
        rounds, each, partitions = 3, 20, 4
        events = self.events(rounds * each)
        async with self.consuming(servers) as (database, consumer, bus):
            for start in range(0, len(events), each):
                await bus.send(consumer.topic.name, events[start : start + each])
                await send_unreadable_header_names(
                    servers.stack.kafka, consumer.topic.name, range(partitions)
                )
            await self.settled(servers, consumer)
            assert len(await self.effects(database)) == len(events)
            assert await parked.count_open(database) == rounds * partitions
            codes = {row["code"] for row in await parked.open_records(database)}
            assert codes == {"header-key-unreadable"}

    async def test_one_unreadable_header_name_after_the_other_stops_the_consumer_and_is_told(self, servers):
        async with self.consuming(servers) as (database, consumer, _):
            await send_unreadable_header_names(servers.stack.kafka, consumer.topic.name, [0] * (IN_A_ROW + 5))

            async def stopped():
                return REGISTRY.get_sample_value("consumer_stopped", {"group": consumer.group})

            await until(stopped)
            assert await parked.count_open(database) == IN_A_ROW


def _record(consumer, event, offset, sequence=1):
    return ConsumerRecord(
        topic=consumer.topic.name,
        partition=0,
        offset=offset,
        timestamp=int((NOON + timedelta(seconds=offset)).timestamp() * 1000),
        timestamp_type=0,
        key=b"k%d" % offset,
        value=b"{",
        checksum=None,
        serialized_key_size=1,
        serialized_value_size=1,
        headers=tuple(headers_of(event, sequence, topic=consumer.topic.name)),
    )
