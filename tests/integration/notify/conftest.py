"""Notify's database and desk, and the simulated gateway beside the servers of the run."""

import pytest

from shared.key_service import MasterKeys
from shared.sealing import Algorithm
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


@pytest.fixture(scope="session")
def masters(servers):
    """The master keys of the run, which its processes have too."""
    return MasterKeys.load(servers.stack.master_keys_file, Algorithm.A256GCM)


@pytest.fixture
async def desk(database, masters):
    async with a_desk(database, masters) as desk:
        yield desk
