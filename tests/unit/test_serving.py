import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared import edge, serving
from shared.health import Health

ROOT = Path(__file__).parents[2]


def a_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def an_app(gate: asyncio.Event) -> Any:
    async def get_case() -> str:
        await gate.wait()
        return "answered"

    app = edge.application("Test", "review", Health())
    app.add_api_route("/case", get_case)
    return app


async def until_up(port: int) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(10):
        while True:
            try:
                await client.get(f"http://127.0.0.1:{port}/health/live")
                return
            except httpx.ConnectError:
                await asyncio.sleep(0.02)


async def recorded(name: str, record: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        record.append(name)


async def test_a_signal_ends_the_loops_in_the_order_they_were_given():
    record: list[str] = []

    async def term() -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    loops = [partial(recorded, name, record) for name in ("server", "batcher", "relay")]
    await asyncio.wait_for(edge.run_until_stopped(*loops, term), 5)
    assert record == ["server", "batcher", "relay"]


async def test_a_running_request_is_answered_before_the_loop_it_needs_ends():
    port, gate, stop, record = a_port(), asyncio.Event(), asyncio.Event(), []
    server = partial(edge.serve, an_app(gate), "127.0.0.1", port, stop)
    running = asyncio.create_task(
        edge.run_until_stopped(server, partial(recorded, "batcher", record), stop=stop)
    )
    await until_up(port)
    async with httpx.AsyncClient() as client:
        asked = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/case"))
        await asyncio.sleep(0.2)
        stop.set()
        await asyncio.sleep(0.3)
        assert (record, running.done()) == ([], False)
        gate.set()
        assert (await asked).json() == "answered"
    await asyncio.wait_for(running, 5)
    assert record == ["batcher"]


async def test_a_loop_that_fails_ends_the_others_and_its_error_rises():
    record: list[str] = []

    async def fails() -> None:
        raise LookupError

    with pytest.raises(ExceptionGroup) as caught:
        await edge.run_until_stopped(partial(recorded, "relay", record), fails)
    assert [type(error) for error in caught.value.exceptions] == [LookupError]
    assert record == ["relay"]


async def test_a_loop_that_is_cancelled_from_inside_has_failed():
    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    record: list[str] = []
    with pytest.raises(ExceptionGroup) as caught:
        await edge.run_until_stopped(partial(recorded, "relay", record), cancels_itself)
    assert "inside" in str(caught.value.exceptions[0])
    assert record == ["relay"]


async def test_a_loop_that_does_not_end_is_named_and_the_others_end():
    over = asyncio.Event()

    async def stubborn() -> None:
        while not over.is_set():
            with suppress(asyncio.CancelledError):
                await over.wait()

    async def fails() -> None:
        raise LookupError

    record: list[str] = []
    with pytest.raises(ExceptionGroup) as caught:
        await edge.run_until_stopped(stubborn, partial(recorded, "relay", record), fails, grace=0.05)
    assert [type(error) for error in caught.value.exceptions] == [TimeoutError, LookupError]
    assert record == ["relay"]
    over.set()


async def test_when_every_loop_has_returned_the_process_ends():
    async def once() -> None:
        await asyncio.sleep(0)

    await asyncio.wait_for(edge.run_until_stopped(once, once), 5)


async def test_a_port_that_is_taken_is_an_error_of_ours_and_no_exit():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        port = taken.getsockname()[1]
        await edge.serve(an_app(asyncio.Event()), "127.0.0.1", port, asyncio.Event())


async def test_a_service_with_a_route_that_names_no_access_does_not_start():
    async def read_everything() -> None:
        return None

    app = edge.application("Test", "review", Health())
    app.add_api_route("/everything", read_everything)
    with pytest.raises(RuntimeError, match=r"review\.read_everything"):
        edge.require_access("review", app)
    with pytest.raises(ExceptionGroup) as caught:
        await edge.serve(app, "127.0.0.1", a_port(), asyncio.Event())
    assert "did not start" in str(caught.value.exceptions[0])


PROGRAM = """
import asyncio, sys
from functools import partial
from shared import edge, logs
from shared.health import Health

logs.configure("review")
app = edge.application("Test", "review", Health())
stop = asyncio.Event()
edge.run(edge.run_until_stopped(partial(edge.serve, app, "127.0.0.1", int(sys.argv[1]), stop), stop=stop))
"""


STUBBORN = """
import asyncio
from shared import edge, logs

async def stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def fails():
    raise LookupError

logs.configure("review")
edge.run(edge.run_until_stopped(stubborn, fails, grace=0.2), grace=0.2)
"""


async def test_a_process_whose_loop_failed_ends_even_if_another_loop_does_not():
    running = [sys.executable, "-c", STUBBORN]
    process = await asyncio.to_thread(subprocess.run, running, cwd=ROOT, capture_output=True, timeout=30)
    assert process.returncode == serving.CUT_OFF
    assert b"loop_failed" in process.stderr + process.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_process_that_is_told_to_stop_exits_with_zero_and_without_a_word(number):
    port = a_port()
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-W", "error", "-c", PROGRAM, str(port)], cwd=ROOT, stderr=subprocess.PIPE
    )
    await until_up(port)
    process.send_signal(number)
    _, said = await asyncio.to_thread(process.communicate, timeout=10)
    assert process.returncode == 0
    assert b"Traceback" not in said
    assert all(line.startswith(b"{") for line in said.splitlines())
