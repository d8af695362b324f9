"""Keeping what catalog publishes, and the rulebook that is read from it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from services.review import domain, store
from services.review.domain import Case, Rulebook, rules_of
from shared import outbox
from shared.contracts.cases import DueDateCorrected
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
        events = [event for case in found for event in _corrected(case, book, now)]
        await _correct(tx, found, events)
        after, corrected = found[-1].application_id, corrected + len(events)
    if corrected:
        log.info("due-dates-corrected", cases=corrected, years=[p.year for p in published])


def _corrected(case: Case, book: Rulebook, now: datetime) -> list[DueDateCorrected]:
    rules = book.rules(case.region, case.policy_version)
    return domain.correct_due(case, book.calendar(rules), now)


async def _correct(tx: Tx, cases: Sequence[Case], events: Sequence[DueDateCorrected]) -> None:
    """Save and state corrections, at most one per case."""
    if not events:
        return
    before = {case.application_id: case for case in cases}
    changed = [store.Change(domain.evolve(before[e.application_id], e), [e]) for e in events]
    await store.correct_cases(tx, changed)
    await store.add_corrections(tx, events)
    await outbox.add(tx, events)
