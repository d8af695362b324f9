"""B6 and B7: how soon and how fast review has a case."""

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Self
from uuid import UUID, uuid4

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from services.review import app as review
from services.review import consumer as review_consumer
from services.review.actions import Shelf
from shared import outbox
from shared.contracts.applications import ApplicationSubmitted
from shared.contracts.topics import APPLICATIONS
from shared.kafka import Consumption
from shared.postgres import Database, migrate
from tests.bench.load import open_loop
from tests.bench.pairs import Comparison, Goal, alternate
from tests.bench.place import Place
from tests.support.bus import fresh_topic, headers_of, until
from tests.support.samples import an_application_submitted

RATE = 100
SECONDS = 6
EVENTS = 20_000
ACCEPTED = """
SELECT application_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS committed
FROM applications WHERE submitted_at > $1"""
"""The 201 is sent right after this commit."""

QUEUED = """
SELECT application_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS seen
FROM cases WHERE opened_at > $1"""


async def visible_latency(place: Place, port: int) -> Comparison:
    """B6: the 99th percentile from the 201 until review's queue shows the case, at 100 a second."""
    goal = Goal(6, 3, 2, higher=False)
    comparison = Comparison("B6", "p99 201 → in the review queue / raw produce → consume", "ms", goal)
    requests = place.requests(port)
    await requests.prepare()
    intake = await asyncpg.connect(place.running.database("intake"))
    review_database = await asyncpg.connect(place.running.database("review"))
    p50: list[float] = []

    async def ours() -> float:
        began = datetime.now(UTC)
        result = await open_loop([port], requests.submissions(RATE * SECONDS), RATE)
        if set(result.statuses) != {201}:
            raise SystemExit(f"not every request was answered 201: {result.statuses}")
        seen = await _seen(review_database, began, RATE * SECONDS)
        rows = await intake.fetch(ACCEPTED, began)
        waits = sorted(1000 * (seen[row["application_id"]] - row["committed"]) for row in rows)
        p50.append(waits[len(waits) // 2])
        return waits[int(len(waits) * 0.99)]

    async with Raw(place.kafka) as raw:
        await ours()
        await raw.latency()
        await alternate(comparison, ours, raw.latency)
    comparison.extra["our p50 ms"] = round(sorted(p50)[len(p50) // 2], 2)
    await intake.close()
    await review_database.close()
    return comparison


async def quiet(place: Place) -> None:
    """Wait until review has opened a case for every application there is."""
    intake = await asyncpg.connect(place.running.database("intake"))
    review_database = await asyncpg.connect(place.running.database("review"))
    total = await intake.fetchval("SELECT count(*) FROM applications")

    async def complete() -> bool:
        return bool(await review_database.fetchval("SELECT count(*) FROM cases") >= total)

    await until(complete, within=180, every=0.5)
    await intake.close()
    await review_database.close()


async def _seen(database: asyncpg.Connection, since: datetime, count: int) -> dict[UUID, float]:
    """When each case was committed, once all are there (unix seconds)."""

    async def all_there() -> list[asyncpg.Record] | None:
        found = await database.fetch(QUEUED, since)
        return found if len(found) >= count else None

    return {row["application_id"]: row["seen"] for row in await until(all_there, within=60, every=0.2)}


class Raw:
    """A bare producer and a bare consumer on a topic of their own, connected and warm."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self._body = outbox.body(an_application_submitted())

    async def __aenter__(self) -> Self:
        self._topic = (await fresh_topic(self._kafka, APPLICATIONS, partitions=12)).name
        self._producer = AIOKafkaProducer(bootstrap_servers=self._kafka, acks="all", enable_idempotence=True)
        self._consumer = AIOKafkaConsumer(
            self._topic, bootstrap_servers=self._kafka, auto_offset_reset="earliest"
        )
        await self._producer.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._producer.stop()
        await self._consumer.stop()

    async def latency(self) -> float:
        """The 99th percentile from produce to consume in milliseconds, at the same rate."""
        waits: list[float] = []

        async def read() -> None:
            while len(waits) < RATE * SECONDS:
                for records in (await self._consumer.getmany(timeout_ms=500)).values():
                    now = time.perf_counter()
                    waits.extend(now - float(r.headers[0][1]) for r in records)

        reading = asyncio.create_task(read())
        began = time.perf_counter()
        for number in range(RATE * SECONDS):
            await asyncio.sleep(max(0, began + number / RATE - time.perf_counter()))
            headers = [("sent", str(time.perf_counter()).encode())]
            await self._producer.send(self._topic, self._body, key=uuid4().bytes, headers=headers)
        await asyncio.wait_for(reading, 30)
        return sorted(waits)[int(len(waits) * 0.99)] * 1000


async def consumer_rate(place: Place) -> Comparison:
    """B7: cases opened per second from a full topic, against getmany and the same insert."""
    comparison = Comparison(
        "B7", "review consumer / raw getmany + the same batched insert", "events/s", Goal(0.4, 0.7, 0.9)
    )
    documents = await Database.open(place.running.database("review"), name="bench")
    catalog = await documents.fetch("SELECT * FROM catalog_documents")
    await documents.close()
    topic = await fresh_topic(place.kafka, APPLICATIONS, partitions=12)
    await _fill(place.kafka, topic.name)
    rows: list[asyncpg.Record] = []

    async def ours() -> float:
        database = await _review_database(place, catalog)
        one = next(c for c in review_consumer.consumers(review.now, Shelf()) if c.topic is APPLICATIONS)
        consumer = replace(one, topic=topic, service=f"bench-{uuid4().hex[:8]}")
        task = asyncio.create_task(Consumption(place.kafka, database, [consumer]).run())
        rate = await _opened(database)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        if not rows:
            rows.extend(await database.fetch("SELECT * FROM cases"))
        await database.close()
        return rate

    async def bare() -> float:
        database = await _review_database(place, catalog)
        task = asyncio.create_task(_raw_consumer(place.kafka, topic.name, database, rows))
        rate = await _opened(database)
        await task
        await database.close()
        return rate

    await ours()
    return await alternate(comparison, ours, bare)


async def _review_database(place: Place, catalog: list[asyncpg.Record]) -> Database:
    url = await place.running.fresh_database("review")
    await migrate(url, review.MIGRATIONS)
    database = await Database.open(url, name="bench")
    names = list(catalog[0].keys())
    places = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    for row in catalog:
        await database.execute(f"INSERT INTO catalog_documents ({', '.join(names)}) VALUES ({places})", *row)
    return database


async def _opened(database: Database) -> float:
    """Cases per second, from the first commit that is seen to the last."""

    async def count() -> int:
        return int(await database.fetchval("SELECT count(*) FROM cases"))

    first = await until(count, within=60, every=0.005)
    began = time.perf_counter()

    async def complete() -> bool:
        return await count() >= EVENTS

    await until(complete, within=120, every=0.02)
    return (EVENTS - first) / (time.perf_counter() - began)


async def _fill(kafka: str, topic: str) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", enable_idempotence=True, compression_type="zstd"
    )
    await producer.start()
    sent = []
    for _ in range(EVENTS):
        event = an_application_submitted()
        headers = headers_of(event, 1)
        sent.append(await producer.send(topic, outbox.body(event), key=event.key.encode(), headers=headers))
    await asyncio.gather(*sent)
    await producer.stop()


RAW_INSERT = """
INSERT INTO cases (application_id, region, status, stage, due_on, due_provisional, sequence, state, events,
                   dossier, opened_at, changed_at)
SELECT id, region, status, stage, due_on, provisional, sequence, state::jsonb, events::jsonb, dossier::jsonb,
       now(), now()
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::boolean[], $7::bigint[],
            $8::text[], $9::text[], $10::text[])
     AS new (id, region, status, stage, due_on, provisional, sequence, state, events, dossier)"""


async def _raw_consumer(kafka: str, topic: str, database: Database, like: list[asyncpg.Record]) -> None:
    """Read, parse by the contract, insert a row of the same bytes, commit the offset; nothing else."""
    row = like[0]
    state, events, dossier = (orjson.dumps(row[name]).decode() for name in ("state", "events", "dossier"))
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka,
        group_id=f"raw-{uuid4().hex[:8]}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    done = 0
    while done < EVENTS:
        batches = (await consumer.getmany(timeout_ms=500, max_records=500)).values()
        read = [ApplicationSubmitted.read(record.value) for records in batches for record in records]
        if not read:
            continue
        n = len(read)
        async with database.transaction() as tx:
            await tx.execute(
                RAW_INSERT,
                [event.application_id for event in read],
                [event.region for event in read],
                *([row[name]] * n for name in ("status", "stage", "due_on", "due_provisional", "sequence")),
                *([text] * n for text in (state, events, dossier)),
            )
        await consumer.commit()
        done += n
    await consumer.stop()
