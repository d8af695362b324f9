"""What the services say of the chains that they wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg

from deploy.audit.following import Tip
from deploy.local.stack import Stack
from shared.contracts.topics import TOPICS
from shared.errors import Refused
from shared.postgres import AWAY

PATIENCE = 30.0
"""Seconds that a relay may take to publish what was stated when it was asked."""

PAUSE = 0.2

TIPS = "SELECT topic, key, sequence, hash FROM chains WHERE topic = ANY($1::text[]) AND sequence > 0"
TIPS_OF_KEYS = """
SELECT topic, key, sequence, hash FROM chains
WHERE topic = ANY($1::text[]) AND key = ANY($2::text[]) AND sequence > 0"""
LAST_ID = "SELECT coalesce(last_value, 0) FROM pg_sequences WHERE sequencename = 'outbox_id_seq'"
PUBLISHED = "SELECT cursor >= $1 AND jsonb_array_length(holes) = 0 FROM relay_checkpoint"


async def published_tips(stack: Stack, topics: Sequence[str]) -> list[Tip]:
    """The ends of all chains on these topics, given once everything up to them is on the bus.

    Raises Refused `database-away` or `relay-behind`.
    """
    writers = {topic.writer for topic in TOPICS if topic.name in topics}
    told = await asyncio.gather(*(_tips_of(stack, writer, topics) for writer in sorted(writers)))
    return [tip for tips in told for tip in tips]


async def tips_now(stack: Stack, chains: Sequence[Tip]) -> list[Tip]:
    """Where these chains end by what their writers know now; raises Refused `database-away`."""
    topics = {tip.topic for tip in chains}
    writers = {topic.writer for topic in TOPICS if topic.name in topics}
    found = []
    for writer in sorted(writers):
        connection = await _connected(stack, writer)
        try:
            rows = await connection.fetch(TIPS_OF_KEYS, sorted(topics), sorted({tip.key for tip in chains}))
        finally:
            await connection.close()
        found += [Tip(*row) for row in rows]
    return found


async def _connected(stack: Stack, service: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(stack.database_as_admin(service), timeout=5)
    except AWAY:
        raise Refused("database-away", f"the database of {service} does not answer; see --bus-only") from None


async def _tips_of(stack: Stack, service: str, topics: Sequence[str]) -> list[Tip]:
    connection = await _connected(stack, service)
    try:
        tips = [Tip(*row) for row in await connection.fetch(TIPS, topics)]
        await wait_until_published(connection, service)
        return tips
    finally:
        await connection.close()


async def wait_until_published(connection: asyncpg.Connection, service: str) -> None:
    """Wait until all that the service has stated by now is on the bus; raises Refused `relay-behind`."""
    last = await connection.fetchval(LAST_ID)
    for _ in range(int(PATIENCE / PAUSE)):
        if await connection.fetchval(PUBLISHED, last):
            return
        await asyncio.sleep(PAUSE)
    raise Refused("relay-behind", f"the relay of {service} has not published all of its events")
