"""Notify as a consumer: what every handler must do, for each of its topics."""

from uuid import UUID

from services.notify import app, consumer
from shared.contracts.cases import ApplicationAccepted
from shared.contracts.policies import PolicyPublished
from shared.postgres import Database, migrate
from tests.support.handler_behaviour import HandlerBehaviour
from tests.support.intake import a_policy
from tests.support.samples import NOON, an_application_submitted

TOLD = """
SELECT m.application_id, min(r.phone) AS phone,
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
            assert [row[1] for row in await self.effects(database)] == [2]


def a_policy_published(region: str, version: int = 1) -> PolicyPublished:
    document = a_policy(region=region, version=version)
    return PolicyPublished(
        region=region, policy_version=version, content_hash="a" * 64, document=document, occurred_at=NOON
    )


del NotifyHandler, HandlerBehaviour
