"""What the applicant's acts do to cases, for a whole batch in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.review import domain, store
from services.review.domain import Rulebook
from shared import outbox
from shared.clock import shanghai_date
from shared.contracts.applications import ApplicationSubmitted, ApplicationWithdrawn, MaterialSupplied
from shared.contracts.cases import CaseEvent
from shared.errors import Unavailable
from shared.postgres import Tx


async def open_cases(
    tx: Tx, submitted: Sequence[ApplicationSubmitted], book: Rulebook, now: datetime
) -> None:
    """Open a case for each application; it waits for acceptance, and that is the queue.

    Raises Unavailable `policy-unknown` for a region or version that is not known yet.
    """
    changes = (_opening(application, book, now) for application in submitted)
    opened = await store.insert_cases(tx, changes)
    await outbox.begin(tx, [event for change in opened for event in change.events])


async def resume_cases(tx: Tx, supplied: Sequence[MaterialSupplied], book: Rulebook, now: datetime) -> None:
    """Add papers to their dossiers and return the cases to the stages that asked (T15)."""
    rows = await _locked(tx, [answer.application_id for answer in supplied])
    changes = []
    for answer in supplied:
        row = rows[answer.application_id]
        rules = book.rules(row.case.region, row.case.policy_version, shanghai_date(now))
        events = domain.resume(row.case, answer, rules, book.calendar(rules), now)
        dossier = domain.supplemented(row.dossier, answer)
        changes.append(_change(row, events, dossier))
    await _save(tx, changes)


async def close_cases(tx: Tx, withdrawn: Sequence[ApplicationWithdrawn], now: datetime) -> None:
    """Close the cases of withdrawn applications that are still open (T24)."""
    rows = await _locked(tx, [application.application_id for application in withdrawn])
    changes = [_change(row, domain.withdraw(row.case, now)) for row in rows.values()]
    await _save(tx, [change for change in changes if change.events])


def _opening(submitted: ApplicationSubmitted, book: Rulebook, now: datetime) -> store.Change:
    rules = book.rules(submitted.region, submitted.policy_version, shanghai_date(now))
    due = book.first_due(rules, domain.received_on(submitted))
    event = domain.open_case(submitted, rules, due, now)
    return store.Change(domain.evolve(None, event), [event], domain.Dossier(submitted))


def _change(
    row: store.CaseRow, events: Sequence[CaseEvent], dossier: domain.Dossier | None = None
) -> store.Change:
    case = row.case
    for event in events:
        case = domain.evolve(case, event)
    return store.Change(case, events, dossier)


async def _locked(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, store.CaseRow]:
    rows = await store.lock_cases(tx, ids)
    if len(rows) < len(ids):
        raise Unavailable("case-unknown", "the case of this application is not open yet")
    return rows


async def _save(tx: Tx, changes: Sequence[store.Change]) -> None:
    if not changes:
        return
    await store.save_cases(tx, changes)
    await outbox.add(tx, [event for change in changes for event in change.events])
