"""F6: the broker dies for ten seconds; submissions go on, and the backlog goes out afterwards."""

import asyncio
import random
import time
from dataclasses import dataclass

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from shared.contracts.topics import RECEIPTS
from tests.chaos.conftest import LONG
from tests.chaos.run import Run
from tests.support.bus import fresh_topic
from tests.support.driver import Driver
from tests.support.recorder import Recorder
from tests.support.stack import in_thread

OUTAGE = 10.0
"""Seconds from the broker's death to its start."""


@dataclass(frozen=True)
class Outage:
    """What came of one outage: the product's breaches and figures, and the broken build's recorder."""

    breaches: list[str]
    figures: dict
    broken: Recorder


@pytest.fixture(scope="module")
async def outage(stack):
    """The product and a build that waits for Kafka live through the same outage."""
    seed = random.randrange(1 << 32)
    print(f"\nseed {seed}: the broker is away")
    return await live_through(stack, random.Random(seed))


async def test_submissions_go_on_while_the_broker_is_away(stack, rng, outage, figures, repetition):
    found = outage if repetition == 0 else await live_through(stack, rng)
    assert not found.breaches, found.breaches[:20]
    figures("F6", **found.figures)


async def test_the_check_catches_an_intake_that_answers_when_kafka_has_it(outage):
    assert unavailable(outage.broken)


def unavailable(recorder: Recorder) -> list[str]:
    """I12: the tries that got no answer although intake was never touched."""
    return [f"I12 {n} tries ended with {kind}" for kind, n in recorder.failed_tries.items()]


async def live_through(stack, rng: random.Random) -> Outage:
    """Submit before, during and after an outage, on HTTP and on the bus; judge when all is quiet."""
    dual_writing = Recorder()
    async with Run(stack, rng, LONG) as run, DualWriter(stack.stack.kafka) as writer:
        transport = httpx.ASGITransport(writer.answer)
        async with Driver(stack.stack, dual_writing, rng, transport=transport) as broken:
            await broken.submit(tries=1)
            async with run.driver.load(run.rate):
                await asyncio.sleep(1)
                await in_thread(stack.kill, "kafka")
                offered = asyncio.create_task(run.driver.offer(run.bus))
                await broken.submit(tries=2)
                await asyncio.sleep(OUTAGE - 2 * DualWriter.PATIENCE)
                await in_thread(stack.start, "kafka")
                back = time.monotonic()
                await offered
                await run.review(2)
        world = await run.quiet()
        quiet = time.monotonic() - back
        figures = run.totals(world) | {"failed tries": run.recorder.failed_tries.total()}
        breaches = [*unavailable(run.recorder), *run.breaches(world)]
        return Outage(breaches, figures | {"quiet after": f"{quiet:.1f} s"}, dual_writing)


class DualWriter:
    """An intake as it should not be: it answers when the broker has the event."""

    PATIENCE = 2.0

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        self._producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")

    async def __aenter__(self) -> "DualWriter":
        self._topic = await fresh_topic(self._kafka, RECEIPTS)
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def answer(self, scope, receive, send) -> None:
        body = (await receive())["body"]
        try:
            sending = self._producer.send_and_wait(self._topic.name, body)
            await asyncio.wait_for(sending, self.PATIENCE)
            status = 201
        except TimeoutError:
            status = 503
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})
