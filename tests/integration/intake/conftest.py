"""Intake as two processes on servers of its own."""

import asyncio
from datetime import UTC, datetime
from hashlib import sha256

import asyncpg
import pytest

from services.intake import actions
from services.intake.actions import Desk
from services.intake.app import MIGRATIONS, draw
from services.intake.materials import Materials
from services.intake.policies import Policies
from shared.contracts.policies import PolicyPublished
from shared.postgres import Database, migrate
from tests.support.bus import Bus
from tests.support.intake import CHANNEL, LOOKUP_KEY, NOON, PDF, a_policy, publish
from tests.support.intake_desk import Intake
from tests.support.private import KEYS
from tests.support.stack import embedded_stack, in_thread


@pytest.fixture(scope="module")
def stack():
    """Servers of its own: tests here take some of them away."""
    with embedded_stack({"postgres", "kafka", "valkey"}) as running:
        yield running


@pytest.fixture(scope="module")
async def intake(stack):
    """Two processes of intake that know one policy and hold one paper."""
    await in_thread(stack.migrate, "intake")
    async with Bus(stack.stack.kafka) as bus:
        policy = a_policy()
        published = PolicyPublished(
            occurred_at=datetime.now(UTC),
            region="panzhihua",
            policy_version=1,
            content_hash=sha256(b"").hexdigest(),
            document=policy,
        )
        await bus.send("catalog.policies", [(published, 1)])
        ports = [
            await asyncio.to_thread(stack.start_instance, "intake", "intake-1"),
            await asyncio.to_thread(stack.start_instance, "intake", "intake-2", "api"),
        ]
        database = await asyncpg.create_pool(stack.database("intake"), min_size=1, max_size=4)
        intake = Intake(stack, ports, bus, database)
        assert (await intake.upload()).status_code == 201
        yield intake
        await intake.http.aclose()
        await database.close()
        for name in ("intake-1", "intake-2"):
            await in_thread(stack.stop, name)


@pytest.fixture
async def desk(servers, tmp_path):
    url = await servers.fresh_database("intake")
    await migrate(url, MIGRATIONS)
    database = await Database.open(url, name="test")
    policies = Policies(database)
    desk = Desk(database, policies, Materials(tmp_path.as_uri()), LOOKUP_KEY, KEYS, draw)
    await publish(desk, a_policy())
    await actions.store_material(desk, PDF, "application/pdf", CHANNEL, NOON)
    yield desk
    await servers.discard(database)
