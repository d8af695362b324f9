"""B12: submitting while Kafka is away, and how long the backlog takes afterwards."""

import asyncio
import time

import asyncpg

from tests.bench.load import closed_loop, open_loop
from tests.bench.pairs import Comparison, Goal
from tests.bench.place import Place

SECONDS = 8.0
BACKLOG = """
SELECT coalesce((SELECT last_value FROM pg_sequences WHERE sequencename = 'outbox_id_seq'), 0) - cursor
FROM relay_checkpoint WHERE shard = 0"""


async def outage(place: Place, port: int) -> list[Comparison]:
    """B12: submissions a second without Kafka / with it; backlog seconds / outage seconds under traffic."""
    requests = place.requests(port)
    await requests.prepare()
    during = Comparison("B12", "submit rate with Kafka stopped / before", "requests/s", Goal(0.9, 0.97, 1.0))
    backlog = Comparison(
        "B12b",
        "seconds of backlog / seconds of outage, traffic going on",
        "s",
        Goal(1.0, 0.5, 0.25, higher=False),
    )
    await closed_loop([port], requests.submissions(4000), 2)
    for _ in range(2):
        before = await closed_loop([port], requests.submissions(int(SECONDS * 4000)), SECONDS)
        prepared = requests.submissions(int(SECONDS * 4000))
        stopped = time.perf_counter()
        await asyncio.to_thread(place.running.stop, "kafka")
        without = await closed_loop([port], prepared, SECONDS)
        for result in (before, without):
            if set(result.statuses) != {201}:
                raise SystemExit(f"not every request was answered 201: {result.statuses}")
        during.a.append(without.rate)
        during.b.append(before.rate)
        traffic_rate = before.rate / 3
        later = requests.submissions(int(traffic_rate * 40))
        await asyncio.to_thread(place.running.start, "kafka")
        back = time.perf_counter()
        traffic = asyncio.create_task(open_loop([port], later, traffic_rate))
        await _caught_up(place.running.database("intake"), int(traffic_rate * 0.3) + 50)
        backlog.a.append(time.perf_counter() - back)
        backlog.b.append(back - stopped)
        traffic.cancel()
        await asyncio.gather(traffic, return_exceptions=True)
        await drain(place)
    return [during, backlog]


async def drain(place: Place) -> None:
    """Wait until intake has published everything it ever took."""
    await _caught_up(place.running.database("intake"), 0)


async def _caught_up(url: str, slack: int) -> None:
    """Wait until no more than `slack` drawn ids are unpublished: what open traffic has under way."""
    database = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(120):
            while await database.fetchval(BACKLOG) > slack:
                await asyncio.sleep(0.05)
    finally:
        await database.close()
