"""F18: every record three times, shuffled across keys, and all of it again from the beginning."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest
from aiokafka import ConsumerRecord

from shared.contracts.topics import APPLICATIONS, CASES, Topic
from shared.kafka import Consumption
from shared.postgres import Database
from tests.chaos.builds import RemembersNothing
from tests.chaos.conftest import LONG
from tests.chaos.run import Run
from tests.support.bus import Bus, fresh_topic
from tests.support.dumping import dump
from tests.support.groups import rewind
from tests.support.observing import fetch, read_all
from tests.support.quiet import until_read
from tests.support.readers import fresh_service, readers

TOPICS = (APPLICATIONS, CASES)
SERVICES = {"review": (APPLICATIONS,), "notify": (APPLICATIONS, CASES), "intake": (CASES,)}
OPEN = "SELECT code, key FROM parked WHERE state = 'open'"
SUBMITTED = """
INSERT INTO applications (application_id, acceptance_no, channel, idempotency_key, body_hash, region,
    disease_code, application_type, applicant_class, person_id, policy_version, submitted_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[],
                     $8::text[], $9::text[], $10::uuid[], $11::int[], $12::timestamptz[])"""
COLUMNS = (
    *("application_id", "acceptance_no", "channel", "idempotency_key", "body_hash", "region"),
    *("disease_code", "application_type", "applicant_class", "person_id", "policy_version", "submitted_at"),
)


@dataclass(frozen=True)
class Story:
    """What the running services have put on the bus, and the rows of intake it is about."""

    records: Sequence[ConsumerRecord]
    applications: Sequence[dict]


@pytest.fixture(scope="module")
async def story(stack) -> Story:
    """Some applications: decided, withdrawn, still waiting."""
    async with Run(stack, random.Random(), LONG) as run:
        return await tell(run)


@pytest.fixture(scope="module")
async def clean(stack, story) -> dict[str, bytes]:
    """Where readers end who get every record once and in order."""
    return await replay(stack, story, Consumption, story.records)


async def tell(run: Run) -> Story:
    """Submit, decide some, withdraw some; wait until all is quiet."""
    await run.driver.burst(24)
    await run.review(6)
    decided = {str(duel.application_id) for duel in run.recorder.duels}
    receipts = [r for r in run.recorder.receipts().values() if r["application_id"] not in decided]
    for receipt in receipts[:6]:
        await run.driver.withdraw(receipt["acceptance_no"])
    world = await run.quiet()
    assert not (found := run.breaches(world)), found[:20]
    keys = {str(one).encode() for one in run.recorder.application_ids()}
    records = await read_all(run.stack.kafka, [topic.name for topic in TOPICS])
    return Story([record for record in records if record.key in keys], world.applications)


async def test_doubles_and_disorder_end_where_a_clean_run_ends(stack, rng, story, clean, figures, repetition):
    disturbed = await replay(stack, story, Consumption, disorder(story.records, rng), again=True)
    for service in SERVICES:
        assert clean[service] == disturbed[service], difference(clean[service], disturbed[service])
    lines = sum(one.count(b"\n") + 1 for one in clean.values())
    figures("F18", records=len(story.records), copies=3, lines=lines, lost=0, doubled=0)


async def test_the_check_catches_a_consumer_that_remembers_nothing(stack, rng, story, clean):
    careless = await replay(stack, story, RemembersNothing, disorder(story.records, rng), again=True)
    assert clean["intake"] != careless["intake"]


def disorder(records: Sequence[ConsumerRecord], rng: random.Random) -> list[ConsumerRecord]:
    """Every record three times in any order, but that first copies of a key keep theirs."""
    queues: dict[tuple[str, bytes], list[ConsumerRecord]] = {}
    for record in records:
        queues.setdefault((record.topic, record.key), []).append(record)
    found: list[ConsumerRecord] = []
    while queues:
        place = rng.choice(sorted(queues))
        found.append(queues[place].pop(0))
        if not queues[place]:
            del queues[place]
        if rng.random() < 0.7:
            found.append(rng.choice(found))
    later = [record for record in records for _ in range(3 - found.count(record))]
    rng.shuffle(later)
    return found + later


async def replay(
    stack, story: Story, build: type[Consumption], records: Sequence[ConsumerRecord], *, again: bool = False
) -> dict[str, bytes]:
    """Let all readers take these records on fresh topics, perhaps twice; the dumps of their databases."""
    kafka = stack.stack.kafka
    topics = {topic.name: await fresh_topic(kafka, topic) for topic in TOPICS}
    async with Bus(kafka) as bus:
        for record in records:
            await bus.raw(topics[record.topic].name, record.key, record.value, list(record.headers))
    found = await asyncio.gather(*(read(stack, story, build, service, topics, again) for service in SERVICES))
    return dict(zip(SERVICES, found, strict=True))


async def read(
    stack, story: Story, build: type[Consumption], service: str, topics: dict[str, Topic], again: bool
) -> bytes:
    """Let one service read all there is, and from the beginning once more; its dump."""
    dsn, database = await fresh_service(stack, service)
    if service == "intake":
        await database.execute(SUBMITTED, *([row[name] for row in story.applications] for name in COLUMNS))
    wanted = {topic.name: topics[topic.name] for topic in SERVICES[service]}
    await read_to_the_end(stack.stack.kafka, build, service, database, wanted)
    if again:
        for topic in wanted.values():
            await rewind(stack.stack.kafka, f"{service}.{topic.name}", topic)
        await read_to_the_end(stack.stack.kafka, build, service, database, wanted)
    await database.close()
    assert not (waiting := await fetch(dsn, OPEN)), waiting
    found = await dump(dsn)
    for name, topic in wanted.items():
        found = found.replace(topic.name.encode(), name.encode())
    return b"\n".join(sorted(found.split(b"\n")))


async def read_to_the_end(
    kafka: str, build: type[Consumption], service: str, database: Database, topics: dict[str, Topic]
) -> None:
    """Run a service's consumers until they have read everything."""
    consumption = build(kafka, database, readers(service, database, topics))
    reading = asyncio.create_task(consumption.run())
    try:
        for topic in topics.values():
            await until_read(kafka, f"{service}.{topic.name}", topic)
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


def difference(one: bytes, other: bytes) -> list[bytes]:
    """The lines that are in one dump only."""
    return sorted(set(one.split(b"\n")) ^ set(other.split(b"\n")))[:10]
