"""How changed messages are saved, and what has become of them stated, in the transaction of the change."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from services.notify.domain.message import Change
from services.notify.store import delivering as store
from shared import outbox
from shared.contracts.messages import MessageEvent
from shared.postgres import Tx


async def save(tx: Tx, changes: Sequence[Change]) -> None:
    """Save messages as they now stand, in the order of their changes, and state the events of each."""
    await store.save_deliveries(tx, {c.delivery.message_id: c.delivery for c in changes}.values())
    by_application: dict[UUID, list[MessageEvent]] = defaultdict(list)
    for change in changes:
        by_application[change.delivery.application_id].extend(change.events)
    applications = [application for application, events in by_application.items() if events]
    if not applications:
        return
    last = await store.lock_sequences(tx, applications)
    stated = [s for a in applications for s in outbox.number(by_application[a], last[a])]
    await store.save_sequences(tx, {a: last[a] + len(by_application[a]) for a in applications})
    await outbox.add(tx, stated)
