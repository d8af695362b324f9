"""Review between real Kafka and real PostgreSQL: what every handler owes, and a whole process."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from uuid import UUID, uuid4

import httpx

from deploy.local.ports import choose
from deploy.local.stack import service_environment
from services.review.actions import Shelf
from services.review.app import MIGRATIONS
from services.review.consumer import consumers
from shared.contracts.applications import MaterialSupplied
from shared.contracts.cases import CaseOpened
from shared.contracts.topics import APPLICATIONS, CALENDARS, CASES, POLICIES
from shared.postgres import migrate
from tests.support.bus import Bus, until
from tests.support.handler_behaviour import HandlerBehaviour
from tests.support.private import told
from tests.support.review_desk import PUBLISHED, a_database
from tests.support.samples import NOON, an_application_submitted, an_application_withdrawn

ROWS = "SELECT application_id, state, dossier, events, due_on FROM cases ORDER BY application_id"
STATED = "SELECT key, type, sequence, body FROM outbox ORDER BY key, sequence"


class TestReviewHandlers(HandlerBehaviour):
    async def open(self, servers):
        database = await a_database(servers)
        reading = consumers(lambda: NOON, Shelf())
        return database, next(one for one in reading if one.topic is APPLICATIONS)

    def events(self, count):
        ids = [UUID(int=n + 1) for n in range(count)]
        return [
            (an_application_submitted(one, acceptance_no=f"26{one.int:014d}", person_id=one), 1)
            for one in ids
        ]

    async def effects(self, database):
        return [tuple(row) for row in await database.fetch(ROWS)]

    async def test_a_redelivered_application_states_no_second_event(self, servers):
        ((event, sequence),) = self.events(1)
        async with self.consuming(servers) as (database, consumer, bus):
            await bus.send(consumer.topic.name, [(event, sequence)] * 3)
            await self.settled(servers, consumer)
            rows = await database.fetch(STATED)
            assert [row["type"] for row in rows if row["key"] == event.key] == ["case-opened"]

    async def test_an_application_withdrawn_at_once_is_opened_and_closed_in_one_batch(self, servers):
        ((event, _),) = self.events(1)
        async with self.consuming(servers) as (database, consumer, bus):
            late = told(
                MaterialSupplied, application_id=event.application_id, round=1, materials=[], occurred_at=NOON
            )
            gone = an_application_withdrawn(event.application_id)
            await bus.send(consumer.topic.name, [(event, 1), (late, 2), (gone, 3)])

            async def closed():
                return await database.fetchval("SELECT status = 'closed' FROM cases")

            await until(closed)
            rows = await database.fetch(STATED)
            assert [(row["sequence"], row["type"]) for row in rows] == [
                (1, "case-opened"),
                (2, "case-closed"),
            ]

    async def test_a_region_without_a_policy_waits_and_its_neighbours_flow_on(self, servers):
        events = self.events(3)
        stranger = an_application_submitted(region="nowhere")
        async with self.consuming(servers) as (database, consumer, bus):
            await bus.send(consumer.topic.name, [(stranger, 1), *events])
            await self.reached(database, 3)
            codes = await until(lambda: database.fetch("SELECT code FROM parked"))
            assert [row["code"] for row in codes] == ["policy-unknown"]


async def test_a_process_opens_a_case_from_the_bus_and_says_so_on_the_bus(servers, kafka):
    url = await servers.fresh_database("review")
    await migrate(url, MIGRATIONS)
    port = choose(["review-test"], {})["review-test"]
    settings = service_environment(servers.stack, "review") | {
        "MENTE_DATABASE_URL": url,
        "MENTE_HTTP_PORT": str(port),
    }
    application = an_application_submitted(uuid4())
    async with Bus(kafka) as bus:
        await bus.send(APPLICATIONS.name, [(application, 1)])
        process = await review("serve", **settings)
        for event in PUBLISHED:
            await bus.send(event.topic, [(event, 1)])
        ready = f"http://127.0.0.1:{port}/health/ready"
        await until(lambda: is_ready(ready), within=60)
        opened = await until(lambda: said_on_the_bus(bus, application.key), within=60)
        async with httpx.AsyncClient() as client:
            gauges = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert CaseOpened.read(opened.value).acceptance_no == application.acceptance_no
    assert "review_cases_waiting" in gauges
    assert process.returncode == 0, said.decode()
    lines = [json.loads(line) for line in said.decode().splitlines()]
    ours = [line for line in lines if not line.get("logger", "").startswith("aiokafka")]
    assert {line["level"] for line in ours} <= {"info", "warning"}, ours
    assert {event.topic for event in PUBLISHED} == {POLICIES.name, CALENDARS.name}


async def test_a_process_without_settings_says_what_is_missing():
    process = await review("serve")
    _, said = await asyncio.wait_for(process.communicate(), 20)
    needed = ("DATABASE_URL", "HTTP_PORT", "KAFKA", "MASTER_KEYS", "OIDC_AUDIENCE", "OIDC_ISSUER")
    missing = ", ".join(f"MENTE_{name}" for name in needed)
    assert process.returncode == 2
    assert said.decode().strip() == f"review needs usable {missing} in its environment"


async def review(*arguments: str, **settings: str) -> asyncio.subprocess.Process:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(sys.path), **settings}
    command = (sys.executable, "-m", "services.review", *arguments)
    return await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)


async def is_ready(address: str) -> bool:
    async with httpx.AsyncClient() as client:
        with suppress(httpx.TransportError):
            return (await client.get(address)).status_code == 200
    return False


async def said_on_the_bus(bus: Bus, key: str):
    records = await bus.read(CASES.name, 100_000, within=3)
    return next((record for record in records if record.key == key.encode()), None)
