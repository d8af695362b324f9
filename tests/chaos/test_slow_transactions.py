"""F12: slow transactions commit behind the relay's cursor, others roll back, one is held open for long."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass

import pytest

from shared.relay import Relay
from tests.chaos.builds import BareCursor, ForgetsEarly
from tests.chaos.conftest import LONG
from tests.support import invariants
from tests.support.ledger import Ledger

WRITERS, KEYS = 30, 40
ACTIONS = 120 if LONG else 12
HELD = 30.0 if LONG else 3.0
"""Seconds for which one insert is held open."""


@dataclass(frozen=True)
class Trial:
    """What came of one trial, and what was committed."""

    breaches: list[str]
    events: int


async def test_no_event_is_skipped_doubled_or_overtaken(stack, rng, figures, repetition):
    trial = await attempt(stack, rng, Relay, ACTIONS)
    assert not trial.breaches, trial.breaches[:20]
    figures("F12", writers=WRITERS, keys=KEYS, events=trial.events, held=f"{HELD:g} s", lost=0, doubled=0)


@pytest.mark.parametrize("build", [BareCursor, ForgetsEarly])
async def test_the_check_catches(stack, rng, build):
    trial = await attempt(stack, rng, build, actions=4, held=1.5)
    assert any("is not on the bus" in breach for breach in trial.breaches)


async def attempt(stack, rng, build: type[Relay], actions: int, held: float = HELD) -> Trial:
    """Let writers and a relay of this build work against each other, then judge."""
    ledger = await Ledger.open(stack, keys=KEYS + 1)
    *keys, held_key = ledger.keys
    relaying = asyncio.create_task(build(ledger.database, service="intake", kafka=ledger.kafka).run())
    try:
        slow = asyncio.create_task(ledger.hold(held_key, held))
        await asyncio.gather(*(writer(ledger, rng, keys, actions) for _ in range(WRITERS)))
        await slow
        with suppress(AssertionError):
            await ledger.published(within=30 if build is Relay else 2)
    finally:
        relaying.cancel()
        with suppress(asyncio.CancelledError):
            await relaying
    told, stated = await ledger.told(), await ledger.stated()
    await ledger.database.close()
    return Trial(
        [
            *invariants.each_key_is_in_order(told),
            *invariants.nothing_comes_twice(told),
            *invariants.outbox_bus_and_readers_agree(stated, told, {}),
        ],
        len(stated),
    )


async def writer(ledger: Ledger, rng: random.Random, keys: list, actions: int) -> None:
    """Act on keys at random: mostly at once, sometimes for up to a second; one in twenty thinks better."""
    for _ in range(actions):
        hold = rng.choice((0, 0, 0, 0.01, rng.random() ** 3))
        await ledger.state(rng.choice(keys), hold=hold, fail=rng.random() < 0.05)
