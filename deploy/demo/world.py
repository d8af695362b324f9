"""Everything outside of Mente that a story needs: channels, the staff's desks, the bus, telephones."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import httpx
from aiokafka.errors import KafkaError

from deploy.demo.bus import Bus, open_bus
from deploy.demo.clients import Answer, Headers, NotAsTold, Office, Sender, call, utc_now
from deploy.demo.papers import Paper, draw_up
from deploy.demo.persons import Figure, a_figure
from deploy.local.stack import Stack
from shared.clock import shanghai_date
from shared.contracts.submissions import Material, NoticeRead
from shared.pools import Pools

CALL_SECONDS = 30.0


@dataclass(frozen=True)
class World:
    """The public doors of a running stack."""

    stack: Stack
    http: httpx.AsyncClient
    bus: Bus
    office: Office
    senders: dict[str, Sender] = field(default_factory=dict)

    def sender(self, channel: str) -> Sender:
        """A channel with its key."""
        if channel not in self.senders:
            self.senders[channel] = Sender(self.http, channel, self.stack.channel_key(channel))
        return self.senders[channel]

    def today(self) -> date:
        """The day in China."""
        return shanghai_date(utc_now())

    def someone(self) -> Figure:
        """A person nobody has met before."""
        return a_figure(secrets.randbelow)

    async def notice(self, region: str) -> NoticeRead:
        """Show the applicant the notice in force, and note that it was read."""
        guide = await self.get(f"/api/catalog/regions/{region}/guide")
        return NoticeRead(version=guide["notice"]["version"], read_at=utc_now())

    async def upload(self, sender: Sender, papers: list[Paper]) -> list[Material]:
        """Make the files of these papers and upload them, one after the other as a phone does."""
        return [await sender.upload(paper, await asyncio.to_thread(draw_up, paper)) for paper in papers]

    async def inbox(self, sender: Sender, person_id: UUID, language: str = "zh") -> list[Answer]:
        """The messages of a person's inbox, oldest first."""
        badge = sender.vouch_for(person_id)
        page = await self.get(f"/api/notify/inbox?limit=100&language={language}", badge)
        messages: list[Answer] = page["messages"]
        return messages[::-1]

    async def mark_read(self, sender: Sender, person_id: UUID, message_id: str) -> None:
        """The person opens a message."""
        badge = sender.vouch_for(person_id)
        await call(self.http, "POST", f"/api/notify/inbox/{message_id}/read", lambda: badge)

    async def texts(self, phone: str | None = None) -> list[Answer]:
        """What the simulated SMS gateway has taken, for one phone or for all."""
        query = f"?phone={phone}" if phone else ""
        taken: list[Answer] = await self.get(f"{self.stack.sms_url}/sent{query}")
        return taken

    async def get(self, target: str, headers: Headers | None = None) -> Any:
        """Ask anything that answers without a signature."""
        return await call(self.http, "GET", target, lambda: headers or {})


@asynccontextmanager
async def open_world(stack: Stack) -> AsyncIterator[World]:
    """Connect to a running stack; NotAsTold when it does not answer."""
    async with httpx.AsyncClient(
        base_url=stack.gateway_url, timeout=CALL_SECONDS, transport=Pools(connections=128), trust_env=False
    ) as http:
        try:
            async with open_bus(stack.kafka) as bus:
                yield World(stack, http, bus, Office(http, stack.oidc_issuer))
        except (httpx.TransportError, KafkaError) as error:
            raise NotAsTold(f"the stack did not answer: {type(error).__name__}") from error
