"""PostgreSQL of the embedded stack: one cluster, one database and user per service."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import asyncpg

from deploy.local.installed import postgres_binary
from deploy.local.ports import ADDRESS
from deploy.local.processes import Part, nothing
from deploy.local.stack import ADMIN, SERVICES, Stack

SETTINGS = {
    "shared_buffers": "64MB",
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
    "dynamic_shared_memory_type": "mmap",
    "jit": "off",
    "max_wal_size": "512MB",
    "autovacuum_naptime": "15s",
    "track_io_timing": "on",
    "timezone": "UTC",
}


def cluster_folder(stack: Stack) -> Path:
    """Where the cluster's files are."""
    return stack.home / "postgres"


def postgres_part(stack: Stack, run: Callable[[Part], None]) -> Part:
    """The PostgreSQL server; `run` runs a preparing command to its end."""
    folder = cluster_folder(stack)
    sockets = stack.socket_folder
    settings = {
        **SETTINGS,
        "listen_addresses": ADDRESS,
        "port": str(stack.ports["postgres"]),
        "unix_socket_directories": "" if sockets is None else str(sockets),
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def prepare() -> None:
        if sockets is not None:
            sockets.mkdir(mode=0o700, exist_ok=True)
        if not (folder / "mente-ready").exists():
            _make_cluster(stack, run)
        _forget_dead_server(folder)

    return Part(
        name="postgres",
        command=(str(postgres_binary("postgres")), "-D", str(folder), *options),
        ready=lambda: asyncio.run(_answers(stack.postgres_admin)),
        prepare=prepare,
        stop_signal=signal.SIGINT,
        orphan_signal=signal.SIGINT,
        as_nobody=True,
    )


async def make_databases(stack: Stack, services: tuple[str, ...] = SERVICES) -> None:
    """Create each service's database, its user and the owner of its tables when missing.

    No other service's user may connect to it, and what its own user may do, migrations say.
    """
    password = stack.secret("postgres.password")
    admin = await asyncpg.connect(stack.postgres_admin)
    try:
        users = {row["rolname"] for row in await admin.fetch("SELECT rolname FROM pg_roles")}
        databases = {row["datname"] for row in await admin.fetch("SELECT datname FROM pg_database")}
        for name in (f"mente_{service}" for service in services):
            for user in {name, f"{name}_owner"} - users:
                await admin.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
            if name not in databases:
                await admin.execute(f"CREATE DATABASE {name} OWNER {name}_owner")
            await admin.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
            await admin.execute(f"GRANT CONNECT ON DATABASE {name} TO {name}")
    finally:
        await admin.close()


def _make_cluster(stack: Stack, run: Callable[[Part], None]) -> None:
    folder = cluster_folder(stack)
    shutil.rmtree(folder, ignore_errors=True)
    run(
        Part(
            name="initdb",
            command=(
                str(postgres_binary("initdb")),
                *("-D", str(folder), "-U", ADMIN, "-E", "UTF8", "--no-instructions", "--no-sync"),
                *("--locale-provider=builtin", "--locale=C.UTF-8", "--auth-local=trust"),
                *("--auth-host=scram-sha-256", f"--pwfile={stack.keys_folder / 'postgres.password'}"),
            ),
            ready=lambda: True,
            prepare=nothing,
            as_nobody=True,
        )
    )
    (folder / "mente-ready").touch()


def _forget_dead_server(folder: Path) -> None:
    # After a crash the number in the lock file may belong to another program, and the server would refuse.
    lock = folder / "postmaster.pid"
    if not lock.exists():
        return
    number = lock.read_text().split("\n", 1)[0].strip()
    try:
        program = Path(f"/proc/{number}/comm").read_text().strip()
    except OSError:
        program = ""
    if program != "postgres":
        lock.unlink(missing_ok=True)


async def _answers(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True
