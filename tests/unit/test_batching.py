"""Submissions that share one transaction."""

import asyncio

import pytest

from shared.batching import Batcher
from shared.errors import Refused, Unavailable
from tests.support.loops import running


class Doubling:
    """Doubles numbers, remembers its batches; refuses 13 and breaks on a batch that holds 66."""

    def __init__(self):
        self.batches = []

    async def __call__(self, items):
        self.batches.append(list(items))
        await asyncio.sleep(0.001)
        if 66 in items:
            raise ValueError("66")
        return [Refused("unlucky", "13") if item == 13 else item * 2 for item in items]


async def test_items_that_arrive_together_share_one_batch():
    work = Doubling()
    async with running(Batcher(work)) as batcher:
        assert await asyncio.gather(*(batcher.submit(n) for n in range(10))) == [n * 2 for n in range(10)]
    assert len(work.batches) == 1


async def test_a_refused_item_alone_hears_of_it():
    async with running(Batcher(Doubling())) as batcher:
        results = await asyncio.gather(*(batcher.submit(n) for n in (12, 13, 14)), return_exceptions=True)
    assert results[0] == 24
    assert results[2] == 28
    assert isinstance(results[1], Refused)


async def test_an_item_that_breaks_the_batch_does_not_hurt_its_neighbours():
    async with running(Batcher(Doubling())) as batcher:
        results = await asyncio.gather(*(batcher.submit(n) for n in (1, 66, 3, 4, 5)), return_exceptions=True)
    assert [r for r in results if not isinstance(r, Exception)] == [2, 6, 8, 10]
    assert isinstance(results[1], ValueError)


async def test_a_batch_is_never_larger_than_allowed():
    work = Doubling()
    async with running(Batcher(work, most=4)) as batcher:
        await asyncio.gather(*(batcher.submit(n) for n in range(10)))
    assert max(len(batch) for batch in work.batches) == 4


async def test_too_many_waiting_items_are_turned_away_at_once():
    batcher = Batcher(Doubling(), waiting=2)
    waiting = [asyncio.create_task(batcher.submit(n)) for n in (1, 2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="overloaded"):
        await batcher.submit(3)
    async with running(batcher):
        assert await asyncio.gather(*waiting) == [2, 4]


async def test_a_caller_that_left_does_not_stop_the_others():
    async with running(Batcher(Doubling())) as batcher:
        left = asyncio.create_task(batcher.submit(1))
        stayed = asyncio.create_task(batcher.submit(2))
        await asyncio.sleep(0)
        left.cancel()
        assert await stayed == 4
