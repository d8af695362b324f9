"""The relay: publishes outbox rows in id order, every row at least once, order kept within a key."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self
from uuid import UUID, uuid4

import structlog
from aiokafka.errors import KafkaError
from prometheus_client import Counter, Gauge

from shared.cluster import ClusterWatch
from shared.cursor import Hole, Position, advance, stored
from shared.postgres import AWAY, PASSING, Database, Row
from shared.publishing import Bodies, Publisher, with_states

LEASE_SECONDS = 5.0
BATCH_ROWS = 5000
REST = 0.1
"""Seconds of rest after a batch: what is committed meanwhile shares the next one."""

BUSY_ROWS = 8
"""Rows in a batch from which the rest is taken in full. After fewer it is shorter in proportion: at a quiet
time an event waits for little, at a busy one many small batches would take the processor from everybody."""
log = structlog.get_logger()

PUBLISHED = Counter("outbox_published_total", "Events acknowledged by the broker")
DEPTH = Gauge("outbox_depth", "Ids drawn from the outbox and not yet published")
OLDEST = Gauge("outbox_oldest_unsent_seconds", "Age of the oldest event that is not yet published")
HOLES = Gauge("outbox_holes", "Skipped outbox ids whose transactions may still commit")


class Deposed(Exception):
    """Another relay holds the lease now."""


class ClusterChanged(Exception):
    """The broker that answers is not the one that was published to before."""


TAKE_LEASE = """
UPDATE relay_checkpoint
SET owner = $1, epoch = epoch + 1, lease_until = clock_timestamp() + make_interval(secs => $2)
WHERE shard = 0 AND lease_until < clock_timestamp()
RETURNING epoch, cursor, holes, cluster_id"""

KEEP_LEASE = """
UPDATE relay_checkpoint SET lease_until = clock_timestamp() + make_interval(secs => $2)
WHERE shard = 0 AND owner = $1 AND epoch = $3 RETURNING 1"""

END_LEASE = (
    "UPDATE relay_checkpoint SET lease_until = '-infinity' WHERE shard = 0 AND owner = $1 AND epoch = $2"
)

SAVE = """
WITH lazily AS (SELECT set_config('synchronous_commit', 'off', true))
UPDATE relay_checkpoint SET cursor = $3, holes = $4, cluster_id = $5
FROM lazily WHERE shard = 0 AND owner = $1 AND epoch = $2
RETURNING pg_current_xact_id()::text::bigint"""

READ = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest_running, o.*
FROM (SELECT 1) AS one LEFT JOIN (
    (SELECT id, event_id, topic, key, type, dataschema, sequence, previous_hash, traceparent,
            occurred_at, body
     FROM outbox WHERE id = ANY($1::bigint[]))
    UNION ALL
    (SELECT id, event_id, topic, key, type, dataschema, sequence, previous_hash, traceparent,
            occurred_at, body
     FROM outbox WHERE id > $2 ORDER BY id LIMIT $3)
) AS o ON true"""

BACKLOG = """
SELECT greatest(0, (SELECT coalesce(last_value, 0) FROM pg_sequences
                    WHERE sequencename = 'outbox_id_seq') - $1),
       coalesce(extract(epoch FROM clock_timestamp() - (
           SELECT created_at FROM outbox WHERE id > $1 ORDER BY id LIMIT 1)), 0)"""


@dataclass
class _Reign:
    """One relay's time in office: its epoch, what is stored, and what has been read ahead of that."""

    epoch: int
    cluster: str | None
    saved: Position
    ahead: Position = field(default_factory=Position)
    met: bool = False
    in_flight: tuple[list[asyncio.Future[Any]], Position, int] | None = None

    @classmethod
    def from_row(cls, row: Row) -> Self:
        position = Position(row["cursor"], tuple(Hole(int(i), since) for i, since in row["holes"]))
        return cls(row["epoch"], row["cluster_id"], position, position)


