"""Nonces of signed calls, remembered in Valkey for as long as their signature could be used again."""

import asyncio

from prometheus_client import Counter
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

REMEMBERED = 660
"""Seconds: the whole window of ten minutes, and one to spare."""

PATIENCE = 0.05
"""Seconds that a check may take before the call passes unchecked; its idempotency key protects the data."""

PAUSE = 1.0
"""Seconds without any check after a failed one, so that an outage slows no call twice."""

SKIPPED = Counter("mente_nonce_checks_skipped", "Signed calls that passed without a nonce check.")

_AWAY = (RedisError, OSError, TimeoutError)


class Nonces:
    """Tells a first use from a replay; all calls of one event-loop tick share one round trip."""

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
        self._waiting: list[tuple[str, asyncio.Future[bool]]] = []
        self._away_until = 0.0

    async def first_use(self, channel_id: str, nonce: str) -> bool:
        """Tell whether the nonce is new; True as well, and counted, while Redis is away."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._away_until:
            SKIPPED.inc()
            return True
        answer: asyncio.Future[bool] = loop.create_future()
        self._waiting.append((f"mente:nonce:{channel_id}:{nonce}", answer))
        if len(self._waiting) == 1:
            await self._ask()
        return await answer

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def _ask(self) -> None:
        """Ask for everybody who came in this tick; the first of them does it, so no task lacks an owner."""
        waiting = self._waiting
        try:
            await asyncio.sleep(0)
            self._waiting = []
            async with asyncio.timeout(self._patience):
                new = await self._set([key for key, _ in waiting])
            for (_, answer), is_new in zip(waiting, new, strict=True):
                _tell(answer, is_new)
        except _AWAY:
            self._away_until = asyncio.get_running_loop().time() + PAUSE
        finally:
            if self._waiting is waiting:
                self._waiting = []
            _pass_unchecked([answer for _, answer in waiting if not answer.done()])

    async def _set(self, keys: list[str]) -> list[bool]:
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.set(key, b"", nx=True, ex=REMEMBERED)
        return [bool(answer) for answer in await pipeline.execute()]


def _tell(answer: asyncio.Future[bool], is_new: bool) -> None:
    # A caller that hung up has cancelled its own.
    if not answer.done():
        answer.set_result(is_new)


def _pass_unchecked(answers: list[asyncio.Future[bool]]) -> None:
    for answer in answers:
        SKIPPED.inc()
        answer.set_result(True)
