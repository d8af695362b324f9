"""What an event writes: who is to be told, what, and by which rules; inside the consumer's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.notify import templates
from services.notify.domain.announcing import (
    IN_APP,
    WAYS,
    WORDED,
    Announcement,
    Recipient,
    RegionRules,
    message_id,
    useful_until,
)
from services.notify.store import announcing as store
from shared.contracts.messages import MessageChannel
from shared.postgres import Tx


async def register(tx: Tx, recipients: Sequence[Recipient]) -> None:
    """Keep the persons of new applications: what waits for them can go out."""
    await store.add_recipients(tx, recipients)


async def keep_rules(tx: Tx, rules: Iterable[RegionRules]) -> None:
    """Keep what notify needs of published policies."""
    await store.keep_rules(tx, rules)


async def announce(tx: Tx, announcements: Sequence[Announcement], now: datetime) -> None:
    """Queue one message for each way that the announcements go out by; a repeat queues none."""
    rows = [_message(a, way) for a in announcements for way in WAYS[a.template]]
    await store.add_messages(tx, rows, now)


def _message(a: Announcement, way: MessageChannel) -> store.NewMessage:
    in_words = way is IN_APP and a.template in WORDED
    return store.NewMessage(
        message_id(a.event_id, a.application_id, way),
        a.application_id,
        a.event_id,
        way,
        a.template,
        templates.CURRENT[a.template],
        a.details,
        a.occurred_at,
        useful_until(a, way),
        a.key_id if in_words else None,
        a.sealed if in_words else None,
    )
