"""How far a group has come: told soon, told before it is too late, and never waited for in vain."""

import asyncio

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError

from shared.offsets import DrainOnRevoke, Offsets

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


class Group:
    """What a consumer tells of its group; `answer` is awaited for every commit."""

    def __init__(self, *places: TopicPartition) -> None:
        self.places = set(places)
        self.told: list[dict[TopicPartition, int]] = []
        self.answer = asyncio.Event()
        self.answer.set()
        self.failure: Exception | None = None

    def assignment(self) -> set[TopicPartition]:
        return self.places

    async def commit(self, after: dict[TopicPartition, int]) -> None:
        assert after, "the library refuses to commit nothing"
        await self.answer.wait()
        if self.failure:
            raise self.failure
        self.told.append(after)


def hasty() -> Offsets:
    return Offsets(pause=0.02, patience=0.05)


async def test_places_of_several_batches_are_told_together():
    group, offsets = Group(A, B), hasty()
    offsets.store(group, {A: 1})
    offsets.store(group, {A: 2, B: 7})
    assert group.told == []
    await asyncio.sleep(0.1)
    assert group.told == [{A: 2, B: 7}]


async def test_a_drain_tells_at_once_what_is_settled():
    group, offsets = Group(A), hasty()
    offsets.store(group, {A: 5})
    await DrainOnRevoke(offsets).on_partitions_revoked({A})
    assert group.told == [{A: 5}]


async def test_a_place_that_went_elsewhere_keeps_no_other_from_being_told():
    group, offsets = Group(B), hasty()
    offsets.store(group, {A: 5, B: 6})
    await offsets.stored()
    assert group.told == [{B: 6}]


async def test_when_every_place_went_elsewhere_nothing_is_told_and_the_next_is():
    group, offsets = Group(), hasty()
    offsets.store(group, {A: 5})
    await offsets.stored()
    group.places = {A}
    offsets.store(group, {A: 6})
    await offsets.stored()
    assert group.told == [{A: 6}]


async def test_a_commit_that_fails_is_left_to_be_repeated_and_the_next_is_told():
    group, offsets = Group(A), hasty()
    group.failure = CommitFailedError()
    offsets.store(group, {A: 5})
    await offsets.stored()
    group.failure = None
    offsets.store(group, {A: 6})
    await offsets.stored()
    assert group.told == [{A: 6}]


async def test_a_commit_that_never_ends_is_not_waited_for():
    group, offsets = Group(A), hasty()
    group.answer.clear()
    offsets.store(group, {A: 5})
    await asyncio.wait_for(DrainOnRevoke(offsets).end(), 2)
    group.answer.set()
    offsets.store(group, {A: 9})
    await offsets.stored()
    assert group.told == [{A: 9}]
