import asyncio

import pytest
from redis.asyncio import Redis

from shared.nonces import REMEMBERED, Nonces
from tests.support.loops import running
from tests.support.stack import StackUnderTest


@pytest.fixture
async def nonces(servers: StackUnderTest):
    async with running(Nonces(servers.stack.redis_url, patience=5)) as nonces:
        yield nonces
    await nonces.close()


async def test_a_nonce_is_used_once(nonces: Nonces):
    assert await nonces.first_use("app", "nonce-once")
    assert not await nonces.first_use("app", "nonce-once")
    assert await nonces.first_use("other", "nonce-once")


async def test_of_simultaneous_uses_one_is_the_first(servers: StackUnderTest, nonces: Nonces):
    async with running(Nonces(servers.stack.redis_url, patience=5)) as other:
        asked = [door.first_use("app", "nonce-raced") for door in (nonces, other) for _ in range(100)]
        assert sum(await asyncio.gather(*asked)) == 1
    await other.close()


async def test_simultaneous_uses_share_a_round_trip(servers: StackUnderTest, nonces: Nonces):
    redis = Redis.from_url(servers.stack.redis_url)
    await nonces.first_use("app", "nonce-warm")
    before = (await redis.info("stats"))["total_reads_processed"]
    assert all(await asyncio.gather(*(nonces.first_use("app", f"nonce-{n}") for n in range(200))))
    assert (await redis.info("stats"))["total_reads_processed"] - before < 20
    await redis.aclose()


async def test_a_nonce_is_forgotten_when_its_signature_is_of_no_use_any_more(
    servers: StackUnderTest, nonces: Nonces
):
    redis = Redis.from_url(servers.stack.redis_url)
    await nonces.first_use("app", "nonce-kept")
    assert 600 < await redis.ttl("mente:nonce:app:nonce-kept") <= REMEMBERED
    await redis.aclose()


async def test_a_cancelled_check_leaves_no_answer_for_the_next(nonces: Nonces):
    for number in range(50):
        task = asyncio.create_task(nonces.first_use("app", f"nonce-cut-{number}"))
        await asyncio.sleep(0.0002)
        task.cancel()
        assert await nonces.first_use("app", f"nonce-after-{number}")
        assert not await nonces.first_use("app", f"nonce-after-{number}")


async def test_one_who_hangs_up_spoils_it_for_nobody(nonces: Nonces):
    asked = [asyncio.create_task(nonces.first_use("app", f"nonce-group-{n}")) for n in range(3)]
    await asyncio.sleep(0)
    asked[1].cancel()
    assert await asked[0]
    assert await asked[2]
    assert not await nonces.first_use("app", "nonce-group-2")
