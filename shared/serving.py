"""How a process lives and ends: an HTTP server and loops under one owner, stopped in order by a signal."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, cast

import structlog
import uvicorn
import uvloop

from shared.http import App

Loop = Callable[[], Awaitable[None]]

GRACE = 10.0
"""Seconds that a loop has to end after it was asked to."""

DRAIN = 5
"""Seconds that running requests have to be answered once the server stops."""

KEEP_ALIVE = 130
"""Seconds an idle connection is kept: longer than the gateway keeps it, so that none is cut in use."""

_log = structlog.get_logger("process")


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a process to its end on uvloop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


async def serve(app: App, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve until `stop` is set or the task is cancelled, answering what runs first; OSError: port taken."""
    listener = socket.create_server((host, port), backlog=2048)
    listener.setblocking(False)
    config = uvicorn.Config(
        cast("Any", app),
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=DRAIN,
    )
    server = _Server(config)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_run(server, listener))
        stopping = group.create_task(stop.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            stopping.cancel()
            await asyncio.wait({running})


async def run_until_stopped(*loops: Loop, stop: asyncio.Event | None = None) -> None:
    """Run loops until SIGTERM, SIGINT or `stop`, then end them one after the other in the order given.

    List the server first and what it needs after it. A loop that fails ends them all, and its error rises.
    """
    stop = stop or asyncio.Event()
    with _signals(stop):
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(stop.wait())
            tasks = [group.create_task(_own(loop), name=_name(loop)) for loop in loops]
            await _wait_for_stop(stopping, tasks)
            stopping.cancel()
            for task in tasks:
                await _end(task)


class _Server(uvicorn.Server):
    """A server that leaves the signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _run(server: _Server, listener: socket.socket) -> None:
    try:
        await server.serve(sockets=[listener])
    except SystemExit:
        raise RuntimeError("the HTTP application did not start") from None
    finally:
        listener.close()


async def _own(loop: Loop) -> None:
    await loop()


async def _wait_for_stop(stopping: asyncio.Task[Any], tasks: list[asyncio.Task[None]]) -> None:
    waiting = set(tasks)
    while waiting and not stopping.done():
        await asyncio.wait({stopping, *waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting = {task for task in waiting if not task.done()}


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=GRACE)
    if not task.done():
        _log.error("loop_does_not_end", loop=task.get_name())
        raise TimeoutError(f"the loop {task.get_name()} did not end within {GRACE:g} s")


def _name(loop: Loop) -> str:
    return getattr(loop, "__qualname__", type(loop).__name__)


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    running = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            running.remove_signal_handler(number)
