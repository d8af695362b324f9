"""Which Kafka cluster answers: a broker that came back empty has another identity."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

AWAY = (KafkaError, OSError, TimeoutError)


class ClusterWatch:
    """Asks a broker for the identity of its cluster, over one connection that is kept."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self._connecting: asyncio.Task[AIOKafkaAdminClient] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._disconnect()

    async def identity(self) -> str | None:
        """The identity of the cluster behind the address; None while nobody answers."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
        try:
            # Shielded: the client library leaves its socket open when it is cancelled while connecting.
            admin = await asyncio.shield(self._connecting)
            found = (await asyncio.wait_for(admin.describe_cluster(), 5))["cluster_id"]
        except AWAY:
            await self._disconnect()
            return None
        return str(found) if found else None

    async def _connect(self) -> AIOKafkaAdminClient:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._kafka, request_timeout_ms=3000)
        try:
            await admin.start()
        except AWAY:
            await admin.close()
            raise
        return admin

    async def _disconnect(self) -> None:
        connecting, self._connecting = self._connecting, None
        if connecting is not None:
            with contextlib.suppress(*AWAY):
                await (await connecting).close()
