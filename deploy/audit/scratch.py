"""A scratch database: `public` has the tables of a rebuild, `live` a copy of the live ones of one moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from shared.contracts.topics import Topic
from shared.errors import Refused
from shared.postgres import migrate
from shared.replaying import Compared, Tables

LEFT_OUT = "live.left_out"
WAITING_PIECES = 8

LOCK = "SELECT pg_try_advisory_lock(hashtext('rebuild'), hashtext($1))"
MAKE = """
CREATE SCHEMA live;
CREATE TABLE live.handled (topic text, event_id uuid, PRIMARY KEY (topic, event_id));
CREATE TABLE live.left_out (key text);
CREATE TABLE live.person_keys_now (LIKE public.person_keys)"""
COLUMNS = """
SELECT attname AS name FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
HANDLED = "SELECT topic, event_id FROM inbox WHERE topic = ANY($1::text[])"
GIVEN_UP = """
SELECT key FROM parked
WHERE key IS NOT NULL AND (state = 'discarded' OR (state = 'open' AND topic = ANY($1::text[])))"""
INDEX = """
ALTER TABLE live.chains ADD PRIMARY KEY (topic, key);
ALTER TABLE live.progress ADD PRIMARY KEY (topic, key);
ANALYZE live.chains, live.progress, live.handled"""
MOVE_TIPS = """
WITH own AS (DELETE FROM progress WHERE topic = ANY($1::text[]) RETURNING topic, key, sequence, hash)
INSERT INTO chains (topic, key, sequence, hash) SELECT topic, key, sequence, hash FROM own"""
LEAVE_OUT_MOVED_KEYS = """
INSERT INTO live.left_out SELECT person_id::text
FROM live.person_keys one FULL JOIN live.person_keys_now another USING (person_id)
WHERE (one.key_id, one.box) IS DISTINCT FROM (another.key_id, another.box)"""
COUNT_LEFT_OUT = "SELECT count(DISTINCT key) FROM live.left_out"
COUNT_STATED = "SELECT count(*) FROM outbox"


@dataclass(frozen=True, slots=True)
class Place:
    """Which service is rebuilt, and where: addresses of its live database, of the scratch, of the broker.

    The live one is only read, so the service's own user will do; `admin_url` may create databases, and the
    scratch belongs to the user of `scratch_url`.
    """

    service: str
    live_url: str
    admin_url: str
    scratch_url: str
    kafka: str
    migrations: Sequence[Path]

    @property
    def name(self) -> str:
        """The name of the scratch database."""
        return f"mente_{self.service}_rebuilt"


@asynccontextmanager
async def connection(url: str, schema: str = "public") -> AsyncIterator[asyncpg.Connection]:
    """One connection for which names without a schema mean this one, closed in the end."""
    settings = {"timezone": "UTC", "search_path": schema, "application_name": "mente-rebuild"}
    opened = await asyncpg.connect(url, timeout=10, server_settings=settings)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def scratch_database(place: Place, *, keep: bool) -> AsyncIterator[None]:
    """An empty database with the service's tables, dropped in the end; Refused `rebuild-runs`."""
    drop = f"DROP DATABASE IF EXISTS {place.name} WITH (FORCE)"
    async with connection(place.admin_url) as admin:
        if not await admin.fetchval(LOCK, place.service):
            raise Refused("rebuild-runs", f"{place.service} is being rebuilt already")
        await admin.execute(drop)
        await admin.execute(f"CREATE DATABASE {place.name} OWNER mente_{place.service}_owner")
        try:
            await admin.execute(f"REVOKE CONNECT ON DATABASE {place.name} FROM PUBLIC")
            await migrate(place.scratch_url, place.migrations)
            async with connection(place.scratch_url) as scratch:
                await scratch.execute(MAKE)
            yield
        finally:
            if not keep:
                await admin.execute(drop)


async def copy_live(
    live: asyncpg.Connection, scratch: asyncpg.Connection, tables: Tables, compacted: Sequence[str]
) -> None:
    """Copy the live tables at one moment, and which events of `compacted` topics were handled by then.

    Rows whose key has a record that staff gave up, or that was set aside from such a topic, cannot be
    compared with the topics.
    """
    async with live.transaction(isolation="repeatable_read", readonly=True):
        for table, how in tables.items():
            if isinstance(how, Compared):
                await scratch.execute(f"CREATE TABLE live.{table} (LIKE public.{table})")
                await _copy_table(live, scratch, table)
        await _copy(live, scratch, "handled", (HANDLED, compacted))
        await _copy(live, scratch, "left_out", (GIVEN_UP, compacted))
    await scratch.execute(INDEX)


async def settle(live: asyncpg.Connection, scratch: asyncpg.Connection, own: Sequence[Topic]) -> None:
    """Put the ends of the own chains where a service keeps them, and leave out data keys that moved on since.

    How far a compacted topic of one's own was published at the moment of the copy is in no table.
    """
    await scratch.execute(MOVE_TIPS, [topic.name for topic in own])
    if any(not topic.in_sequence for topic in own):
        await _copy_table(live, scratch, "person_keys", "person_keys_now")
        await scratch.execute(LEAVE_OUT_MOVED_KEYS)


async def _copy_table(
    live: asyncpg.Connection, scratch: asyncpg.Connection, table: str, to: str | None = None
) -> None:
    names = [row["name"] for row in await scratch.fetch(COLUMNS, f"public.{table}")]
    columns = ", ".join(f'"{name}"' for name in names)
    await _copy(live, scratch, to or table, (f"SELECT {columns} FROM {table}",))  # noqa: S608


async def _copy(
    live: asyncpg.Connection, scratch: asyncpg.Connection, to: str, query: tuple[Any, ...]
) -> None:
    """Stream the rows of a query into a table of the schema `live`."""
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING_PIECES)

    async def read() -> None:
        await live.copy_from_query(*query, output=pieces.put, format="binary")
        await pieces.put(None)

    async def coming() -> AsyncIterator[bytes]:
        while (piece := await pieces.get()) is not None:
            yield piece

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read())
            await scratch.copy_to_table(to, schema_name="live", source=coming(), format="binary")
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
