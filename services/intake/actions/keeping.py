"""The local copies of what catalog publishes."""

from collections.abc import Sequence

from services.intake.store import published
from shared.contracts.policies import CalendarPublished, PolicyPublished
from shared.postgres import Tx


async def keep_policies(tx: Tx, events: Sequence[PolicyPublished]) -> None:
    """Keep what catalog published about regions."""
    await published.keep_policies(tx, [event.document for event in events])


async def keep_calendars(tx: Tx, events: Sequence[CalendarPublished]) -> None:
    """Keep what catalog published about working days."""
    await published.keep_calendars(tx, [event.document for event in events])
