"""Notify as a consumer: what every handler must do, for each of its topics."""

from functools import partial
from uuid import UUID

import pytest

from services.notify import app, consumer
from services.notify.store.announcing import read_versions
from shared import parked
from shared.contracts.cases import ApplicationAccepted
from shared.contracts.persons import PersonKeyMade
from shared.contracts.policies import PolicyPublished
from shared.postgres import Database, migrate
from tests.support.bus import headers_of, until
from tests.support.handler_behaviour import HandlerBehaviour
from tests.support.intake import a_policy
from tests.support.samples import NOON, an_application_submitted

TOLD = """
SELECT m.application_id, min(r.sealed) AS sealed,
       array_agg(concat_ws(' ', m.channel, m.template, m.state) ORDER BY m.channel) AS told
FROM messages m LEFT JOIN recipients r USING (application_id) GROUP BY m.application_id ORDER BY 1"""


class NotifyHandler(HandlerBehaviour):
    topic = ""

    async def open(self, servers):
        url = await servers.fresh_database("notify")
        await migrate(url, app.MIGRATIONS)
        (one,) = [one for one in consumer.consumers(lambda: NOON) if one.topic.name == self.topic]
        return await Database.open(url, name="test"), one

    async def effects(self, database):
        return [tuple(row) for row in await database.fetch(TOLD)]


class TestApplications(NotifyHandler):
    topic = "intake.applications"

    def events(self, count):
        return [
            (an_application_submitted(UUID(int=n), person_id=UUID(int=n), acceptance_no=f"N{n}"), 1)
            for n in range(1, count + 1)
        ]


class TestCases(NotifyHandler):
    topic = "review.cases"

    def events(self, count):
        return [
            (
                ApplicationAccepted(
                    application_id=UUID(int=n),
                    acceptance_no=f"N{n}",
                    region="panzhihua",
                    accepted_by="officer-1",
                    policy_version=1,
                    clock_started_on=NOON.date(),
                    budget_working_days=15,
                    due_on=NOON.date(),
                    occurred_at=NOON,
                ),
                1,
            )
            for n in range(1, count + 1)
        ]


class TestPersonKeys(NotifyHandler):
    topic = "intake.person-keys"

    def events(self, count):
        return [(a_key_made(UUID(int=n)), 1) for n in range(1, count + 1)]

    async def effects(self, database):
        return [tuple(row) for row in await database.fetch("TABLE person_keys ORDER BY person_id")]

    @pytest.mark.parametrize("kind", ["person-erased", "person-key-made"])
    async def test_a_tombstone_takes_the_key_of_its_person_and_no_other(self, servers, kind):
        (gone, number), stays = self.events(2)
        async with self.consuming(servers) as (database, reader, bus):
            await bus.send(reader.topic.name, [(gone, number), stays])
            await self.reached(database, 2)
            texts = dict(headers_of(gone, number + 1)) | {"ce_type": kind.encode()}
            await bus.raw(reader.topic.name, gone.key.encode(), None, list(texts.items()))
            await self.erased(database, gone)
            await self.settled(servers, reader)
            assert [row[0] for row in await self.effects(database)] == [stays[0].person_id]

    async def test_of_a_key_that_was_parked_nothing_is_left_after_the_erasure(self, servers):
        ((made, number),) = self.events(1)
        key, body = made.key.encode(), made.model_dump_json().encode()
        async with self.consuming(servers) as (database, reader, bus):

            async def so_many_wait(count):
                return await parked.count_open(database) == count

            # Ruled out by the contract, as a key of a later algorithm would be; then it can be read.
            unread = body.replace(b"A256GCM", b"unknown")
            await bus.raw(reader.topic.name, key, unread, headers_of(made, number))
            await until(partial(so_many_wait, 1))
            assert await database.fetchval("SELECT body FROM parked") == unread
            await bus.raw(reader.topic.name, key, None, headers_of(made, number + 1))
            await until(partial(so_many_wait, 2))
            assert await database.fetchval("SELECT count(body) FROM parked") == 0
            assert await parked.redrive(database, reader, made.key, ("operator", "erased")) == 2
            assert await self.effects(database) == []

    async def erased(self, database, made):
        async def is_gone():
            return made.person_id not in [row[0] for row in await self.effects(database)]

        await until(is_gone)


class TestPolicies(NotifyHandler):
    topic = "catalog.policies"

    def events(self, count):
        return [(a_policy_published(f"region-{n}"), 1) for n in range(1, count + 1)]

    async def effects(self, database):
        return [tuple(row) for row in await database.fetch("TABLE regions ORDER BY region")]

    async def test_an_older_version_that_comes_late_changes_nothing(self, servers):
        async with self.consuming(servers) as (database, reader, bus):
            versions = [a_policy_published("region-1", version) for version in (2, 1)]
            await bus.send(reader.topic.name, [(event, 1) for event in versions])
            await self.settled(servers, reader)
            assert sorted(row[1] for row in await self.effects(database)) == [1, 2]
            assert (await read_versions(database)) == {"region-1": 2}


def a_key_made(person_id: UUID) -> PersonKeyMade:
    return PersonKeyMade(
        person_id=person_id,
        key_id=UUID(int=person_id.int + 1000),
        algorithm="A256GCM",
        master="m1",
        box="Aa_-",
        occurred_at=NOON,
    )


def a_policy_published(region: str, version: int = 1) -> PolicyPublished:
    document = a_policy(region=region, version=version)
    return PolicyPublished(
        region=region, policy_version=version, content_hash="a" * 64, document=document, occurred_at=NOON
    )


del NotifyHandler, HandlerBehaviour
