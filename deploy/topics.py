"""Make the topics of the register on Kafka; nothing else makes topics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.contracts.topics import TOPICS, Topic

VISIBLE_SECONDS = 15.0
REPLICAS = 3


class TopicsDiffer(Exception):
    """Kafka refused a topic or did not show it; the text names the topic."""


async def ensure_topics(bootstrap: str, topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Make the missing topics, wait until Kafka shows them; a line for what was made and for each difference.

    Partition counts are never changed: keys would move to other partitions and lose their order.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="mente-topics")
    await admin.start()
    try:
        known = await _partition_counts(admin)
        missing = [topic for topic in topics if topic.name not in known]
        if missing:
            await _create(admin, missing)
            await _wait_visible(admin, [topic.name for topic in missing])
        changed = await _set_what_differs(admin, [topic for topic in topics if topic.name in known])
        return [*_made(missing), *changed, *differences(topics, known)]
    finally:
        await admin.close()


def differences(topics: Sequence[Topic], known: dict[str, int]) -> list[str]:
    """One sentence for each topic whose partition count is not the registered one."""
    return [
        f"topic {topic.name} has {known[topic.name]} partitions instead of {topic.partitions}; it stays so"
        for topic in topics
        if topic.name in known and known[topic.name] != topic.partitions
    ]


def settings_of(topic: Topic) -> dict[str, str]:
    """The topic's settings as Kafka names them."""
    chosen = {"cleanup.policy": topic.cleanup_policy, "retention.ms": str(topic.retention_ms)}
    return chosen | {name: str(value) for name, value in topic.configs.items()}


async def _set_what_differs(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> list[str]:
    """Give topics of an earlier release the settings of this one; a line for each that changed."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    held: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(asked) if asked else []:
        for code, message, _, name, entries in answer.resources:
            if code != 0:
                raise TopicsDiffer(f"Kafka does not show the settings of {name}: {message}")
            held[name] = {entry[0]: entry[1] for entry in entries}
    differing = [t for t in topics if any(held[t.name].get(k) != v for k, v in settings_of(t).items())]
    if differing:
        wanted = [ConfigResource(ConfigResourceType.TOPIC, t.name, configs=settings_of(t)) for t in differing]
        await admin.alter_configs(wanted)
    return [f"topic {topic.name} has the settings of this release now" for topic in differing]


def _made(missing: Sequence[Topic]) -> list[str]:
    if not missing:
        return []
    return [f"{len(missing)} topics made: {', '.join(sorted(topic.name for topic in missing))}"]


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    brokers: Any = (await admin.describe_cluster())["brokers"]
    wanted = [
        NewTopic(
            name=topic.name,
            num_partitions=topic.partitions,
            replication_factor=min(REPLICAS, len(brokers)),
            topic_configs=settings_of(topic),
        )
        for topic in topics
    ]
    answer: Any = await admin.create_topics(wanted)
    # The client raises nothing for a refused topic: the codes are in the entries of the answer.
    for name, code, *detail in answer.topic_errors:
        error: type[KafkaError] = for_code(code)
        if code != 0 and error is not TopicAlreadyExistsError:
            raise TopicsDiffer(
                f"Kafka refused the topic {name}: {error.__name__} {detail[0] if detail else ''}"
            )


async def _wait_visible(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    deadline = time.monotonic() + VISIBLE_SECONDS
    while absent := sorted(set(names) - set(await _partition_counts(admin))):
        if time.monotonic() > deadline:
            raise TopicsDiffer(f"Kafka does not show the topics {', '.join(absent)}")
        await asyncio.sleep(0.05)


async def _partition_counts(admin: AIOKafkaAdminClient) -> dict[str, int]:
    described: Any = await admin.describe_topics()
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in described
        if topic["error_code"] == 0 and topic["partitions"]
    }
