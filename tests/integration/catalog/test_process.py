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
from shared.postgres import Database
from tests.support.bus import until
from tests.support.documents import DOCUMENTS, is_panzhihua, with_hotline
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


async def test_a_process_refuses_to_start_with_a_changed_version(
    url: str, database: Database, servers: StackUnderTest
) -> None:
    changed = [with_hotline(d, version=1) if is_panzhihua(d) else d for d in DOCUMENTS]
    await actions.publish_documents(database, changed, NOW)
    process, _ = await serving(url, servers)
    _, said = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert said.decode().strip().splitlines()[-1].startswith("version-not-raised: the policy of panzhihua")


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
    missing = "MENTE_DATABASE_URL, MENTE_HTTP_PORT, MENTE_KAFKA"
    assert process.returncode == 2
    assert said.decode().strip() == f"catalog needs usable {missing} in its environment"
