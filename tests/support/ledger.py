"""The bare bones of a service: keys that count their events, an outbox, a reader that notes all it gets."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import asyncpg

from shared import outbox
from shared.contracts.applications import ApplicationWithdrawn
from shared.contracts.topics import APPLICATIONS, Topic
from shared.inbox import Consumer
from shared.postgres import Database, Tx, migrate
from shared.received import Received
from tests.support.bus import fresh_topic, until
from tests.support.observing import Row, Told, read_all
from tests.support.stack import StackUnderTest

SHARED = Path(outbox.__file__).parent / "migrations"
TABLES = """
CREATE TABLE keys (key uuid PRIMARY KEY, sequence bigint NOT NULL DEFAULT 0);
CREATE TABLE seen (place bigint GENERATED ALWAYS AS IDENTITY, key text NOT NULL, sequence bigint NOT NULL)"""
DRAW = "UPDATE keys SET sequence = sequence + 1 WHERE key = $1 RETURNING sequence"
NOTE = "INSERT INTO seen (key, sequence) VALUES ($1, $2)"
OUTBOX = "SELECT topic, event_id, key FROM outbox ORDER BY id"
PUBLISHED = """
SELECT cursor >= (SELECT max(id) FROM outbox) AND jsonb_array_length(holes) = 0 FROM relay_checkpoint"""


class RolledBack(Exception):
    """The writer thought better of it."""


@dataclass
class Ledger:
    """One database and one topic of its own."""

    url: str
    database: Database
    topic: Topic
    keys: Sequence[UUID]
    event: type[ApplicationWithdrawn]
    kafka: str

    @classmethod
    async def open(cls, running: StackUnderTest, keys: int) -> "Ledger":
        """A fresh one with so many keys."""
        url = await running.fresh_database("intake")
        await migrate(url, [SHARED])
        database = await Database.open(url, name="ledger", size=40)
        await database.execute(TABLES)
        ids = [uuid4() for _ in range(keys)]
        await database.execute("INSERT INTO keys (key) SELECT unnest($1::uuid[])", ids)
        topic = await fresh_topic(running.stack.kafka, APPLICATIONS)
        return cls(url, database, topic, ids, _event_on(topic.name), running.stack.kafka)

    async def state(self, key: UUID, *, hold: float = 0, fail: bool = False) -> None:
        """One action: lock the key, state its next event, think for a while, perhaps roll back."""
        with suppress(RolledBack):
            async with self.database.transaction() as tx:
                await tx.execute(DRAW, key)
                event = self.event(application_id=key, occurred_at=datetime.now(UTC))
                await outbox.add(tx, [event])
                await asyncio.sleep(hold)
                if fail:
                    raise RolledBack

    async def hold(self, key: UUID, seconds: float) -> None:
        """State an event in a transaction that nobody ends before its time, however long that is."""
        connection = await asyncpg.connect(self.url)
        try:
            async with connection.transaction():
                event = self.event(application_id=key, occurred_at=datetime.now(UTC))
                await connection.execute(DRAW, key)
                await outbox.add(connection, [event])
                await asyncio.sleep(seconds)
        finally:
            await connection.close()

    def reader(self) -> Consumer:
        """A consumer of the topic that notes every event it is given."""
        return noting(self.topic)

    async def published(self, within: float = 60) -> None:
        """Wait until the relay has nothing left to do."""
        await until(lambda: self.database.fetchval(PUBLISHED), within)

    async def told(self) -> list[Told]:
        """What is on the topic."""
        return [Told.of(record) for record in await read_all(self.kafka, [self.topic.name])]

    async def stated(self) -> list[Row]:
        """What is in the outbox."""
        return [dict(row) for row in await self.database.fetch(OUTBOX)]

    async def seen(self) -> dict[str, list[int]]:
        """What the reader noted: the sequences of each key, in the order of its transactions."""
        found: dict[str, list[int]] = {}
        for row in await self.database.fetch("SELECT key, sequence FROM seen ORDER BY place"):
            found.setdefault(row["key"], []).append(row["sequence"])
        return found

    async def noted_twice(self) -> list[str]:
        """Every event whose effect is there more than once."""
        twice = "SELECT key, sequence, count(*) AS n FROM seen GROUP BY key, sequence HAVING count(*) > 1"
        return [
            f"{r['key']} {r['sequence']} was noted {r['n']} times" for r in await self.database.fetch(twice)
        ]

    async def caught_up(self, within: float = 60) -> None:
        """Wait until the reader has noted as many events as were stated."""

        async def all_seen() -> bool:
            counts = "SELECT (SELECT count(*) FROM seen) >= (SELECT count(*) FROM outbox)"
            return bool(await self.database.fetchval(counts))

        await until(all_seen, within)


def noting(topic: Topic) -> Consumer:
    """A reader whose effect is not protected by any key of its own: a repeat would show."""

    async def note(tx: Tx, received: list[Received[Any]]) -> None:
        await tx.executemany(NOTE, [(one.key, one.sequence) for one in received])

    return Consumer("intake", topic, {ApplicationWithdrawn: note})


def _event_on(name: str) -> type[ApplicationWithdrawn]:
    class Elsewhere(ApplicationWithdrawn):
        """The same event on a topic of the test's own."""

        topic: ClassVar[str] = name

    return Elsewhere
