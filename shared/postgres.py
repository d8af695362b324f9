"""The one door to PostgreSQL: a pool, transactions that ring after commit, migrations, and rights."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import structlog

log = structlog.get_logger()

Tx = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
"""A connection inside a transaction; jsonb values come and go as Python objects."""

Row = asyncpg.Record
"""A row of an answer, its columns by name."""

AWAY: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    OSError,
    asyncio.TimeoutError,
)
"""What is raised while the database is away, starting, stopping or full: the same statement works later."""

PASSING: tuple[type[BaseException], ...] = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
)
"""What is raised when a neighbour was in the way: the same transaction may work at once."""


class Database:
    """A pool of connections to one service's own database."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self.committed = asyncio.Event()

    @classmethod
    async def open(cls, url: str, *, name: str, size: int = 10) -> "Database":
        """Open a pool of at most `size` connections; `name` shows in pg_stat_activity.

        A transaction left idle is ended after 5 s, so that a frozen process cannot hold others up.
        """
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            init=_prepare_connection,
            reset=_keep_session,
            command_timeout=30,
            server_settings={
                "application_name": name,
                "timezone": "UTC",
                "idle_in_transaction_session_timeout": "5s",
                "lock_timeout": "10s",
                "statement_timeout": "30s",
            },
        )
        return cls(pool)

    @classmethod
    async def open_when_there(cls, url: str, *, name: str) -> "Database":
        """As `open`, and waits while the database is away."""
        pause = 0.1
        while True:
            try:
                return await cls.open(url, name=name)
            except AWAY as error:
                log.warning("database-awaited", reason=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)

    async def gap(self) -> str | None:
        """None when the database answers, else that it does not: for /health/ready."""
        try:
            await self.fetchval("SELECT 1")
        except AWAY:
            return "the database does not answer"
        return None

    async def close(self) -> None:
        """Close the pool, ending connections that are still busy after 5 s."""
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """A read-committed transaction on a connection of its own; rings `committed` after the commit."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection
        self.committed.set()

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Run one statement, all rows."""
        return await self._pool.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> asyncpg.Record | None:
        """Run one statement, its first row."""
        return await self._pool.fetchrow(sql, *values)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        """Run one statement, the first column of its first row."""
        return await self._pool.fetchval(sql, *values)

    async def execute(self, sql: str, *values: Any) -> str:
        """Run one statement that commits by itself; rings `committed`."""
        status = await self._pool.execute(sql, *values)
        self.committed.set()
        return status


async def _keep_session(_connection: asyncpg.Connection) -> None:
    """Spare the driver's own reset, a round trip per use: nothing here changes a session."""


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda raw: orjson.loads(raw[1:]),
        format="binary",
    )


JOURNAL = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)"""


async def migrate(url: str, folders: Sequence[Path]) -> list[str]:
    """Apply the numbered `.sql` files of `folders`, in that order; returns the names that were new.

    One runner at a time (advisory lock); a file that changed after it was applied raises RuntimeError, one
    that cannot have its table within three seconds raises asyncpg.LockNotAvailableError. A file whose first
    line is `-- transaction:false` runs statement by statement outside a transaction.
    """
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('schema_migrations'))")
        # A statement that waits for a lock makes everyone who comes after it wait as well.
        await connection.execute("SET lock_timeout = '3s'")
        await connection.execute(JOURNAL)
        done = {r["version"]: r["checksum"] for r in await connection.fetch("TABLE schema_migrations")}
        fresh = []
        for folder in folders:
            for path in sorted(folder.glob("*.sql")):
                if await _apply(connection, f"{folder.parent.name}/{path.stem}", path.read_text(), done):
                    fresh.append(path.stem)
        return fresh
    finally:
        await connection.close()


async def _apply(connection: asyncpg.Connection, version: str, sql: str, done: dict[str, str]) -> bool:
    checksum = hashlib.sha256(sql.encode()).hexdigest()
    if version in done:
        if done[version] != checksum:
            raise RuntimeError(f"migration {version} was changed after it had been applied")
        return False
    record = "INSERT INTO schema_migrations (version, checksum) VALUES ($1, $2)"
    if sql.startswith("-- transaction:false"):
        for statement in filter(str.strip, sql.split(";\n")):
            await connection.execute(statement)
        await connection.execute(record, version, checksum)
        return True
    async with connection.transaction():
        await connection.execute(sql)
        await connection.execute(record, version, checksum)
    return True


APPEND_ONLY = "append-only"
"""How the comment of a table begins in whose rows nobody changes or deletes anything."""

ROWS_GO = "rows go"
"""How the comment of a table begins of which a service deletes rows."""

TABLES = """
SELECT c.relname AS name, coalesce(obj_description(c.oid, 'pg_class'), '') AS comment
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"""


async def grant_access(owner_url: str, user: str) -> None:
    """Let a user read and add everywhere, change rows where that is not ruled out, delete where it is said.

    The journal of migrations is only read. Nobody but the owner reaches partitions but by their table,
    truncates, or alters anything.
    """
    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        async with connection.transaction():
            await connection.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {user}")
            await connection.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {user}")
            for row in await connection.fetch(TABLES):
                await connection.execute(f"GRANT {_rights(row)} ON {row['name']} TO {user}")
    finally:
        await connection.close()


def _rights(table: Row) -> str:
    if table["name"] == "schema_migrations":
        return "SELECT"
    if table["comment"].startswith(APPEND_ONLY):
        return "SELECT, INSERT"
    return "SELECT, INSERT, UPDATE" + (", DELETE" if table["comment"].startswith(ROWS_GO) else "")
