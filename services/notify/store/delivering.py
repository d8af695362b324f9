"""SQL of messages on their way: due, claimed, settled; their attempts and receipts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from services.notify.domain.announcing import Recipient, Template
from services.notify.domain.delivering import Receipt
from services.notify.domain.message import Delivery, State
from services.notify.domain.withholding import Due
from services.notify.store.reading import rules_by_region
from shared.contracts.messages import MessageChannel
from shared.contracts.persons import PersonErased
from shared.postgres import Row, Tx

_DELIVERY = """m.message_id, m.application_id, m.channel, m.template, m.template_version, m.state, m.attempts,
       m.due_at, m.unclear, m.text, m.segments, m.provider_id, m.reason, m.sent_at, m.settled_at"""

_DUE = f"""
SELECT {_DELIVERY}, m.details, m.useful_until, r.person_id, r.region, r.acceptance_no, r.key_id, r.sealed
FROM messages m JOIN recipients r USING (application_id)
WHERE m.channel = $1 AND m.state IN ('queued', 'sending') AND m.due_at <= $2
  AND EXISTS (SELECT FROM regions g WHERE g.region = r.region)"""  # noqa: S608

_TAKE = "ORDER BY m.due_at LIMIT $3 FOR UPDATE OF m SKIP LOCKED"

TAKE_DUE_INBOX = f"{_DUE} {_TAKE}"

TAKE_DUE_TEXTS = f"""{_DUE}
  AND (r.sealed IS NULL OR m.useful_until <= $2
       OR EXISTS (SELECT FROM person_keys k WHERE k.key_id = r.key_id))
  AND NOT EXISTS (
      SELECT FROM messages e
      WHERE e.application_id = m.application_id AND e.channel = m.channel
        AND e.state IN ('queued', 'sending')
        AND (e.occurred_at, e.message_id) < (m.occurred_at, m.message_id))
{_TAKE}"""  # noqa: S608


async def take_due_inbox(tx: Tx, now: datetime, most: int) -> list[Due]:
    """Lock inbox messages whose turn it is and whose recipient and region are known."""
    return await _due(tx, await tx.fetch(TAKE_DUE_INBOX, MessageChannel.IN_APP, now, most), now)


async def take_due_texts(tx: Tx, now: datetime, most: int) -> list[Due]:
    """Lock texts whose turn it is: of each application only the oldest open one, so that none overtakes.

    A text waits for the key that its phone number is sealed under, as long as it is worth sending.
    """
    return await _due(tx, await tx.fetch(TAKE_DUE_TEXTS, MessageChannel.SMS, now, most), now)


async def _due(tx: Tx, rows: Sequence[Row], now: datetime) -> list[Due]:
    rules = await rules_by_region(tx, {row["region"] for row in rows}, now) if rows else {}
    return [
        Due(
            _delivery(row),
            row["details"],
            row["useful_until"],
            Recipient(**{name: row[name] for name in _OF_RECIPIENT}),
            rules[row["region"]],
        )
        for row in rows
    ]


_OF_RECIPIENT = tuple(Recipient.__dataclass_fields__)

LOCK_DELIVERIES = f"""
SELECT {_DELIVERY} FROM messages m JOIN recipients r USING (application_id)
WHERE m.message_id = ANY($1::uuid[]) ORDER BY m.message_id FOR UPDATE OF m"""  # noqa: S608


async def lock_deliveries(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Delivery]:
    """Lock messages in one order, so that two transactions never wait for each other."""
    return {row["message_id"]: _delivery(row) for row in await tx.fetch(LOCK_DELIVERIES, list(ids))}


LOCK_OPEN = f"""
SELECT {_DELIVERY} FROM messages m JOIN recipients r USING (application_id)
JOIN unnest($1::uuid[], $2::timestamptz[]) AS erased (person_id, at) USING (person_id)
WHERE m.state IN ('queued', 'sending') AND m.occurred_at <= erased.at
ORDER BY m.message_id FOR UPDATE OF m"""  # noqa: S608


async def lock_open_deliveries(tx: Tx, erased: Sequence[PersonErased]) -> list[Delivery]:
    """Lock what waits or is being sent to persons of before their erasure, in the order that others use."""
    found = await tx.fetch(LOCK_OPEN, [e.person_id for e in erased], [e.occurred_at for e in erased])
    return [_delivery(row) for row in found]


def _delivery(row: Row) -> Delivery:
    return Delivery(
        **{name: row[name] for name in _AS_THEY_ARE},
        channel=MessageChannel(row["channel"]),
        template=Template(row["template"]),
        state=State(row["state"]),
    )


_AS_THEY_ARE = tuple(set(Delivery.__dataclass_fields__) - {"channel", "template", "state"})

SAVE_DELIVERIES = """
UPDATE messages m
SET state = n.state, attempts = n.attempts, due_at = n.due_at, unclear = n.unclear, text = n.text,
    segments = n.segments, provider_id = n.provider_id, reason = n.reason, sent_at = n.sent_at,
    settled_at = n.settled_at, template_version = n.template_version
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::boolean[], $6::text[], $7::int[],
            $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::int[])
     AS n (message_id, state, attempts, due_at, unclear, text, segments, provider_id, reason, sent_at,
           settled_at, template_version)
WHERE m.message_id = n.message_id"""


async def save_deliveries(tx: Tx, deliveries: Collection[Delivery]) -> None:
    """Write how far messages have come."""
    rows = [_as_it_stands(delivery) for delivery in deliveries]
    if rows:
        await tx.execute(SAVE_DELIVERIES, *map(list, zip(*rows, strict=True)))


_as_it_stands = attrgetter(
    "message_id",
    "state",
    "attempts",
    "due_at",
    "unclear",
    "text",
    "segments",
    "provider_id",
    "reason",
    "sent_at",
    "settled_at",
    "template_version",
)


BEGIN_ATTEMPTS = """
INSERT INTO attempts (message_id, attempt, started_at)
SELECT message_id, attempt, $3 FROM unnest($1::uuid[], $2::int[]) AS n (message_id, attempt)"""


async def begin_attempts(tx: Tx, deliveries: Collection[Delivery], now: datetime) -> None:
    """Note that texts are about to be handed over."""
    await tx.execute(
        BEGIN_ATTEMPTS, [d.message_id for d in deliveries], [d.attempts for d in deliveries], now
    )


END_ATTEMPTS = """
UPDATE attempts a SET ended_at = $5, answer = n.answer, detail = n.detail
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) AS n (message_id, attempt, answer, detail)
WHERE a.message_id = n.message_id AND a.attempt = n.attempt"""


async def end_attempts(tx: Tx, answers: Sequence[tuple[UUID, int, str, str | None]], now: datetime) -> None:
    """Note what attempts (message, attempt) were answered: kind of answer and detail."""
    await tx.execute(END_ATTEMPTS, *map(list, zip(*answers, strict=True)), now)


ADD_RECEIPTS = """
INSERT INTO receipts (reference, state, at, provider_id, received_at)
SELECT *, $5 FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[])
ON CONFLICT DO NOTHING"""


async def add_receipts(tx: Tx, receipts: Sequence[Receipt], now: datetime) -> None:
    """Keep receipts, each once, whether their reference is known or not."""
    rows = [(r.reference, r.state, r.at, r.provider_id or "") for r in receipts]
    await tx.execute(ADD_RECEIPTS, *map(list, zip(*rows, strict=True)), now)
