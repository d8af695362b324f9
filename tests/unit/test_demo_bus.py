"""What an onlooker sees of the bus: records by key, awaited without asking again and again."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from deploy.demo.bus import Bus, has

SOON = 5.0


class Topics:
    """Hands out one batch of records after another, as a consumer does."""

    def __init__(self) -> None:
        self._batches: asyncio.Queue[list[Any]] = asyncio.Queue()

    def publish(self, *records: Any) -> None:
        self._batches.put_nowait(list(records))

    async def getmany(self, **_: Any) -> dict[str, list[Any]]:
        return {"place": await self._batches.get()}


@pytest.fixture
def topics() -> Topics:
    return Topics()


@pytest.fixture
async def bus(topics: Topics):
    watched = Bus(cast(Any, topics), cast(Any, None))
    watching = asyncio.create_task(watched.watch())
    yield watched
    watching.cancel()


def a_record(key: str | None, kind: str, offset: int = 0) -> Any:
    event_id = uuid4().hex.encode()
    headers = [("ce_id", event_id), ("ce_type", kind.encode()), ("ce_time", b"2026-09-18T04:00:00Z")]
    return SimpleNamespace(
        topic="review.cases",
        partition=3,
        offset=offset,
        key=key.encode() if key else None,
        headers=headers,
        timestamp=1_789_704_000_500,
        value=b"{}",
    )


async def test_who_waits_for_a_type_is_woken_by_a_record_of_their_key_alone(topics: Topics, bus: Bus) -> None:
    waiting = asyncio.create_task(bus.until("one", has("case-opened"), SOON))
    topics.publish(a_record("two", "case-opened"), a_record("one", "application-submitted"))
    topics.publish(a_record("one", "case-opened", 7))

    found = await waiting

    assert [(record.type, record.offset) for record in found] == [
        ("application-submitted", 0),
        ("case-opened", 7),
    ]


async def test_an_event_that_the_bus_carries_again_is_seen_once(topics: Topics, bus: Bus) -> None:
    told, again = a_record("one", "case-opened", 1), a_record("one", "case-opened", 2)
    again.headers = told.headers
    topics.publish(told, again, a_record("one", "case-closed", 3))

    found = await bus.until("one", has("case-closed"), SOON)

    assert [record.offset for record in found] == [1, 3]


async def test_what_is_there_already_is_not_waited_for(topics: Topics, bus: Bus) -> None:
    topics.publish(a_record("one", "case-opened"))
    await bus.until("one", has("case-opened"), SOON)

    assert len(await bus.until("one", has("case-opened"), 0)) == 1


async def test_a_type_named_twice_is_awaited_twice(topics: Topics, bus: Bus) -> None:
    waiting = asyncio.create_task(bus.until("one", has("message-sent", "message-sent"), SOON))
    topics.publish(a_record("one", "message-sent"), a_record("one", "message-sent"))

    assert len(await waiting) == 2


async def test_a_record_that_does_not_come_ends_in_a_time_out(bus: Bus) -> None:
    with pytest.raises(TimeoutError):
        await bus.until("one", has("case-opened"), 0.01)


async def test_after_a_time_out_a_late_record_is_still_seen(topics: Topics, bus: Bus) -> None:
    with pytest.raises(TimeoutError):
        await bus.until("one", has("case-opened"), 0.01)
    topics.publish(a_record("one", "case-opened"))

    assert len(await bus.until("one", has("case-opened"), SOON)) == 1


async def test_records_without_key_or_type_are_passed_over(topics: Topics, bus: Bus) -> None:
    bare = a_record("one", "case-opened")
    bare.headers = []
    topics.publish(a_record(None, "case-opened"), bare, a_record("one", "case-closed"))

    found = await bus.until("one", has("case-closed"), SOON)

    assert [record.type for record in found] == ["case-closed"]
    assert [record.type for record in bus.everything()] == ["case-closed"]


async def test_a_record_tells_when_it_happened_and_when_it_was_published(topics: Topics, bus: Bus) -> None:
    topics.publish(a_record("one", "case-opened"))

    (record,) = await bus.until("one", has("case-opened"), SOON)

    assert record.place == "review.cases partition 3 offset 0"
    assert (record.published_at - record.at).total_seconds() == 0.5
