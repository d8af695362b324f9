"""Loops that a process would own, owned by a test."""

import asyncio
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def running(thing):
    """Let `thing.run()` work beside the test."""
    task = asyncio.create_task(thing.run())
    try:
        yield thing
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
