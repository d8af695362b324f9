import asyncio

import pytest

from shared.nonces import SKIPPED, Nonces
from tests.support.loops import running


def skipped() -> float:
    return SKIPPED.collect()[0].samples[0].value


@pytest.fixture
async def silent_port():
    """A server that accepts and never says a word."""

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_calls_pass_and_are_counted_while_redis_is_gone(unused_port):
    before = skipped()
    async with running(Nonces(f"redis://127.0.0.1:{unused_port}/0")) as nonces:
        answers = await asyncio.gather(*(nonces.first_use("app", "the-same-nonce") for _ in range(5)))
    assert answers == [True] * 5
    assert skipped() - before == 5
    await nonces.close()


async def test_a_silent_redis_costs_a_call_little_and_the_next_call_nothing(silent_port):
    loop = asyncio.get_running_loop()
    async with running(Nonces(f"redis://127.0.0.1:{silent_port}/0")) as nonces:
        began = loop.time()
        assert await nonces.first_use("app", "nonce-1")
        first = loop.time() - began
        began = loop.time()
        for number in range(20):
            assert await nonces.first_use("app", f"nonce-{number}")
    assert first < 1.0
    assert loop.time() - began < first
    await nonces.close()


async def test_a_caller_who_hangs_up_takes_nobody_with_it(unused_port):
    async with running(Nonces(f"redis://127.0.0.1:{unused_port}/0")) as nonces:
        asking = asyncio.create_task(nonces.first_use("app", "nonce-1"))
        following = asyncio.create_task(nonces.first_use("app", "nonce-2"))
        await asyncio.sleep(0)
        asking.cancel()
        assert await asyncio.wait_for(following, 2)
        assert await asyncio.wait_for(nonces.first_use("app", "nonce-3"), 2)
    await nonces.close()


@pytest.fixture
async def unused_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return int(port)
