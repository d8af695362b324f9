"""Kept HTTP connections for many calls at once at little cost."""

import itertools

import httpx

EACH = 4


class Pools(httpx.AsyncBaseTransport):
    """Several small pools in turn: httpx looks at every connection of a pool for each request."""

    def __init__(self, connections: int) -> None:
        verify = httpx.create_ssl_context()
        limits = httpx.Limits(max_keepalive_connections=EACH)
        number = -(-connections // EACH)
        self._pools = [httpx.AsyncHTTPTransport(verify=verify, limits=limits) for _ in range(number)]
        self._turns = itertools.cycle(self._pools)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send over the pool whose turn it is."""
        return await next(self._turns).handle_async_request(request)

    async def aclose(self) -> None:
        """Close all pools."""
        for pool in self._pools:
            await pool.aclose()
