"""F2: the relay is killed after the broker's acknowledgement and before its checkpoint."""

import asyncio
import random
from contextlib import suppress

from shared.kafka import Consumption
from tests.chaos.programs.starting import Programs, ended
from tests.support import invariants
from tests.support.ledger import Ledger

FREE_THE_LEASE = "UPDATE relay_checkpoint SET lease_until = '-infinity'"
KILLS = 3


async def test_a_relay_killed_before_its_checkpoint_repeats_and_loses_nothing(
    stack, rng, figures, repetition
):
    ledger = await Ledger.open(stack, keys=20)
    reading = asyncio.create_task(Consumption(ledger.kafka, ledger.database, [ledger.reader()]).run())
    try:
        await write_and_kill(stack, ledger, rng, "product")
        await ledger.caught_up()
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
    told, stated, seen = await ledger.told(), await ledger.stated(), await ledger.seen()
    assert not (found := breaches(told, stated)), found
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen.values())
    effects = sum(map(len, seen.values()))
    figures(
        "F2",
        kills=KILLS,
        events=len(stated),
        **{"repeats on the bus": len(told) - len(stated)},
        lost=len(stated) - effects,
        doubled=effects - len({(k, n) for k, numbers in seen.items() for n in numbers}),
    )
    await ledger.database.close()


async def test_the_check_catches_a_relay_that_stores_its_checkpoint_before_the_acknowledgement(stack, rng):
    ledger = await Ledger.open(stack, keys=5)
    await write_and_kill(stack, ledger, rng, "checkpoint-first", kills=1)
    assert any(
        "is not on the bus" in breach for breach in breaches(await ledger.told(), await ledger.stated())
    )
    await ledger.database.close()


def breaches(told, stated):
    """I4 and I7 where a relay may have repeated itself."""
    return [
        *invariants.each_key_is_in_order(told),
        *invariants.outbox_bus_and_readers_agree(stated, told, {}),
    ]


async def write_and_kill(stack, ledger: Ledger, rng: random.Random, build: str, kills: int = KILLS) -> None:
    """State events all the time while relays die one after the other; the last one lives and finishes."""
    arguments = (build, "intake", ledger.url, ledger.kafka)
    stop = asyncio.Event()
    writing = asyncio.create_task(write(ledger, rng, stop))
    async with Programs.open(stack.stack.logs_folder) as programs:
        for _ in range(kills):
            assert await ended(programs.start("relay", *arguments, rng.randint(1, 8))) == -9
            await ledger.database.execute(FREE_THE_LEASE)
        stop.set()
        await writing
        programs.start("relay", *arguments, 0)
        await ledger.published()


async def write(ledger: Ledger, rng: random.Random, stop: asyncio.Event) -> None:
    """State one event after the other for keys at random."""
    while not stop.is_set():
        await asyncio.gather(*(ledger.state(key) for key in rng.sample(ledger.keys, 4)))
        await asyncio.sleep(rng.uniform(0, 0.01))
