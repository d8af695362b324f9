"""The composition root of notify: what a process of it is made of."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from fastapi import FastAPI

from services.notify import api, consumer, sms
from services.notify.actions import delivering
from services.notify.actions.opening import Vault
from services.notify.api import Desk
from services.notify.delivery import Delivery, Inboxes, Pace
from services.notify.domain.delivering import Receipt
from services.notify.settings import Settings
from services.notify.store.replaying import TABLES
from shared import edge
from shared.access import Channels
from shared.batching import Batcher
from shared.citizens import CitizenDoor
from shared.health import Health
from shared.inbox import Consumer
from shared.kafka import Consumption
from shared.key_service import MasterKeys
from shared.person_keys import PersonKeys
from shared.postgres import Database
from shared.program import SHARED_MIGRATIONS, Program
from shared.relay import Relay
from shared.replaying import Replay
from shared.serving import Loop
from shared.signin import StaffDoor

SERVICE = "notify"
ROLES = ("all", "api", "relay", "consumer", "worker")
HERE = Path(__file__).parent
MIGRATIONS = (SHARED_MIGRATIONS, HERE / "migrations")

log = structlog.get_logger(SERVICE)


def now() -> datetime:
    """The one source of time of this process."""
    return datetime.now(UTC)


async def readers(settings: Settings, database: Database) -> list[Consumer]:  # noqa: ARG001
    """Everything that notify reads, for whoever handles parked records again."""
    return consumer.consumers(now)


def replay() -> Replay:
    """How the state of notify is made again from the topics alone."""
    return Replay(consumer.replayers(now), TABLES)


async def serve(settings: Settings, role: str) -> None:
    """Run a process until SIGTERM or SIGINT: API, relay, consumers, senders, or all of them."""
    keys = _keys(settings)
    database = await Database.open_when_there(settings.database_url, name=SERVICE)
    vault = Vault(database, keys)
    staff = StaffDoor(settings.oidc_issuer, settings.oidc_audience, now=now)
    provider, pace = _provider(settings)
    health, stop = Health(), asyncio.Event()
    health.add("database", database.gap)
    app = edge.application("Mente notify", SERVICE, health)
    loops: list[Loop] = [partial(edge.serve, app, settings.http_host, settings.http_port, stop)]
    try:
        if role in {"all", "api"}:
            loops.append(_add_api(app, settings, vault, staff))
        if role in {"all", "consumer"}:
            consumption = Consumption(settings.kafka, database, consumer.consumers(now))
            health.add("kafka", consumption.ready)
            loops.append(consumption.run)
        if role in {"all", "worker"}:
            delivery = Delivery(vault, provider, now=now, jitter=random.random, pace=pace)
            inboxes = Inboxes(database, now)
            health.tell("sms", delivery.line.ready)
            loops += [delivery.run, inboxes.run, inboxes.watch]
        if role in {"all", "relay"}:
            loops.append(Relay(database, service=SERVICE, kafka=settings.kafka).run)
        await edge.run_until_stopped(*loops, stop=stop)
    finally:
        await provider.close()
        await staff.close()
        await database.close()


def _keys(settings: Settings) -> PersonKeys:
    return PersonKeys(MasterKeys.load(settings.master_keys, settings.sealing), settings.sealing)


def _provider(settings: Settings) -> tuple[sms.HttpProvider, Pace]:
    """A lease outlives the longest attempt: one question, one text, and the record of the answer."""
    pace = Pace(lease=timedelta(seconds=settings.sms_timeout * 3))
    client = sms.connect(
        settings.sms_url, settings.sms_secret, timeout=settings.sms_timeout, connections=pace.at_once
    )
    return sms.HttpProvider(client, settings.callback), pace


def _add_api(app: FastAPI, settings: Settings, vault: Vault, staff: StaffDoor) -> Loop:
    """Give an application its routes; gives the loop that writes receipts."""
    receipts: Batcher[Receipt, None] = Batcher(partial(_take_receipts, vault.database))
    citizens = CitizenDoor(Channels.load(settings.channels))
    api.add_routes(app, Desk(vault, citizens, staff, settings.sms_secret, receipts, now))
    return receipts.run


async def _take_receipts(database: Database, receipts: list[Receipt]) -> list[None]:
    return await delivering.take_receipts(database, receipts, now())


PROGRAM = Program(SERVICE, ROLES, Settings, MIGRATIONS, serve)
