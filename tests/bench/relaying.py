"""B3: the outbox relay against a raw idempotent producer of the same bytes."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer
from prometheus_client import REGISTRY

from shared import outbox
from shared.contracts.topics import APPLICATIONS
from shared.postgres import Database, migrate
from shared.relay import Relay
from tests.bench.pairs import Comparison, Goal, alternate
from tests.bench.place import Place
from tests.support.bus import fresh_topic, headers_of
from tests.support.samples import an_application_submitted

ROWS = 60_000
FILL = """
INSERT INTO outbox (event_id, topic, key, type, dataschema, sequence, previous_hash, occurred_at, body)
SELECT gen_random_uuid(), $1, gen_random_uuid()::text, 'application-submitted',
       'urn:mente:application-submitted:1', 1, repeat('0', 64),
       now(), $2 FROM generate_series(1, $3)"""
TRICKLE = 50


async def relay_rate(place: Place) -> Comparison:
    """Events per second from a full outbox to acknowledged, while inserts go on (500 rows a second)."""
    database = await _database(place)
    topic = (await fresh_topic(place.kafka, APPLICATIONS, partitions=12)).name
    event = an_application_submitted()
    body = outbox.body(event)
    goal = Goal(0.20, 0.45, 0.70)
    comparison = Comparison("B3", "outbox relay / raw idempotent confluent produce", "events/s", goal)
    aio: list[float] = []

    async def ours() -> float:
        await database.execute(FILL, topic, body, ROWS)
        return await _drain(database, place.kafka, topic, body)

    async def bare() -> float:
        aio.append(await _aiokafka(place.kafka, topic, body, headers_of(event, 1)))
        return await asyncio.to_thread(_confluent, place.kafka, topic, body, headers_of(event, 1))

    await ours()
    await alternate(comparison, ours, bare)
    comparison.extra["body bytes"] = len(body)
    comparison.extra["aiokafka send events/s"] = round(sorted(aio)[len(aio) // 2])
    comparison.extra["ratio to aiokafka send"] = round(sorted(comparison.a)[2] / sorted(aio)[2], 2)
    await database.close()
    return comparison


async def _database(place: Place) -> Database:
    url = await place.running.fresh_database("intake")
    await migrate(url, [Path(outbox.__file__).parent / "migrations"])
    return await Database.open(url, name="bench")


async def _drain(database: Database, kafka: str, topic: str, body: bytes) -> float:
    async def trickle() -> None:
        while True:
            await database.execute(FILL, topic, body, TRICKLE)
            await asyncio.sleep(TRICKLE / 500)

    def published() -> float:
        return REGISTRY.get_sample_value("outbox_published_total") or 0

    relay = asyncio.create_task(Relay(database, service="bench", kafka=kafka).run())
    inserting = asyncio.create_task(trickle())
    before = published()
    while published() == before:
        await asyncio.sleep(0.001)
    began, first = time.perf_counter(), published()
    while published() - before < ROWS:
        await asyncio.sleep(0.001)
    rate = (published() - first) / (time.perf_counter() - began)
    inserting.cancel()
    for task in (inserting, relay):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return rate


def _confluent(kafka: str, topic: str, body: bytes, headers: list[tuple[str, bytes]]) -> float:
    settings = {"enable.idempotence": True, "acks": "all", "compression.type": "zstd", "linger.ms": 5}
    producer = Producer(
        {
            "bootstrap.servers": kafka,
            "queue.buffering.max.messages": 500_000,
            "batch.size": 262_144,
            **settings,
        }
    )
    keys = [str(uuid4()).encode() for _ in range(ROWS)]
    failed: list[object] = []
    began = time.perf_counter()
    for key in keys:
        producer.produce(
            topic, body, key, headers=headers, on_delivery=lambda error, _: error and failed.append(error)
        )
        producer.poll(0)
    producer.flush(60)
    if failed:
        raise SystemExit(f"the raw producer failed: {failed[0]}")
    return ROWS / (time.perf_counter() - began)


async def _aiokafka(kafka: str, topic: str, body: bytes, headers: list[tuple[str, bytes]]) -> float:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka,
        enable_idempotence=True,
        acks="all",
        linger_ms=5,
        max_batch_size=262_144,
        compression_type="zstd",
    )
    await producer.start()
    keys = [str(uuid4()).encode() for _ in range(ROWS // 3)]
    began = time.perf_counter()
    for at in range(0, len(keys), 500):
        sent = [await producer.send(topic, body, key=key, headers=headers) for key in keys[at : at + 500]]
        await asyncio.gather(*sent)
    rate = len(keys) / (time.perf_counter() - began)
    await producer.stop()
    return rate
