"""Correcting due dates that rest on a calendar which has changed: set-wise, part by part (N-13)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog

from services.review import domain, store
from services.review.actions.claiming import Desk
from services.review.domain import Case, MovedBy, Rulebook, Rules
from services.review.store import Arrival
from shared import outbox
from shared.clock import shanghai_date
from shared.contracts.cases import DueDateCorrected
from shared.postgres import Tx

CHUNK = 2000
"""Cases per statement, so that the transaction is never idle for long."""

CROSSING = timedelta(minutes=15)
"""Longer than a transaction that keeps a calendar, or that counts by one, ever takes."""

log = structlog.get_logger()


async def correct_for_calendar(tx: Tx, book: Rulebook, year: int, now: datetime, chunk: int = CHUNK) -> None:
    """Correct the open cases whose clock reaches into a year or beyond it; of other years nothing moves."""
    if moved_by := _newest(book, year):
        ids = await store.find_running(tx, date(year, 1, 1), None)
        await _correct(tx, ids, (book, moved_by), now, chunk)


async def correct_crossed(tx: Tx, book: Rulebook, arrival: Arrival, now: datetime) -> None:
    """Correct the open cases of which something was stated while a calendar was arriving.

    A transaction that had read the rulebook before the calendar was there, and ended after it, counted by the
    days of before, and was not there to be corrected yet when the calendar was kept. Only events of about
    that time can be such, so only their cases are looked at, whenever that is.
    """
    if moved_by := _newest(book, arrival.year):
        around = arrival.kept_at - CROSSING, arrival.kept_at + CROSSING
        ids = await store.find_stated(tx, date(arrival.year, 1, 1), *around)
        await _correct(tx, ids, (book, moved_by), now)


def _newest(book: Rulebook, year: int) -> MovedBy | None:
    newest = next((calendar for calendar in book.years if calendar.year == year), None)
    return MovedBy(calendar_year=year, calendar_version=newest.version) if newest else None


async def correct_for_policy(tx: Tx, book: Rulebook, newest: Rules, now: datetime) -> None:
    """Correct the open cases of a region whose own days are other ones in the version now in force."""
    ids = await store.find_running(tx, date.min, newest.region)
    await _correct(tx, ids, (book, MovedBy(policy_version=newest.version)), now)


async def _correct(
    tx: Tx, ids: Sequence[UUID], by: tuple[Rulebook, MovedBy], now: datetime, chunk: int = CHUNK
) -> None:
    corrected = 0
    for start in range(0, len(ids), chunk):
        cases = await store.lock_running(tx, ids[start : start + chunk])
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

    Correcting is idempotent: whichever process is first states the corrections, the others find none. So a
    process that begins needs to know nothing of the looks of others: it looks at each calendar as if it came.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._policies: dict[str, int] = {}
        self._calendars: set[tuple[int, int]] = set()

    async def follow(self, now: datetime) -> None:
        """Look once what is in force now and was not at the last look, and what calendars may have missed."""
        book = await self._desk.shelf.rulebook(self._desk.database)
        in_force = (book.in_force(region, shanghai_date(now)) for region in book.versions)
        for rules in filter(None, in_force):
            if self._policies.get(rules.region) == rules.version:
                continue
            if book.moves_days(rules):
                async with self._desk.database.transaction() as tx:
                    await correct_for_policy(tx, book, rules, now)
            self._policies[rules.region] = rules.version
        await self._follow_calendars(book, now)

    async def _follow_calendars(self, book: Rulebook, now: datetime) -> None:
        for arrival in await store.read_arrivals(self._desk.database):
            if (arrival.year, arrival.version) in self._calendars:
                continue
            async with self._desk.database.transaction() as tx:
                await correct_crossed(tx, book, arrival, now)
            if now > arrival.kept_at + CROSSING:
                self._calendars.add((arrival.year, arrival.version))
