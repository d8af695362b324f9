"""How far each consumer group is behind, asked at Kafka."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.contracts.topics import TOPICS

ASK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Lag:
    """Records of a topic that a consumer group has not yet committed."""

    group: str
    topic: str
    records: int


async def read_lags(bootstrap: str) -> list[Lag]:
    """The lag of every group and topic; empty when Kafka does not answer within five seconds."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="mente-status")
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, client_id="mente-status")
    try:
        async with asyncio.timeout(ASK_SECONDS):
            await admin.start()
            await reader.start()
            cluster = (await admin.describe_cluster())["cluster_id"]
            found = sorted({name for name, *_ in await admin.list_consumer_groups()})
            groups = {group: name for group in found if (name := shown(group, cluster))}
            return [lag for group in groups for lag in await _lags_of(admin, reader, group, groups[group])]
    except (KafkaError, TimeoutError, OSError):
        return []
    finally:
        await asyncio.gather(reader.stop(), admin.close(), return_exceptions=True)


def shown(group: str, cluster: str) -> str | None:
    """A group's name without the cluster; None: a group of ours whose offsets were of another cluster."""
    name = group.removesuffix(f".{cluster}")
    ours = (f"{reader}.{topic.name}." for topic in TOPICS for reader in topic.readers)
    return None if name == group and f"{group}.".startswith(tuple(ours)) else name


async def _lags_of(admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, group: str, name: str) -> list[Lag]:
    committed = await admin.list_consumer_group_offsets(group)
    ends = await reader.end_offsets(list(committed)) if committed else {}
    behind: dict[str, int] = {}
    for place, offset in committed.items():
        behind[place.topic] = behind.get(place.topic, 0) + missing(ends, place, offset.offset)
    return [Lag(name, topic, records) for topic, records in sorted(behind.items())]


def missing(ends: dict[TopicPartition, int], place: TopicPartition, committed: int) -> int:
    """Records of a partition after the committed offset; a group that committed nothing has read nothing."""
    return max(0, ends.get(place, 0) - max(committed, 0))
