"""The embedded servers: they start, they survive a crash with their data, and no process is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from deploy.local.folder import wait_until_free
from deploy.local.groups import forget_members
from deploy.local.stack import Stack
from tests.support.stack import embedded_stack

ROOT = Path(__file__).resolve().parents[2]
PARTS = "postgres,kafka,valkey,oidc,sms,caddy"
LIGHT = "postgres,valkey"
START_SECONDS = 80.0
CHILDREN_END_SECONDS = 10.0
JOIN = """
import asyncio, sys
from aiokafka import AIOKafkaConsumer

async def join(address):
    consumer = AIOKafkaConsumer(
        "review.cases", bootstrap_servers=address, group_id="abandoned", session_timeout_ms=45000
    )
    await consumer.start()
    print("joined", flush=True)
    await asyncio.sleep(60)

asyncio.run(join(sys.argv[1]))
"""


class Command:
    """`mente up` in a process and folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._process: subprocess.Popen[bytes] | None = None

    def up(self, parts: str = PARTS) -> Stack:
        self.home.mkdir(exist_ok=True)
        with (self.home / "up.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "deploy.cli", "up", "--parts", parts],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        process = self._process
        until(lambda: "Mente: ready in" in self.said() or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, self.said()
        return Stack.load(self.home)

    def signal(self, number: signal.Signals) -> int:
        """Send the signal to the supervisor; its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(30)

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy.cli", *words],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        return {**os.environ, "MENTE_HOME": str(self.home), "PYTHONPATH": str(ROOT)}

    def said(self) -> str:
        return (self.home / "up.log").read_text()


@pytest.fixture
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    started = Command(tmp_path_factory.mktemp("stack"))
    yield started
    started.end()
    assert wait_until_free(started.home, CHILDREN_END_SECONDS)


def test_the_first_start_makes_everything_and_ctrl_c_leaves_nothing(command: Command) -> None:
    stack = command.up()
    children = list(stack.pids.values())
    told = json.loads(command.run("status", "--json").stdout)
    assert told["ready"]
    assert {part["name"] for part in told["parts"]} == set(PARTS.split(","))
    assert all(part["memory_mb"] > 0 for part in told["parts"])
    assert httpx.get(f"{stack.gateway_url}/", trust_env=False).status_code == 404
    away = httpx.get(f"{stack.gateway_url}/api/intake/applications/1", trust_env=False)
    assert (away.status_code, away.json()["code"], away.headers["retry-after"]) == (503, "service-away", "1")
    assert away.headers["content-type"] == "application/problem+json"

    assert command.signal(signal.SIGINT) == 0
    assert not [pid for pid in children if psutil.pid_exists(pid)]


async def test_a_killed_supervisor_leaves_no_child_and_the_data_survive(command: Command) -> None:
    stack = command.up()
    children = list(stack.pids.values())
    await execute(stack, "CREATE TABLE kept (number int)")
    await execute(stack, "INSERT INTO kept VALUES (7)")

    command.signal(signal.SIGKILL)
    until(lambda: not [pid for pid in children if psutil.pid_exists(pid)], CHILDREN_END_SECONDS)

    again = command.up()
    assert again.ports == stack.ports
    assert await execute(again, "SELECT number FROM kept") == 7
    assert command.signal(signal.SIGTERM) == 0


def test_a_second_start_in_the_same_folder_is_refused_in_one_sentence(command: Command) -> None:
    command.up(LIGHT)

    second = command.run("up", "--parts", LIGHT)

    assert second.returncode == 1
    assert "already" in second.stdout
    assert len(second.stdout.strip().splitlines()) == 1
    stopped = command.run("down")
    assert (stopped.returncode, stopped.stdout) == (0, "Mente: stopped\n")


def test_a_server_that_dies_is_started_again(command: Command) -> None:
    stack = command.up(LIGHT)
    os.kill(stack.pids["valkey"], signal.SIGKILL)

    until(lambda: "valkey is ready again" in command.said(), 15)

    assert Stack.load(command.home).pids["valkey"] != stack.pids["valkey"]


def test_a_killed_consumer_does_not_hold_up_those_who_follow() -> None:
    with embedded_stack({"kafka"}) as running:
        address = running.stack.kafka
        with subprocess.Popen([sys.executable, "-c", JOIN, address], stdout=subprocess.PIPE) as killed:
            assert killed.stdout is not None
            assert killed.stdout.readline() == b"joined\n"
            killed.kill()

        running.kill("kafka")
        running.start("kafka")

        assert asyncio.run(forget_members(address, "abandoned")) == 1
        assert asyncio.run(forget_members(address, "abandoned")) == 0


async def execute(stack: Stack, statement: str) -> object:
    connection = await asyncpg.connect(stack.database_as_owner("review"))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def until(holds: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
