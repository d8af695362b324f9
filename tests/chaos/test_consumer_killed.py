"""F3: a service's consumer is killed between its commit and its offset."""

import asyncio
import random
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from shared.contracts.applications import TOPIC
from shared.contracts.topics import APPLICATIONS, Topic
from tests.chaos.programs.starting import Programs, ended
from tests.support import invariants
from tests.support.bus import Bus, fresh_topic
from tests.support.groups import bury
from tests.support.ledger import Ledger
from tests.support.observing import CASES, MESSAGES, OUTBOX, Told, fetch, inbox, progress, read_all
from tests.support.quiet import until_read
from tests.support.readers import fresh_service
from tests.support.samples import an_application_submitted, an_application_withdrawn

KILLS = 3


@dataclass(frozen=True)
class Outcome:
    """How many events there were, and what the checks found."""

    events: int
    breaches: list[str]


@dataclass(frozen=True)
class Scene:
    """Which build of which service is killed how often; `ledger` is a reader without keys of its own."""

    service: str
    build: str = "product"
    kills: int = KILLS


SCENES = {
    "review": Scene("review"),
    "notify": Scene("notify"),
    "acknowledges first": Scene("review", "acknowledges-first", kills=1),
    "without inbox": Scene("ledger", "without-inbox", kills=1),
}


@pytest.fixture(scope="module")
async def outcomes(stack):
    """All scenes side by side, because every one starts processes again and again."""
    seed = random.randrange(1 << 32)
    print(f"\nseed {seed}: consumers killed")
    found = await asyncio.gather(*(play(stack, scene, random.Random(seed)) for scene in SCENES.values()))
    return dict(zip(SCENES, found, strict=True))


@pytest.mark.parametrize("service", ["review", "notify"])
async def test_a_killed_consumer_loses_and_doubles_no_effect(
    stack, rng, outcomes, figures, service, repetition
):
    outcome = outcomes[service] if repetition == 0 else await play(stack, SCENES[service], rng)
    assert not outcome.breaches, outcome.breaches[:20]
    figures("F3", service=service, events=outcome.events, kills=KILLS, lost=0, doubled=0)


async def test_the_check_catches_a_consumer_that_acknowledges_before_it_commits(outcomes):
    assert any("0 cases" in breach for breach in outcomes["acknowledges first"].breaches)


async def test_the_check_catches_a_consumer_without_an_inbox(outcomes):
    assert any("was noted 2 times" in breach for breach in outcomes["without inbox"].breaches)


async def play(stack, scene: Scene, rng: random.Random) -> Outcome:
    """Let consumers read one topic and die one after the other; the last one lives and finishes."""
    if scene.service == "ledger":
        ledger = await Ledger.open(stack, keys=0)
        told = await kill_readers(stack, scene, rng, ledger.url, ledger.topic)
        breaches = await ledger.noted_twice()
        await ledger.database.close()
        return Outcome(len(told), breaches)
    dsn, database = await fresh_service(stack, scene.service)
    await database.close()
    topic = await fresh_topic(stack.stack.kafka, APPLICATIONS)
    told = await kill_readers(stack, scene, rng, dsn, topic)
    return Outcome(len(told), await judge(scene.service, dsn, topic.name, told))


async def kill_readers(stack, scene: Scene, rng: random.Random, dsn: str, topic: Topic) -> list[Told]:
    """Publish events while readers die; wait until the last one has read them all; what was published."""
    kafka = stack.stack.kafka
    group = f"{'intake' if scene.service == 'ledger' else scene.service}.{topic.name}"
    arguments = (scene.build, scene.service, topic.name, dsn, kafka)
    stop = asyncio.Event()
    async with Bus(kafka) as bus, Programs.open(stack.stack.logs_folder) as programs:
        pouring = asyncio.create_task(pour(bus, topic.name, scene.service, stop))
        for _ in range(scene.kills):
            assert await ended(programs.start("consumer", *arguments, rng.randint(1, 3))) == -9
            await bury(kafka, [group])
        stop.set()
        await pouring
        programs.start("consumer", *arguments, 0)
        await until_read(kafka, group, topic)
    return [replace(Told.of(record), topic=TOPIC) for record in await read_all(kafka, [topic.name])]


async def pour(bus: Bus, topic: str, service: str, stop: asyncio.Event) -> None:
    """Publish the first events of ever new keys."""
    make = an_application_withdrawn if service == "ledger" else an_application_submitted
    while not stop.is_set():
        await bus.send(topic, [(make(uuid7()), 1) for _ in range(5)])
        await asyncio.sleep(0.03)


async def judge(service: str, dsn: str, topic: str, told: list[Told]) -> list[str]:
    """I3 or I6 of one service's database, and I4 and I7 of what it has applied."""
    keys, events = [one.key for one in told], [one.event_id for one in told]
    applied = {(TOPIC, key): n for (name, key), n in (await progress(dsn, keys)).items() if name == topic}
    handled = frozenset((TOPIC, one) for name, one in await inbox(dsn, events) if name == topic)
    ids = [UUID(key) for key in keys]
    breaches = [
        *invariants.each_reader_has_applied_all(told, {service: applied}),
        *invariants.outbox_bus_and_readers_agree(as_outbox(told), told, {service: handled}),
    ]
    if service == "notify":
        return breaches + invariants.each_message_is_told_once(told, await fetch(dsn, MESSAGES, ids), [])
    opened = [Told.stated(row) for row in await fetch(dsn, OUTBOX, keys)]
    cases = await fetch(dsn, CASES, ids)
    return breaches + invariants.each_application_is_one_task(ids, cases, opened, {})


def as_outbox(told: list[Told]) -> list[dict]:
    """The events as an outbox would hold them: here the test itself is the writer."""
    return [{"topic": one.topic, "event_id": one.event_id} for one in told]
