"""Catalog's database: migrated, empty."""

from collections.abc import AsyncIterator

import pytest

from services.catalog.app import MIGRATIONS
from shared.postgres import Database, migrate
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
