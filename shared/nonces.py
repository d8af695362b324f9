"""Nonces of signed calls, remembered in Valkey for as long as their signature could be used again."""

import asyncio

from prometheus_client import Counter
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared.batching import Batcher
from shared.errors import Unavailable

REMEMBERED = 660
"""Seconds: the whole window of ten minutes, and one to spare."""

PATIENCE = 0.05
"""Seconds that a round trip may take before its calls pass unchecked; idempotency keys protect the data."""

PAUSE = 1.0
"""Seconds without any check after a failed one, so that an outage slows no call twice."""

SKIPPED = Counter("mente_nonce_checks_skipped", "Signed calls that passed without a nonce check.")

AWAY = "nonces-away"
_AWAY = (RedisError, OSError, TimeoutError)


class Nonces:
    """Tells a first use from a replay; all calls that come during one round trip share the next.

    Whoever calls `first_use` keeps `run` running.
    """

    def __init__(self, redis_url: str, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        pool = BlockingConnectionPool.from_url(
            redis_url,
            max_connections=8,
            timeout=patience,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis = Redis.from_pool(pool)
        self._asked: Batcher[str, bool] = Batcher(self._ask)
        self._away_until = 0.0

    async def run(self) -> None:
        """Answer until cancelled."""
        await self._asked.run()

    async def first_use(self, channel_id: str, nonce: str) -> bool:
        """Tell whether the nonce is new; True as well, and counted, while Redis is away."""
        if asyncio.get_running_loop().time() >= self._away_until:
            try:
                return await self._asked.submit(f"mente:nonce:{channel_id}:{nonce}")
            except Unavailable as error:
                if error.code != AWAY:
                    raise
        SKIPPED.inc()
        return True

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def _ask(self, keys: list[str]) -> list[bool]:
        if asyncio.get_running_loop().time() < self._away_until:
            raise Unavailable(AWAY, "nobody remembers nonces now")
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.execute_command("SET", key, b"", "NX", "EX", REMEMBERED)
        try:
            async with asyncio.timeout(self._patience):
                return [bool(answer) for answer in await pipeline.execute()]
        except _AWAY as error:
            self._away_until = asyncio.get_running_loop().time() + PAUSE
            raise Unavailable(AWAY, "nobody remembers nonces now") from error
