"""Keeping what catalog publishes, and the rulebook that is read from it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from services.review import store
from services.review.domain import Rulebook, due_of, rules_of
from shared.contracts.policies import CalendarPublished, PolicyPublished
from shared.postgres import Database, Tx

FIRST_ID = UUID(int=0)
CHUNK = 2000
"""Cases per statement, so that the transaction is never idle for long."""

log = structlog.get_logger()


class Shelf:
    """Holds the rulebook in memory and reads it again whenever the database has more documents."""

    def __init__(self) -> None:
        self._book = Rulebook.of([], [])
        self._documents = 0

    async def rulebook(self, source: Tx | Database) -> Rulebook:
        """Give the rulebook as the database has it now."""
        documents = await store.count_documents(source)
        if documents != self._documents:
            policies, calendars = await store.read_documents(source)
            self._book = Rulebook.of([rules_of(policy) for policy in policies], calendars)
            self._documents = len(policies) + len(calendars)
        return self._book


async def keep_policies(tx: Tx, published: Sequence[PolicyPublished], now: datetime) -> None:
    """Keep versions of region policies."""
    documents = [store.Document("policy", p.region, p.policy_version, p.document) for p in published]
    await store.keep_documents(tx, documents, now)


async def keep_calendars(tx: Tx, published: Sequence[CalendarPublished], now: datetime) -> None:
    """Keep calendars, and correct the due dates that rested on a year that was missing (N-13)."""
    documents = [store.Document("calendar", p.key, p.calendar_version, p.document) for p in published]
    await store.keep_documents(tx, documents, now)
    book = await Shelf().rulebook(tx)
    after, corrected = FIRST_ID, 0
    while found := await store.lock_provisional(tx, after, CHUNK):
        changes = []
        for case, before in found:
            calendar = book.calendar(book.rules(case.region, case.policy_version))
            due = due_of(case, calendar)
            changes += [store.DueChange(case.application_id, before, due)] if not due.provisional else []
        await store.correct_due(tx, changes, now)
        after, corrected = found[-1][0].application_id, corrected + len(changes)
    if corrected:
        log.info("due-dates-corrected", cases=corrected, years=[p.year for p in published])
