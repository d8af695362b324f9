"""Who calls: the signature, the nonce and the scope of a channel, checked once for every route."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from shared.access import ROUTES, Channel, Channels, SignedCall, replayed
from shared.http import Scope
from shared.looks import BY_CHANNEL, Look, recorded
from shared.nonces import Nonces
from shared.signing import NONCE

LONG_BODY = 1 << 18
"""Bytes; a longer body is hashed beside the event loop."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may come in: from whom, with which nonce, under which key, when."""

    channel: Channel
    nonce: str
    idempotency_key: str
    at: datetime


class Door:
    """Lets signed calls of channels in."""

    def __init__(self, channels: Channels, nonces: Nonces, now: Callable[[], datetime]) -> None:
        self._channels = channels
        self._nonces = nonces
        self._now = now

    async def admit(self, scope: Scope, body: bytes, route: str) -> Call:
        """Check one call; Refused with 401 for a bad or repeated signature, 403 without the route's scope."""
        return await self.let_in(await self.identify(scope, body), route)

    async def let_in(self, call: Call, route: str) -> Call:
        """Check scope and nonce of a call whose signature is checked; Refused with 403 or 401."""
        ROUTES[route].admit_channel(call.channel)
        if not await self._nonces.first_use(call.channel.id, call.nonce):
            raise replayed()
        return call

    async def verify(self, scope: Scope, body: bytes, route: str) -> Call:
        """Check a call but for its nonce, which whoever asks for this checks with those of other calls."""
        call = await self.identify(scope, body)
        ROUTES[route].admit_channel(call.channel)
        return call

    async def identify(self, scope: Scope, body: bytes) -> Call:
        """Tell which channel calls, by its signature and nothing else; Refused (401) for a bad one."""
        signed, at = SignedCall.from_scope(scope, body), self._now()
        if len(body) < LONG_BODY:
            channel = self._channels.verify(signed, at)
        else:
            channel = await asyncio.to_thread(self._channels.verify, signed, at)
        return Call(channel, signed.headers[NONCE], signed.idempotency_key, at)


def admitted(route: str) -> Callable[[Request], Awaitable[Call]]:
    """A dependency that lets a call of this route in, or refuses it before its body is judged."""

    async def admit(request: Request) -> Call:
        door: Door = request.app.state.door
        return await door.admit(request.scope, await request.body(), route)

    return admit


@dataclass(frozen=True, slots=True)
class Visit:
    """A call that shows an application, and the record of it."""

    call: Call
    look: Look


def visiting(route: str) -> Callable[[Request], AsyncIterator[Visit]]:
    """As `admitted`, for routes that show an application: recorded before the answer goes out."""

    async def visit(request: Request) -> AsyncIterator[Visit]:
        door: Door = request.app.state.door
        call = await door.identify(request.scope, await request.body())
        look = Look(call.channel.id, [BY_CHANNEL], request.scope["route"].name, call.at)
        async with recorded(request.app.state.desk.database, look):
            yield Visit(await door.let_in(call, route), look)

    return visit
