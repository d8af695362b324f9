"""Relays and consumers that are broken on purpose: a check that never fails proves nothing."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from asyncpg import Record

from shared import inbox
from shared.cluster import ClusterWatch
from shared.cursor import Position, stored
from shared.inbox import Consumer
from shared.kafka import Consumption
from shared.publishing import Publisher
from shared.relay import Relay, _Reign
from shared.settling import Batch, Settler

SAVE = """
UPDATE relay_checkpoint SET cursor = $1, holes = $2, cluster_id = $3
RETURNING pg_current_xact_id()::text::bigint"""


def die() -> None:
    """End this process as a crash does."""
    os.kill(os.getpid(), signal.SIGKILL)


class CheckpointFirst(Relay):
    """Stores how far it will have come, and sends afterwards; the hook is called in between."""

    async def _publish(self, reign: _Reign, publisher: Publisher, watch: ClusterWatch) -> None:
        publishing = _StoringPublisher(self, reign, publisher, before_sending=self.acknowledged)
        self.acknowledged = lambda: None  # type: ignore[method-assign]
        await super()._publish(reign, publishing, watch)  # type: ignore[arg-type]


class _StoringPublisher:
    def __init__(
        self, relay: CheckpointFirst, reign: _Reign, publisher: Publisher, before_sending: Callable[[], None]
    ) -> None:
        self._relay, self._reign, self._publisher = relay, reign, publisher
        self._before_sending = before_sending
        self.start = publisher.start

    async def enqueue(self, rows: Sequence[Record]) -> list[Awaitable[Any]]:
        await self._relay._save(self._reign, self._reign.ahead)
        self._before_sending()
        return await self._publisher.enqueue(rows)


class Unguarded(Relay):
    """Asks nobody whether it still holds the lease."""

    async def _keep_lease(self, reign: _Reign, watch: ClusterWatch) -> None:
        await asyncio.Event().wait()

    async def _save(self, reign: _Reign, position: Position) -> None:
        holes = [[hole.id, hole.since] for hole in position.holes]
        transaction = await self._database.fetchval(SAVE, position.cursor, holes, reign.cluster)
        reign.ahead = stored(reign.ahead, position, transaction)
        reign.saved = stored(position, position, transaction)


class BareCursor(Relay):
    """Reads what lies behind its cursor and never looks back."""

    async def _read(self, position: Position) -> tuple[Sequence[Record], int]:
        return await super()._read(Position(position.cursor))


class ForgetsEarly(Relay):
    """Takes a hole for dead as soon as a younger transaction has begun."""

    async def _read(self, position: Position) -> tuple[Sequence[Record], int]:
        rows, _ = await super()._read(position)
        return rows, 1 << 62


class IgnoresTheCluster(Relay):
    """Does not care which broker answers."""

    async def _meet_cluster(self, reign: _Reign, found: str | None) -> None:
        return


class BrokenConsumption(Consumption):
    """Consumes with another settler than the product's."""

    settler: type[Settler]

    def _subscribe(self, broker: Any, consumer: Consumer, group: str, settler: Settler) -> Any:
        return super()._subscribe(broker, consumer, group, self.settler(self._database, consumer))


class WithoutInbox(Settler):
    """Handles whatever comes, as often as it comes."""

    async def _commit(self, batch: Batch) -> set[str]:
        async with self._database.transaction() as tx:
            await inbox.handle(tx, self._consumer, batch)
        return set()


class PassesPoison(Settler):
    """Goes on past what it cannot read or handle, and tells nobody."""

    async def _park(self, *_: Any) -> None:
        return


class RemembersNothing(BrokenConsumption):
    """A consumer without inbox and without sequence check."""

    settler = WithoutInbox


class SkipsPoison(BrokenConsumption):
    """A consumer that loses what it cannot handle."""

    settler = PassesPoison


class DiesBeforeTheOffset(Consumption):
    """The product, killed at its n-th batch: after the commit, before the offset."""

    dies_at = 0
    batches = 0

    async def _settle(self, consumer: Consumer, settler: Settler, message: Any) -> None:
        self.batches += 1
        if self.batches == self.dies_at:
            await settler.settle(message.raw_message)
            die()
        await super()._settle(consumer, settler, message)


class AcknowledgesFirst(DiesBeforeTheOffset):
    """Acknowledges and works afterwards; killed in between."""

    async def _settle(self, consumer: Consumer, settler: Settler, message: Any) -> None:
        self.batches += 1
        await message.consumer.commit()
        if self.batches == self.dies_at:
            die()
        await settler.settle(message.raw_message)


class DiesWithoutInbox(DiesBeforeTheOffset, RemembersNothing):
    """A consumer without inbox, killed after the commit, before the offset."""
