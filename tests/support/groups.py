"""Acts on Kafka's consumer groups that an operator, not a consumer, makes."""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.group import LeaveGroupRequest

from shared.contracts.topics import TOPICS, Topic


def groups_of(service: str) -> list[str]:
    """The groups of a service, one for each topic it reads."""
    return [f"{service}.{topic.name}" for topic in TOPICS if service in topic.readers]


async def id_of(admin: AIOKafkaAdminClient, group: str) -> str:
    """The id that a group has on the cluster that answers."""
    return f"{group}.{(await admin.describe_cluster())['cluster_id']}"


async def bury(kafka: str, groups: Iterable[str]) -> None:
    """Take the members of groups out whose processes were killed: Kafka itself waits for their session."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        for group in [await id_of(admin, name) for name in groups]:
            coordinator = await admin.find_coordinator(group)
            (described,) = await admin.describe_consumer_groups([group], coordinator)
            for member_id, *_ in described.groups[0][5]:
                await admin._send_request(LeaveGroupRequest(group, member_id), coordinator)
    finally:
        await admin.close()


async def rewind(kafka: str, group: str, topic: Topic) -> None:
    """Let a group that has no members begin a topic again."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    group_id = await id_of(admin, group)
    await admin.close()
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group_id, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(places)
        await consumer.commit(dict.fromkeys(places, 0))
    finally:
        await consumer.stop()
