"""How changed messages are saved, and what has become of them stated, in the transaction of the change."""

from collections.abc import Sequence

from services.notify.domain.message import Change
from services.notify.store import delivering as store
from shared import outbox
from shared.postgres import Tx


async def save(tx: Tx, changes: Sequence[Change]) -> None:
    """Save messages as they now stand, in the order of their changes, and state the events of each."""
    await store.save_deliveries(tx, {c.delivery.message_id: c.delivery for c in changes}.values())
    await outbox.add(tx, [event for change in changes for event in change.events])
