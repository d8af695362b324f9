"""Work that arrives within a few milliseconds is done together; everyone gets an answer of their own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.errors import Unavailable

LINGER = 0.001
"""Seconds that a batch waits for more: a turn of the loop of its own for every item would cost more."""

BUSY = 0.01
"""Seconds after a batch in which the next one waits; what comes later comes too rarely for that to pay."""

T = TypeVar("T")
R = TypeVar("R")

Work = Callable[[list[T]], Awaitable[Sequence[R | Exception]]]
"""Does many items at once; answers one result per item, an Exception for an item that is refused."""


class Batcher(Generic[T, R]):
    """Collects items while the previous batch is being worked on, so it batches more the busier it is."""

    def __init__(self, work: Work[T, R], *, most: int = 256, waiting: int = 10_000) -> None:
        self._work = work
        self._most = most
        self._waiting = waiting
        self._items: list[tuple[T, asyncio.Future[R]]] = []
        self._arrived = asyncio.Event()

    async def submit(self, item: T) -> R:
        """The result for this item, after the work it shared is committed.

        Raises what the work answered for this item alone, or Unavailable `overloaded` when too many wait.
        """
        if len(self._items) >= self._waiting:
            raise Unavailable("overloaded", "too many requests are waiting", retry_after=2)
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._items.append((item, answer))
        self._arrived.set()
        return await answer

    async def run(self) -> None:
        """Work until cancelled; who still waits then hears that the service is stopping."""
        batch: list[tuple[T, asyncio.Future[R]]] = []
        now, last = asyncio.get_running_loop().time, -BUSY
        try:
            while True:
                await self._arrived.wait()
                await asyncio.sleep(LINGER if now() - last < BUSY else 0)
                batch, self._items = self._items[: self._most], self._items[self._most :]
                if not self._items:
                    self._arrived.clear()
                await self._do(batch)
                batch, last = [], now()
        finally:
            for _, answer in (*batch, *self._items):
                _fail(answer, Unavailable("stopping", "the service is stopping", retry_after=1))

    async def _do(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        """Do a batch; if it fails as a whole, halve it until only the item at fault fails."""
        try:
            results = await self._work([item for item, _ in batch])
        except Unavailable as error:
            for _, answer in batch:
                _fail(answer, error)
        except Exception as error:
            if len(batch) == 1:
                _fail(batch[0][1], error)
                return
            middle = len(batch) // 2
            await self._do(batch[:middle])
            await self._do(batch[middle:])
        else:
            for (_, answer), result in zip(batch, results, strict=True):
                _answer(answer, result)


def _answer(answer: asyncio.Future[R], result: R | Exception) -> None:
    if isinstance(result, Exception):
        _fail(answer, result)
    elif not answer.done():
        answer.set_result(result)


def _fail(answer: asyncio.Future[R], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