class Relay:
    """Publishes one service's outbox; of several at a time one works and the others wait for its lease."""

    def __init__(
        self,
        database: Database,
        *,
        service: str,
        kafka: str,
        rest: float = REST,
        states: Mapping[str, Bodies] = MappingProxyType({}),
    ) -> None:
        self._database = database
        self._service = service
        self._kafka = kafka
        self._rest = rest
        self._states = states
        self._owner: UUID = uuid4()

    async def run(self) -> None:
        """Work until cancelled; whatever goes away is waited for."""
        pause = 0.1
        while True:
            try:
                await self._reign()
                pause = 0.1
            except* (Deposed, ClusterChanged) as group:
                log.warning("relay-starts-again", reason=type(group.exceptions[0]).__name__)
                pause = 0.1
            except* (KafkaError, *AWAY, *PASSING) as group:
                log.warning("relay-waits", reason=repr(group.exceptions[0])[:200])
                pause = min(pause * 2, 1)
            await asyncio.sleep(pause)

    async def _reign(self) -> None:
        row = await self._database.fetchrow(TAKE_LEASE, self._owner, LEASE_SECONDS)
        if row is None:
            await asyncio.sleep(0.5)
            return
        reign = _Reign.from_row(row)
        log.info("relay-took-the-lease", epoch=reign.epoch, cursor=reign.saved.cursor)
        publisher = Publisher(self._kafka, self._service)
        try:
            async with ClusterWatch(self._kafka) as watch, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_lease(reign, watch))
                tasks.create_task(self._publish(reign, publisher, watch))
        except* Deposed:
            reign.met = False  # no key that waits may follow its tombstone; restatements heal the rest
            raise
        finally:
            ending = asyncio.create_task(self._end(reign, publisher))
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError:
                await asyncio.wait({ending})  # what waits in the producer is let go of in any case
                raise

    async def _end(self, reign: _Reign, publisher: Publisher) -> None:
        await publisher.stop(grace=2 if reign.met else 0)
        with contextlib.suppress(*AWAY):
            await self._database.execute(END_LEASE, self._owner, reign.epoch)

    async def _keep_lease(self, reign: _Reign, watch: ClusterWatch) -> None:
        """Renew on the database's clock, watch the broker's identity, count."""
        while True:
            if not await self._database.fetchval(KEEP_LEASE, self._owner, LEASE_SECONDS, reign.epoch):
                raise Deposed
            depth, oldest = await self._database.fetchrow(BACKLOG, reign.saved.cursor) or (0, 0)
            DEPTH.set(depth)
            OLDEST.set(oldest)
            HOLES.set(len(reign.saved.holes))
            found = await watch.identity()
            if reign.met and found != reign.cluster:
                # What waits in the producer must not go to a broker before that has told who it is.
                reign.met = False
                raise ClusterChanged if found else KafkaError("the broker is away")
            await asyncio.sleep(LEASE_SECONDS / 4)

    async def _publish(self, reign: _Reign, publisher: Publisher, watch: ClusterWatch) -> None:
        await publisher.start()
        await self._meet_cluster(reign, await watch.identity())
        poll = 0.01
        while True:
            self._database.committed.clear()
            rows, oldest_running = await self._read(reign.ahead)
            reign.ahead = advance(reign.ahead, [row["id"] for row in rows], oldest_running)
            acks = await publisher.enqueue(await with_states(self._database, self._states, rows))
            await self._land(reign)
            if rows:
                reign.in_flight = (acks, reign.ahead, len(rows))
                poll = 0.01
                if len(rows) == BATCH_ROWS:
                    continue  # more waits: it is read while this batch is on its way
                await self._land(reign)
                await asyncio.sleep(self._rest * min(1, len(rows) / BUSY_ROWS))
            elif not await self._settle(reign):
                poll = min(poll * 1.5, 0.2)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._database.committed.wait(), poll)

    async def _meet_cluster(self, reign: _Reign, found: str | None) -> None:
        """Publish everything again to a broker that is not the one known: it came back empty."""
        if found is None:
            raise KafkaError("the broker does not tell its identity")
        if reign.cluster is not None and reign.cluster != found:
            log.error("broker-came-back-empty", known=reign.cluster, found=found)
            reign.saved = reign.ahead = Position()
        if reign.cluster != found:
            reign.cluster = found
            await self._save(reign, reign.saved)
        reign.met = True

    async def _read(self, position: Position) -> tuple[Sequence[Row], int]:
        rows = await self._database.fetch(READ, position.hole_ids, position.cursor, BATCH_ROWS)
        oldest_running = rows[0]["oldest_running"]
        return sorted((r for r in rows if r["id"] is not None), key=lambda r: r["id"]), oldest_running

    async def _land(self, reign: _Reign) -> None:
        """Wait until the batch in flight is acknowledged, then store how far it came."""
        if reign.in_flight is None:
            return
        acks, position, count = reign.in_flight
        reign.in_flight = None
        # Not gather: when cancelled it would cancel the batches too, and that breaks the library's sender.
        done, _ = await asyncio.wait(acks)
        for ack in done:
            ack.result()
        self.acknowledged()
        PUBLISHED.inc(count)
        await self._save(reign, position)

    def acknowledged(self) -> None:
        """The broker has a batch, and how far that is is not stored yet: where a crash would repeat it."""

    async def _settle(self, reign: _Reign) -> bool:
        """With nothing to send, store holes that died; False if there was nothing to store."""
        if reign.ahead == reign.saved:
            return False
        await self._save(reign, reign.ahead)
        return True

    async def _save(self, reign: _Reign, position: Position) -> None:
        """Store a position; what a crash of the database takes back is published again."""
        holes = [[hole.id, hole.since] for hole in position.holes]
        transaction = await self._database.fetchval(
            SAVE, self._owner, reign.epoch, position.cursor, holes, reign.cluster
        )
        if transaction is None:
            raise Deposed
        reign.ahead = stored(reign.ahead, position, transaction)
        reign.saved = stored(position, position, transaction)
