"""Records set aside: their bytes are kept, and their key waits, until someone has settled them."""

from collections.abc import Sequence
from typing import Any

import orjson
import structlog
from aiokafka import ConsumerRecord
from prometheus_client import Counter

from shared.contracts.base import Event
from shared.errors import Refused, Unreadable
from shared.inbox import BREAKS, BROKEN, NO_LINK, Consumer, handle
from shared.outbox import Tip
from shared.postgres import Database, Row, Tx
from shared.received import NUL, Received, link_of, record_time

log = structlog.get_logger()

PARKED = Counter("events_parked_total", "Records set aside", ["topic", "code"])

PARK = """
INSERT INTO parked (topic, partition, "offset", key, event_id, type, sequence, headers, raw_key, body,
                    record_timestamp, code, reason, attempts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (topic, partition, "offset", record_timestamp) DO NOTHING"""

OPEN = """
SELECT id, topic, partition, "offset", key, event_id, type, sequence, code, reason, attempts, parked_at,
       octet_length(body) AS bytes
FROM parked WHERE state = 'open' ORDER BY topic, key, sequence NULLS FIRST, id LIMIT $1"""

ONE = "SELECT * FROM parked WHERE id = $1"

COUNT_OPEN = "SELECT count(*) FROM parked WHERE state = 'open'"

NEXT = """
SELECT * FROM parked WHERE state = 'open' AND topic = $1 AND key IS NOT DISTINCT FROM $2
ORDER BY sequence NULLS FIRST, id LIMIT 1 FOR UPDATE"""

ALONE = "SELECT * FROM parked WHERE state = 'open' AND id = $1 FOR UPDATE"

SETTLE = """
UPDATE parked SET state = $2, settled_at = now(), settled_by = $3, settled_why = $4, body = NULL
WHERE id = $1"""
"""The bytes go, because an erasure would not find them here."""

BLANK = "UPDATE parked SET body = NULL WHERE topic = $1 AND key = $2 AND state = 'open'"
"""What waits before a tombstone: handled again, it is one too."""

LAST = "SELECT sequence, hash FROM progress WHERE topic = $1 AND key = $2"

MARK = "UPDATE parked SET code = $2, reason = $3 WHERE id = $1"

SKIP = """
INSERT INTO progress (topic, key, sequence, hash) VALUES ($1, $2, $3, $4)
ON CONFLICT (topic, key) DO UPDATE SET sequence = EXCLUDED.sequence, hash = EXCLUDED.hash
WHERE progress.sequence < EXCLUDED.sequence"""


class DryRun(Exception):
    """Rolls a trial back."""


async def park(
    tx: Tx,
    record: ConsumerRecord[bytes | None, bytes | None],
    received: Received[Any] | None,
    why: tuple[str, str, int],
    *,
    hold: bool = True,
) -> bool:
    """Keep one record with its bytes; False if it was kept before.

    `why` is (code, reason without personal data, attempts). Its key is held unless `hold` is False.
    """
    code, reason, attempts = why
    key = (received.key if received else _readable_key(record.key)) if hold else None
    status = await tx.execute(
        PARK,
        record.topic,
        record.partition,
        record.offset,
        key,
        received.event_id if received else None,
        received.type if received else None,
        received.sequence if received else None,
        [_kept_header(name, value) for name, value in record.headers],
        record.key,
        record.value,
        record_time(record),
        code,
        reason[:500],
        attempts,
    )
    is_new: bool = status == "INSERT 0 1"
    PARKED.labels(record.topic, code).inc(is_new)
    if received and isinstance(received.event, Event) and received.event.is_tombstone:
        await tx.execute(BLANK, record.topic, key)
    return is_new


def _readable_key(key: bytes | None) -> str | None:
    try:
        text = key.decode() if key else None
    except UnicodeDecodeError:
        return None
    return None if text and NUL in text else text


def _kept_header(name: str, value: bytes | None) -> list[str | None]:
    """Name and value (hex); a name that PostgreSQL cannot take is kept as hex too."""
    kept = None if value is None else value.hex()
    return [name.replace(NUL, "?"), kept, name.encode().hex()] if NUL in name else [name, kept]


def _header(name: str, value: str | None, name_in_hex: str | None = None) -> tuple[str, bytes | None]:
    named = name if name_in_hex is None else bytes.fromhex(name_in_hex).decode()
    return named, None if value is None else bytes.fromhex(value)


