"""The outbox relay on real PostgreSQL and Kafka."""

import asyncio
import random
from collections import defaultdict
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from shared import outbox
from shared.contracts.topics import APPLICATIONS
from shared.postgres import Database, migrate
from shared.relay import Relay
from tests.support.bus import Bus, fresh_topic, until
from tests.support.samples import an_application_submitted

SHARED = Path(outbox.__file__).parent / "migrations"
KEYS = "CREATE TABLE keys (key uuid PRIMARY KEY, sequence bigint NOT NULL DEFAULT 0)"
DRAW = "UPDATE keys SET sequence = sequence + 1 WHERE key = $1 RETURNING sequence"


@pytest.fixture
async def database(servers):
    url = await servers.fresh_database("intake")
    await migrate(url, [SHARED])
    database = await Database.open(url, name="test", size=40)
    await database.execute(KEYS)
    yield database
    await servers.discard(database)


@pytest.fixture
async def topic(kafka):
    return await fresh_topic(kafka, APPLICATIONS)


@asynccontextmanager
async def relaying(database, kafka, **options):
    task = asyncio.create_task(Relay(database, service="test", kafka=kafka, **options).run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def state(database, topic, key, *, hold=0.0, fail=False):
    """One action: lock the key, state its next event, perhaps think for a while, perhaps fail."""
    async with database.transaction() as tx:
        await tx.execute(DRAW, key)
        event = an_application_submitted(key)
        await outbox.add(tx, [event])
        await tx.execute("UPDATE outbox SET topic = $1 WHERE key = $2 AND topic <> $1", topic.name, str(key))
        await asyncio.sleep(hold)
        if fail:
            raise ZeroDivisionError


async def some_keys(database, count):
    keys = [uuid4() for _ in range(count)]
    await database.execute("INSERT INTO keys (key) SELECT unnest($1::uuid[])", keys)
    return keys


def sequences(records):
    found = defaultdict(list)
    for record in records:
        found[record.key.decode()].append(int(dict(record.headers)["ce_sequence"]))
    return found


async def test_events_are_published_once_committed_with_their_envelope(database, kafka, topic):
    (key,) = await some_keys(database, 1)
    async with Bus(kafka) as bus, relaying(database, kafka):
        await state(database, topic, key)
        (record,) = await bus.read(topic.name, 1)
    headers = {name: value.decode() for name, value in record.headers}
    assert record.key.decode() == headers["ce_subject"] == str(key)
    assert headers["ce_type"] == "application-submitted"
    assert headers["ce_dataschema"] == "urn:mente:application-submitted:1"
    assert headers["ce_source"] == "mente/test"
    assert headers["ce_sequence"] == "1"


async def test_thirty_writers_on_hot_keys_lose_double_and_invert_nothing(database, kafka, topic):
    """Slow transactions, roll-backs and reused keys, while the relay runs."""
    seed = 4711
    rng = random.Random(seed)
    keys = await some_keys(database, 12)
    committed = 0

    async def writer():
        nonlocal committed
        for _ in range(20):
            fail = rng.random() < 0.1
            with suppress(ZeroDivisionError):
                await state(database, topic, rng.choice(keys), hold=rng.choice([0, 0, 0.01, 0.2]), fail=fail)
                committed += 1

    async with Bus(kafka) as bus, relaying(database, kafka):
        await asyncio.gather(*(writer() for _ in range(30)))
        records = await bus.read(topic.name, committed)
        for numbers in sequences(records).values():
            assert numbers == list(range(1, len(numbers) + 1)), f"seed {seed}"
        assert len(records) == committed

        async def holes_are_gone():
            return not await database.fetchval("SELECT jsonb_array_length(holes) FROM relay_checkpoint")

        await until(holes_are_gone)


async def test_of_two_relays_one_works_and_the_other_takes_over(database, kafka, topic):
    keys = await some_keys(database, 5)
    async with Bus(kafka) as bus, relaying(database, kafka) as first, relaying(database, kafka):
        for key in keys:
            await state(database, topic, key)
        assert len(await bus.read(topic.name, 5)) == 5
        first.cancel()
        for key in keys:
            await state(database, topic, key)
        records = await bus.read(topic.name, 10)
    assert all(numbers == [1, 2] for numbers in sequences(records).values())
    assert len(records) == 10


async def test_a_deposed_relay_stores_nothing(database, kafka, topic):
    (key,) = await some_keys(database, 1)
    async with Bus(kafka) as bus, relaying(database, kafka):
        await state(database, topic, key)
        await bus.read(topic.name, 1)
        await database.execute("UPDATE relay_checkpoint SET epoch = epoch + 1, lease_until = 'infinity'")
        cursor = await database.fetchval("SELECT cursor FROM relay_checkpoint")
        await state(database, topic, key)
        await asyncio.sleep(2)
        assert await database.fetchval("SELECT cursor FROM relay_checkpoint") == cursor


async def test_a_broker_with_another_identity_is_filled_from_the_outbox_again(database, kafka, topic):
    keys = await some_keys(database, 3)
    async with Bus(kafka) as bus:
        async with relaying(database, kafka):
            for key in keys:
                await state(database, topic, key)
            await bus.read(topic.name, 3)

            async def stored():
                return await database.fetchval("SELECT cursor > 0 FROM relay_checkpoint")

            await until(stored)
        await database.execute("UPDATE relay_checkpoint SET cluster_id = 'another cluster'")
        async with relaying(database, kafka):
            assert len(await bus.read(topic.name, 6)) == 6


async def test_partitions_are_made_ahead_and_dropped_behind(database):
    from shared.outbox_partitions import PARTITIONS, ROWS, keep_partitions

    await database.execute(f"ALTER TABLE outbox ALTER COLUMN id RESTART WITH {ROWS * 7}")
    (key,) = await some_keys(database, 1)
    await database.fetchval("SELECT nextval('outbox_id_seq')")
    await keep_partitions(database, floor=ROWS * 7)
    numbers = [row["number"] for row in await database.fetch(PARTITIONS)]
    assert numbers == [3, 4, 5, 6, 7, 8, 9, 10]
    async with database.transaction() as tx:
        await tx.execute(DRAW, key)
        await outbox.add(tx, [an_application_submitted(key)])
    assert await database.fetchval("SELECT count(*) FROM outbox") == 1
