"""Embedded servers for tests: chosen parts on free ports in a folder of their own."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from deploy.local import ports, preparation
from deploy.local.parts import service_part
from deploy.local.stack import Stack
from deploy.local.supervisor import Supervisor
from shared.postgres import Database


class StackUnderTest(Supervisor):
    """A supervisor whose parts a test may stop, kill, freeze and multiply; `stack` says where they listen."""

    def database(self, service: str) -> str:
        """The DSN of the service's database as its own user."""
        return self.stack.database(service)

    async def fresh_database(self, service: str) -> str:
        """The DSN of a new, empty database that belongs to the service's user."""
        name = f"{service}_{uuid.uuid4().hex[:12]}"
        admin = await asyncpg.connect(self.stack.postgres_admin)
        try:
            await admin.execute(f"CREATE DATABASE {name} OWNER mente_{service}")
        finally:
            await admin.close()
        return self.stack.dsn(f"mente_{service}", name)

    async def discard(self, database: Database) -> None:
        """Close a fresh database and remove it: after a crash the server looks at every file."""
        name = await database.fetchval("SELECT current_database()")
        await database.close()
        admin = await asyncpg.connect(self.stack.postgres_admin)
        try:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        finally:
            await admin.close()

    def migrate(self, service: str) -> None:
        """Bring the service's own database to the state of its migration files."""
        preparation.migrate(self.stack, service)

    def start_instance(
        self, service: str, name: str, role: str = "all", environment: Mapping[str, str] | None = None
    ) -> int:
        """Start one more process of a service under a name of its own; its port."""
        (port,) = ports.choose([name], {}).values()
        settings = {"MENTE_HTTP_PORT": str(port), **(environment or {})}
        self.start(name, service_part(self.stack, service, name=name, role=role, environment=settings))
        return port


@contextmanager
def embedded_stack(
    parts: Iterable[str], home: Path | None = None, bench: bool = False
) -> Iterator[StackUnderTest]:
    """Start the parts, give them to the test, stop them; the folder goes too unless it was given."""
    folder = home or Path(tempfile.mkdtemp(prefix="mente-", dir="/tmp"))
    running = StackUnderTest(describe(folder, parts), bench=bench)
    try:
        running.start_all()
        yield running
    finally:
        running.stop_all()
        if home is None:
            shutil.rmtree(folder, ignore_errors=True)


def describe(home: Path, parts: Iterable[str]) -> Stack:
    """A stack of these parts in the folder, each on a port that is free now."""
    return Stack(home=home, ports=ports.choose(ports.PREFERRED, {}), parts=tuple(parts))


async def in_thread(call: object, *arguments: object) -> None:
    """Run a blocking act of the stack, such as `kill`, beside the event loop."""
    assert callable(call)
    await asyncio.to_thread(call, *arguments)
