"""A relay in a process of its own: `python -m tests.chaos.programs.relay BUILD SERVICE DSN KAFKA DIE_AT`."""

import asyncio
import sys

from shared import logs
from shared.postgres import Database
from shared.relay import Relay
from tests.chaos.builds import CheckpointFirst, Unguarded, die

BUILDS = {"product": Relay, "checkpoint-first": CheckpointFirst, "unguarded": Unguarded}


async def main(build: str, service: str, dsn: str, kafka: str, die_at: int) -> None:
    """Relay until killed; by its own hand after the batch of that number, 0 for never."""
    batches = 0

    def count() -> None:
        nonlocal batches
        batches += 1
        if batches == die_at:
            die()

    database = await Database.open(dsn, name=service, size=3)
    relay = BUILDS[build](database, service=service, kafka=kafka)
    relay.acknowledged = count
    await relay.run()


if __name__ == "__main__":
    logs.configure("relay", "INFO")
    *texts, last = sys.argv[1:]
    asyncio.run(main(*texts, int(last)))
