"""Take consumers that were killed out of their groups, so that those who follow need not wait for them.

A killed consumer stays a member until its session ends, 45 seconds, and Kafka remembers it across a restart.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import DescribeGroupsRequest, ListGroupsRequest
from aiokafka.protocol.group import LeaveGroupRequest

LOADED_SECONDS = 15.0


async def forget_members(bootstrap: str, prefix: str = "") -> int:
    """Remove every member of the groups with the prefix; how many. Right only while none of them lives."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, client_id="mente-supervisor")
    await client.bootstrap()
    try:
        node = client.get_random_node()
        groups = [group for group in await _groups(client, node) if group.startswith(prefix)]
        return sum([await _empty(client, node, group) for group in groups])
    finally:
        await client.close()


async def _groups(client: AIOKafkaClient, node: int) -> list[str]:
    deadline = time.monotonic() + LOADED_SECONDS
    while True:
        answer: Any = await client.send(node, ListGroupsRequest())
        if answer.error_code == 0:
            return sorted(name for name, *_ in answer.groups)
        error: type[KafkaError] = for_code(answer.error_code)
        if not error.retriable or time.monotonic() > deadline:
            raise error
        await asyncio.sleep(0.1)


async def _empty(client: AIOKafkaClient, node: int, group: str) -> int:
    answer: Any = await client.send(node, DescribeGroupsRequest([group]))
    members = [member[0] for described in answer.groups for member in described[5]]
    for member in members:
        await client.send(node, LeaveGroupRequest(group, member))
    return len(members)
