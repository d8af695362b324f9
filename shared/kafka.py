"""The one way to consume: FastStream subscribers that acknowledge only what PostgreSQL has committed."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.schemas import Topic as BrokerTopic
from prometheus_client import Gauge

from shared import tracing
from shared.cluster import ClusterWatch
from shared.inbox import Consumer
from shared.offsets import DrainOnRevoke, Offsets, Settled
from shared.postgres import Database
from shared.settling import ReaderBroken, Settler
from shared.stepping import MOST_RECORDS, SteppingConsumer

STOPPED = Gauge(
    "consumer_stopped", "1 when a consumer stopped itself because record after record failed", ["group"]
)
PATIENCE = 5.0
"""Seconds that the client library has to let go of a broker."""
FEW = 100
STATE_REST = 0.2
"""Seconds of rest after a few records of a compacted topic: nobody waits for a state as for an event, and
many small batches would take the processor from those who do."""
log = structlog.get_logger()


class ClientStuck(Exception):
    """The client library does not end: the process has to, and is started again."""


class Consumption:
    """All subscriptions of one service in one process."""

    def __init__(
        self, kafka: str, database: Database, consumers: Sequence[Consumer], *, patience: float = PATIENCE
    ) -> None:
        self._kafka = kafka
        self._database = database
        self._patience = patience
        self._consumers = consumers
        self._drains: list[DrainOnRevoke] = []
        self.stopped: dict[str, str] = {}
        self.running = False

    async def run(self) -> None:
        """Consume until cancelled; connect anew after the broker was away or came back as another.

        Raises ClientStuck when the client library does not let go of the old broker.
        """
        while True:
            try:
                await self._consume()
            except (KafkaError, OSError) as error:
                log.warning("consumers-wait", reason=type(error).__name__)
            await asyncio.sleep(1)

    async def ready(self) -> str | None:
        """None while every subscription works, else the reason: for /health/ready."""
        if self.stopped:
            return "; ".join(f"{group} stopped: {why}" for group, why in self.stopped.items())
        return None if self.running else "not connected to Kafka"

    async def _consume(self) -> None:
        async with ClusterWatch(self._kafka) as watch:
            known = await watch.identity()
            if known is None:
                raise KafkaError("no broker answers")
            await self._consume_from(known, watch)

    async def _consume_from(self, known: str, watch: ClusterWatch) -> None:
        broker, undecodable = self.build(known)
        try:
            await broker.connect()
            config = broker.config.broker_config
            options = cast(partial[AIOKafkaConsumer], config.builder).keywords
            config.builder = partial(SteppingConsumer, undecodable=undecodable, **options)
            await broker.start()
            self.running = True
            await _same_cluster(known, watch)
            log.error("broker-came-back-empty", known=known)
        finally:
            self.running = False
            await asyncio.shield(self._stop(broker))

    async def _stop(self, broker: KafkaBroker) -> None:
        """Store offsets while the group still knows us, then leave it."""
        await asyncio.gather(*(drain.end() for drain in self._drains))
        try:
            await asyncio.wait_for(broker.stop(), self._patience)
        except TimeoutError:
            raise ClientStuck("the client library does not let go of the broker") from None
        await asyncio.gather(*(drain.offsets.stored() for drain in self._drains))
        self._drains.clear()

    def build(self, cluster: str) -> tuple[KafkaBroker, dict[str, Any]]:
        """The broker with one subscriber per topic, in the groups of that cluster, not yet connected."""
        broker = KafkaBroker(
            self._kafka,
            apply_types=False,
            allow_auto_create_topics=False,
            graceful_timeout=3,
            logger=logging.getLogger("faststream"),
        )
        undecodable = {}
        for consumer in self._consumers:
            settler = Settler(self._database, consumer)
            offsets = self._subscribe(broker, consumer, consumer.group_id(cluster), settler)
            undecodable[consumer.topic.name] = (partial(self._park, consumer, settler), offsets)
        return broker, undecodable

    def _subscribe(self, broker: KafkaBroker, consumer: Consumer, group: str, settler: Settler) -> Offsets:
        offsets = Offsets()
        drain = DrainOnRevoke(offsets)
        self._drains.append(drain)

        async def parse(records: Any) -> Settled:
            return Settled.of(records, subscriber.consumer, offsets)

        subscriber = broker.subscriber(
            BrokerTopic(consumer.topic.name, declare=False),
            group_id=group,
            batch=True,
            max_records=MOST_RECORDS,
            batch_timeout_ms=10,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=45_000,
            rebalance_timeout_ms=60_000,
            heartbeat_interval_ms=1000,
            parser=parse,
            decoder=_as_it_is,
            listener=drain,
        )

        @subscriber
        async def on_batch(message: Any) -> None:
            async with drain.busy:
                await self._settle(consumer, settler, message)
            if consumer.topic.cleanup_policy == "compact" and len(message.raw_message) < FEW:
                await asyncio.sleep(STATE_REST)

        return offsets

    async def _park(self, consumer: Consumer, settler: Settler, place: TopicPartition, offset: int) -> None:
        try:
            await settler.park_undecodable(place, offset)
        except ReaderBroken as broken:
            self._tell_stopped(consumer, broken)
            await asyncio.Event().wait()

    async def _settle(self, consumer: Consumer, settler: Settler, message: Any) -> None:
        """Acknowledge what was settled; give the rest back, because the next ack would pass it over."""
        try:
            with tracing.start_span(consumer.group, links=_causes(message.raw_message), kind="consumer"):
                await settler.settle(message.raw_message)
            await message.ack()
        except ReaderBroken as broken:
            self._tell_stopped(consumer, broken)
            await message.nack()
            await asyncio.Event().wait()
        except Exception as error:
            log.warning("batch-given-back", group=consumer.group, error=repr(error)[:200])
            with contextlib.suppress(KafkaError):
                await message.nack()
            await asyncio.sleep(1)
            raise

    def _tell_stopped(self, consumer: Consumer, broken: ReaderBroken) -> None:
        self.stopped[consumer.group] = str(broken)
        STOPPED.labels(consumer.group).set(1)
        log.error("consumer-stopped", group=consumer.group, reason=str(broken))


async def _as_it_is(message: Any) -> Any:
    return message


async def _same_cluster(known: str, watch: ClusterWatch) -> None:
    """Return when another cluster answers; while none does, the clients wait by themselves."""
    found: str | None = known
    while found in (known, None):
        await asyncio.sleep(3)
        found = await watch.identity()


def _causes(records: Sequence[ConsumerRecord[Any, Any]]) -> list[str | None]:
    """The traceparents of a batch, which had many causes and so no one parent."""
    if not tracing.on():
        return []
    named = (dict(record.headers).get("traceparent") for record in records)
    return [value.decode(errors="replace") if value else None for value in named]
