"""Notify's database and desk, and the simulated gateway beside the servers of the run."""

import pytest

from tests.support.notify_desk import Gateway, a_database, a_desk


@pytest.fixture(scope="module")
def gateway_at(servers):
    """The simulated gateway beside the servers of the run."""
    servers.start("sms")
    yield servers.stack.sms_url, servers.stack.secret("sms.secret")
    servers.stop("sms")


@pytest.fixture
async def gateway(gateway_at):
    gateway = Gateway(*gateway_at)
    await gateway.behave("normal")
    yield gateway
    await gateway.admin.aclose()


@pytest.fixture(scope="module")
async def database(servers):
    database = await a_database(servers)
    yield database
    await database.close()


@pytest.fixture
async def desk(database):
    async with a_desk(database) as desk:
        yield desk
