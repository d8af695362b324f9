"""What an erased person leaves behind: nothing that is personal; inside the consumer's transaction."""

from collections.abc import Sequence
from datetime import datetime

from services.notify.actions.stating import save
from services.notify.domain import withholding
from services.notify.store import announcing, delivering
from shared import person_keys
from shared.contracts.persons import PersonErased
from shared.postgres import Tx


async def erase(tx: Tx, erased: Sequence[PersonErased], now: datetime) -> None:
    """Forget the keys of distinct persons, and tell them no more of what still waits or is being sent."""
    await person_keys.forget(tx, erased)
    # The messages come first: who claims a text has it locked when he looks at its recipient.
    untold = await delivering.lock_open_deliveries(tx, erased)
    await save(tx, [withholding.drop(delivery, now) for delivery in untold])
    await announcing.erase_recipients(tx, erased)


async def forget(tx: Tx, erased: Sequence[PersonErased]) -> None:
    """Forget as `erase` does, where what became of untold messages is read from their own events."""
    await person_keys.forget(tx, erased)
    await announcing.erase_recipients(tx, erased)
