"""Take consumers that were killed out of their groups, so that those who follow need not wait for them.

A killed consumer stays a member until its session ends, 45 seconds, and Kafka remembers it across a restart.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import DescribeGroupsRequest, ListGroupsRequest
from aiokafka.protocol.group import LeaveGroupRequest

OFFSETS = "__consumer_offsets"
LOADED_SECONDS = 15.0


async def forget_members(bootstrap: str, prefix: str = "") -> int:
    """Remove every member of the groups with the prefix; how many. Right only while none of them lives."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, client_id="mente-supervisor")
    await client.bootstrap()
    try:
        partitions = (await client.fetch_all_metadata()).partitions_for_topic(OFFSETS) or set()
        node = client.get_random_node()
        # Kafka lists only the groups of the partitions that it has read already and is silent on the others.
        for group in one_group_each(len(partitions)):
            await _wait_loaded(client, node, group)
        answer: Any = await client.send(node, ListGroupsRequest())
        groups = sorted(name for name, *_ in answer.groups if name.startswith(prefix))
        return sum([await _empty(client, node, group) for group in groups])
    finally:
        await client.close()


def one_group_each(partitions: int) -> list[str]:
    """Made-up group names, one for each partition of the offsets topic, in the order of the partitions."""
    found: dict[int, str] = {}
    for number in itertools.count():
        if len(found) == partitions:
            return [found[partition] for partition in sorted(found)]
        name = f"mente-probe-{number}"
        found.setdefault(java_hash(name) % partitions, name)
    raise AssertionError("counting does not end")


def java_hash(text: str) -> int:
    """Java's hash of an ASCII text without its sign, by which Kafka gives groups to partitions."""
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return value & 0x7FFFFFFF


async def _wait_loaded(client: AIOKafkaClient, node: int, group: str) -> None:
    deadline = time.monotonic() + LOADED_SECONDS
    while True:
        answer: Any = await client.send(node, DescribeGroupsRequest([group]))
        error: type[KafkaError] = for_code(answer.groups[0][0])
        if not error.retriable:
            return
        if time.monotonic() > deadline:
            raise error
        await asyncio.sleep(0.05)


async def _empty(client: AIOKafkaClient, node: int, group: str) -> int:
    answer: Any = await client.send(node, DescribeGroupsRequest([group]))
    members = [member[0] for described in answer.groups for member in described[5]]
    for member in members:
        await client.send(node, LeaveGroupRequest(group, member))
    return len(members)
