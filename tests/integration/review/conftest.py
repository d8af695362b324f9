"""Review's database, which knows the published catalog, and its desk without a case."""

import pytest

from tests.support.review_desk import ReviewDesk, a_database


@pytest.fixture(scope="module")
async def database(servers):
    database = await a_database(servers)
    yield database
    await database.close()


@pytest.fixture
async def desk(database):
    desk = await ReviewDesk.cleared(database)
    yield desk
    await desk.client.aclose()
