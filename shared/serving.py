"""How a process lives and ends: an HTTP server and loops under one owner, stopped in order by a signal."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import partial
from typing import Any, cast

import structlog
import uvicorn
import uvloop

from shared import connections
from shared.http import App

Loop = Callable[[], Awaitable[None]]

GRACE = 10.0
"""Seconds that a loop has to end after it was asked to."""

CUT_OFF = 70
"""Exit code of a process that had to be cut off: nothing is lost by it, as by any kill."""

SETTLED = 2.0
"""Seconds after its start when a process has loaded what it keeps."""

DRAIN = 5
"""Seconds that running requests have to be answered once the server stops."""

KEEP_ALIVE = 130
"""Seconds an idle connection is kept: longer than the gateway keeps it, so that none is cut in use."""

_log = structlog.get_logger("process")


def run(main: Coroutine[Any, Any, None], *, grace: float = GRACE) -> None:
    """Run a process to its end on uvloop; what does not end within `grace` once `main` has is cut off."""
    connections.mend()
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    try:
        runner.run(_settled(main))
    finally:
        cut_off = threading.Timer(grace, os._exit, [CUT_OFF])
        cut_off.daemon = True
        cut_off.start()
        try:
            runner.close()
        finally:
            cut_off.cancel()


async def _settled(main: Coroutine[Any, Any, None]) -> None:
    """Run it, and soon leave all that was made at its start out of garbage collection.

    A full collection stops every request for as long as it looks at what lives for ever anyway.
    """

    def settle() -> None:
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)

    asyncio.get_running_loop().call_later(SETTLED, settle)
    await main


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


async def run_until_stopped(*loops: Loop, stop: asyncio.Event | None = None, grace: float = GRACE) -> None:
    """Run loops until SIGTERM, SIGINT or `stop`, then end them one after the other in the order given.

    List the server first and what it needs after it. A loop that fails ends them all in the same order;
    ExceptionGroup: its error, and a TimeoutError for each loop that did not end within `grace` seconds.
    """
    stop = stop or asyncio.Event()
    with _signals(stop):
        stopping = asyncio.create_task(stop.wait())
        tasks = [asyncio.create_task(_own(loop), name=_name(loop)) for loop in loops]
        try:
            await _wait_for_stop(stopping, tasks)
        finally:
            stopping.cancel()
            for task in tasks:
                await _end(task, grace)
    if errors := [error for error in map(_failure, tasks) if error]:
        raise ExceptionGroup("loops failed", errors)


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
    try:
        await loop()
    except asyncio.CancelledError as error:
        if cast("asyncio.Task[Any]", asyncio.current_task()).cancelling():
            raise
        raise RuntimeError("something inside cancelled it") from error


async def _wait_for_stop(stopping: asyncio.Task[Any], tasks: list[asyncio.Task[None]]) -> None:
    """Until `stopping` is done, a loop has failed, or all have returned."""
    waiting = set(tasks)
    while waiting and not stopping.done():
        done, _ = await asyncio.wait({stopping, *waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting -= done
        for task in done:
            if error := _failure(task):
                _log.error("loop_failed", loop=task.get_name(), error=repr(error)[:200])
                return


async def _end(task: asyncio.Task[None], grace: float) -> None:
    task.cancel()
    await asyncio.wait({task}, timeout=grace)
    if not task.done():
        _log.error("loop_does_not_end", loop=task.get_name())


def _failure(task: asyncio.Task[Any]) -> Exception | None:
    if not task.done():
        return TimeoutError(f"the loop {task.get_name()} did not end in time")
    error = None if task.cancelled() else task.exception()
    return error if isinstance(error, Exception) else None


def _name(loop: Loop) -> str:
    inner = loop.func if isinstance(loop, partial) else loop
    return getattr(inner, "__qualname__", type(inner).__name__)


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
