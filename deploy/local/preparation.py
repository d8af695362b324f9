"""Make what the parts expect before they start: folders, secrets, databases, tables, topics."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import asyncpg

from deploy.local import kafka, keys, postgres
from deploy.local.groups import forget_members
from deploy.local.installed import has_module
from deploy.local.kafka_cache import ensure_kafka
from deploy.local.processes import Part, StartFailed
from deploy.local.stack import SERVICES, Stack
from shared import outbox_partitions
from shared import postgres as postgres_tables

ROOT = Path(__file__).resolve().parents[2]


def prepare_home(stack: Stack, report: Callable[[str], None], run: Callable[[Part], None], lock: int) -> None:
    """Folders, first-run secrets and what all Kafkas share; `lock` is the descriptor for processes."""
    for folder in (stack.home, stack.logs_folder, stack.home / "objects"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys.make_keys(stack.keys_folder)
    if "kafka" in stack.parts:
        progress = partial(_jar_progress, report)
        ensure_kafka(progress, report, partial(kafka.training_part, run=run), lock)


def make_databases(stack: Stack) -> None:
    """One database and user per service; blocking."""
    asyncio.run(postgres.make_databases(stack))


def make_topics(stack: Stack, report: Callable[[str], None]) -> None:
    """The topics of the register, when this tree has one; blocking."""
    if not has_module("shared.contracts.topics"):
        return
    from deploy.topics import ensure_topics

    for line in asyncio.run(ensure_topics(stack.kafka)):
        report(line)


def forget_consumers(stack: Stack, service: str = "") -> None:
    """Take the consumers of a run that was killed out of their groups, all or a service's; blocking."""
    asyncio.run(forget_members(stack.kafka, f"{service}." if service else ""))


def migrate(stack: Stack, service: str) -> None:
    """Bring a service's tables to its migration files, as its own `migrate` does; blocking.

    Skipped when they were applied before; StartFailed when the database refuses. Done in this program: to
    start one for each service takes longer than all that the database has to do.
    """
    stamp = postgres.cluster_folder(stack) / f"mente-migrated-{service}"
    folders = [ROOT / "shared" / "migrations", ROOT / "services" / service / "migrations"]
    wanted = migrations_digest(*folders)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    try:
        asyncio.run(_migrate(stack, service, folders))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, RuntimeError) as failure:
        raise StartFailed(f"the tables of {service} were not made: {failure}") from failure
    stamp.write_text(wanted)


async def _migrate(stack: Stack, service: str, folders: list[Path]) -> None:
    owner = stack.database_as_owner(service)
    await postgres_tables.migrate(owner, folders)
    await postgres_tables.grant_access(owner, f"mente_{service}")


def migrations_digest(*folders: Path) -> str:
    """SHA-256 (hex) over names and bytes of the migration files."""
    digest = hashlib.sha256()
    for path in (path for folder in folders for path in sorted(folder.glob("*.sql"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def keep_partitions(stack: Stack) -> None:
    """Make outbox partitions ahead of need and drop old ones, in each service that runs; blocking."""
    owners = [stack.database_as_owner(name) for name in stack.parts if name in SERVICES]
    asyncio.run(_keep(owners))


async def _keep(owners: list[str]) -> None:
    await asyncio.gather(*map(outbox_partitions.keep, owners))


def _jar_progress(report: Callable[[str], None], done: int, total: int) -> None:
    if done % 10 == 0 or done == total:
        report(f"Kafka: {done} of {total} jars fetched and checked")
