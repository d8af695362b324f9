"""SQL of what is read: the inbox of a person, the ledger of an application, the queue's figures."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from services.notify.domain.announcing import Details, Recipient, RegionRules, Template
from services.notify.domain.message import State
from shared.clock import shanghai_date
from shared.contracts.messages import MessageChannel
from shared.postgres import Database, Tx

RULES = """
SELECT DISTINCT ON (region)
    region, version, signature, division, entry, neutral, ways, material_names, effective_from,
    limit_verified, appeals
FROM regions WHERE region = ANY($1::text[])
ORDER BY region, effective_from > $2, CASE WHEN effective_from <= $2 THEN -version ELSE version END"""


async def rules_by_region(
    source: Tx | Database, regions: Collection[str], now: datetime
) -> dict[str, RegionRules]:
    """Read the rules of regions that are in force: of each the newest version whose day has come.

    Where all versions here are still to come, the first of them counts: an earlier release compacted the
    topic, so those before it may be gone. A region of which no policy is here yet is missing.
    """
    rows = await source.fetch(RULES, list(regions), shanghai_date(now))
    return {row["region"]: RegionRules(**row) for row in rows}


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message not yet put into words; `sealed` is what it tells in words of its event, under `key_id`."""

    message_id: UUID
    application_id: UUID
    template: Template
    template_version: int
    details: Details
    key_id: UUID | None
    sealed: str | None
    occurred_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class InboxRow(MessageRow):
    """An inbox message of one person."""

    acceptance_no: str
    region: str


INBOX = """
SELECT m.message_id, m.application_id, r.acceptance_no, r.region, m.template, m.template_version, m.details,
       m.key_id, m.sealed, m.occurred_at, m.read_at
FROM recipients r JOIN messages m USING (application_id)
WHERE r.person_id = $1 AND m.channel = 'in_app' AND m.state = 'sent'
  AND ($2::uuid IS NULL OR (m.occurred_at, m.message_id) < (
      SELECT b.occurred_at, b.message_id FROM messages b WHERE b.message_id = $2))
ORDER BY m.occurred_at DESC, m.message_id DESC LIMIT $3"""


async def read_inbox(database: Database, person_id: UUID, before: UUID | None, most: int) -> list[InboxRow]:
    """Read a person's inbox, newest first, from the message that comes after `before`."""
    rows = await database.fetch(INBOX, person_id, before, most)
    return [InboxRow(**{**row, "template": Template(row["template"])}) for row in rows]


COUNT_UNREAD = """
SELECT count(*) FROM recipients r JOIN messages m USING (application_id)
WHERE r.person_id = $1 AND m.channel = 'in_app' AND m.state = 'sent' AND m.read_at IS NULL"""


async def count_unread(database: Database, person_id: UUID) -> int:
    """Count the messages in a person's inbox that bear no read mark."""
    return int(await database.fetchval(COUNT_UNREAD, person_id))


MARK_READ = """
UPDATE messages m SET read_at = COALESCE(m.read_at, $3)
FROM recipients r
WHERE m.message_id = $1 AND r.application_id = m.application_id AND r.person_id = $2
  AND m.channel = 'in_app' AND m.state = 'sent'
RETURNING m.read_at"""


async def mark_read(database: Database, message_id: UUID, person_id: UUID, now: datetime) -> datetime | None:
    """Set the read mark unless it is set; gives its time, None for a message that is not the person's."""
    read_at: datetime | None = await database.fetchval(MARK_READ, message_id, person_id, now)
    return read_at


ADDRESSEE = """
SELECT application_id, person_id, region, acceptance_no, key_id, sealed
FROM recipients WHERE application_id = $1"""


async def read_recipient(database: Database, application_id: UUID) -> Recipient | None:
    """Read the person of an application; None if notify does not know it."""
    row = await database.fetchrow(ADDRESSEE, application_id)
    return Recipient(**row) if row else None


class TryRow(TypedDict):
    """An attempt as JSON, its times in ISO form."""

    attempt: int
    started_at: str
    ended_at: str | None
    answer: str | None
    detail: str | None


class ReceiptRow(TypedDict):
    """A receipt as JSON, its times in ISO form."""

    state: str
    at: str
    received_at: str


@dataclass(frozen=True, slots=True)
class LedgerRow(MessageRow):
    """A message with all that is kept of its way; `due_at` is set while it is open."""

    event_id: UUID
    channel: MessageChannel
    text: str | None
    segments: int | None
    state: State
    reason: str | None
    attempts: int
    unclear: bool
    provider_id: str | None
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    due_at: datetime | None
    tries: list[TryRow]
    receipts: list[ReceiptRow]


LEDGER = """
SELECT m.message_id, m.application_id, m.event_id, m.channel, m.template, m.template_version, m.details,
       m.key_id, m.sealed, m.text, m.segments,
       m.state, m.reason, m.attempts, m.unclear, m.provider_id, m.occurred_at, m.created_at, m.sent_at,
       m.settled_at, m.read_at,
       CASE WHEN m.state IN ('queued', 'sending') THEN m.due_at END AS due_at,
       ARRAY(SELECT jsonb_build_object('attempt', a.attempt, 'started_at', a.started_at,
                                       'ended_at', a.ended_at, 'answer', a.answer, 'detail', a.detail)
             FROM attempts a WHERE a.message_id = m.message_id ORDER BY a.attempt) AS tries,
       ARRAY(SELECT jsonb_build_object('state', c.state, 'at', c.at, 'received_at', c.received_at)
             FROM receipts c WHERE c.reference = m.message_id::text ORDER BY c.received_at) AS receipts
FROM messages m WHERE m.application_id = $1
ORDER BY m.occurred_at, m.channel DESC LIMIT 1000"""


async def read_ledger(database: Database, application_id: UUID) -> list[LedgerRow]:
    """Read every message of an application with its attempts and receipts, oldest first."""
    return [
        LedgerRow(
            **{
                **row,
                "channel": MessageChannel(row["channel"]),
                "template": Template(row["template"]),
                "state": State(row["state"]),
            }
        )
        for row in await database.fetch(LEDGER, application_id)
    ]


QUEUE = """
SELECT channel, count(*) AS depth, min(created_at) AS oldest
FROM messages WHERE state IN ('queued', 'sending') GROUP BY channel"""


async def read_queue(database: Database) -> dict[str, tuple[int, datetime]]:
    """Count the messages of each channel that wait or are being sent, and tell since when the oldest does."""
    return {row["channel"]: (row["depth"], row["oldest"]) for row in await database.fetch(QUEUE)}


MISSED = "SELECT count(*) FROM messages WHERE state IN ('failed', 'undelivered', 'expired')"


async def count_missed(database: Database) -> int:
    """Count the messages that did not reach their person: someone must look."""
    return int(await database.fetchval(MISSED))
