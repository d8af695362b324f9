"""What a run left behind: rows of the services' databases, records of the bus, texts at the SMS gateway."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from deploy.local.stack import Stack
from tests.support.recorder import Answer, Recorder

Row = Mapping[str, Any]

BUS = ("intake.applications", "review.cases", "notify.messages")

APPLICATIONS = "SELECT * FROM applications WHERE idempotency_key = ANY($1::text[])"
CASES = "SELECT * FROM cases WHERE application_id = ANY($1::uuid[])"
DECISIONS = "SELECT * FROM decisions WHERE application_id = ANY($1::uuid[])"
MESSAGES = "SELECT * FROM messages WHERE application_id = ANY($1::uuid[])"
OUTBOX = "SELECT * FROM outbox WHERE key = ANY($1::text[]) ORDER BY id"
PROGRESS = "SELECT topic, key, sequence FROM progress WHERE key = ANY($1::text[])"
INBOX = "SELECT topic, event_id FROM inbox WHERE event_id = ANY($1::uuid[])"
PARKED = "SELECT * FROM parked WHERE state = 'open' ORDER BY id"


@dataclass(frozen=True, slots=True)
class Told:
    """One record of the bus that one of our services wrote."""

    topic: str
    partition: int
    offset: int
    key: str
    event_id: UUID
    sequence: int
    type: str
    source: str
    body: bytes

    @classmethod
    def of(cls, record: ConsumerRecord) -> "Told":
        """Read the envelope."""
        headers = {name: value.decode() for name, value in record.headers}
        place = (record.topic, record.partition, record.offset, record.key.decode())
        told = (UUID(headers["ce_id"]), int(headers["ce_sequence"]), headers["ce_type"], headers["ce_source"])
        return cls(*place, *told, record.value)

    @classmethod
    def stated(cls, row: Row) -> "Told":
        """Take an outbox row for the record that it will become."""
        told = (row["event_id"], row["sequence"], row["type"], "")
        return cls(row["topic"], 0, row["id"], row["key"], *told, row["body"])


@dataclass(frozen=True)
class World:
    """Everything about the applications of one run."""

    applications: Sequence[Row]
    cases: Sequence[Row]
    decisions: Sequence[Row]
    messages: Sequence[Row]
    texts: Sequence[Row]
    told: Sequence[Told]
    outbox: Mapping[str, Sequence[Row]]
    progress: Mapping[str, Mapping[tuple[str, str], int]]
    inbox: Mapping[str, frozenset[tuple[str, UUID]]]
    parked: Mapping[str, Sequence[Row]] = field(default_factory=dict)


async def observe(stack: Stack, recorder: Recorder) -> World:
    """Look at everything about the submissions of a run; note the answers that came by the bus."""
    records = await read_all(stack.kafka, ("intake.receipts", *BUS))
    note_receipts(recorder, [r for r in records if r.topic == "intake.receipts"])
    keys = [key for _, key in recorder.asked]
    applications = await fetch(stack.database_as_admin("intake"), APPLICATIONS, keys)
    ids = {row["application_id"] for row in applications}
    names = {str(one) for one in ids} | {f"{channel}:{key}" for channel, key in recorder.asked}
    poisoned = {(p.topic, p.partition, p.offset) for p in recorder.poison}
    clean = [r for r in records if (r.topic, r.partition, r.offset) not in poisoned]
    told = [Told.of(r) for r in clean if r.key and r.key.decode(errors="replace") in names]
    events = [one.event_id for one in told]
    databases = {service: stack.database_as_admin(service) for service in ("intake", "review", "notify")}
    return World(
        applications=applications,
        cases=await fetch(databases["review"], CASES, ids),
        decisions=await fetch(databases["review"], DECISIONS, ids),
        messages=await fetch(databases["notify"], MESSAGES, ids),
        texts=await sent_texts(stack.sms_url),
        told=told,
        outbox={name: await fetch(url, OUTBOX, names) for name, url in databases.items()},
        progress={name: await progress(url, names) for name, url in databases.items()},
        inbox={name: await inbox(url, events) for name, url in databases.items()},
        parked={name: await fetch(url, PARKED) for name, url in databases.items()},
    )


async def fetch(url: str, sql: str, *values: Collection[Any]) -> list[Row]:
    """Run one statement on a database."""
    connection = await asyncpg.connect(url)
    try:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=orjson.loads)
        return [dict(row) for row in await connection.fetch(sql, *map(list, values))]
    finally:
        await connection.close()


async def progress(url: str, keys: Iterable[str]) -> dict[tuple[str, str], int]:
    """How far a reader has come, by topic and key."""
    return {(row["topic"], row["key"]): row["sequence"] for row in await fetch(url, PROGRESS, list(keys))}


async def inbox(url: str, events: Sequence[UUID]) -> frozenset[tuple[str, UUID]]:
    """Which of these events a reader has handled, with their topics."""
    return frozenset((row["topic"], row["event_id"]) for row in await fetch(url, INBOX, events))


async def sent_texts(sms_url: str) -> list[Row]:
    """What the simulated gateway has taken."""
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        return list((await http.get(f"{sms_url}/sent")).json())


async def read_all(kafka: str, topics: Iterable[str]) -> list[ConsumerRecord]:
    """Every record that is on these topics now, in the order of each partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [
            TopicPartition(topic, number) for topic in topics for number in await _partitions(consumer, topic)
        ]
        ends = await consumer.end_offsets(places)
        consumer.assign([place for place in places if ends[place]])
        found: dict[TopicPartition, list[ConsumerRecord]] = defaultdict(list)
        for place in consumer.assignment():
            while (await consumer.position(place)) < ends[place]:
                for where, records in (await consumer.getmany(timeout_ms=200)).items():
                    found[where] += records
        return [record for records in found.values() for record in records]
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[int]:
    known = (await consumer._client.fetch_all_metadata()).partitions_for_topic(topic)
    return sorted(known or ())


def note_receipts(recorder: Recorder, records: Iterable[ConsumerRecord]) -> None:
    """Add the answers of the bus to the recorder's, each event once."""
    seen = set()
    for one in map(Told.of, records):
        channel, _, key = one.key.partition(":")
        if (channel, key) in recorder.asked and one.event_id not in seen:
            seen.add(one.event_id)
            recorder.answers[channel, key].append(_answer(one))


def _answer(one: Told) -> Answer:
    body = orjson.loads(one.body)
    if one.type == "submission-received":
        return Answer(201, orjson.dumps(body["receipt"]))
    return Answer(409, one.body)
