"""F7: the broker comes back empty, as another cluster; the outboxes fill it again."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass

import pytest

from deploy.topics import ensure_topics
from tests.chaos.builds import IgnoresTheCluster
from tests.chaos.conftest import LONG
from tests.chaos.run import SERVICES, Run
from tests.chaos.test_relay_killed import breaches
from tests.support.bus import until
from tests.support.ledger import Ledger
from tests.support.stack import in_thread

NOTICE = "broker-came-back-empty"


@dataclass(frozen=True)
class Loss:
    """What came of one loss: the product's breaches and figures, and what the broken relay left."""

    breaches: list[str]
    figures: dict
    broken: list[str]


@pytest.fixture(scope="module")
async def loss(stack):
    """The product and a relay that ignores the cluster's identity live through the same loss."""
    seed = random.randrange(1 << 32)
    print(f"\nseed {seed}: the broker comes back empty")
    return await live_through(stack, random.Random(seed))


async def test_a_broker_that_comes_back_empty_is_filled_again(stack, rng, loss, figures, repetition):
    found = loss if repetition == 0 else await live_through(stack, rng)
    assert not found.breaches, found.breaches[:20]
    figures("F7", **found.figures)


async def test_the_check_catches_a_relay_that_ignores_the_cluster(loss):
    assert any("is not on the bus" in breach for breach in loss.broken)


async def live_through(stack, rng: random.Random) -> Loss:
    """Submit and decide, lose all that the broker has, submit and decide again; judge when all is quiet."""
    ledger = await Ledger.open(stack, keys=5)
    ignorant = IgnoresTheCluster(ledger.database, service="intake", kafka=ledger.kafka)
    relaying = asyncio.create_task(ignorant.run())
    try:
        await asyncio.gather(*(ledger.state(key) for key in ledger.keys))
        await ledger.published()
        async with Run(stack, rng, LONG) as run:
            async with run.driver.load(run.rate / 2):
                await asyncio.sleep(1)
                await run.review(2)
                await lose_everything(stack, ledger)
            async with Run(stack, rng, LONG, run.recorder) as later:
                await later.driver.offer(later.bus)
                await later.review(2)
                world = await later.quiet()
            await asyncio.gather(*(ledger.state(key) for key in ledger.keys))
            await ledger.published()
            found = run.breaches(world)
            return Loss(found, run.totals(world), breaches(await ledger.told(), await ledger.stated()))
    finally:
        relaying.cancel()
        with suppress(asyncio.CancelledError):
            await relaying
        await ledger.database.close()


async def lose_everything(stack, ledger: Ledger) -> None:
    """Kill the broker, throw its records away, start it anew with empty topics; wait until it is noticed."""
    seen = {name: notices(stack, name) for name in SERVICES}
    await in_thread(stack.kill, "kafka")
    await in_thread(stack.wipe, "kafka")
    await in_thread(stack.start, "kafka")
    await ensure_topics(stack.stack.kafka)
    await ensure_topics(stack.stack.kafka, [ledger.topic])

    async def noticed() -> bool:
        return all(notices(stack, name) > seen[name] for name in SERVICES)

    await until(noticed, within=60, every=0.2)


def notices(stack, name: str) -> int:
    """How often a service has said so in its log."""
    return stack.log_of(name).read_text().count(NOTICE)