async def open_records(database: Database, most: int = 1000) -> Sequence[Row]:
    """The records that wait, by key and in order."""
    return await database.fetch(OPEN, most)


async def count_open(database: Database) -> int:
    """How many records wait."""
    return int(await database.fetchval(COUNT_OPEN))


async def one(database: Database, parked_id: int) -> Row:
    """One record with its bytes; raises Refused `parked-unknown`."""
    row = await database.fetchrow(ONE, parked_id)
    if row is None:
        raise Refused("parked-unknown", f"there is no parked record {parked_id}", status=404)
    return row


async def redrive_alone(
    database: Database, consumer: Consumer, parked_id: int, who: tuple[str, str], *, dry_run: bool = False
) -> int:
    """Handle one parked record again behind which nothing waits; returns how many were handled."""
    return int(await _redrive_next(database, consumer, (ALONE, parked_id), who, dry_run))


async def redrive(
    database: Database, consumer: Consumer, key: str | None, who: tuple[str, str], *, dry_run: bool = False
) -> int:
    """Handle the parked records of a key in order, each in its own transaction; returns how many.

    `who` is (name, why) for the record. Stops before a sequence that is still missing, and before an event
    that turns out not to name the hash of its predecessor: redriven once more, that one is handled. A record
    that fails again raises its error and stays. A dry run handles the first one and rolls it back.
    """
    count = 0
    while await _redrive_next(database, consumer, (NEXT, consumer.topic.name, key), who, dry_run):
        count += 1
        if dry_run:
            break
    return count


async def _redrive_next(
    database: Database, consumer: Consumer, which: tuple[Any, ...], who: tuple[str, str], dry_run: bool
) -> bool:
    try:
        async with database.transaction() as tx:
            row = await tx.fetchrow(*which)
            if row is None or not await _handle_again(tx, consumer, row):
                return False
            await tx.execute(SETTLE, row["id"], "redriven", *who)
            _roll_back_if(dry_run)
    except DryRun:
        return True
    return True


def _roll_back_if(dry_run: bool) -> None:
    if dry_run:
        raise DryRun


async def _handle_again(tx: Tx, consumer: Consumer, row: Row) -> bool:
    """Handle one parked record; False while an earlier one is missing, or when its chain is broken."""
    received = consumer.reader(as_record(row))
    if consumer.in_sequence and received.sequence is not None:
        last = Tip(*(await tx.fetchrow(LAST, consumer.topic.name, received.key) or ()))
        if received.sequence <= last.sequence:
            return True
        if received.sequence > last.sequence + 1:
            return False
        # Whoever redrives what stands here as a broken chain has looked at it, and answers for it by name.
        if received.previous != last.hash and row["code"] != BROKEN:
            BREAKS.labels(received.topic).inc()
            log.error(BROKEN, topic=received.topic, key=received.key, sequence=received.sequence)
            await tx.execute(MARK, row["id"], BROKEN, NO_LINK)
            return False
    await handle(tx, consumer, [received])
    return True


async def discard(database: Database, parked_id: int, who: tuple[str, str], *, dry_run: bool = False) -> None:
    """Give one record up for ever; those of its key that come after it can then be handled."""
    row = await one(database, parked_id)
    if row["state"] != "open":
        raise Refused("parked-settled", f"record {parked_id} is already {row['state']}")
    if dry_run:
        return
    async with database.transaction() as tx:
        await tx.execute(SETTLE, parked_id, "discarded", *who)
        if row["sequence"] is not None:
            skipped = link_of(as_record(row))
            await tx.execute(SKIP, row["topic"], row["key"], row["sequence"], skipped.hash)


def as_record(row: Row) -> ConsumerRecord[bytes | None, bytes | None]:
    """A parked row as the record it was; raises Unreadable when its bytes could not be kept."""
    if row["code"] == "header-key-unreadable":
        raise Unreadable("header-key-unreadable", "the client library could not hand the bytes over")
    return ConsumerRecord(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        timestamp=int(row["record_timestamp"].timestamp() * 1000),
        timestamp_type=0,
        key=row["raw_key"],
        value=row["body"],
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=[_header(*kept) for kept in row["headers"]],
    )


def as_json(row: Row) -> bytes:
    """A parked row as one line of JSON, bytes as hex."""
    values = {k: v.hex() if isinstance(v, bytes) else v for k, v in dict(row).items()}
    return orjson.dumps(values, default=str)
