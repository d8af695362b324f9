"""The composition root of intake: what a process of it is made of."""

import asyncio
import secrets
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import structlog
from fastapi import FastAPI
from uuid_utils.compat import uuid7

from services.intake import actions, api, consumer
from services.intake.actions import Desk
from services.intake.actions.replaying import follow_the_rest
from services.intake.consumer import Letterbox
from services.intake.domain.numbering import RANDOM_BITS
from services.intake.domain.submitting import Draw
from services.intake.materials import Materials
from services.intake.policies import Policies
from services.intake.settings import Settings
from services.intake.store.person_keys import bodies
from services.intake.store.replaying import SEVERAL_OPEN, TABLES
from shared import edge
from shared.access import Channels
from shared.batching import Batcher
from shared.cluster import ClusterWatch
from shared.contracts.persons import PersonKeyMade
from shared.health import Check, Health
from shared.inbox import Consumer
from shared.kafka import Consumption
from shared.key_service import MasterKeys
from shared.nonces import Nonces
from shared.person_keys import PersonKeys
from shared.postgres import Database
from shared.program import SHARED_MIGRATIONS, Program
from shared.relay import Relay
from shared.replaying import Replay
from shared.sealed_submissions import SubmissionKeys
from shared.serving import Loop
from shared.signin import StaffDoor

SERVICE = "intake"
ROLES = ("all", "api", "relay", "consumer")
RELAY_REST = 0.02
"""Seconds: reviewers wait for what intake tells, so its relay rests less than the others."""
HERE = Path(__file__).parent
MIGRATIONS = (SHARED_MIGRATIONS, HERE / "migrations")
STATES = {PersonKeyMade.type: bodies}
"""What the relay reads when it publishes it."""

log = structlog.get_logger(SERVICE)


def now() -> datetime:
    """The one source of time of this process."""
    return datetime.now(UTC)


def draw() -> Draw:
    """The one source of chance of this process."""
    return Draw(uuid7(), secrets.randbits(RANDOM_BITS))


async def readers(settings: Settings, database: Database) -> list[Consumer]:
    """Everything that intake reads, for whoever handles parked records again."""
    desk = _desk(settings, database)
    await desk.policies.refresh()
    moving = consumer.consumers(desk, _letterbox(settings), now)
    return [*consumer.catalog_consumers(), *moving]


def replay() -> Replay:
    """How the state of intake is made again from the topics alone."""
    return Replay(consumer.replayers(), TABLES, prepare=(SEVERAL_OPEN,), finish=follow_the_rest)


async def serve(settings: Settings, role: str) -> None:
    """Run a process until SIGTERM or SIGINT."""
    letterbox = _letterbox(settings)
    database = await Database.open_when_there(settings.database_url, name=SERVICE)
    nonces = Nonces(settings.redis_url)
    staff = StaffDoor(settings.oidc_issuer, settings.oidc_audience)
    try:
        desk = _desk(settings, database)
        async with ClusterWatch(settings.kafka) as watch:
            process = Process(desk, letterbox, Entrances(nonces, staff), with_api=role in {"all", "api"})
            await _run(settings, role, process, watch)
    finally:
        await staff.close()
        await nonces.close()
        await database.close()


class Entrances(NamedTuple):
    """What tells a caller's first use of a signature, and who is staff."""

    nonces: Nonces
    staff: StaffDoor


class Process:
    """The loops and probes of one process, added role by role."""

    def __init__(self, desk: Desk, letterbox: Letterbox, at: Entrances, *, with_api: bool) -> None:
        self.desk = desk
        self.letterbox = letterbox
        self.nonces = at.nonces
        door = api.Door(letterbox.channels, at.nonces, now)
        self.doors = api.Doors(door, at.staff, letterbox.keys.public(), now)
        self.health = Health()
        self.loops: list[Loop] = [desk.policies.run]
        self.with_api = with_api
        self.health.add("database", desk.database.gap)
        self.health.add("policies", desk.policies.ready)

    def application(self) -> FastAPI:
        """Make the HTTP application: probes always, the API if this process has it."""
        app = edge.application("Mente intake", SERVICE, self.health, body_limits=api.BODY_LIMITS)
        if self.with_api:
            submit = partial(actions.submit_applications, self.desk, self.nonces.first_uses)
            batcher = Batcher(submit)
            api.add_routes(app, self.doors, api.Intake(self.desk, batcher))
            self.health.tell("object-store", self.desk.materials.ready)
            self.loops += [batcher.run, self.nonces.run]
        return app

    def relay(self, kafka: str, watch: ClusterWatch) -> None:
        """Publish what was stated."""
        relay = Relay(self.desk.database, service=SERVICE, kafka=kafka, rest=RELAY_REST, states=STATES)
        self.loops += [relay.run, partial(actions.keep_restating, self.desk.database, now)]
        self._needs("kafka", partial(_kafka_answers, watch))

    def consume(self, kafka: str) -> None:
        """Follow catalog at once; take submissions and cases when a policy is here."""
        catalog = Consumption(kafka, self.desk.database, consumer.catalog_consumers())
        moving = consumer.consumers(self.desk, self.letterbox, now)
        cases = Consumption(kafka, self.desk.database, moving)

        async def consume_cases() -> None:
            await self.desk.policies.present.wait()
            await cases.run()

        self.loops += [catalog.run, consume_cases]
        for name, consumption in (("catalog-topics", catalog), ("application-topics", cases)):
            self._needs(name, consumption.ready)
            self.health.add(f"{name}-readable", partial(_not_stopped, consumption))

    def _needs(self, name: str, check: Check) -> None:
        """Watch a part of Kafka; a process with the API takes submissions without it and stays ready."""
        add = self.health.tell if self.with_api else self.health.add
        add(name, check)


async def _run(settings: Settings, role: str, process: Process, watch: ClusterWatch) -> None:
    stop = asyncio.Event()
    app = process.application()
    if role in {"all", "relay"}:
        process.relay(settings.kafka, watch)
    if role in {"all", "consumer"}:
        process.consume(settings.kafka)
    server = partial(edge.serve, app, settings.http_host, settings.http_port, stop)
    await edge.run_until_stopped(server, *reversed(process.loops), stop=stop)


def _letterbox(settings: Settings) -> Letterbox:
    return Letterbox(Channels.load(settings.channels), SubmissionKeys.load(settings.submission_keys))


def _desk(settings: Settings, database: Database) -> Desk:
    keys = PersonKeys(MasterKeys.load(settings.master_keys, settings.sealing), settings.sealing)
    materials, lookup_key = Materials(settings.object_store), bytes.fromhex(settings.lookup_key)
    return Desk(database, Policies(database), materials, lookup_key, keys, draw)


def rewrap() -> None:
    """Wrap every data key under the newest master key, and tell the other services"""
    asyncio.run(_rewrap(PROGRAM.read_settings()))


async def _rewrap(settings: Settings) -> None:
    database = await Database.open(settings.database_url, name=SERVICE)
    try:
        count = await actions.rewrap_keys(_desk(settings, database))
    finally:
        await database.close()
    print(f"wrapped {count} keys anew")


async def _not_stopped(consumption: Consumption) -> str | None:
    """None unless a consumer gave up, which nobody but a new deploy mends."""
    return "; ".join(f"{group}: {why}" for group, why in consumption.stopped.items()) or None


async def _kafka_answers(watch: ClusterWatch) -> str | None:
    return None if await watch.identity() else "no broker answers"


PROGRAM = Program(SERVICE, ROLES, Settings, MIGRATIONS, serve, {"rewrap": rewrap})
