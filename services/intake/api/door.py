"""Who calls: the signature, the nonce and the scope of a channel, checked once for every route."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from shared.access import ROUTES, Channel, Channels, SignedCall, replayed
from shared.http import Scope
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
        call = await self.verify(scope, body, route)
        if not await self._nonces.first_use(call.channel.id, call.nonce):
            raise replayed()
        return call

    async def verify(self, scope: Scope, body: bytes, route: str) -> Call:
        """Check a call but for its nonce, which whoever asks for this checks with those of other calls."""
        signed, at = SignedCall.from_scope(scope, body), self._now()
        if len(body) < LONG_BODY:
            channel = self._channels.verify(signed, at)
        else:
            channel = await asyncio.to_thread(self._channels.verify, signed, at)
        ROUTES[route].admit_channel(channel)
        return Call(channel, signed.headers[NONCE], signed.idempotency_key, at)


def admitted(route: str) -> Callable[[Request], Awaitable[Call]]:
    """A dependency that lets a call of this route in, or refuses it before its body is judged."""

    async def admit(request: Request) -> Call:
        door: Door = request.app.state.door
        return await door.admit(request.scope, await request.body(), route)

    return admit
