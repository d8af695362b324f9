"""F4: a relay is frozen past its lease, another takes over, the first wakes up as if it still ruled."""

import asyncio
import os
import random
import signal
from dataclasses import dataclass
from itertools import pairwise

import pytest

from tests.chaos.programs.starting import Programs
from tests.chaos.test_relay_killed import breaches, write
from tests.support.bus import until
from tests.support.ledger import Ledger
from tests.support.observing import Row, Told

EPOCH = "SELECT epoch FROM relay_checkpoint"
POSITION = "SELECT cursor FROM relay_checkpoint"
LAST = "SELECT coalesce(max(id), 0) FROM outbox"
AFTER = "SELECT event_id FROM outbox WHERE id > $1"


@dataclass(frozen=True)
class Aftermath:
    """What a zombie left: the records, what was stated, and the events stated after it woke up."""

    told: list[Told]
    stated: list[Row]
    late: frozenset
    positions: list[int]


@pytest.fixture(scope="module")
async def aftermaths(stack):
    """The product and the broken build wait out their leases side by side."""
    seed = random.randrange(1 << 32)
    print(f"\nseed {seed}: zombies")
    builds = ("product", "unguarded")
    found = await asyncio.gather(*(haunt(stack, build, random.Random(seed)) for build in builds))
    return dict(zip(builds, found, strict=True))


async def test_a_relay_that_wakes_up_after_its_lease_is_fenced(stack, rng, aftermaths, figures, repetition):
    found = aftermaths["product"] if repetition == 0 else await haunt(stack, "product", rng)
    assert not (wrong := breaches(found.told, found.stated)), wrong
    assert not (wrong := zombie_deeds(found)), wrong
    repeats = len(found.told) - len(found.stated)
    lost = len(found.stated) - len({one.event_id for one in found.told})
    figures("F4", events=len(found.stated), **{"repeats on the bus": repeats}, lost=lost, doubled=0)


async def test_the_check_catches_a_relay_that_asks_for_no_lease(aftermaths):
    assert zombie_deeds(aftermaths["unguarded"])


def zombie_deeds(found: Aftermath) -> list[str]:
    """What a deposed relay must not do: publish what was stated after its fall, move the checkpoint back."""
    late = [one for one in found.told if one.source == "mente/zombie" and one.event_id in found.late]
    return [
        *(f"the zombie published {one.event_id}" for one in late),
        *(f"the checkpoint went from {a} back to {b}" for a, b in pairwise(found.positions) if b < a),
    ]


async def haunt(stack, build: str, rng: random.Random) -> Aftermath:
    """Freeze a relay in mid-work until another has its lease; then let both go on for a while."""
    ledger = await Ledger.open(stack, keys=20)
    stop, positions = asyncio.Event(), []
    writing = asyncio.create_task(write(ledger, rng, stop))
    async with Programs.open(stack.stack.logs_folder) as programs:
        zombie = programs.start("relay", build, "zombie", ledger.url, ledger.kafka, 0)
        await until(lambda: ledger.database.fetchval(POSITION))
        programs.start("relay", "product", "standby", ledger.url, ledger.kafka, 0)
        await asyncio.sleep(rng.uniform(0.2, 0.6))
        os.kill(zombie.pid, signal.SIGSTOP)
        await until(lambda: moved_on(ledger), within=30)
        fall = await ledger.database.fetchval(LAST)
        os.kill(zombie.pid, signal.SIGCONT)
        for _ in range(20):
            positions.append(await ledger.database.fetchval(POSITION))
            await asyncio.sleep(0.1)
        stop.set()
        await writing
        await ledger.published()
        positions.append(await ledger.database.fetchval(POSITION))
    late = frozenset(row["event_id"] for row in await ledger.database.fetch(AFTER, fall))
    found = Aftermath(await ledger.told(), await ledger.stated(), late, positions)
    await ledger.database.close()
    return found


async def moved_on(ledger: Ledger) -> bool:
    """Whether another relay rules and has published."""
    epoch = await ledger.database.fetchval(EPOCH)
    return epoch >= 2 and await ledger.database.fetchval("SELECT cursor > 0 FROM relay_checkpoint")
