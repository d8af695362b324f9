"""Catalog as a process: when it refuses to start, and how it ends."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime

import httpx

from deploy.local.ports import choose
from deploy.local.stack import service_environment
from services.catalog import actions
from services.catalog.app import read_sheets
from services.catalog.domain.places import File
from services.catalog.domain.sheets import read_sheet
from shared.postgres import Database
from tests.support.bus import until
from tests.support.policy_office import PANZHIHUA
from tests.support.stack import StackUnderTest

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


async def serving(url: str, servers: StackUnderTest) -> tuple[asyncio.subprocess.Process, str]:
    """Start a process on a free port; the process and the address of its probes."""
    port = choose(["catalog-test"], {})["catalog-test"]
    settings = service_environment(servers.stack, "catalog") | {
        "MENTE_DATABASE_URL": url,
        "MENTE_HTTP_PORT": str(port),
    }
    return await catalog("serve", **settings), f"http://127.0.0.1:{port}/health/ready"


async def catalog(*arguments: str, **settings: str) -> asyncio.subprocess.Process:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(sys.path), **settings}
    command = (sys.executable, "-m", "services.catalog", *arguments)
    return await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)


async def is_ready(address: str) -> bool:
    async with httpx.AsyncClient() as client:
        with suppress(httpx.TransportError):
            return (await client.get(address)).status_code == 200
    return False


async def test_a_file_of_the_product_never_replaces_what_an_administrator_published(
    url: str, database: Database, servers: StackUnderTest
) -> None:
    changed = PANZHIHUA.replace("0812-3323000", "0812-0000000")
    own = [read_sheet(File("own.yaml", changed)) if s.key == "region:panzhihua" else s for s in read_sheets()]
    await actions.deliver(database, own, NOW)
    process, address = await serving(url, servers)
    await until(lambda: is_ready(address))
    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), 20)
    told = [json.loads(line) for line in said.decode().splitlines()]
    differs = [one["key"] for one in told if one["event"] == "delivered-file-differs"]
    assert differs == ["region:panzhihua"]
    assert await database.fetchval("SELECT count(*) FROM document WHERE key = 'panzhihua'") == 1


async def test_a_process_that_is_told_to_stop_ends_in_order(url: str, servers: StackUnderTest) -> None:
    process, address = await serving(url, servers)
    await until(lambda: is_ready(address))
    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, said.decode()
    for line in said.decode().splitlines():
        assert json.loads(line)["level"] in {"info", "warning"}, line


async def test_a_process_without_settings_says_what_is_missing() -> None:
    process = await catalog("serve")
    _, said = await asyncio.wait_for(process.communicate(), 20)
    missing = "MENTE_DATABASE_URL, MENTE_HTTP_PORT, MENTE_KAFKA, MENTE_OIDC_AUDIENCE, MENTE_OIDC_ISSUER"
    assert process.returncode == 2
    assert said.decode().strip() == f"catalog needs usable {missing} in its environment"
