"""Kept connections for many calls at once at little cost."""

from __future__ import annotations

import itertools

import httpx

POOLS, EACH = 16, 8


class Pools(httpx.AsyncBaseTransport):
    """Several small pools in turn: httpx looks at every connection of a pool for each request it makes."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_keepalive_connections=EACH)
        # All that is called is on this machine, without TLS.
        self._pools = [httpx.AsyncHTTPTransport(verify=False, limits=limits) for _ in range(POOLS)]
        self._turns = itertools.cycle(self._pools)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send over the pool whose turn it is."""
        return await next(self._turns).handle_async_request(request)

    async def aclose(self) -> None:
        """Close all pools."""
        for pool in self._pools:
            await pool.aclose()
