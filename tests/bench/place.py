"""Where the benches run: the embedded stack, one intake process, and the bare endpoint beside it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg

from deploy.local import ports
from deploy.local.parts import service_part
from tests.bench.requests import CHANNEL, Requests
from tests.support.bus import until
from tests.support.stack import StackUnderTest, embedded_stack

PROCESSES = 2
"""How many processes answer on either side: one for each core."""

ROOT = Path(__file__).parents[2]


@dataclass
class Place:
    """Addresses, and the makers of requests."""

    running: StackUnderTest
    bare_ports: tuple[int, ...]

    @property
    def kafka(self) -> str:
        """Host and port of the broker."""
        return self.running.stack.kafka

    def instance(self, service: str, name: str, role: str) -> int:
        """Start one more process of a service and wait until it is ready; its port."""
        return self.running.start_instance(service, name, role=role)

    def plain_intake(self, name: str) -> int:
        """Start an API process of intake that checks, seals and chains nothing; its port."""
        (port,) = ports.choose([name], {}).values()
        settings = {"MENTE_HTTP_PORT": str(port)}
        part = service_part(self.running.stack, "intake", name=name, role="api", environment=settings)
        plain = (sys.executable, "-m", "tests.bench.plain_intake", *part.command[3:])
        self.running.start(name, replace(part, command=plain))
        return port

    def requests(self, port: int) -> Requests:
        """A maker of signed requests for the intake process on that port."""
        return Requests(port, Path(self.running.stack.channel_key(CHANNEL)).read_bytes())


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    """Start what all benches share; everything ends with the block."""
    parts = {"postgres", "kafka", "valkey", "oidc", "sms", "catalog"}
    with embedded_stack(parts, bench=True) as running:
        admin = await asyncpg.connect(running.stack.postgres_admin)
        await admin.execute("CREATE DATABASE bare OWNER mente_intake")
        # When a row became visible is read from its commit: asking for it all the time would take a core.
        await admin.execute("ALTER SYSTEM SET track_commit_timestamp = on")
        await admin.close()
        await asyncio.to_thread(running.stop, "postgres")
        await asyncio.to_thread(running.start, "postgres")
        url = running.stack.database("intake").replace("/mente_intake?", "/bare?")
        bare_ports = tuple(free_port() for _ in range(PROCESSES))
        bare = [_start_bare(port, url) for port in bare_ports]
        try:
            for port in bare_ports:
                await listens(port)
            yield Place(running, bare_ports)
        finally:
            for process in bare:
                process.send_signal(signal.SIGTERM)
                process.wait(10)


def _start_bare(port: int, url: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.bench.bare_endpoint", str(port)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "BARE_DATABASE_URL": url})


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def listens(port: int) -> None:
    """Wait until somebody listens on the port."""

    async def connects() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    await until(connects)
