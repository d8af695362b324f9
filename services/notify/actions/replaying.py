"""Messages made again: each brought to where its own events have brought it. Nothing is sent or stated."""

from collections.abc import Sequence

from services.notify.domain.message import evolve
from services.notify.store import delivering as store
from shared.contracts.messages import MessageEvent
from shared.postgres import Tx


async def fold_messages(tx: Tx, events: Sequence[MessageEvent]) -> None:
    """Bring messages to where the next event of each has brought them; a message not known stays unknown."""
    found = await store.lock_deliveries(tx, [event.message_id for event in events])
    known = [event for event in events if event.message_id in found]
    await store.save_deliveries(tx, [evolve(found[event.message_id], event) for event in known])
