"""A consumer of one topic like intake.applications in a process of its own; SERVICE may be `ledger`.

`python -m tests.chaos.programs.consumer BUILD SERVICE TOPIC DSN KAFKA DIE_AT`
"""

import asyncio
import sys
from dataclasses import replace

from shared import logs
from shared.contracts.topics import APPLICATIONS
from shared.postgres import Database
from tests.chaos.builds import AcknowledgesFirst, DiesBeforeTheOffset, DiesWithoutInbox
from tests.support.ledger import noting
from tests.support.readers import readers

BUILDS = {
    "product": DiesBeforeTheOffset,
    "acknowledges-first": AcknowledgesFirst,
    "without-inbox": DiesWithoutInbox,
}


async def main(build: str, service: str, name: str, dsn: str, kafka: str, die_at: int) -> None:
    """Consume until killed; by its own hand at the batch of that number, 0 for never."""
    database = await Database.open(dsn, name=service, size=3)
    topic = replace(APPLICATIONS, name=name)
    ledger = service == "ledger"
    consumers = [noting(topic)] if ledger else readers(service, database, {APPLICATIONS.name: topic})
    consumption = BUILDS[build](kafka, database, consumers)
    consumption.dies_at = die_at
    await consumption.run()


if __name__ == "__main__":
    logs.configure("consumer", "WARNING")
    *texts, last = sys.argv[1:]
    asyncio.run(main(*texts, int(last)))
