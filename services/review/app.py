"""The composition root of review: what a process of it is made of."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
from fastapi import FastAPI

from services.review import actions, api, consumer
from services.review.actions import Desk, Shelf
from services.review.settings import Settings
from services.review.store.replaying import TABLES
from shared import edge
from shared.contracts.topics import APPLICATIONS
from shared.health import Health
from shared.inbox import Consumer
from shared.kafka import Consumption
from shared.key_service import MasterKeys
from shared.person_keys import PersonKeys
from shared.postgres import AWAY, PASSING, Database
from shared.program import SHARED_MIGRATIONS, Program
from shared.relay import Relay
from shared.replaying import Replay
from shared.serving import Loop
from shared.signin import StaffDoor
from shared.visits import Reception

SERVICE = consumer.SERVICE
ROLES = ("all", "api", "relay", "consumer")
HERE = Path(__file__).parent
MIGRATIONS = (SHARED_MIGRATIONS, HERE / "migrations")
COUNT_EVERY = 10.0
"""Seconds between two looks at the queue and at what is in force."""

log = structlog.get_logger(SERVICE)


def now() -> datetime:
    """The one source of time of this process."""
    return datetime.now(UTC)


async def readers(settings: Settings, database: Database) -> list[Consumer]:  # noqa: ARG001
    """Everything that review reads, for whoever handles parked records again."""
    return consumer.consumers(now, Shelf())


def replay() -> Replay:
    """How the state of review is made again from the topics alone."""
    return Replay(consumer.replayers(now, Shelf()), TABLES)


async def serve(settings: Settings, role: str) -> None:
    """Run a process until SIGTERM or SIGINT: the API, the relay, the consumers, or all of them."""
    database = await Database.open_when_there(settings.database_url, name=SERVICE)
    door = StaffDoor(settings.oidc_issuer, settings.oidc_audience)
    keys = PersonKeys(MasterKeys.load(settings.master_keys, settings.sealing), settings.sealing)
    desk, health, stop = Desk(database, Shelf(), keys), Health(), asyncio.Event()
    health.add("database", database.gap)
    try:
        app = edge.application("Mente review", SERVICE, health)
        loops: list[Loop] = [partial(edge.serve, app, settings.http_host, settings.http_port, stop)]
        if role != "relay":
            health.add("policies", partial(actions.catalog_gap, desk))
        if role in {"all", "api"}:
            add_api(app, api.Office(desk, door, now))
        if role in {"all", "consumer"}:
            loops += _consumption(settings, desk, health)
            loops.append(partial(_watch, desk))
        if role in {"all", "relay"}:
            loops.append(Relay(database, service=SERVICE, kafka=settings.kafka).run)
        await edge.run_until_stopped(*loops, stop=stop)
    finally:
        await door.close()
        await database.close()


def add_api(app: FastAPI, office: api.Office) -> None:
    """Give an application the routes for staff."""
    app.state.office = office
    app.state.reception = Reception(SERVICE, office.desk.database, office.door, office.now)
    for router in api.ROUTERS:
        app.include_router(router)


def _consumption(settings: Settings, desk: Desk, health: Health) -> list[Loop]:
    """Read the catalog first: no application can be understood before its region's policy is here."""
    reading = consumer.consumers(now, desk.shelf)
    of_intake = [one for one in reading if one.topic is APPLICATIONS]
    of_catalog = [one for one in reading if one not in of_intake]
    catalog = Consumption(settings.kafka, desk.database, of_catalog)
    intake = Consumption(settings.kafka, desk.database, of_intake)
    health.add("kafka-catalog", catalog.ready)
    health.add("kafka-intake", intake.ready)
    return [catalog.run, partial(_run_after_catalog, desk, intake)]


async def _run_after_catalog(desk: Desk, consumption: Consumption) -> None:
    while gap := await _gap(desk):
        log.info("applications-wait", reason=gap)
        await asyncio.sleep(0.5)
    await consumption.run()


async def _gap(desk: Desk) -> str | None:
    try:
        return await actions.catalog_gap(desk)
    except AWAY as error:
        return type(error).__name__


async def _watch(desk: Desk) -> None:
    """Count the queue, say what the catalog lacks, and correct due dates by what came into force."""
    watch, follower = actions.CatalogWatch(desk), actions.Follower(desk)
    while True:
        try:
            await actions.count_queue(desk, now())
            await watch.look(now())
            await follower.follow(now())
        except (*AWAY, *PASSING) as error:
            log.warning("not-watched", reason=type(error).__name__)
        await asyncio.sleep(COUNT_EVERY)


PROGRAM = Program(SERVICE, ROLES, Settings, MIGRATIONS, serve)
