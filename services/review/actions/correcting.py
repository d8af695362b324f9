"""Correcting due dates that rest on a calendar which has changed: set-wise, part by part (N-13)."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import structlog

from services.review import domain, store
from services.review.actions.claiming import Desk
from services.review.domain import Case, MovedBy, Rulebook, Rules
from shared import outbox
from shared.clock import shanghai_date
from shared.contracts.cases import DueDateCorrected
from shared.postgres import Tx

CHUNK = 2000
"""Cases per statement, so that the transaction is never idle for long."""

log = structlog.get_logger()


async def correct_for_calendar(tx: Tx, book: Rulebook, year: int, now: datetime) -> None:
    """Correct the open cases whose clock reaches into a year or beyond it; of other years nothing moves."""
    newest = next((calendar for calendar in book.years if calendar.year == year), None)
    if newest is None:
        return
    moved_by = MovedBy(calendar_year=year, calendar_version=newest.version)
    ids = await store.find_running(tx, date(year, 1, 1), None)
    await _correct(tx, ids, (book, moved_by), now)


async def correct_for_policy(tx: Tx, book: Rulebook, newest: Rules, now: datetime) -> None:
    """Correct the open cases of a region whose own days are other ones in the version now in force."""
    ids = await store.find_running(tx, date.min, newest.region)
    await _correct(tx, ids, (book, MovedBy(policy_version=newest.version)), now)


async def _correct(tx: Tx, ids: Sequence[UUID], by: tuple[Rulebook, MovedBy], now: datetime) -> None:
    corrected = 0
    for start in range(0, len(ids), CHUNK):
        cases = await store.lock_running(tx, ids[start : start + CHUNK])
        events = [event for case in cases for event in _corrected(case, *by, now)]
        await _save(tx, cases, events)
        corrected += len(events)
    if corrected:
        log.info("due-dates-corrected", cases=corrected, moved_by=str(by[1]))


def _corrected(case: Case, book: Rulebook, moved_by: MovedBy, now: datetime) -> list[DueDateCorrected]:
    rules = book.rules(case.region, case.policy_version, shanghai_date(now))
    return domain.correct_due(case, book.calendar(rules), moved_by, now)


async def _save(tx: Tx, cases: Sequence[Case], events: Sequence[DueDateCorrected]) -> None:
    """Save and state corrections, at most one per case."""
    if not events:
        return
    before = {case.application_id: case for case in cases}
    changed = [store.Change(domain.evolve(before[e.application_id], e), [e]) for e in events]
    await store.correct_cases(tx, changed)
    await store.add_corrections(tx, events)
    await outbox.add(tx, events)


class Follower:
    """Corrects due dates when a version comes into force, and for what was on its way when a calendar came.

    Correcting is idempotent: whichever process is first states the corrections, the others find none.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._policies: dict[str, int] = {}
        self._calendars: dict[int, int] | None = None

    async def follow(self, now: datetime) -> None:
        """Look once what is in force now and was not at the last look; the first look passes calendars."""
        book = await self._desk.shelf.rulebook(self._desk.database)
        await self._follow_calendars(book, now)
        in_force = (book.in_force(region, shanghai_date(now)) for region in book.versions)
        for rules in filter(None, in_force):
            if self._policies.get(rules.region) == rules.version:
                continue
            if book.moves_days(rules):
                async with self._desk.database.transaction() as tx:
                    await correct_for_policy(tx, book, rules, now)
            self._policies[rules.region] = rules.version

    async def _follow_calendars(self, book: Rulebook, now: datetime) -> None:
        there = {calendar.year: calendar.version for calendar in book.years}
        before = there if self._calendars is None else self._calendars
        for year in [year for year, version in there.items() if before.get(year) != version]:
            async with self._desk.database.transaction() as tx:
                await correct_for_calendar(tx, book, year, now)
        self._calendars = there
