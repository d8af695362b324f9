"""One run on the full stack: a channel, the staff, everything recorded, all invariants judged at the end."""

import random
import time
from types import TracebackType
from typing import Any, Self

from tests.support import invariants
from tests.support.bus import Bus
from tests.support.driver import Driver
from tests.support.groups import bury, groups_of
from tests.support.observing import World, observe
from tests.support.officers import Officers
from tests.support.quiet import until_quiet
from tests.support.recorder import Recorder
from tests.support.stack import StackUnderTest, in_thread

SERVICES = ("catalog", "intake", "review", "notify")


class Run:
    """What a fault test drives and judges."""

    def __init__(
        self, stack: StackUnderTest, rng: random.Random, long: bool, recorder: Recorder | None = None
    ) -> None:
        self.running = stack
        self.stack = stack.stack
        self.rng = rng
        self.long = long
        self.rate = 200.0 if long else 40.0
        self.recorder = recorder or Recorder()
        self.driver = Driver(self.stack, self.recorder, rng)
        self.officers = Officers(self.stack, self.recorder)

    async def __aenter__(self) -> Self:
        self.bus = await Bus(self.stack.kafka).__aenter__()
        await self.officers.__aenter__()
        await self.driver.upload()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.bus.__aexit__()
        await self.officers.__aexit__()
        await self.driver.__aexit__()

    async def kill(self, service: str) -> None:
        """End a service as a crash does."""
        await in_thread(self.running.kill, service)

    async def restart(self, service: str) -> float:
        """Start a killed service; the seconds until it is ready."""
        began = time.monotonic()
        await bury(self.stack.kafka, groups_of(service))
        await in_thread(self.running.start, service)
        return time.monotonic() - began

    async def review(self, count: int) -> None:
        """Carry so many of the acknowledged applications to a decision, with a duel at the end of each."""
        decided = {duel.application_id for duel in self.recorder.duels}
        ids = [one for one in self.recorder.application_ids() if one not in decided]
        for application_id in self.rng.sample(ids, min(count, len(ids))):
            await self.officers.review(application_id)

    async def quiet(self) -> World:
        """Wait until nothing moves, then look at everything that belongs to this run."""
        await until_quiet(self.stack)
        return await observe(self.stack, self.recorder)

    def breaches(self, world: World, *, doubles: bool = True) -> list[str]:
        """Everything that the invariants find; `doubles` are allowed on the bus where a relay died."""
        outbox = [row for rows in world.outbox.values() for row in rows]
        return [
            *invariants.each_acknowledged_is_one_application(self.recorder, world.applications),
            *invariants.each_key_is_one_application(self.recorder, world.applications),
            *invariants.each_application_is_one_task(
                [row["application_id"] for row in world.applications],
                world.cases,
                world.told,
                self.recorder.received(),
            ),
            *invariants.each_key_is_in_order(world.told),
            *([] if doubles else invariants.nothing_comes_twice(world.told)),
            *invariants.each_reader_has_applied_all(world.told, world.progress),
            *invariants.each_case_is_decided_once(self.recorder.duels, world.decisions, world.told),
            *invariants.each_message_is_told_once(world.told, world.messages, world.texts),
            *invariants.outbox_bus_and_readers_agree(outbox, world.told, world.inbox),
            *invariants.exactly_the_poison_is_parked(self.recorder.poison, world.parked),
        ]

    def totals(self, world: World) -> dict[str, Any]:
        """The figures of the table."""
        receipts = self.recorder.receipts()
        there = [(row["channel"], row["idempotency_key"]) for row in world.applications]
        return {
            "submissions": len(self.recorder.asked),
            "acknowledged": len(receipts),
            "events": len({one.event_id for one in world.told}),
            "repeats on the bus": len(world.told) - len({one.event_id for one in world.told}),
            "lost": len(set(receipts) - set(there)),
            "doubled": len(there) - len(set(there)),
        }
