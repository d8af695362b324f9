"""Intake as a consumer: what every handler must do, for each of its topics."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.intake import actions, consumer
from services.intake.actions import Desk
from services.intake.app import MIGRATIONS
from services.intake.consumer import Letterbox
from services.intake.domain.submitting import Draw
from services.intake.materials import Materials
from services.intake.policies import Policies
from services.intake.store import published
from services.intake.store.applications import find_applications
from shared.access import Channels
from shared.contracts.calendars import CalendarDocument
from shared.contracts.cases import ApplicationAccepted
from shared.contracts.policies import CalendarPublished, PolicyPublished
from shared.errors import Unavailable
from shared.postgres import Database, migrate
from tests.support.handler_behaviour import HandlerBehaviour
from tests.support.intake import (
    CHANNEL,
    LOOKUP_KEY,
    NOON,
    PDF,
    a_policy,
    an_id_number,
    an_offer,
    submit,
)
from tests.support.private import KEYS, SUBMISSION_KEYS

APPLICATIONS = 12


async def a_database(servers) -> Database:
    url = await servers.fresh_database("intake")
    await migrate(url, MIGRATIONS)
    return await Database.open(url, name="test")


def reading(topic: str, desk: Desk | None = None):
    every = [
        *consumer.catalog_consumers(),
        *consumer.consumers(desk, Letterbox(Channels([]), SUBMISSION_KEYS), lambda: NOON),
    ]
    return next(one for one in every if one.topic.name == topic)


class TestCases(HandlerBehaviour):
    async def open(self, servers):
        """Twelve applications that review has something to say about."""
        database = await a_database(servers)
        ids = iter(range(1, APPLICATIONS + 1))
        desk = Desk(
            database, Policies(database), Materials("memory:///"), LOOKUP_KEY, KEYS, lambda: a_draw(next(ids))
        )
        async with database.transaction() as tx:
            await published.keep_policies(tx, [a_policy()])
        await actions.store_material(desk, PDF, "application/pdf", CHANNEL, NOON)
        await desk.policies.refresh()
        taken = await submit(desk, [an_offer_of(n) for n in range(1, APPLICATIONS + 1)])
        assert all(isinstance(one, actions.Taken) for one in taken)
        return database, reading("review.cases", desk)

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
                    due_on=date(2026, 10, n),
                    occurred_at=NOON,
                ),
                1,
            )
            for n in range(1, count + 1)
        ]

    async def effects(self, database):
        numbers = await database.fetch("SELECT acceptance_no FROM applications WHERE status <> 'submitted'")
        moved = await find_applications(database, [row["acceptance_no"] for row in numbers])
        lines = await database.fetch("SELECT application_id, type, sentence_zh FROM timeline")
        told = {row["application_id"]: (row["type"], row["sentence_zh"]) for row in lines}
        assert len(told) == len(lines)
        return sorted(
            (a.application_id.int, a.status, a.due_on, told[a.application_id]) for a in moved.values()
        )


class TestPolicies(HandlerBehaviour):
    async def open(self, servers):
        return await a_database(servers), reading("catalog.policies")

    def events(self, count):
        return [
            (
                PolicyPublished(
                    region=f"region-{n}",
                    policy_version=1,
                    content_hash="a" * 64,
                    document=a_policy(region=f"region-{n}"),
                    occurred_at=NOON,
                ),
                1,
            )
            for n in range(1, count + 1)
        ]

    async def effects(self, database):
        rows = await database.fetch("SELECT region, version, document FROM policies ORDER BY region")
        return [tuple(row) for row in rows]


class TestCalendars(HandlerBehaviour):
    async def open(self, servers):
        return await a_database(servers), reading("catalog.calendars")

    def events(self, count):
        return [(a_calendar_published(2004 + n), 1) for n in range(count)]

    async def effects(self, database):
        return [
            tuple(row) for row in await database.fetch("SELECT year, version FROM calendars ORDER BY year")
        ]


async def test_policies_that_arrive_are_in_force_within_seconds(servers):
    database = await a_database(servers)
    policies = Policies(database)
    loop = asyncio.create_task(policies.run())
    try:
        assert await policies.ready() == "no policy has arrived from catalog yet"
        async with database.transaction() as tx:
            await published.keep_policies(tx, [a_policy()])
        async with asyncio.timeout(5):
            await policies.present.wait()
        assert policies.in_force("panzhihua", NOON.date())
        with pytest.raises(Unavailable, match="policies-missing"):
            policies.in_force("shangrao", NOON.date())
        assert policies.in_force("panzhihua", date(2024, 12, 31)) is None
    finally:
        loop.cancel()
        await database.close()


def an_offer_of(number: int):
    person = {"name": "测试员", "id_number": an_id_number("19800101", number), "phone": "19900001234"}
    return an_offer(f"key-{number}", at=datetime(2026, 9, 18, tzinfo=UTC), applicant=person)


def a_draw(number: int) -> Draw:
    return Draw(UUID(int=number), number << 20)


def a_calendar_published(year: int) -> CalendarPublished:
    document = CalendarDocument(
        year=year,
        source="made up for tests",
        days_off=(),
        version=1,
        grade="R",
        announced_on=date(year - 1, 11, 1),
    )
    return CalendarPublished(
        year=year, calendar_version=1, content_hash="a" * 64, document=document, occurred_at=NOON
    )


del HandlerBehaviour
