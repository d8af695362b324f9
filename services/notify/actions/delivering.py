"""What brings messages out, one transaction each: shown, claimed, answered, receipted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from services.notify import templates
from services.notify.actions import opening
from services.notify.actions.opening import Vault
from services.notify.actions.stating import save
from services.notify.domain import delivering, withholding
from services.notify.domain.announcing import Recipient
from services.notify.domain.delivering import Answer, Patience, Receipt
from services.notify.domain.message import Change, Delivery
from services.notify.domain.withholding import Due
from services.notify.store import delivering as store
from shared.errors import Unreadable
from shared.postgres import Database, Tx
from shared.sealing import Unsealable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Claim:
    """A text to hand over in one attempt; asked for first if it may be there, and sent only if `may_send`."""

    message_id: UUID
    attempt: int
    ask_first: bool
    may_send: bool
    phone: str
    text: str
    template: str


@dataclass(frozen=True, slots=True)
class Report:
    """What an attempt was answered; `jitter` in [0, 1) spreads the next one."""

    message_id: UUID
    attempt: int
    answer: Answer
    jitter: float


async def show_inbox_messages(database: Database, now: datetime, most: int) -> int:
    """Put due messages into the inboxes of their persons; gives their number, withheld ones included."""
    async with database.transaction() as tx:
        due = await store.take_due_inbox(tx, now, most)
        changes = [withholding.obstacle(d, now) or delivering.show(d.delivery, now) for d in due]
        await save(tx, changes)
    return len(changes)


async def claim_texts(vault: Vault, now: datetime, most: int, lease: timedelta) -> list[Claim]:
    """Claim due texts until the lease ends; those that must not go out are settled instead."""
    async with vault.database.transaction() as tx:
        due = await _with_phones(tx, vault, await store.take_due_texts(tx, now, most), now)
        withheld = [change for d in due if (change := withholding.obstacle(d, now))]
        settled = {change.delivery.message_id for change in withheld}
        begun = [(d, _begin(d, now, lease)) for d in due if d.delivery.message_id not in settled]
        await save(tx, [*withheld, *(Change(delivery) for _, delivery in begun)])
        if begun:
            await store.begin_attempts(tx, [delivery for _, delivery in begun], now)
    return [_claim(d, delivery, now) for d, delivery in begun]


async def _with_phones(tx: Tx, vault: Vault, due: Sequence[Due], now: datetime) -> list[Due]:
    """Open the phone numbers; a text whose key just went away is left alone until it is late."""
    found = await opening.find_keys(tx, vault, [d.recipient for d in due])
    return [
        replace(d, phone=_phone(d.recipient, found))
        for d in due
        if d.recipient.key_id in found or not d.recipient.sealed or d.is_late(now)
    ]


def _phone(recipient: Recipient, keys: opening.Keys) -> str | None:
    try:
        return opening.phone_number(recipient, keys)
    except (Unsealable, Unreadable) as error:
        # One that does not open must not hold up the texts of everybody else.
        log.error(
            "phone-unreadable",
            application_id=str(recipient.application_id),
            reason=type(error).__name__,
        )
        return None


def _begin(due: Due, now: datetime, lease: timedelta) -> Delivery:
    delivery = due.delivery
    subject = templates.Subject(due.details, due.recipient.acceptance_no, due.rules)
    text = delivery.text or templates.sms_text(delivery.template, delivery.template_version, subject)
    return delivering.begin(delivery, text, templates.segments(text), now, lease)


def _claim(due: Due, delivery: Delivery, now: datetime) -> Claim:
    phone = due.phone or ""
    return Claim(
        delivery.message_id,
        delivery.attempts,
        ask_first=delivery.unclear,
        may_send=phone != "" and not due.is_late(now),
        phone=withholding.mobile_number(phone) or phone,
        text=delivery.text or "",
        template=delivery.template,
    )


async def record_attempts(
    database: Database, reports: Sequence[Report], now: datetime, patience: Patience
) -> list[None]:
    """Record what attempts were answered; one that was overtaken by a later claim changes nothing."""
    async with database.transaction() as tx:
        current = await store.lock_deliveries(tx, {r.message_id for r in reports})
        changes = []
        for report in reports:
            delivery = current.get(report.message_id)
            if delivery is not None and delivery.attempts == report.attempt:
                changes.append(delivering.settle(delivery, report.answer, now, patience, report.jitter))
        await store.end_attempts(tx, [_ended(report) for report in reports], now)
        await save(tx, changes)
    return [None] * len(reports)


def _ended(report: Report) -> tuple[UUID, int, str, str | None]:
    kind = type(report.answer).__name__.lower()
    return report.message_id, report.attempt, kind, delivering.explain(report.answer)


async def take_receipts(database: Database, receipts: Sequence[Receipt], now: datetime) -> list[None]:
    """Keep receipts and move the messages they name; unknown references and repeats move none."""
    async with database.transaction() as tx:
        named = [(key, receipt) for receipt in receipts if (key := _reference(receipt))]
        current = await store.lock_deliveries(tx, {key for key, _ in named})
        changes = []
        for key, receipt in named:
            if key in current:
                change = delivering.note_receipt(current[key], receipt, now)
                current[key] = change.delivery
                changes.append(change)
        await store.add_receipts(tx, receipts, now)
        await save(tx, changes)
    return [None] * len(receipts)


def _reference(receipt: Receipt) -> UUID | None:
    try:
        return UUID(receipt.reference)
    except ValueError:
        return None
