"""Outbox partitions: always some ahead of the ids being drawn, dropped once published and old.

Done by the owner of the tables, now and then: a service's own user can drop nothing.
"""

from shared.cursor import Hole, Position
from shared.postgres import Database

ROWS = 500_000
AHEAD = 4
KEPT_BEHIND = 4
"""How many published partitions stay, so that a broker that comes back empty can be filled again."""

PARTITIONS = """
SELECT substring(c.relname from 'outbox_p([0-9]+)$')::bigint AS number
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'outbox'::regclass ORDER BY 1"""

LAST_ID = "SELECT coalesce(last_value, 0) FROM pg_sequences WHERE sequencename = 'outbox_id_seq'"


POSITION = "SELECT cursor, holes FROM relay_checkpoint WHERE shard = 0"


async def keep(owner_url: str) -> None:
    """Look after the partitions of one database, as its owner."""
    database = await Database.open(owner_url, name="keeping", size=1)
    try:
        row = await database.fetchrow(POSITION)
        if row is not None:
            holes = tuple(Hole(int(number), since) for number, since in row["holes"])
            await keep_partitions(database, Position(row["cursor"], holes).floor)
    finally:
        await database.close()


async def keep_partitions(database: Database, floor: int) -> None:
    """Make the partitions that the next ids need; drop those far below `floor`, the first unpublished id."""
    numbers = [row["number"] for row in await database.fetch(PARTITIONS)]
    wanted = int(await database.fetchval(LAST_ID) or 0) // ROWS + AHEAD
    for number in range(numbers[-1] + 1, wanted):
        await _make(database, number)
    for number in numbers:
        if number + KEPT_BEHIND < floor // ROWS:
            await database.execute(f"ALTER TABLE outbox DETACH PARTITION outbox_p{number} CONCURRENTLY")
            await database.execute(f"DROP TABLE outbox_p{number}")


async def _make(database: Database, number: int) -> None:
    """Fill a table of its own first and attach it then: a plain PARTITION OF would stop all writers."""
    name, low, high = f"outbox_p{number}", number * ROWS, (number + 1) * ROWS
    async with database.transaction() as tx:
        await tx.execute(f"CREATE TABLE {name} (LIKE outbox INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        await tx.execute(f"ALTER TABLE outbox ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})")
