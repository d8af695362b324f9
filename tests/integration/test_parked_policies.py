"""A policy that a service cannot read is set aside; the version before it goes on, as do other regions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from services.catalog.app import read_documents
from services.catalog.domain.publishing import state
from services.intake import actions as intake_actions
from services.intake import app as intake_app
from services.intake import consumer as intake
from services.intake.actions import Desk, Taken
from services.intake.materials import Materials
from services.intake.policies import Policies
from services.notify import app as notify_app
from services.notify import consumer as notify
from services.notify.store.announcing import read_versions
from services.notify.store.reading import rules_by_region
from services.review import actions as review_actions
from services.review import app as review_app
from services.review import consumer as review
from services.review.actions import Shelf
from shared import parked
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import PolicyPublished
from shared.contracts.topics import POLICIES
from shared.errors import Unreadable
from shared.inbox import Consumer
from shared.kafka import Consumption
from shared.postgres import Database, migrate
from tests.support.bus import Bus, fresh_topic, headers_of, until, value_of
from tests.support.intake import CHANNEL, LOOKUP_KEY, NOON, PDF, a_policy, an_offer, submit
from tests.support.private import KEYS
from tests.support.quiet import until_read
from tests.support.samples import an_application_submitted

CALENDARS = [state(d, NOON) for d in read_documents() if isinstance(d, CalendarDocument)]
WHO = ("operator", "the document is broken; the next version is on its way")


class OfIntake:
    """Acts by taking a submission."""

    migrations = intake_app.MIGRATIONS

    def consumers(self) -> list[Consumer]:
        return intake.catalog_consumers()

    def __init__(self, database: Database) -> None:
        policies = Policies(database)
        self.desk = Desk(database, policies, Materials("memory:///"), LOOKUP_KEY, KEYS, intake_app.draw)

    async def versions(self) -> dict[str, int]:
        await self.desk.policies.refresh()
        found = self.desk.policies.all_in_force(NOON.date())
        return {region: policy.version for region, policy in found.items()}

    async def act(self) -> int:
        """The policy version under which an application is taken."""
        await intake_actions.store_material(self.desk, PDF, "application/pdf", CHANNEL, NOON)
        await self.versions()
        (taken,) = await submit(self.desk, [an_offer()])
        assert isinstance(taken, Taken), taken
        return int(await self.desk.database.fetchval("SELECT max(policy_version) FROM applications"))


class OfReview:
    """Acts by opening a case and stating until when it must be accepted."""

    migrations = review_app.MIGRATIONS

    def consumers(self) -> list[Consumer]:
        return review.consumers(lambda: NOON, Shelf())

    def __init__(self, database: Database) -> None:
        self.database = database

    async def versions(self) -> dict[str, int]:
        book = await Shelf().rulebook(self.database)
        return {rules.region: rules.version for rules in book.newest()}

    async def act(self) -> int:
        """The policy version under which a case is opened."""
        newest = (await self.versions())["panzhihua"]
        one = an_application_submitted(policy_version=newest)
        async with self.database.transaction() as tx:
            await review_actions.keep_calendars(tx, CALENDARS, NOON)
            book = await Shelf().rulebook(tx)
            await review_actions.open_cases(tx, [one], book, NOON)
        state = "SELECT (state->>'policy_version')::int FROM cases WHERE application_id = $1"
        return int(await self.database.fetchval(state, one.application_id))


class OfNotify:
    """Acts by reading the rules by which a text would go out."""

    migrations = notify_app.MIGRATIONS

    def consumers(self) -> list[Consumer]:
        return notify.consumers(lambda: NOON)

    def __init__(self, database: Database) -> None:
        self.database = database

    async def versions(self) -> dict[str, int]:
        return await read_versions(self.database)

    async def act(self) -> int:
        return (await rules_by_region(self.database, ["panzhihua"], NOON))["panzhihua"].version


@pytest.fixture(params=[OfIntake, OfReview, OfNotify])
async def reading(request: pytest.FixtureRequest, servers: Any) -> AsyncIterator[Any]:
    """A service that reads policies from a topic of its own; its consumer and a bus."""
    name = request.param.__name__.removeprefix("Of").lower()
    url = await servers.fresh_database(name)
    await migrate(url, request.param.migrations)
    database = await Database.open(url, name="test")
    service = request.param(database)
    (known,) = [one for one in service.consumers() if one.topic is POLICIES]
    consumer = replace(known, topic=await fresh_topic(servers.stack.kafka, POLICIES))
    task = asyncio.create_task(Consumption(servers.stack.kafka, database, [consumer]).run())
    async with Bus(servers.stack.kafka) as bus:
        yield service, consumer, database, bus
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await servers.discard(database)


def published(region: str, version: int) -> PolicyPublished:
    return PolicyPublished(
        region=region,
        policy_version=version,
        content_hash="a" * 64,
        document=a_policy(region=region, version=version),
        occurred_at=NOON,
    )


async def send_broken(bus: Bus, topic: str, region: str, version: int) -> None:
    """A record of a version whose document does not validate: it has no disease."""
    event = published(region, version)
    start, _, rest = (value_of(event) or b"").partition(b'"diseases":[')
    assert rest
    body = start + b'"diseases":[],"no_diseases":[' + rest
    await bus.raw(topic, region.encode(), body, headers_of(event, version))


async def test_an_unreadable_policy_is_parked_and_the_old_version_goes_on(
    reading: Any,
) -> None:
    service, consumer, database, bus = reading
    kafka, topic = bus.kafka, consumer.topic.name
    await bus.send(topic, [(published("panzhihua", 1), 1)])
    await until_read(kafka, consumer.group, consumer.topic)
    await send_broken(bus, topic, "panzhihua", 2)
    await bus.send(topic, [(published("elsewhere", 1), 1)])

    async def parked_and_passed() -> bool:
        return await parked.count_open(database) == 1 and "elsewhere" in await service.versions()

    await until(parked_and_passed)
    (broken,) = await parked.open_records(database)
    assert broken["key"] is None
    assert await service.versions() == {"panzhihua": 1, "elsewhere": 1}
    assert await service.act() == 1

    await bus.send(topic, [(published("panzhihua", 3), 3)])
    await until_read(kafka, consumer.group, consumer.topic)
    assert (await service.versions())["panzhihua"] == 3
    assert await parked.count_open(database) == 1
    await parked.discard(database, broken["id"], WHO)
    assert await parked.count_open(database) == 0


async def test_each_unreadable_policy_is_handled_again_by_itself(reading: Any) -> None:
    service, consumer, database, bus = reading
    await send_broken(bus, consumer.topic.name, "panzhihua", 2)
    await bus.send(consumer.topic.name, [(published("elsewhere", 1), 1)])
    await until_read(bus.kafka, consumer.group, consumer.topic)
    (broken,) = await parked.open_records(database)
    with pytest.raises(Unreadable):
        await parked.redrive_alone(database, consumer, broken["id"], WHO)
    body = value_of(published("panzhihua", 2))
    await database.execute("UPDATE parked SET body = $2 WHERE id = $1", broken["id"], body)
    assert await parked.redrive_alone(database, consumer, broken["id"], WHO) == 1
    assert (await service.versions())["panzhihua"] == 2


async def test_a_good_version_does_not_wait_behind_an_unreadable_one_of_its_batch(reading: Any) -> None:
    service, consumer, _, bus = reading
    await bus.send(consumer.topic.name, [(published("panzhihua", 1), 1)])
    await send_broken(bus, consumer.topic.name, "panzhihua", 2)
    await until_read(bus.kafka, consumer.group, consumer.topic)
    assert await service.versions() == {"panzhihua": 1}
