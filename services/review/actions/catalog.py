"""Keeping what catalog publishes, and the rulebook that is read from it."""

from collections.abc import Sequence
from datetime import datetime

from services.review import store
from services.review.actions.correcting import correct_for_calendar
from services.review.actions.shelf import Shelf
from shared.contracts.policies import CalendarPublished, PolicyPublished
from shared.postgres import Tx


async def keep_policies(tx: Tx, published: Sequence[PolicyPublished], now: datetime) -> None:
    """Keep versions of region policies."""
    documents = [store.Document("policy", p.region, p.policy_version, p.document) for p in published]
    await store.keep_documents(tx, documents, now)


async def keep_calendars(tx: Tx, published: Sequence[CalendarPublished], now: datetime) -> None:
    """Keep calendars one by one, and correct the due dates that each of them moves (N-13)."""
    for one in published:
        kept = store.Document("calendar", one.key, one.calendar_version, one.document)
        await store.keep_documents(tx, [kept], now)
        book = await Shelf().rulebook(tx)
        await correct_for_calendar(tx, book, one.year, now)
