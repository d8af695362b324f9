"""Catalog's database: migrated, empty; and an office on it, with what the product delivers published."""

from collections.abc import AsyncIterator

import pytest

from services.catalog.app import MIGRATIONS
from shared.postgres import Database, migrate
from tests.support.policy_office import PolicyOffice, an_office
from tests.support.stack import StackUnderTest


@pytest.fixture
async def url(servers: StackUnderTest) -> str:
    url = await servers.fresh_database("catalog")
    await migrate(url, MIGRATIONS)
    return url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url, name="test")
    yield database
    await database.close()


@pytest.fixture
async def office(database: Database) -> AsyncIterator[PolicyOffice]:
    async with an_office(database) as office:
        yield office
