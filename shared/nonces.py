"""Nonces of signed calls, remembered in Valkey for as long as their signature could be used again."""

import asyncio
from collections.abc import Sequence

from prometheus_client import Counter
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared.batching import Batcher

REMEMBERED = 660
"""Seconds: the whole window of ten minutes, and one to spare."""

PATIENCE = 0.05
"""Seconds that a round trip may take before its calls pass unchecked; idempotency keys protect the data."""

PAUSE = 1.0
"""Seconds without any check after a failed one, so that an outage slows no call twice."""

REMEMBER = """
local new = {}
for place, name in ipairs(KEYS) do
    new[place] = redis.call('SET', name, '', 'NX', 'EX', ARGV[1]) and 1 or 0
end
return new"""
"""One command instead of one a nonce: each answer of its own would cost this process 30 us."""

SKIPPED = Counter("mente_nonce_checks_skipped", "Signed calls that passed without a nonce check.")

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
        self._remember = self._redis.register_script(REMEMBER)
        self._asked: Batcher[tuple[str, str], bool] = Batcher(self.first_uses)
        self._away_until = 0.0

    async def run(self) -> None:
        """Answer until cancelled."""
        await self._asked.run()

    async def first_use(self, channel_id: str, nonce: str) -> bool:
        """Tell whether the nonce is new; True as well, and counted, while Redis is away."""
        return await self._asked.submit((channel_id, nonce))

    async def first_uses(self, asked: Sequence[tuple[str, str]]) -> list[bool]:
        """Tell the same of many nonces by channel, in one round trip."""
        if asyncio.get_running_loop().time() >= self._away_until:
            try:
                return await self._ask(asked)
            except _AWAY:
                self._away_until = asyncio.get_running_loop().time() + PAUSE
        SKIPPED.inc(len(asked))
        return [True] * len(asked)

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def _ask(self, asked: Sequence[tuple[str, str]]) -> list[bool]:
        names = [f"mente:nonce:{channel_id}:{nonce}" for channel_id, nonce in asked]
        async with asyncio.timeout(self._patience):
            return [bool(new) for new in await self._remember(keys=names, args=[REMEMBERED])]
